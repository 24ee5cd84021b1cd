import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AbortError, CommandError, TimeoutError, WsmanClient, type OutputEvent } from 'wsman'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { followTheClock, LONG_MS, until } from '../support/gates.js'
import { isAlive } from '../support/processes.js'

let endpoint: Endpoint
let client: WsmanClient

beforeEach(async () => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
})

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

/** Starts a command that tells its process id and then runs until it is stopped, however long that takes. */
function runEndless(
  options: { signal?: AbortSignal; timeoutMs?: number },
  prelude = '',
): {
  settled: Promise<unknown>
  pid: Promise<number>
} {
  let settled: Promise<unknown> = Promise.resolve()
  const pid = new Promise<number>((resolve) => {
    let text = ''
    const onOutput = (event: OutputEvent): void => {
      text += event.text
      if (text.includes('\n')) resolve(Number.parseInt(text, 10))
    }
    const line = `${prelude}echo $$; exec sleep 1000`
    settled = client
      .run(line, undefined, { ...options, onOutput, abortGraceMs: LONG_MS })
      .catch((error: unknown) => error)
  })
  return { settled, pid }
}

describe('running a command', () => {
  it('gives output, exit code and the command as it was sent', async () => {
    const result = await client.run('echo', ['out put', 'a&b'])
    expect(result).toMatchObject({
      host: '127.0.0.1',
      command: 'echo "out put" "a&b"',
      exitCode: 0,
      stdout: 'out put a&b\n',
      stderr: '',
    })
    expect(endpoint.shells).toEqual([])
  })

  it('tells standard error apart and resolves for any exit code', async () => {
    const result = await client.run('echo wrong >&2; exit 3')
    expect(result).toMatchObject({ exitCode: 3, stdout: '', stderr: 'wrong\n' })
  })

  it('rejects with the result where `check` is set', async () => {
    const error: unknown = await client
      .run('echo wrong >&2; exit 3', undefined, { check: true })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({ exitCode: 3, stderr: 'wrong\n', host: '127.0.0.1' })
  })

  it('hands input on, however long, and closes it', async () => {
    const input = 'A line of input, numbered and not too short.\n'.repeat(20_000)
    const { stdout } = await client.run('cat', undefined, { input })
    expect(stdout.length).toBe(input.length)
    expect(stdout).toBe(input)
  })

  it('gives the shell its folder and environment', async () => {
    const shell = await client.openShell({ workingDirectory: '/usr', environment: { GREETING: 'hällo' } })
    const { stdout } = await shell.run('pwd; echo $GREETING')
    expect(stdout).toBe('/usr\nhällo\n')
    await shell.close()
  })

  it('streams megabytes to a slow reader, whole and in order', async () => {
    const shell = await client.openShell()
    const command = await shell.spawn('seq 1 400000', undefined, { stderr: 'ignore' })
    let next = 1
    for await (const { text } of command.lines()) {
      if (Number(text) !== next) throw new Error(`expected ${next}, got ${text}`)
      next += 1
    }
    expect(next).toBe(400_001)
    expect(await command.exit).toEqual({ exitCode: 0 })
    await shell.close()
  })

  it('delivers a signal', async () => {
    const shell = await client.openShell()
    const command = await shell.spawn(
      `trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done`,
    )
    const lines: string[] = []
    for await (const { text } of command.lines()) {
      lines.push(text)
      if (text === 'ready') await command.signal('ctrl_c')
    }
    expect(lines).toEqual(['ready', 'caught'])
    expect(await command.exit).toEqual({ exitCode: 9 })
    await shell.close()
  })
})

describe('aborting a command', () => {
  it('ends the remote process before it rejects', async () => {
    const controller = new AbortController()
    const { settled, pid } = runEndless({ signal: controller.signal })
    const id = await pid
    expect(isAlive(id)).toBe(true)
    controller.abort(new Error('changed my mind'))
    const error = await settled
    expect(error).toBeInstanceOf(AbortError)
    expect(error).toMatchObject({
      remote: 'stopped',
      code: 'ABORT_ERR',
      cause: { message: 'changed my mind' },
    })
    await until(() => !isAlive(id))
    expect(endpoint.shells).toEqual([])
  })

  it('terminates a process that ignores ctrl_c', async () => {
    followTheClock()
    const controller = new AbortController()
    const { settled, pid } = runEndless({ signal: controller.signal }, `trap '' INT; `)
    const id = await pid
    controller.abort()
    await until(() => endpoint.requests.some(({ action }) => action?.endsWith('Signal')))
    vi.advanceTimersByTime(LONG_MS / 2)
    expect(await settled).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    await until(() => !isAlive(id))
  })

  it('does the same when the deadline passes', async () => {
    followTheClock()
    const { settled, pid } = runEndless({ timeoutMs: LONG_MS })
    const id = await pid
    vi.advanceTimersByTime(LONG_MS)
    const error = await settled
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_TIMEOUT', timeoutMs: LONG_MS, remote: 'stopped' })
    await until(() => !isAlive(id))
    expect(endpoint.shells).toEqual([])
  })
})

describe('closing the client', () => {
  it('ends running commands and their processes', async () => {
    const running = [runEndless({}), runEndless({}), runEndless({})]
    const pids = await Promise.all(running.map(({ pid }) => pid))
    await client.close()
    for (const { settled } of running) {
      expect(await settled).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    }
    expect(endpoint.shells).toEqual([])
    await until(() => pids.every((id) => !isAlive(id)))
  })

  it('ends everything within a second of a service that never answers again', async () => {
    const held = await startEndpoint({
      users: [{ username: 'alice', password: 'secret' }],
      settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
      classes: [],
      script: [
        { match: { action: 'Command' }, delayMs: 600_000 },
        { match: { action: 'Delete' }, delayMs: 600_000 },
        { match: { action: 'Get' }, delayMs: 600_000 },
      ],
    })
    const stuck = new WsmanClient({ ...held.clientOptions('alice') })
    const run = stuck.run('hostname').catch((error: unknown) => error)
    const get = stuck.get('winrm/config').catch((error: unknown) => error)
    await until(() => held.requests.length === 3)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const closed = stuck.close()
      await vi.advanceTimersByTimeAsync(1000)
      await closed
      expect(await get).toMatchObject({
        name: 'AbortError',
        message: 'The client was closed.',
        operation: 'Get',
      })
      expect(await run).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    } finally {
      vi.useRealTimers()
      await held.close()
    }
  })
})
