import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EndpointFault } from '../../../../src/testing/message.js'
import { NS } from '../../../../src/xml/namespaces.js'
import { Client, faultOf, rsp, startService, type Received, type ShellOptions } from './harness.js'

async function openShell(options?: ShellOptions): Promise<Client> {
  const client = new Client(startService().service)
  await client.open(options)
  return client
}

const text = ({ stdout, stderr, exitCode }: Received) => ({
  stdout: stdout.toString(),
  stderr: stderr.toString(),
  exitCode,
})

/** A program that does what the script says, whatever the shell. */
const node = (script: string): string => `"${process.execPath}" -e "${script}"`

describe('a command', () => {
  it('brings both streams, their ends and the exit code', async () => {
    const client = await openShell()
    const result = await client.run('echo out; echo err >&2; exit 3')
    expect(text(result)).toEqual({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 })
    expect(result.ends).toEqual(['stdout', 'stderr'])
  })

  it('joins command and arguments by spaces and leaves the quoting to the command line', async () => {
    const client = await openShell()
    expect(text(await client.run('printf', ["'[%s]'", '"a  b"', 'c', '|', 'cat']))).toEqual({
      stdout: '[a  b][c]',
      stderr: '',
      exitCode: 0,
    })
  })

  it('gives the rest of cmd /c to the local shell', async () => {
    const client = await openShell()
    expect(text(await client.run('cmd.exe', ['/c', 'echo', 'hi']))).toMatchObject({ stdout: 'hi\n' })
    expect(text(await client.run('cmd', ['/c echo out && echo err>&2 && exit 1']))).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 1,
    })
  })

  it('has the exit code that the local shell gives to an unknown program', async () => {
    const client = await openShell()
    const result = await client.run('no-such-program-anywhere')
    expect(result.exitCode).toBe(127)
    expect(result.stderr.toString()).toContain('no-such-program-anywhere')
  })

  it('that a signal of others ended has the exit code of a POSIX shell', async () => {
    const client = await openShell()
    expect((await client.run('kill -TERM $$')).exitCode).toBe(143)
  })

  it('brings every byte value as it was written', async () => {
    const client = await openShell()
    const script = 'process.stdout.write(Buffer.from(Array.from({length:256},(_,i)=>i)))'
    const { stdout } = await client.run(node(script))
    expect([...stdout]).toEqual(Array.from({ length: 256 }, (_, value) => value))
  })

  it('may be cut anywhere, inside of characters too', async () => {
    const client = await openShell()
    const script = "process.stdout.write('\\u00e4\\u20ac\\ud83d\\ude00'.repeat(20000))"
    const id = await client.start(node(script))
    const result = await client.drain(id, { maxEnvelopeSize: 8192 })
    expect(result.stdout.toString()).toBe('ä€😀'.repeat(20_000))
  })

  it('keeps the order of what it wrote to one stream, however much it is', async () => {
    const client = await openShell()
    const { stdout, stderr, exitCode } = await client.run('seq 1 400000; seq 1 5 >&2')
    const lines = stdout.toString().trimEnd().split('\n')
    expect(lines.length).toBe(400_000)
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true)
    expect(stderr.toString()).toBe('1\n2\n3\n4\n5\n')
    expect(exitCode).toBe(0)
  })

  it('has to wait while nobody takes its output, and loses nothing', async () => {
    const client = await openShell()
    const id = await client.start('head -c 5000000 /dev/zero; echo written >&2')
    expect(await faultOf(client.receive(id, { operationTimeoutMs: 300 }, 'stderr'))).toMatchObject({
      wsmanCode: 2150858793,
    })
    const result = await client.drain(id)
    expect(result.stdout.length).toBe(5_000_000)
    expect(result.stderr.toString()).toBe('written\n')
  })

  it('is running until whoever holds its output is gone', async () => {
    const client = await openShell()
    const result = await client.run('(read line < /dev/null; sleep 0.05; echo late) &')
    expect(text(result)).toEqual({ stdout: 'late\n', stderr: '', exitCode: 0 })
  })

  it('of one shell runs beside another', async () => {
    const client = await openShell()
    const first = await client.start('cat')
    expect(text(await client.run('echo second'))).toMatchObject({ stdout: 'second\n' })
    await client.send(first, 'first', 'true')
    expect(text(await client.drain(first))).toMatchObject({ stdout: 'first' })
  })

  it.each(['', '   '])('that is %j is refused', async (command) => {
    const client = await openShell()
    expect(await faultOf(client.start(command))).toMatchObject({ wsmanCode: 87 })
  })

  it('is refused where it is too long for CreateProcess', async () => {
    const client = await openShell()
    expect(await faultOf(client.start('true', ['#'.repeat(32_762)]))).toMatchObject({
      code: 'Receiver',
      subcode: 'w:InternalError',
      wsmanCode: 2147942606,
    })
    expect((await client.run('true', ['#'.repeat(32_761)])).exitCode).toBe(0)
  })
})

describe('WINRS_SKIP_CMD_SHELL', () => {
  it('runs the program with the arguments as they are', async () => {
    const client = await openShell()
    const result = await client.run('printf', ['[%s]', 'a b', '$HOME', ';'], {
      WINRS_SKIP_CMD_SHELL: 'TRUE',
    })
    expect(text(result)).toEqual({ stdout: '[a b][$HOME][;]', stderr: '', exitCode: 0 })
  })

  it('FALSE runs a shell', async () => {
    const client = await openShell()
    const result = await client.run('echo', ['a;', 'echo b'], { WINRS_SKIP_CMD_SHELL: 'False' })
    expect(text(result)).toMatchObject({ stdout: 'a\nb\n' })
  })

  it('answers a program that is not there with the error of CreateProcess, and is ready for the next', async () => {
    const client = await openShell()
    const options = { WINRS_SKIP_CMD_SHELL: 'TRUE' }
    expect(await faultOf(client.start('no-such-program-anywhere', [], options))).toMatchObject({
      wsmanCode: 0x80070002,
    })
    expect(await faultOf(client.start('/', [], options))).toMatchObject({ wsmanCode: 0x80070005 })
    expect(text(await client.run('echo', ['still here'], options))).toMatchObject({
      stdout: 'still here\n',
    })
  })
})

describe('the environment and the directory of a shell', () => {
  it('go to its commands, over those of the endpoint', async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'wsman shell ')))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    process.env.WSMAN_TEST_INHERITED = 'inherited'
    process.env.WSMAN_TEST_REPLACED = 'of the endpoint'
    onTestFinished(() => {
      delete process.env.WSMAN_TEST_INHERITED
      delete process.env.WSMAN_TEST_REPLACED
    })
    const client = await openShell({
      workingDirectory: folder,
      environment: { WSMAN_TEST_REPLACED: 'a "b" \'c\' $d\n', WSMAN_TEST_EMPTY: '' },
    })
    const script =
      'pwd; printf "%s|%s|%s" "$WSMAN_TEST_INHERITED" "$WSMAN_TEST_REPLACED" "${WSMAN_TEST_EMPTY-unset}"'
    expect(text(await client.run(script))).toEqual({
      stdout: `${folder}\ninherited|a "b" 'c' $d\n|`,
      stderr: '',
      exitCode: 0,
    })
  })

  it('are checked when a command starts', async () => {
    const client = await openShell({ workingDirectory: '/no/such/directory' })
    const fault = await faultOf(client.start('pwd'))
    expect(fault).toMatchObject({ code: 'Receiver', subcode: 'w:InternalError', wsmanCode: 0x8007010b })
    expect(client.service.list()[0]?.commands).toEqual([])
  })
})

describe('the options of a shell', () => {
  it('change nothing off Windows', async () => {
    const client = await openShell({ options: { WINRS_NOPROFILE: 'FALSE', WINRS_CODEPAGE: '437' } })
    expect(text(await client.run("printf 'ä'"))).toMatchObject({ stdout: 'ä' })
  })

  it.each(['utf-8', '', '0', '1234567'])('cannot name the code page %j', async (codepage) => {
    expect(await faultOf(openShell({ options: { WINRS_CODEPAGE: codepage } }))).toMatchObject({
      wsmanCode: 2150859072,
    })
  })
})

describe('streams that the shell was opened without', () => {
  it('are not delivered', async () => {
    const client = await openShell({ output: 'stderr' })
    const result = await client.run('echo out; echo err >&2')
    expect(text(result)).toEqual({ stdout: '', stderr: 'err\n', exitCode: 0 })
    expect(result.ends).toEqual(['stderr'])
  })

  it('are not written to', async () => {
    const client = await openShell({ input: '' })
    const id = await client.start('cat; echo end')
    expect(await faultOf(client.send(id, 'text'))).toMatchObject({ wsmanCode: 87 })
    expect(text(await client.drain(id))).toMatchObject({ stdout: 'end\n' })
  })

  it('cannot be streams that text-based shells do not have', async () => {
    expect(await faultOf(openShell({ output: 'stdout pr' }))).toMatchObject({ wsmanCode: 87 })
    expect(await faultOf(openShell({ input: 'stdin pr' }))).toMatchObject({ wsmanCode: 87 })
  })
})

describe('Send', () => {
  it('writes to stdin and closes it, whatever the case of End', async () => {
    for (const end of ['true', 'True', 'TRUE', '1']) {
      const client = await openShell()
      const id = await client.start('cat')
      await client.send(id, Uint8Array.of(0, 255), 'False')
      await client.send(id, '')
      await client.send(id, 'ä', end)
      const result = await client.drain(id)
      expect([...result.stdout], end).toEqual([0, 255, 0xc3, 0xa4])
      expect(result.exitCode).toBe(0)
    }
  })

  it('is discarded when the command has ended or reads no more', async () => {
    const client = await openShell()
    const ended = await client.start('exit 5')
    expect((await client.drain(ended)).exitCode).toBe(5)
    await client.send(ended, 'too late', 'true')

    const deaf = await client.start('exec <&-; echo closed; sleep 1000')
    expect((await client.receive(deaf)).stdout.toString()).toBe('closed\n')
    await client.send(deaf, 'one')
    await client.send(deaf, 'two', 'true')
    await client.send(deaf, 'three')
  })

  it('to an unknown command is a fault', async () => {
    const client = await openShell()
    const unknown = 'CF84C20A-0A35-43FA-AF78-0B4711DA5F30'
    expect(await faultOf(client.send(unknown, 'text'))).toMatchObject({
      wsmanCode: 2150858843,
      faultDetail: 'UnexpectedSelectors',
    })
  })

  it('times out when the command does not read, is busy until it does, and then goes on', async () => {
    const client = await openShell()
    const folder = mkdtempSync(path.join(tmpdir(), 'wsman-shell-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    const gate = path.join(folder, 'gate')
    expect((await client.run(`mkfifo '${gate}'`)).exitCode).toBe(0)
    const slow = await client.start(`read go < '${gate}'; wc -c`)
    const block = Buffer.alloc(300_000, 'x')
    expect(await faultOf(client.send(slow, block, undefined, { operationTimeoutMs: 50 }))).toMatchObject({
      subcode: 'w:TimedOut',
      wsmanCode: 2150858793,
    })
    expect(await faultOf(client.send(slow, 'y'))).toMatchObject({ wsmanCode: 170 })
    await client.run(`echo go > '${gate}'`)
    const isBusy = async (): Promise<boolean> =>
      client.send(slow, 'y', 'true').then(
        () => false,
        (error: unknown) => error instanceof EndpointFault && error.parts.wsmanCode === 170,
      )
    while (await isBusy()) await delay(2)
    expect((await client.drain(slow)).stdout.toString().trim()).toBe('300001')
  })

  it('takes only base64', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const send = client.ask({
      action: `${NS.shell}/Send`,
      body: rsp('Send', [rsp('Stream', 'not base64!', { Name: 'stdin', CommandId: id })]),
    })
    expect(await faultOf(send)).toMatchObject({ subcode: 'w:SchemaValidationError' })
  })
})
