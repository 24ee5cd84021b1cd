import { describe, expect, it, vi } from 'vitest'
import {
  connect,
  gate,
  rejection,
  SILENCE,
  startService,
  turns,
  windowsFault,
  type Answer,
  type Script,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { followTheClock, LONG_MS } from '../../support/gates.js'
import { SignalSpy } from '../util/signal-spy.js'
import { enumerated, instances, pulled } from './replies.js'

const FIRST = enumerated({ items: [1, 2], context: 'E1' })

/** The contexts that were given up. */
const released = (service: ScriptedService): string[] =>
  service.of('Release').flatMap((request) => request.texts('EnumerationContext'))

describe.each([0, 1] as const)('leaving early, with prefetch %i,', (prefetch) => {
  const script: Script = { Enumerate: FIRST, Pull: SILENCE, Release: '' }

  it('by break tells the service', async () => {
    const service = await startService(script)
    for await (const item of connect(service).enumerate('urn:r', { prefetch })) {
      expect(item).toEqual({ N: '1' })
      break
    }
    expect(released(service)).toEqual(['E1'])
    expect(service.of('Release')[0]?.texts('ResourceURI')).toEqual(['urn:r'])
  })

  it('by an error of the caller tells the service, and the error is the caller’s', async () => {
    const service = await startService(script)
    const own = new RangeError('mine')
    const loop = async (): Promise<void> => {
      for await (const page of connect(service).enumerate('urn:r', { prefetch }).pages()) {
        expect(page).toEqual(instances(1, 2))
        throw own
      }
    }
    expect(await rejection(loop())).toBe(own)
    expect(released(service)).toEqual(['E1'])
  })

  it('by the limit of toArray tells the service', async () => {
    const service = await startService(script)
    expect(await connect(service).enumerate('urn:r', { prefetch }).toArray({ limit: 2 })).toEqual(
      instances(1, 2),
    )
    expect(released(service)).toEqual(['E1'])
  })

  it('is over when the service was told, also when it does not want to hear it', async () => {
    const service = await startService({ ...script, Release: windowsFault(2150858779) })
    expect(await connect(service).enumerate('urn:r', { prefetch }).toArray({ limit: 1 })).toEqual(
      instances(1),
    )
    expect(released(service)).toEqual(['E1'])
  })

  it('gives up the context that is valid', async () => {
    const service = await startService({
      Enumerate: FIRST,
      Pull: [pulled({ items: [3], context: 'E2' }), SILENCE],
      Release: '',
    })
    await connect(service).enumerate('urn:r', { prefetch }).toArray({ limit: 3 })
    expect(released(service)).toEqual(['E2'])
  })
})

describe('Release', () => {
  it('is not sent after the end', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: pulled({ items: [3], end: 'n' }) })
    const client = connect(service)
    await client.enumerate('urn:r').toArray()
    await client.close()
    expect(service.actions).toEqual(['Enumerate', 'Pull'])
  })

  it('is not sent where the last page was the first', async () => {
    const service = await startService({ Enumerate: enumerated({ items: [1, 2], end: 'w' }) })
    await connect(service).enumerate('urn:r').toArray({ limit: 1 })
    await turns()
    expect(service.actions).toEqual(['Enumerate'])
  })

  it('is not sent where Enumerate failed', async () => {
    const service = await startService({ Enumerate: windowsFault(5) })
    await rejection(connect(service).enumerate('urn:r').toArray())
    await turns()
    expect(service.actions).toEqual(['Enumerate'])
  })

  it('is sent once, however often the iterator is left', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
    const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
    await iterator.next()
    const left = await Promise.all([iterator.return?.(), iterator.return?.()])
    expect(left).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(released(service)).toEqual(['E1'])
  })

  it('goes by a socket of its own while a Pull holds the only one', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
    const client = connect(service, { maxConnections: 1 })
    const iterator = client.enumerate('urn:r')[Symbol.asyncIterator]()
    await iterator.next()
    const pull = await service.arrival('Pull')
    await iterator.return?.()
    await pull.disconnected
    expect(released(service)).toEqual(['E1'])
  })
})

describe('an abort', () => {
  it('ends the Pull under way, tells the service and rejects', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
    const spy = new SignalSpy()
    const iterator = connect(service).enumerate('urn:r', { signal: spy.signal })[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.next()
    const next = rejection(iterator.next())
    const pull = await service.arrival('Pull')
    spy.abort('enough')
    expect(await next).toMatchObject({
      name: 'AbortError',
      cause: 'enough',
      operation: 'Pull',
      resource: 'urn:r',
    })
    await pull.disconnected
    expect(released(service)).toEqual(['E1'])
  })

  it.each([0, 1] as const)(
    'while the consumer is busy rejects its next step, with prefetch %i',
    async (prefetch) => {
      const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
      const controller = new AbortController()
      const seen: unknown[] = []
      const loop = async (): Promise<void> => {
        const { signal } = controller
        for await (const page of connect(service).enumerate('urn:r', { signal, prefetch }).pages()) {
          seen.push(page)
          controller.abort()
        }
      }
      expect(await rejection(loop())).toMatchObject({ name: 'AbortError' })
      expect(seen).toEqual([instances(1, 2)])
      expect(released(service)).toEqual(['E1'])
    },
  )

  it('is not listened for after the end', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: pulled({ end: 'n' }) })
    const spy = new SignalSpy()
    await connect(service).enumerate('urn:r', { signal: spy.signal, timeoutMs: 100_000 }).toArray()
    expect(spy.added).toBeGreaterThan(0)
    expect(spy.listening).toBe(0)
  })

  it('before the first item sends nothing', async () => {
    const service = await startService({})
    const enumeration = connect(service).enumerate('urn:r', { signal: AbortSignal.abort() })
    expect(await rejection(enumeration.toArray())).toMatchObject({ name: 'AbortError' })
    expect(service.requests).toEqual([])
  })
})

it('the deadline holds for the whole enumeration', async () => {
  followTheClock()
  const service = await startService({
    Enumerate: FIRST,
    Pull: windowsFault(2150858793),
    Release: '',
  })
  const call = rejection(connect(service).enumerate('urn:r', { timeoutMs: LONG_MS }).toArray())
  await service.arrival('Pull', 2)
  vi.advanceTimersByTime(LONG_MS)
  const error = await call
  expect(error).toMatchObject({ name: 'TimeoutError', code: 'ERR_WSMAN_TIMEOUT', timeoutMs: LONG_MS })
  expect(released(service)).toEqual(['E1'])
})

describe('two loops over one enumeration', () => {
  it('are two enumerations', async () => {
    let count = 0
    const service = await startService({
      Enumerate: () => enumerated({ items: [1], context: `E${++count}` }),
      Pull: (request) => pulled({ items: [request.texts('EnumerationContext').join()], end: 'n' }),
    })
    const enumeration = connect(service).enumerate('urn:r')
    const both = await Promise.all([enumeration.toArray(), enumeration.toArray()])
    expect(both.map((items) => items.map(({ N }) => N)).sort()).toEqual([
      ['1', 'E1'],
      ['1', 'E2'],
    ])
    expect(service.of('Enumerate')).toHaveLength(2)
  })

  it('are left one by one', async () => {
    let count = 0
    const service = await startService({
      Enumerate: () => enumerated({ items: [1, 2], context: `E${++count}` }),
      Pull: pulled({ end: 'n' }),
      Release: '',
    })
    const enumeration = connect(service).enumerate('urn:r', { prefetch: 0 })
    await enumeration.toArray({ limit: 1 })
    expect(await enumeration.toArray()).toEqual(instances(1, 2))
    expect(released(service)).toEqual(['E1'])
  })
})

describe.each([0, 1] as const)('dispose, with prefetch %i,', (prefetch) => {
  it('releases every loop that is under way', async () => {
    let count = 0
    const service = await startService({
      Enumerate: () => enumerated({ items: [1, 2], context: `E${++count}` }),
      Pull: SILENCE,
      Release: '',
    })
    const enumeration = connect(service).enumerate('urn:r', { prefetch })
    const iterators = [enumeration[Symbol.asyncIterator](), enumeration.pages()[Symbol.asyncIterator]()]
    for (const iterator of iterators) await iterator.next()
    await enumeration[Symbol.asyncDispose]()
    expect(released(service).sort()).toEqual(['E1', 'E2'])
    // What had come already is not taken away.
    expect(await iterators[0]?.next()).toEqual({ done: false, value: { N: '2' } })
    for (const iterator of iterators) expect(await iterator.next()).toEqual({ done: true, value: undefined })
    await enumeration[Symbol.asyncDispose]()
    expect(service.of('Release')).toHaveLength(2)
  })

  it('ends a loop that waits for a Pull', async () => {
    const service = await startService({
      Enumerate: enumerated({ context: 'E1' }),
      Pull: SILENCE,
      Release: '',
    })
    const enumeration = connect(service).enumerate('urn:r', { prefetch })
    const waiting = rejection(enumeration.toArray())
    const pull = await service.arrival('Pull')
    await enumeration[Symbol.asyncDispose]()
    expect(await waiting).toMatchObject({ name: 'AbortError', operation: 'Pull' })
    await pull.disconnected
    expect(released(service)).toEqual(['E1'])
  })

  it('ends a loop that waits for its first page, and nothing goes on behind it', async () => {
    const held = gate<Answer>()
    const service = await startService({
      Enumerate: () => held.passed,
      Pull: pulled({ end: 'n' }),
      Release: '',
    })
    const enumeration = connect(service).enumerate('urn:r', { prefetch })
    const waiting = rejection(enumeration.toArray())
    const request = await service.arrival('Enumerate')
    await enumeration[Symbol.asyncDispose]()
    expect(await waiting).toMatchObject({ name: 'AbortError', operation: 'Enumerate' })
    await request.disconnected
    held.open(FIRST)
    await turns(50)
    expect(service.of('Pull')).toEqual([])
  })

  it('does nothing where nothing is under way', async () => {
    const service = await startService({})
    await connect(service).enumerate('urn:r', { prefetch })[Symbol.asyncDispose]()
    expect(service.requests).toEqual([])
  })
})

describe('closing the client', () => {
  it('ends a Pull, rejects, and tells the service', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
    const client = connect(service)
    const iterator = client.enumerate('urn:r')[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.next()
    const next = rejection(iterator.next())
    await service.arrival('Pull')
    await client.close()
    expect(await next).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    expect(released(service)).toEqual(['E1'])
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    await service.empty()
  })

  it('ends a loop whose consumer is busy: its next step rejects', async () => {
    const service = await startService({ Enumerate: FIRST, Pull: SILENCE, Release: '' })
    const client = connect(service)
    const seen: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const page of client.enumerate('urn:r').pages()) {
        seen.push(page)
        await client.close()
      }
    }
    expect(await rejection(loop())).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    expect(seen).toEqual([instances(1, 2)])
    expect(released(service)).toEqual(['E1'])
  })

  it('leaves no enumeration to be begun', async () => {
    const service = await startService({})
    const client = connect(service)
    const enumeration = client.enumerate('urn:r')
    await client.close()
    expect(await rejection(enumeration.toArray())).toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
    expect(() => client.enumerate('urn:r')).toThrow(
      expect.objectContaining({ code: 'ERR_WSMAN_CLOSED' }) as Error,
    )
  })
})
