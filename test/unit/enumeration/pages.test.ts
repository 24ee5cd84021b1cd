import { describe, expect, it } from 'vitest'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { wql } from '../../../src/enumeration/filters.js'
import {
  connect,
  OPERATION_TIMED_OUT,
  rejection,
  startService,
  windowsFault,
  type Script,
} from '../../support/scripted-service.js'
import { elementsOf, select } from '../../support/xml-compare.js'
import { enumerated, instances, pulled } from './replies.js'

describe('the items of an enumeration', () => {
  it.each<[string, Script, number[], string[]]>([
    [
      'all in the first reply',
      { Enumerate: enumerated({ items: [1, 2], context: '', end: 'w' }) },
      [1, 2],
      ['Enumerate'],
    ],
    [
      'all in the first reply, the end in the other namespace',
      { Enumerate: enumerated({ items: [1], end: 'n' }) },
      [1],
      ['Enumerate'],
    ],
    ['none at all', { Enumerate: enumerated({ context: '', end: 'w' }) }, [], ['Enumerate']],
    ['none, and no context to go on with', { Enumerate: enumerated({}) }, [], ['Enumerate']],
    [
      'none, and an empty context to go on with',
      { Enumerate: enumerated({ context: '' }) },
      [],
      ['Enumerate'],
    ],
    [
      'only in Pulls, as services do that cannot optimize',
      {
        Enumerate: enumerated({ context: 'E1' }),
        Pull: [pulled({ items: [1, 2], context: 'E1' }), pulled({ items: [3], end: 'n' })],
      },
      [1, 2, 3],
      ['Enumerate', 'Pull', 'Pull'],
    ],
    [
      'in the first reply and in Pulls',
      {
        Enumerate: enumerated({ items: [1], context: 'E1' }),
        Pull: [pulled({ items: [2], context: 'E1' }), pulled({ items: [3], end: 'w' })],
      },
      [1, 2, 3],
      ['Enumerate', 'Pull', 'Pull'],
    ],
    [
      'with empty pages between and at the end',
      {
        Enumerate: enumerated({ context: 'E1' }),
        Pull: [
          pulled({ context: 'E1' }),
          pulled({ items: [1], context: 'E1' }),
          pulled({ raw: '', context: 'E1' }),
          pulled({ end: 'n' }),
        ],
      },
      [1],
      ['Enumerate', 'Pull', 'Pull', 'Pull', 'Pull'],
    ],
    [
      'where Pulls do not repeat the context',
      {
        Enumerate: enumerated({ context: 'E1' }),
        Pull: [pulled({ items: [1] }), pulled({ items: [2], end: 'n' })],
      },
      [1, 2],
      ['Enumerate', 'Pull', 'Pull'],
    ],
  ])('come %s', async (_, script, values, actions) => {
    for (const prefetch of [0, 1] as const) {
      const service = await startService(script)
      expect(await connect(service).enumerate('urn:r', { prefetch }).toArray()).toEqual(instances(...values))
      expect(service.actions).toEqual(actions)
    }
  })

  it('are asked for with the context that the last reply gave', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: ' \n uuid:E1 \n' }),
      Pull: [
        pulled({ items: [2], context: 'uuid:E2' }),
        pulled({ items: [3], context: 'a&lt;b' }),
        pulled({ end: 'n' }),
      ],
    })
    await connect(service).enumerate('urn:r').toArray()
    expect(service.of('Pull').map((request) => request.texts('EnumerationContext'))).toEqual([
      ['uuid:E1'],
      ['uuid:E2'],
      ['a<b'],
    ])
  })

  it('come in the portions they came in', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: [
        pulled({ items: [3], context: 'E1' }),
        pulled({ context: 'E1' }),
        pulled({ items: [4, 5], end: 'n' }),
      ],
    })
    const pages: unknown[] = []
    for await (const page of connect(service).enumerate('urn:r').pages()) pages.push(page)
    expect(pages).toEqual([instances(1, 2), instances(3), instances(4, 5)])
  })

  it('are nothing before somebody asks', async () => {
    const service = await startService({})
    const enumeration = connect(service).enumerate('urn:r')
    enumeration.pages()
    expect(service.requests).toEqual([])
    expect(await enumeration.toArray({ limit: 0 })).toEqual([])
    expect(service.requests).toEqual([])
  })

  it('may be values of any kind: nested Items are data', async () => {
    const raw =
      '<p:S xmlns:p="urn:s"><p:Items><p:EndOfSequence>x</p:EndOfSequence></p:Items><p:EnumerationContext>y</p:EnumerationContext></p:S>'
    const service = await startService({ Enumerate: enumerated({ raw, end: 'w' }) })
    expect(await connect(service).enumerate('urn:r').toArray()).toEqual([
      { Items: { EndOfSequence: 'x' }, EnumerationContext: 'y' },
    ])
  })
})

describe('what is said', () => {
  it('is what Windows’ own client says', async () => {
    const service = await startService({
      Enumerate: enumerated({ context: 'E1' }),
      Pull: pulled({ end: 'n' }),
    })
    await connect(service).enumerate('wmicimv2/Win32_Service').toArray()
    const [enumerate, pull] = service.requests
    const body = (index: number) =>
      select(service.requests[index]?.root ?? { name: '', attributes: {}, children: [] }, 'Body').flatMap(
        elementsOf,
      )
    const n = (local: string): string => `{http://schemas.xmlsoap.org/ws/2004/09/enumeration}${local}`
    const w = (local: string): string => `{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}${local}`
    const element = (name: string, ...children: unknown[]) => ({ name, attributes: {}, children })
    expect(body(0)).toEqual([
      element(n('Enumerate'), element(w('OptimizeEnumeration')), element(w('MaxElements'), '32000')),
    ])
    expect(body(1)).toEqual([
      element(n('Pull'), element(n('EnumerationContext'), 'E1'), element(n('MaxElements'), '32000')),
    ])
    expect(enumerate?.texts('ResourceURI')).toEqual(pull?.texts('ResourceURI'))
  })

  it('follows the options', async () => {
    const service = await startService({
      Enumerate: enumerated({ context: 'E1' }),
      Pull: pulled({ end: 'n' }),
    })
    const filter = wql`SELECT * FROM X WHERE A = ${"it's"}`
    await connect(service)
      .enumerate('urn:r', {
        filter,
        mode: 'epr',
        maxElements: 7,
        optimize: false,
        maxTimeMs: 1500,
        expiresMs: 90_000,
        operationTimeoutMs: 20_000,
        optionSet: { O: 1 },
      })
      .toArray()
    const [enumerate, pull] = service.requests
    expect(enumerate?.texts('Filter')).toEqual(["SELECT * FROM X WHERE A = 'it\\'s'"])
    expect(enumerate?.attribute('Filter', 'Dialect')).toBe('http://schemas.microsoft.com/wbem/wsman/1/WQL')
    expect(enumerate?.texts('EnumerationMode')).toEqual(['EnumerateEPR'])
    expect([enumerate?.texts('OptimizeEnumeration'), enumerate?.texts('MaxElements')]).toEqual([[], []])
    expect([enumerate?.texts('Expires'), pull?.texts('Expires')]).toEqual([['PT90.000S'], []])
    expect([pull?.texts('MaxTime'), pull?.texts('MaxElements')]).toEqual([['PT1.500S'], ['7']])
    for (const request of [enumerate, pull]) {
      expect(request?.texts('OperationTimeout')).toEqual(['PT20.000S'])
      expect(request?.texts('Option')).toEqual(['1'])
    }
  })

  it.each([
    [{ mode: 'objects' as 'object' }, 'mode'],
    [{ mode: 'toString' as 'object' }, 'mode'],
    [{ maxElements: 0 }, 'maxElements'],
    [{ maxElements: 1.5 }, 'maxElements'],
    [{ prefetch: 2 as 1 }, 'prefetch'],
    [{ maxTimeMs: 0 }, 'maxTimeMs'],
    [{ expiresMs: -1 }, 'expiresMs'],
  ])('is never %j', async (options, name) => {
    const service = await startService({})
    const client = connect(service)
    expect(() => client.enumerate('urn:r', options)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: expect.stringContaining(name) as string,
      }) as Error,
    )
  })
})

describe('references', () => {
  const epr = (id: number): string =>
    `<a:EndpointReference><a:Address>http://h/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>urn:s</w:ResourceURI><w:SelectorSet><w:Selector Name="Id">${id}</w:Selector></w:SelectorSet></a:ReferenceParameters></a:EndpointReference>`
  const reference = (id: number) => new EndpointReference('urn:s', { Id: String(id) }, 'http://h/wsman')

  it('are the items in the mode epr', async () => {
    const service = await startService({ Enumerate: enumerated({ raw: `${epr(1)}\n${epr(2)}`, end: 'w' }) })
    expect(await connect(service).enumerate('urn:r', { mode: 'epr' }).toArray()).toEqual([
      reference(1),
      reference(2),
    ])
  })

  it('stand beside the objects in the mode objectAndEpr', async () => {
    const item = (id: number): string =>
      `<w:Item>\n<p:S xmlns:p="urn:s"><p:N>${id}</p:N></p:S>\n${epr(id)}</w:Item>`
    const service = await startService({ Enumerate: enumerated({ raw: item(1) + item(2), end: 'w' }) })
    expect(await connect(service).enumerate('urn:r', { mode: 'objectAndEpr' }).toArray()).toEqual([
      { object: { N: '1' }, reference: reference(1) },
      { object: { N: '2' }, reference: reference(2) },
    ])
  })

  it('missing beside an object are told', async () => {
    const raw = `<w:Item><p:S xmlns:p="urn:s"><p:N>1</p:N></p:S>${epr(1)}</w:Item><w:Item><p:S xmlns:p="urn:s"><p:N>2</p:N></p:S></w:Item>`
    const service = await startService({ Enumerate: enumerated({ raw, end: 'w' }) })
    expect(
      await rejection(connect(service).enumerate('urn:r', { mode: 'objectAndEpr' }).toArray()),
    ).toMatchObject({ name: 'ProtocolError' })
  })
})

describe('a Pull that found nothing in time', () => {
  it.each([
    ['the operation timed out', OPERATION_TIMED_OUT],
    ['the Pull timed out and the context is valid', windowsFault(2150858780)],
    [
      'a service without codes says so',
      {
        fault:
          '<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>n:TimedOut</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">later</s:Text></s:Reason></s:Fault>',
      },
    ],
  ])('is sent again: %s', async (_, fault) => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: [fault, fault, pulled({ items: [2], context: 'E2' }), fault, pulled({ items: [3], end: 'n' })],
    })
    expect(await connect(service).enumerate('urn:r').toArray()).toEqual(instances(1, 2, 3))
    expect(service.of('Pull').map((request) => request.texts('EnumerationContext').join())).toEqual([
      'E1',
      'E1',
      'E1',
      'E2',
      'E2',
    ])
  })

  it('is an error where it is Enumerate that did not end', async () => {
    const service = await startService({ Enumerate: OPERATION_TIMED_OUT })
    expect(await rejection(connect(service).enumerate('urn:r').toArray())).toMatchObject({
      name: 'WsmanFault',
      wsmanName: 'ERROR_WSMAN_OPERATION_TIMEDOUT',
      operation: 'Enumerate',
    })
  })
})

describe('a failure', () => {
  it('of an expired context says what to do, after the items that came before', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1, 2], context: 'E1' }),
      Pull: windowsFault(2150858779, 'The context is not valid. '),
      Release: '',
    })
    const seen: unknown[] = []
    const loop = async (): Promise<void> => {
      for await (const item of connect(service).enumerate('urn:r')) seen.push(item)
    }
    expect(await rejection(loop())).toMatchObject({
      name: 'WsmanFault',
      wsmanName: 'ERROR_WSMAN_ENUMERATE_INVALID_ENUMERATION_CONTEXT',
      operation: 'Pull',
      resource: 'urn:r',
      itemsDelivered: 2,
      hint: expect.stringContaining('EnumerationTimeoutms') as string,
    })
    expect(seen).toEqual(instances(1, 2))
  })

  it.each(['', '<n:PullResponse/>', '<x/>'])('is a reply that is none: %j', async (body) => {
    const service = await startService({ Enumerate: body })
    expect(await rejection(connect(service).enumerate('urn:r').toArray())).toMatchObject({
      name: 'ProtocolError',
      operation: 'Enumerate',
    })
  })

  it('ends the iterator, which then has no more', async () => {
    const service = await startService({
      Enumerate: enumerated({ items: [1], context: 'E1' }),
      Pull: windowsFault(5),
      Release: '',
    })
    const iterator = connect(service).enumerate('urn:r')[Symbol.asyncIterator]()
    expect(await iterator.next()).toEqual({ done: false, value: { N: '1' } })
    expect(await rejection(iterator.next())).toMatchObject({ name: 'WsmanFault', wsmanCode: 5 })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(service.of('Pull')).toHaveLength(1)
  })
})
