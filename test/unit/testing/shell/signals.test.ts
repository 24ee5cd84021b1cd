import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Client, eventually, faultOf, isAlive, startService } from './harness.js'

/** STATUS_CONTROL_C_EXIT. */
const CONTROL_C_EXIT = 3221225786
const NO_SUCH_COMMAND = { wsmanCode: 2150858843, faultDetail: 'UnexpectedSelectors' }

/** Settles when the `cat` in the command runs. */
async function greet(client: Client, commandId: string): Promise<void> {
  await client.send(commandId, 'hello')
  expect((await client.receive(commandId)).stdout.toString()).toBe('hello')
}

async function openShell(): Promise<Client> {
  const client = new Client(startService().service)
  await client.open()
  return client
}

describe.each(['ctrl_c', 'CTRL_C', 'powershell/signal/ctrl_c', 'ctrl_break'])('the signal %s', (code) => {
  it('ends a command with the exit code that Windows gives', async () => {
    const client = await openShell()
    const id = await client.start('ulimit -c 0; echo $$; cat; echo not reached')
    const pid = await client.printedPid(id)
    await greet(client, id)
    await client.signal(id, code)
    const { done, stdout, exitCode } = await client.drain(id)
    expect({ done, stdout: stdout.toString(), exitCode }).toEqual({
      done: true,
      stdout: '',
      exitCode: CONTROL_C_EXIT,
    })
    expect(isAlive(pid)).toBe(false)
  })
})

describe('Signal', () => {
  it.each([
    ['ctrl_c', 'INT', 7],
    ['ctrl_break', 'QUIT', 9],
  ])('%s can be handled apart from the other', async (code, trap, exitCode) => {
    const client = await openShell()
    const id = await client.start(
      `trap 'echo caught ${trap}; exit ${exitCode}' ${trap}; echo ready; while :; do sleep 0.01; done`,
    )
    expect((await client.receive(id)).stdout.toString()).toBe('ready\n')
    await client.signal(id, code)
    const result = await client.drain(id)
    expect(result.stdout.toString()).toBe(`caught ${trap}\n`)
    expect(result.exitCode).toBe(exitCode)
  })

  it('changes nothing about a command that has ended', async () => {
    const client = await openShell()
    const id = await client.start('exit 4')
    expect((await client.drain(id)).exitCode).toBe(4)
    await client.signal(id, 'ctrl_c')
    expect((await client.drain(id)).exitCode).toBe(4)
  })

  it('reaches a command that was just started', async () => {
    const client = await openShell()
    const ids = await Promise.all(Array.from({ length: 8 }, () => client.start('sleep 1000')))
    await Promise.all(ids.map((id) => client.signal(id, 'ctrl_c')))
    for (const id of ids) expect((await client.drain(id)).exitCode).toBe(CONTROL_C_EXIT)
  })

  it('without a CommandId goes to every command of the shell', async () => {
    const client = await openShell()
    const ids = [await client.start('cat'), await client.start('cat')]
    for (const id of ids) await greet(client, id)
    await client.signal(undefined, 'ctrl_c')
    for (const id of ids) expect((await client.drain(id)).exitCode).toBe(CONTROL_C_EXIT)
  })

  it('with a code that nobody knows is a fault', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    expect(await faultOf(client.signal(id, 'ctrl_d'))).toMatchObject({ wsmanCode: 87 })
    expect(client.service.list()[0]?.commands).toHaveLength(1)
  })

  it('to an unknown command is a fault', async () => {
    const client = await openShell()
    const unknown = 'CF84C20A-0A35-43FA-AF78-0B4711DA5F30'
    expect(await faultOf(client.signal(unknown, 'ctrl_c'))).toMatchObject(NO_SUCH_COMMAND)
  })
})

describe.each(['terminate', 'Terminate'])('the signal %s', (code) => {
  it('ends the command with all it started, and forgets it', async () => {
    const client = await openShell()
    const id = await client.start("sh -c 'sleep 1000 & echo $!; wait'")
    const grandchild = await client.printedPid(id)
    const [command] = client.service.list()[0]?.commands ?? []
    expect(isAlive(grandchild)).toBe(true)
    await client.signal(id, code)
    expect(isAlive(grandchild)).toBe(false)
    expect(isAlive(command?.pid ?? 0)).toBe(false)
    expect(client.service.list()[0]?.commands).toEqual([])
    expect(await faultOf(client.receive(id))).toMatchObject(NO_SUCH_COMMAND)
    expect(await faultOf(client.signal(id, code))).toMatchObject(NO_SUCH_COMMAND)
  })

  it('forgets a command that has ended', async () => {
    const client = await openShell()
    const id = await client.start('echo done')
    await client.drain(id)
    await client.signal(id, code)
    expect(await faultOf(client.receive(id))).toMatchObject(NO_SUCH_COMMAND)
  })
})

describe('Terminate', () => {
  it('gives the command a moment to end by itself', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wsman-shell-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    const client = await openShell()
    const file = path.join(folder, 'farewell')
    const id = await client.start(
      `trap 'echo bye > ${file}; exit' TERM; echo ready; while :; do sleep 0.01; done`,
    )
    expect((await client.receive(id)).stdout.toString()).toBe('ready\n')
    await client.signal(id, 'terminate')
    expect(readFileSync(file, 'utf8')).toBe('bye\n')
  })

  it('kills what does not', async () => {
    const client = await openShell()
    const id = await client.start("trap '' TERM; echo $$; while :; do sleep 1000; done")
    const pid = await client.printedPid(id)
    await client.signal(id, 'terminate')
    expect(isAlive(pid)).toBe(false)
  })

  it('aborts a Receive that waits', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const waiting = faultOf(client.receive(id))
    await client.signal(id, 'terminate')
    expect(await waiting).toMatchObject({ code: 'Receiver', subcode: 'w:InternalError', wsmanCode: 995 })
  })

  it('ends what a command left behind when it ended', async () => {
    const client = await openShell()
    const id = await client.start('sleep 1000 >/dev/null 2>&1 </dev/null & echo $!')
    const { stdout } = await client.drain(id)
    const left = Number(stdout)
    expect(isAlive(left)).toBe(true)
    await client.signal(id, 'terminate')
    await eventually(() => !isAlive(left))
  })
})
