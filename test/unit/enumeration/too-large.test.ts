import { describe, expect, it } from 'vitest'
import {
  connect,
  rejection,
  startService,
  windowsFault,
  type Answer,
  type Asked,
  type Script,
} from '../../support/scripted-service.js'
import { enumerated, instances, pulled } from './replies.js'

const TOO_LARGE = windowsFault(2150858790, 'The response is larger than the maximum size allowed. ')
const CONTEXT_GONE = windowsFault(2150858779, 'The context is not valid. ')

/** What each request asked for at the most: items, and octets. */
const asked = (requests: readonly Asked[]): (readonly [string, number])[] =>
  requests.map((request) => [
    request.texts('MaxElements').join(),
    Number(request.texts('MaxEnvelopeSize').join()) / 1024,
  ])

/** A service whose items 1 to 12 fit into its envelope so many at a time. */
function storing(atATime: number, fault: Answer = TOO_LARGE): Script {
  let next = 1
  return {
    Enumerate: enumerated({ context: 'E' }),
    Pull: (request) => {
      const count = Number(request.texts('MaxElements').join())
      if (Math.min(count, 13 - next) > atATime) return fault
      const items = Array.from({ length: Math.min(count, 13 - next) }, (_, index) => next + index)
      next += items.length
      return pulled({ items, context: 'E', ...(next > 12 ? { end: 'n' as const } : {}) })
    },
    Release: '',
  }
}
const ALL = instances(...Array.from({ length: 12 }, (_, index) => index + 1))

describe('an answer that does not fit', () => {
  it('is asked for again in a larger envelope, which then stays', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: [TOO_LARGE, pulled({ items: [2], context: 'E1' }), pulled({ items: [3], end: 'n' })],
    })
    expect(await connect(service).enumerate('urn:r', { prefetch: 0 }).toArray()).toEqual(instances(1, 2, 3))
    expect(asked(service.requests)).toEqual([
      ['32000', 500],
      ['32000', 500],
      ['32000', 8192],
      ['32000', 8192],
    ])
  })

  it.each([
    ['of Windows', TOO_LARGE],
    ['of Windows, about the envelope of the request', windowsFault(2150858824)],
    [
      'of other services',
      {
        fault:
          '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:EncodingLimit</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason><s:Detail><w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MaxEnvelopeSizeExceeded</w:FaultDetail></s:Detail></s:Fault>',
      },
    ],
  ])('is asked for in halves: %s', async (_, fault) => {
    for (const prefetch of [0, 1] as const) {
      const service = await startService(storing(3, fault))
      const enumeration = connect(service).enumerate('urn:r', { prefetch, maxElements: 10 })
      expect(await enumeration.toArray()).toEqual(ALL)
      expect(asked(service.of('Pull'))).toEqual([
        ['10', 500],
        ['10', 8192],
        ['5', 8192],
        ...Array<[string, number]>(6).fill(['2', 8192]),
      ])
    }
  })

  it('starts to halve from as many as ever came', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2, 3, 4], context: 'E1' }),
      Pull: [TOO_LARGE, TOO_LARGE, TOO_LARGE, pulled({ items: [5], end: 'n' })],
    })
    await connect(service).enumerate('urn:r').toArray()
    expect(asked(service.of('Pull')).map(([count]) => count)).toEqual(['32000', '32000', '2', '1'])
  })

  it('stays within the envelope that the caller gave', async () => {
    const service = await startService(storing(1))
    const options = { maxElements: 2, maxEnvelopeSizeKb: 64 }
    expect(await connect(service).enumerate('urn:r', options).toArray()).toEqual(ALL)
    expect(new Set(asked(service.requests).map(([, size]) => size))).toEqual(new Set([64]))
  })

  it('is asked for with Enumerate again, where it is that which does not fit', async () => {
    const service = await startService({
      Enumerate: [TOO_LARGE, TOO_LARGE, enumerated({ items: [1], end: 'w' })],
    })
    expect(await connect(service).enumerate('urn:r', { maxElements: 9 }).toArray()).toEqual(instances(1))
    expect(asked(service.requests)).toEqual([
      ['9', 500],
      ['9', 8192],
      ['4', 8192],
    ])
  })

  it('is an error where it is a single item, with the count of those before', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: TOO_LARGE,
      Release: '',
    })
    expect(await rejection(connect(service).enumerate('urn:r', { maxElements: 2 }).toArray())).toMatchObject({
      wsmanName: 'ERROR_WSMAN_ENVELOPE_TOO_LARGE',
      itemsDelivered: 2,
      hint: expect.stringContaining('maxEnvelopeSizeKb') as string,
    })
    expect(service.of('Release')).toHaveLength(1)
  })

  it('may cost the context: an error with the count, and with what came first as its cause', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: [pulled({ items: [3], context: 'E1' }), TOO_LARGE, CONTEXT_GONE],
    })
    const error = await rejection(connect(service).enumerate('urn:r').toArray())
    expect(error).toMatchObject({
      name: 'WsmanFault',
      wsmanName: 'ERROR_WSMAN_ENUMERATE_INVALID_ENUMERATION_CONTEXT',
      operation: 'Pull',
      host: '127.0.0.1',
      itemsDelivered: 3,
      hint: expect.stringContaining('gave the enumeration up') as string,
      cause: { wsmanName: 'ERROR_WSMAN_ENVELOPE_TOO_LARGE' },
    })
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ itemsDelivered: 3 })
    expect(service.of('Release')).toEqual([])
  })
})

describe('an envelope that the service finds too large', () => {
  const REFUSED = windowsFault(2150858823, 'The maximum envelope size in the request is too large. ')

  it('is asked for smaller', async () => {
    const service = await startService({
      Enumerate: [REFUSED, REFUSED, enumerated({ items: [1], end: 'w' })],
    })
    expect(await connect(service).enumerate('urn:r').toArray()).toEqual(instances(1))
    expect(asked(service.requests).map(([, size]) => size)).toEqual([500, 150, 75])
  })

  it('is not raised again', async () => {
    const service = await startService({
      Enumerate: enumerated({ context: 'E' }),
      Pull: [TOO_LARGE, REFUSED, TOO_LARGE, pulled({ items: [1], end: 'n' })],
    })
    expect(await connect(service).enumerate('urn:r', { maxElements: 8 }).toArray()).toEqual(instances(1))
    expect(asked(service.of('Pull'))).toEqual([
      ['8', 500],
      ['8', 8192],
      ['8', 150],
      ['4', 150],
    ])
  })

  it('is an error in the end', async () => {
    const service = await startService({ Enumerate: REFUSED })
    expect(await rejection(connect(service).enumerate('urn:r').toArray())).toMatchObject({
      wsmanName: 'ERROR_WSMAN_MAX_ENVELOPE_SIZE',
      itemsDelivered: 0,
    })
    expect(asked(service.requests).map(([, size]) => size)).toEqual([500, 150, 75, 37, 18, 9, 8])
  })
})
