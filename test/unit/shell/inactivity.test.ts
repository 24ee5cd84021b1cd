import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Operation, OperationRunner } from '../../../src/operations/operation.js'
import type { OutputChunk, ReceiveResult } from '../../../src/operations/receive-body.js'
import { CommandRun } from '../../../src/shell/command-run.js'
import type { OutputSink } from '../../../src/shell/output-streams.js'
import { ReceiveTurns } from '../../../src/shell/receive-turns.js'
import { CallScope } from '../../../src/util/call-scope.js'
import { Lifetime } from '../../../src/util/lifetime.js'
import { gate, rejection, type Gate } from '../../support/scripted-service.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const SOME: readonly OutputChunk[] = [{ stream: 'stdout', data: Buffer.from('.') }]

/** A command whose output comes when the test says so, and which ends when it is signalled. */
function start(limits: { inactivityTimeoutMs: number | undefined; timeoutMs?: number }) {
  const asked: Gate<ReceiveResult>[] = []
  const signals: string[] = []
  const runner: OperationRunner = {
    host: 'host',
    lifetime: new Lifetime(),
    maxRequestSize: 1000,
    maxBatchItems: 1000,
    learnMaxEnvelopeSize: () => undefined,
    run: async <T>(operation: Operation<T>) => {
      expect(operation.name).toBe('Shell.Receive')
      const reply = gate<ReceiveResult>()
      asked.push(reply)
      return (await reply.passed) as T
    },
    cleanUp: ({ name }) => {
      signals.push(name)
      return Promise.resolve()
    },
  }
  const rooms: Gate[] = []
  let full = false
  const sink: OutputSink = {
    kept: { stdout: 'kept', stderr: '' },
    write: () => {
      if (!full) return undefined
      const room = gate()
      rooms.push(room)
      return room.passed
    },
    close: () => undefined,
  }
  const run = new CommandRun({
    runner,
    turns: new ReceiveTurns(1),
    shell: { resourceUri: 'shell' },
    commandId: 'C1',
    commandLine: 'x',
    sink,
    scope: new CallScope({ timeoutMs: limits.timeoutMs }),
    abortGraceMs: 2000,
    inactivityTimeoutMs: limits.inactivityTimeoutMs,
    options: {},
    finished: () => undefined,
  })
  const say = async (chunks: readonly OutputChunk[], done = false): Promise<void> => {
    await vi.advanceTimersByTimeAsync(0)
    asked.at(-1)?.open({ chunks, done, exitCode: done ? 0 : undefined })
    await vi.advanceTimersByTimeAsync(0)
  }
  return { run, say, signals, asked, rooms, fill: () => (full = true) }
}

describe('a command that is quiet for too long', () => {
  it('is stopped', async () => {
    const { run, signals } = start({ inactivityTimeoutMs: 5000 })
    const failed = rejection(run.completed)
    await vi.advanceTimersByTimeAsync(4999)
    expect(signals).toEqual([])
    await vi.advanceTimersByTimeAsync(2000)
    expect(await failed).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_WSMAN_INACTIVITY',
      message: 'The command wrote nothing for 5000 ms (inactivityTimeoutMs).',
      timeoutMs: 5000,
      remote: 'stopped',
      host: 'host',
    })
    expect(signals).toEqual(['Shell.Signal', 'Shell.Signal'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not one that writes now and then', async () => {
    const { run, say, signals } = start({ inactivityTimeoutMs: 5000 })
    for (let count = 0; count < 5; count++) {
      await vi.advanceTimersByTimeAsync(4000)
      await say(SOME)
    }
    await say([], true)
    expect(await run.completed).toEqual({ exitCode: 0 })
    expect(signals).toEqual(['Shell.Signal'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is one that is only asked again and again', async () => {
    const { run, say } = start({ inactivityTimeoutMs: 5000 })
    const failed = rejection(run.completed)
    for (let count = 0; count < 3; count++) {
      await vi.advanceTimersByTimeAsync(2000)
      await say([])
    }
    await vi.advanceTimersByTimeAsync(2000)
    expect(await failed).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY' })
  })

  it('is not one whose reader takes his time', async () => {
    const { run, say, rooms, fill } = start({ inactivityTimeoutMs: 5000 })
    fill()
    await say(SOME)
    await vi.advanceTimersByTimeAsync(60_000)
    rooms[0]?.open()
    await vi.advanceTimersByTimeAsync(4000)
    await say([], true)
    expect(await run.completed).toEqual({ exitCode: 0 })
  })

  it('is another thing than one whose time is over', async () => {
    const { run } = start({ inactivityTimeoutMs: 5000, timeoutMs: 3000 })
    const failed = rejection(run.completed)
    await vi.advanceTimersByTimeAsync(6000)
    expect(await failed).toMatchObject({ code: 'ERR_WSMAN_TIMEOUT', timeoutMs: 3000 })
  })

  it('may be quiet for ever where nobody minds', async () => {
    const { run, say, asked } = start({ inactivityTimeoutMs: undefined })
    await vi.advanceTimersByTimeAsync(10_000_000)
    await say([], true)
    expect(await run.completed).toEqual({ exitCode: 0 })
    expect(asked).toHaveLength(1)
  })
})
