import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ReceiveTurns, type Turn } from '../../../src/shell/receive-turns.js'
import {
  connect,
  gate,
  OPERATION_TIMED_OUT,
  rejection,
  startService,
  turns,
  type Asked,
} from '../../support/scripted-service.js'
import { followTheClock, LONG_MS } from '../../support/gates.js'
import { SignalSpy } from '../util/signal-spy.js'
import { finished, shellScript, signalOf, SIGNALLED, started } from './replies.js'

const unending = (): AbortSignal => new AbortController().signal
const SHORT = 1000

async function limits(slots: number, count: number): Promise<{ turns: Turn[]; ms: number[] }> {
  const all = new ReceiveTurns(slots)
  const taken = await Promise.all(Array.from({ length: count }, () => all.take(unending())))
  return { turns: taken, ms: taken.map(({ limitMs }) => limitMs) }
}

describe('turns', () => {
  it.each([
    [1, [SHORT]],
    [2, [Infinity, SHORT]],
    [3, [Infinity, Infinity, SHORT]],
    [0, [SHORT]],
  ])('with %i connections, all but the last may be long', async (slots, expected) => {
    expect((await limits(slots, expected.length)).ms).toEqual(expected)
  })

  it('are short while anybody waits, and in the order of asking', async () => {
    const all = new ReceiveTurns(3)
    const held = await Promise.all([1, 2, 3].map(() => all.take(unending())))
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (number) => {
      const turn = await all.take(unending())
      order.push(number)
      return turn
    })
    held[0]?.end()
    held[0]?.end()
    await turns(1)
    expect(order).toEqual([1])
    held[1]?.end()
    held[2]?.end()
    const got = await Promise.all(waiting)
    expect(order).toEqual([1, 2, 3])
    // The last one finds nobody behind it, and no long one before it.
    expect(got.map(({ limitMs }) => limitMs)).toEqual([SHORT, SHORT, Infinity])
  })

  it('are not kept for who gave up', async () => {
    const all = new ReceiveTurns(1)
    const first = await all.take(unending())
    const spy = new SignalSpy()
    const given = rejection(all.take(spy.signal))
    const next = all.take(unending())
    spy.abort(new Error('enough'))
    expect(await given).toMatchObject({ message: 'enough' })
    expect(spy.listening).toBe(0)
    first.end()
    expect((await next).limitMs).toBe(SHORT)
    expect(await rejection(all.take(AbortSignal.abort(new Error('no'))))).toMatchObject({ message: 'no' })
  })

  it('leave one connection that is free within a short time, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        async (slots, steps) => {
          const all = new ReceiveTurns(slots)
          const held = new Set<Turn>()
          let asked = 0
          for (const take of steps) {
            if (take) {
              asked++
              void all.take(unending()).then((turn) => held.add(turn))
            } else {
              const [first] = held
              if (first) {
                held.delete(first)
                asked--
                first.end()
              }
            }
            await turns(1)
            expect(held.size).toBe(Math.min(asked, slots))
            const long = [...held].filter(({ limitMs }) => limitMs === Infinity).length
            expect(long).toBeLessThan(slots)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

const timeoutOf = (request: Asked | undefined): string | undefined => request?.texts('OperationTimeout')[0]
const commandOf = (request: Asked): string => request.attribute('DesiredStream', 'CommandId') ?? ''

describe('commands that run at the same time', () => {
  /** Two are quiet for ever and hold what they are given; the third ends at once. */
  it('each get their output, with more of them than connections', async () => {
    let commands = 0
    const service = await startService(
      shellScript({
        Command: () => started(`C${++commands}`),
        Receive: async (request) => {
          if (commandOf(request) === 'C3') return finished('three')
          // The service says so when the time is over; a short one is over soon.
          if (timeoutOf(request) === 'PT1.000S') return OPERATION_TIMED_OUT
          await request.disconnected
          return OPERATION_TIMED_OUT
        },
      }),
    )
    const client = connect(service, { maxConnections: 3 })
    const shells = [await client.openShell(), await client.openShell(), await client.openShell()]
    const [one, two] = [await shells[0]?.spawn('quiet'), await shells[1]?.spawn('quiet')]
    await service.arrival('Receive', 2)
    expect((await shells[2]?.run('three'))?.stdout).toBe('three')
    const receives = service.of('Receive')
    const of = (id: string): (string | undefined)[] =>
      receives.filter((request) => commandOf(request) === id).map(timeoutOf)
    expect(of('C1')).toEqual(['PT60.000S'])
    expect(new Set(of('C2'))).toEqual(new Set(['PT1.000S']))
    await client.close()
    for (const command of [one, two]) {
      expect(await rejection(command?.exit ?? Promise.resolve())).toMatchObject({ name: 'AbortError' })
    }
  })

  it('can be stopped while all connections are taken by quiet ones', async () => {
    followTheClock()
    const ended = gate()
    let commands = 0
    const service = await startService(
      shellScript({
        Command: () => started(`C${++commands}`),
        Receive: async (request) => {
          if (timeoutOf(request) === 'PT1.000S') await turns(5)
          else await Promise.race([request.disconnected, ended.passed])
          return OPERATION_TIMED_OUT
        },
        Signal: (request) => {
          if (signalOf(request) === 'terminate') ended.open()
          return SIGNALLED
        },
      }),
    )
    const client = connect(service, { maxConnections: 4 })
    const controller = new AbortController()
    const shell = await client.openShell()
    const running = await Promise.all(
      Array.from({ length: 6 }, () =>
        shell.spawn('quiet', [], { signal: controller.signal, abortGraceMs: LONG_MS }),
      ),
    )
    await service.arrival('Receive', 4)
    controller.abort()
    await service.arrival('Signal', 6)
    vi.advanceTimersByTime(LONG_MS / 2)
    for (const { exit } of running) expect(await rejection(exit)).toMatchObject({ remote: 'stopped' })
    const stopped = service
      .of('Signal')
      .filter((request) => signalOf(request) === 'terminate')
      .map((request) => request.attribute('Signal', 'CommandId'))
    expect(stopped.sort()).toEqual(['C1', 'C2', 'C3', 'C4', 'C5', 'C6'])
  })

  it('share with the time that the caller gives', async () => {
    const service = await startService(shellScript({ Receive: [OPERATION_TIMED_OUT, finished()] }))
    const shell = await connect(service, { maxConnections: 1 }).openShell()
    await shell.run('x', [], { operationTimeoutMs: 700 })
    expect(service.of('Receive').map(timeoutOf)).toEqual(['PT0.700S', 'PT0.700S'])
  })
})
