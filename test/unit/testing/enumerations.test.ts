import { PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { EnumerationContext, type EnumerationItem } from '../../../src/testing/enumeration-context.js'
import { Enumerations } from '../../../src/testing/enumerations.js'
import { OperationQuota } from '../../../src/testing/operation-quota.js'
import type { EndpointRequest } from '../../../src/testing/message.js'
import { parseMessage } from '../../../src/testing/soap-message.js'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { ClassEndpoint, properties, WMI } from './support/class-endpoint.js'
import { enumerateBody, faultOf, pullBody, soap } from './support/raw-client.js'

const NUMBERS = 100_000
/** What the sources were made to do. */
const seen = { numbers: 0, closed: 0 }
const slow = new PassThrough({ objectMode: true })

const counted = { Number: { type: 'uint32', key: true }, Text: 'string' } as const
const test = new ClassEndpoint({
  settings: {
    protocol: { maxBatchItems: 50, maxEnvelopeSizeKb: 32 },
    service: { maxConcurrentOperationsPerUser: 3 },
  },
  classes: [
    {
      name: 'Many',
      namespace: 'root/test',
      properties: counted,
      instances: function* () {
        try {
          for (let number = 1; number <= NUMBERS; number++) {
            seen.numbers = number
            yield { Number: number, Text: 'x'.repeat(100) }
          }
        } finally {
          seen.closed += 1
        }
      },
    },
    {
      name: 'Uneven',
      namespace: 'root/test',
      properties: counted,
      instances: [10, 7000, 7000, 20_000, 10].map((size, Number) => ({ Number, Text: 'ü'.repeat(size / 2) })),
    },
    {
      name: 'Huge',
      namespace: 'root/test',
      properties: counted,
      instances: [
        { Number: 1, Text: 'small' },
        { Number: 2, Text: 'x'.repeat(9000) },
        { Number: 3, Text: 'small' },
      ],
    },
    {
      name: 'Slow',
      namespace: 'root/test',
      properties: counted,
      instances: async function* () {
        for await (const number of slow) yield { Number: number as number }
      },
    },
    {
      name: 'Failing',
      namespace: 'root/test',
      properties: counted,
      instances: function* () {
        yield { Number: 1 }
        throw new Error('no more')
      },
    },
    { name: 'Empty', namespace: 'root/test', properties: counted, instances: [] },
  ],
})
const uri = (name: string): string => `${WMI}/root/test/${name}`
const OPTIMIZE = '<w:OptimizeEnumeration/>'
const numbersOf = (items: Parameters<typeof properties>[0][]): number[] =>
  items.map((item) => Number(properties(item).Number))

const INVALID_CONTEXT = {
  status: 500,
  code: 's:Receiver',
  subcode: 'n:InvalidEnumerationContext',
  detail: undefined,
  wsmanCode: 2150858779,
}

describe('an enumeration', () => {
  it('begins with a context and no items', async () => {
    const { reply, context, items, ended } = await test.enumerate(uri('Many'))
    expect(context).toMatch(/^uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
    expect({ items, ended, text: reply.text.includes('Items') }).toEqual({
      items: [],
      ended: false,
      text: false,
    })
    expect((await test.release(uri('Many'), context)).status).toBe(200)
  })

  it('brings one item where the client does not say how many', async () => {
    const first = await test.enumerate(uri('Many'), OPTIMIZE)
    expect(numbersOf([...first.items])).toEqual([1])
    const second = await test.pull(uri('Many'), first.context)
    expect(numbersOf([...second.items])).toEqual([2])
    await test.release(uri('Many'), second.context)
  })

  it('takes from its source what the page holds and nothing more, and closes it on Release', async () => {
    const { closed } = seen
    const first = await test.enumerate(uri('Many'), `${OPTIMIZE}<w:MaxElements>7</w:MaxElements>`)
    expect(first.items).toHaveLength(7)
    expect(seen.numbers).toBe(7)
    const second = await test.pull(uri('Many'), first.context, 5)
    expect(numbersOf([...second.items])).toEqual([8, 9, 10, 11, 12])
    expect(seen.numbers).toBe(12)
    const released = await test.release(uri('Many'), second.context)
    expect(released.text).toContain('http://schemas.xmlsoap.org/ws/2004/09/enumeration/ReleaseResponse')
    expect(seen.closed).toBe(closed + 1)
    expect(faultOf(await test.release(uri('Many'), second.context))).toEqual(INVALID_CONTEXT)
  })

  it('brings no more than MaxBatchItems', async () => {
    const page = await test.enumerate(uri('Many'), `${OPTIMIZE}<w:MaxElements>32000</w:MaxElements>`)
    expect(page.items).toHaveLength(50)
    await test.release(uri('Many'), page.context)
  })

  it('gives every page a context of its own', async () => {
    const { context } = await test.enumerate(uri('Many'))
    const page = await test.pull(uri('Many'), context, 1)
    expect(page.context).not.toBe(context)
    expect(faultOf((await test.pull(uri('Many'), context, 1)).reply)).toEqual(INVALID_CONTEXT)
    await test.release(uri('Many'), page.context)
  })

  it('belongs to the user who began it', async () => {
    const { context } = await test.enumerate(uri('Many'))
    const stranger = await test.pull(uri('Many'), context, 1, { username: 'bob' })
    expect(faultOf(stranger.reply)).toEqual(INVALID_CONTEXT)
    expect(faultOf(await test.release(uri('Many'), context, 'bob'))).toEqual(INVALID_CONTEXT)
    expect((await test.release(uri('Many'), context)).status).toBe(200)
  })

  it('of nothing ends at once', async () => {
    const page = await test.enumerate(uri('Empty'), OPTIMIZE)
    expect({ ...page, reply: undefined }).toEqual({ reply: undefined, context: '', items: [], ended: true })
    const { context } = await test.enumerate(uri('Empty'))
    const pulled = await test.pull(uri('Empty'), context, 10)
    expect({ items: pulled.items, ended: pulled.ended }).toEqual({ items: [], ended: true })
    expect(faultOf((await test.pull(uri('Empty'), context, 10)).reply)).toEqual(INVALID_CONTEXT)
  })

  it('is one of as many as a user may have', async () => {
    const contexts = []
    for (let count = 0; count < 3; count++) contexts.push((await test.enumerate(uri('Many'))).context)
    const refused = await test.enumerate(uri('Many'))
    expect(faultOf(refused.reply)).toMatchObject({ subcode: 'w:InternalError', wsmanCode: 2150859174 })
    for (const context of contexts) await test.release(uri('Many'), context)
    const { context } = await test.enumerate(uri('Many'))
    await test.release(uri('Many'), context)
  })

  it('ends when its source fails', async () => {
    const { context } = await test.enumerate(uri('Failing'))
    const failed = await test.pull(uri('Failing'), context, 10)
    expect(faultOf(failed.reply)).toMatchObject({ subcode: 'w:InternalError', wsmanCode: 2150858755 })
    expect(faultOf((await test.pull(uri('Failing'), context, 10)).reply)).toEqual(INVALID_CONTEXT)
  })

  it.each([
    ['Expires', '<n:Expires>PT1M</n:Expires>', 'w:UnsupportedFeature', 'ExpirationTime', 2150858775],
    [
      'a mode that is none',
      '<w:EnumerationMode>EnumerateAll</w:EnumerationMode>',
      'w:UnsupportedFeature',
      'EnumerationMode',
      2150858886,
    ],
    [
      'MaxElements 0',
      `${OPTIMIZE}<w:MaxElements>0</w:MaxElements>`,
      'w:SchemaValidationError',
      undefined,
      2150858817,
    ],
  ])('cannot begin with %s', async (_, content, subcode, detail, wsmanCode) => {
    const { reply } = await test.enumerate(uri('Many'), content)
    expect(faultOf(reply)).toMatchObject({ subcode, detail, wsmanCode })
  })

  it('takes no selectors', async () => {
    const { reply } = await test.enumerate(uri('Many'), '', { selectors: { Number: '1' } })
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:InvalidSelectors', wsmanCode: 2150859016 })
  })
})

describe('the size of a page', () => {
  const limit = (octets: number) => ({ extra: `<w:MaxEnvelopeSize>${octets}</w:MaxEnvelopeSize>` })

  it('stays below MaxEnvelopeSize, and what did not fit comes next', async () => {
    let { context } = await test.enumerate(uri('Uneven'))
    const pages: number[][] = []
    for (let ended = false; !ended;) {
      const page = await test.pull(uri('Uneven'), context, 50, limit(24_000))
      expect(page.reply.body.length).toBeLessThanOrEqual(24_000)
      pages.push(numbersOf([...page.items]))
      ;({ context, ended } = page)
    }
    expect(pages).toEqual([
      [0, 1, 2],
      [3, 4],
    ])
  })

  it('is filled as far as it goes', async () => {
    const page = await test.enumerate(
      uri('Many'),
      `${OPTIMIZE}<w:MaxElements>50</w:MaxElements>`,
      limit(8192),
    )
    const { length } = page.reply.body
    const itemLength = Buffer.byteLength(/<p:Many.*?<\/p:Many>/.exec(page.reply.text)?.[0] ?? '')
    expect(length).toBeLessThanOrEqual(8192)
    expect(length).toBeGreaterThan(8192 - itemLength - 100)
    await test.release(uri('Many'), page.context)
  })

  it('is too small for one item: the enumeration ends', async () => {
    const first = await test.enumerate(uri('Huge'), OPTIMIZE, limit(8192))
    expect(numbersOf([...first.items])).toEqual([1])
    const second = await test.pull(uri('Huge'), first.context, 10, limit(8192))
    expect(faultOf(second.reply)).toMatchObject({ subcode: 'w:EncodingLimit', wsmanCode: 2150858790 })
    expect(faultOf((await test.pull(uri('Huge'), first.context, 10)).reply)).toEqual(INVALID_CONTEXT)
  })

  it('is that of the whole reply for other requests', async () => {
    const reply = await test.get(uri('Huge'), { Number: '2' }, limit(8192).extra)
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:EncodingLimit', wsmanCode: 2150858824 })
    expect((await test.get(uri('Huge'), { Number: '2' })).status).toBe(200)
  })
})

describe('a slow source', () => {
  it('leaves the enumeration valid when the time is over, and loses nothing', async () => {
    const { context } = await test.enumerate(uri('Slow'))
    const timeout = { extra: '<w:OperationTimeout>PT0.5S</w:OperationTimeout>' }
    const early = await test.pull(uri('Slow'), context, 10, timeout)
    expect(faultOf(early.reply)).toMatchObject({ subcode: 'w:TimedOut', wsmanCode: 2150858793 })
    const impatient = await test.pull(uri('Slow'), context, 10, { more: '<n:MaxTime>PT0.01S</n:MaxTime>' })
    expect(faultOf(impatient.reply)).toMatchObject({ subcode: 'n:TimedOut', wsmanCode: 2150858780 })
    slow.write(1)
    const some = await test.pull(uri('Slow'), context, 10, timeout)
    expect(numbersOf([...some.items])).toEqual([1])
    expect(some.ended).toBe(false)
    slow.end(2)
    const rest = await test.pull(uri('Slow'), some.context, 10)
    expect({ items: numbersOf([...rest.items]), ended: rest.ended }).toEqual({ items: [2], ended: true })
  })
})

describe('Enumerations', () => {
  const { protocol, service, ...settings } = defaultSettings()
  const principal = { username: 'alice', domain: 'TEST' }
  const enumerationsWith = (changed: typeof service): Enumerations => {
    const all = { ...settings, protocol, service: changed }
    return new Enumerations(all, new OperationQuota(all))
  }
  const request = (body: string, signal = new AbortController().signal): EndpointRequest => {
    const message = parseMessage(soap({ body }))
    return {
      ...message,
      action: '',
      resourceUri: '',
      principal,
      clientIp: '127.0.0.1',
      url: '',
      operationTimeoutMs: 60_000,
      maxEnvelopeSize: 512_000,
      signal,
    }
  }
  const item = (xml: string): EnumerationItem => ({ object: () => xml, reference: () => xml })
  const contextIn = ({ body }: { body: unknown }): string => /uuid:[0-9A-F-]+/.exec(String(body))?.[0] ?? ''
  function* source(closed: () => void): Generator<EnumerationItem> {
    try {
      yield item('<a/>')
      yield item('<b/>')
    } finally {
      closed()
    }
  }

  it('forgets a context that nobody reads, and closes its source', async () => {
    vi.useFakeTimers()
    try {
      const enumerations = enumerationsWith({ ...service, enumerationTimeoutMs: 60_000 })
      const closed = vi.fn()
      const first = await enumerations.enumerate(request(enumerateBody(OPTIMIZE)), () => source(closed))
      const context = contextIn(first)
      vi.advanceTimersByTime(59_999)
      expect(closed).not.toHaveBeenCalled()
      const second = await enumerations.pull(request(pullBody(context, 1)))
      vi.advanceTimersByTime(59_999)
      expect(closed).not.toHaveBeenCalled()
      vi.advanceTimersByTime(1)
      expect(closed).toHaveBeenCalledTimes(1)
      await expect(enumerations.pull(request(pullBody(contextIn(second), 1)))).rejects.toMatchObject({
        parts: { wsmanCode: 2150858779 },
      })
    } finally {
      vi.useRealTimers()
    }
  })

  it('closes every source when the endpoint closes', async () => {
    const enumerations = enumerationsWith(service)
    const closed = vi.fn()
    const first = await enumerations.enumerate(request(enumerateBody(OPTIMIZE)), () => source(closed))
    enumerations.close()
    expect(closed).toHaveBeenCalledTimes(1)
    await expect(enumerations.pull(request(pullBody(contextIn(first), 1)))).rejects.toMatchObject({
      parts: { wsmanCode: 2150858779 },
    })
  })

  it('stops waiting for a source when the client is gone', async () => {
    const controller = new AbortController()
    const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const context = new EnumerationContext(principal, 'EnumerateObject', source, () => undefined)
    const limits = { maxElements: 1, maxOctets: 100, timeoutMs: 60_000, signal: controller.signal }
    const page = context.read(limits)
    controller.abort(new Error('gone'))
    await expect(page).rejects.toThrow('gone')
  })

  it('survives a source that fails while it is given up', async () => {
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: item('<a/>') }),
        return: () => {
          throw new Error('not now')
        },
      }),
    }
    const context = new EnumerationContext(principal, 'EnumerateObject', source, () => undefined)
    const limits = { maxElements: 1, maxOctets: 100, timeoutMs: 1000, signal: new AbortController().signal }
    expect(await context.read(limits)).toEqual({ items: ['<a/>'], ended: 'full' })
    expect(() => {
      context.close()
    }).not.toThrow()
  })
})

it('never lets the source run ahead of the pages', async () => {
  const first = await test.enumerate(uri('Many'), `${OPTIMIZE}<w:MaxElements>50</w:MaxElements>`)
  let { context } = first
  let count = first.items.length
  for (let pages = 0; pages < 20; pages++) {
    const page = await test.pull(uri('Many'), context, 50)
    count += page.items.length
    ;({ context } = page)
    expect(seen.numbers).toBe(count)
  }
  expect(count).toBe(1050)
  await test.release(uri('Many'), context)
})
