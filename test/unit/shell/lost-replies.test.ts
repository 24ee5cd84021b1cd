import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CommandError, TransportError } from '../../../src/errors/errors.js'
import { WsmanFault } from '../../../src/errors/fault.js'
import type { Operation, OperationRunner } from '../../../src/operations/operation.js'
import type { ReceiveResult } from '../../../src/operations/receive-body.js'
import { receiveAll } from '../../../src/shell/receive-loop.js'
import { ReceiveTurns } from '../../../src/shell/receive-turns.js'
import { Lifetime } from '../../../src/util/lifetime.js'
import {
  connect,
  CUT,
  gate,
  rejection,
  SILENCE,
  startService,
  windowsFault,
  type Answer,
} from '../../support/scripted-service.js'
import { followTheClock, LONG_MS } from '../../support/gates.js'
import { received, shellScript, SIGNALLED, signalsOf } from './replies.js'

const RUNNING = { state: 'Running' } as const

describe('a reply with output that is lost', () => {
  it('ends the command with what came before, after terminating it', async () => {
    const held = gate<Answer>()
    const service = await startService(
      shellScript({
        Receive: [received([['stdout', 'first half, ']], RUNNING), CUT],
        Signal: () => held.passed,
      }),
    )
    const shell = await connect(service).openShell()
    let settled = false
    const running = rejection(shell.run('net', ['user', 'S3cret'])).finally(() => (settled = true))
    await service.arrival('Signal')
    expect(settled).toBe(false)
    held.open(SIGNALLED)
    const error = await running
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_COMMAND',
      message:
        'A reply with output of the command was lost, and the output in it. The command was terminated.',
      stdout: 'first half, ',
      exitCode: undefined,
      host: '127.0.0.1',
      operation: 'Shell.Command',
      cause: { code: 'ERR_WSMAN_SOCKET', operation: 'Shell.Receive' },
    })
    expect(String(error)).not.toContain('S3cret')
    // The reply is not asked for again, and the command is not run again.
    expect(service.of('Receive')).toHaveLength(2)
    expect(service.of('Command')).toHaveLength(1)
    await shell.close()
    expect(signalsOf(service)).toEqual(['terminate'])
  })

  it('says so where it is not known whether the command still runs', async () => {
    const service = await startService(shellScript({ Receive: CUT, Signal: windowsFault(5) }))
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('x', [], { abortGraceMs: 50 }))).toMatchObject({
      name: 'CommandError',
      message: expect.stringContaining('Whether the command still runs is unknown.') as string,
    })
  })

  it('is one that does not come in time', async () => {
    followTheClock()
    const service = await startService(shellScript({ Receive: SILENCE }))
    const client = connect(service, { settings: { client: { networkDelayMs: 500 } } })
    const shell = await client.openShell()
    const running = rejection(shell.run('x', [], { operationTimeoutMs: LONG_MS }))
    await service.arrival('Receive')
    vi.advanceTimersByTime(LONG_MS + 500)
    expect(await running).toMatchObject({
      name: 'CommandError',
      cause: { code: 'ERR_WSMAN_REPLY_TIMEOUT' },
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['terminate'])
  })

  it('ends the streams of a spawned command with the same error', async () => {
    const service = await startService(shellScript({ Receive: [received([['stdout', 'a']], RUNNING), CUT] }))
    const command = await (await connect(service).openShell()).spawn('x')
    const chunks: string[] = []
    const reading = async (): Promise<void> => {
      for await (const chunk of command.stdout) chunks.push(String(chunk))
    }
    const [exit, read] = await Promise.all([rejection(command.exit), rejection(reading())])
    expect(exit).toMatchObject({ name: 'CommandError', cause: { code: 'ERR_WSMAN_SOCKET' } })
    expect(read).toBe(exit)
  })
})

describe('a command that the service ended', () => {
  it('is gone, and what it wrote is kept', async () => {
    const service = await startService(
      shellScript({ Receive: [received([['stderr', 'so far']], RUNNING), windowsFault(995)] }),
    )
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('x'))).toMatchObject({
      name: 'CommandError',
      message: 'The command is gone: the service ended it.',
      stderr: 'so far',
      cause: { wsmanCode: 995 },
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['terminate'])
  })

  it('and forgot is not terminated as well', async () => {
    const service = await startService(shellScript({ Receive: windowsFault(0x800703fa) }))
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('x'))).toMatchObject({
      message: 'The command is gone: the service does not know it, or its shell, any more.',
    })
    await shell.close()
    expect(service.actions).toEqual(['Create', 'Command', 'Receive', 'Delete'])
  })
})

describe('a Receive that surely brought nothing', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const DONE: ReceiveResult = { chunks: [], done: true, exitCode: 3 }

  /** Answers one Receive after another; the last answer stays. */
  function answering(...answers: readonly (ReceiveResult | Error)[]): {
    runner: OperationRunner
    asked: () => number
  } {
    let asked = 0
    const runner: OperationRunner = {
      host: 'host',
      lifetime: new Lifetime(),
      maxRequestSize: 1000,
      maxBatchItems: 1000,
      learnMaxEnvelopeSize: () => undefined,
      run: <T>(operation: Operation<T>) => {
        expect(operation.name).toBe('Shell.Receive')
        const answer = answers[Math.min(asked++, answers.length - 1)]
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as T)
      },
      cleanUp: () => Promise.resolve(),
    }
    return { runner, asked: () => asked }
  }

  const receive = (runner: OperationRunner, signal = new AbortController().signal) =>
    receiveAll(
      { runner, turns: new ReceiveTurns(1), shell: { resourceUri: 'x' }, commandId: 'C1', options: {} },
      signal,
      () => Promise.resolve(),
    )

  const fault = (wsmanCode: number): WsmanFault =>
    new WsmanFault({ wsmanCode, faultCode: 'Receiver', reason: 'no' })
  const noConnection = new TransportError('ERR_WSMAN_CONNECT', 'no connection')

  it.each<[string, Error]>([
    ['the connection was not made', noConnection],
    [
      'the service was stopped',
      new TransportError('ERR_WSMAN_HTTP_STATUS', '503', { status: 503, retryable: true }),
    ],
    ['another one was under way', fault(170)],
    ['the account had too many operations', fault(2150859174)],
    ['the service had too many requests', fault(2150859176)],
  ])('because %s is asked again after a pause', async (_, error) => {
    const { runner, asked } = answering(error, error, DONE)
    const running = receive(runner)
    await vi.advanceTimersByTimeAsync(100)
    expect(asked()).toBe(1)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await running).toBe(3)
    expect(asked()).toBe(3)
  })

  it.each([2150858793, 1460])('because there was nothing (%i) is asked again at once', async (code) => {
    const { runner, asked } = answering(...Array.from({ length: 50 }, () => fault(code)), DONE)
    expect(await receive(runner)).toBe(3)
    expect(asked()).toBe(51)
  })

  it('is not asked for ever', async () => {
    const { runner, asked } = answering(noConnection)
    const running = rejection(receive(runner))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await running).toBe(noConnection)
    expect(asked()).toBe(9)
  })

  it('has its patience back when something came', async () => {
    const seven = Array.from({ length: 7 }, () => noConnection)
    const { runner } = answering(...seven, { chunks: [], done: false, exitCode: undefined }, ...seven, DONE)
    const running = receive(runner)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(await running).toBe(3)
  })

  it('is not asked any more when nobody wants the answer', async () => {
    const { runner, asked } = answering(noConnection)
    const controller = new AbortController()
    const running = rejection(receive(runner, controller.signal))
    await vi.advanceTimersByTimeAsync(10)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await running).toBe(reason)
    expect(asked()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('which is not repaired by asking again is told', async () => {
    for (const error of [fault(5), new TransportError('ERR_WSMAN_SOCKET', 'lost')]) {
      const { runner, asked } = answering(error, DONE)
      expect(await rejection(receive(runner))).toBe(error)
      expect(asked()).toBe(1)
    }
  })
})
