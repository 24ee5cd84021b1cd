import { describe, expect, it } from 'vitest'
import { connect, gate, startService, turns, type Answer } from '../../support/scripted-service.js'
import { enumerated, instances, pulled } from './replies.js'

describe('with prefetch', () => {
  it('the next page is asked for while the caller holds the first one', async () => {
    const held = gate<Answer>()
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2, 3], context: 'E1' }),
      Pull: [() => held.passed, pulled({ end: 'n' })],
    })
    const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
    expect(await iterator.next()).toMatchObject({ value: { N: '1' } })
    await service.arrival('Pull')
    // The reply is held back, and yet what came before it can be had.
    expect(await iterator.next()).toMatchObject({ value: { N: '2' } })
    expect(await iterator.next()).toMatchObject({ value: { N: '3' } })
    held.open(pulled({ items: [4], context: 'E1' }))
    expect(await iterator.next()).toMatchObject({ value: { N: '4' } })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('one page is asked for ahead and no more', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: [
        pulled({ items: [2], context: 'E1' }),
        pulled({ items: [3], context: 'E1' }),
        pulled({ end: 'n' }),
      ],
    })
    const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
    await iterator.next()
    await service.arrival('Pull')
    await turns(50)
    expect(service.of('Pull')).toHaveLength(1)
    await iterator.next()
    await service.arrival('Pull', 2)
    await turns(50)
    expect(service.of('Pull')).toHaveLength(2)
    expect(await iterator.next()).toMatchObject({ value: { N: '3' } })
    expect(await iterator.next()).toMatchObject({ done: true })
  })

  it('nothing is asked for before the first page is', async () => {
    const service = await startService({})
    const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
    await turns()
    expect(service.requests).toEqual([])
    await iterator.return?.()
  })

  it('two Pulls of one enumeration are never under way at a time', async () => {
    let underWay = 0
    let most = 0
    let count = 0
    const service = await startService({
      Enumerate: enumerated({ items: [0], context: 'E1' }),
      Pull: async () => {
        most = Math.max(most, ++underWay)
        await turns(3)
        underWay--
        count++
        return pulled(count < 30 ? { items: [count], context: `E${count}` } : { end: 'n' })
      },
    })
    const values = await connect(service).enumerate('urn:r').toArray()
    expect(values).toEqual(instances(...Array.from({ length: 30 }, (_, index) => index)))
    expect(most).toBe(1)
  })

  it('a page that fails is told when its turn comes, and is no unhandled rejection before', async () => {
    const unhandled: unknown[] = []
    const listener = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', listener)
    try {
      const service = await startService({
        Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
        Pull: { raw: '', status: 500, headers: {} },
        Release: '',
      })
      const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
      await iterator.next()
      await service.arrival('Pull')
      await turns(50)
      expect(await iterator.next()).toMatchObject({ value: { N: '2' } })
      await expect(iterator.next()).rejects.toMatchObject({ code: 'ERR_WSMAN_HTTP_STATUS' })
    } finally {
      process.off('unhandledRejection', listener)
    }
    expect(unhandled).toEqual([])
  })
})

describe('without prefetch', () => {
  it('a page is asked for when the one before it is used up', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: [pulled({ items: [3], context: 'E1' }), pulled({ end: 'n' })],
    })
    const iterator = connect(service).enumerate('urn:r', { prefetch: 0 })[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.next()
    await turns(50)
    expect(service.actions).toEqual(['Enumerate'])
    expect(await iterator.next()).toMatchObject({ value: { N: '3' } })
    await turns(50)
    expect(service.actions).toEqual(['Enumerate', 'Pull'])
    expect(await iterator.next()).toMatchObject({ done: true })
    expect(service.actions).toEqual(['Enumerate', 'Pull', 'Pull'])
  })
})

describe.each([0, 1] as const)('calls that do not wait for each other, with prefetch %i,', (prefetch) => {
  it('get the items in their order, and all ends at the end', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: [
        pulled({ items: [3, 4, 5], context: 'E1' }),
        pulled({ context: 'E1' }),
        pulled({ items: [6], end: 'n' }),
      ],
    })
    const iterator = connect(service).enumerate('urn:r', { prefetch })[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 9 }, () => iterator.next()))
    expect(results.map(({ value }) => (value as { N: string } | undefined)?.N)).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      undefined,
      undefined,
      undefined,
    ])
    expect(results.map(({ done }) => done)).toEqual([...Array<boolean>(6).fill(false), true, true, true])
  })

  it('get whole pages in their order', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: [pulled({ items: [2], context: 'E1' }), pulled({ items: [3], end: 'n' })],
    })
    const iterator = connect(service).enumerate('urn:r', { prefetch }).pages()[Symbol.asyncIterator]()
    const results = await Promise.all(Array.from({ length: 4 }, () => iterator.next()))
    expect(results.map(({ value }) => value as unknown)).toEqual([
      instances(1),
      instances(2),
      instances(3),
      undefined,
    ])
  })

  it('are each told of a failure once', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: { raw: '', status: 500, headers: {} },
      Release: '',
    })
    const iterator = connect(service).enumerate('urn:r', { prefetch })[Symbol.asyncIterator]()
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => iterator.next()))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ value: { done: true } })
  })
})
