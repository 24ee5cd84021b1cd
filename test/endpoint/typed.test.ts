import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import fc from 'fast-check'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  CimDateTime,
  CimInterval,
  EndpointReference,
  WsmanClient,
  wql,
  type CimInstance,
  type CimType,
  type CimValue,
  type Properties,
  type TypingTrace,
  type WsmanClientOptions,
} from 'wsman'
import { startEndpoint, type Endpoint, type EndpointClass, type EndpointOptions } from 'wsman/testing'
import { TYPES, VALUES } from '../support/cim-values.js'
import { parseXml, select, textOf } from '../support/xml-compare.js'

const SCHEMA_URI = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*'
const NAMESPACE = 'root/test'
const TYPED = { namespace: NAMESPACE, typed: true } as const

/** One property of every type, alone and as an array. */
const everyType = Object.fromEntries(
  TYPES.flatMap((type) => [
    [`A_${type}`, { type }],
    [`L_${type}`, { type, array: true }],
  ]),
)
const inner = { type: 'string', embedded: 'Test_Inner' } as const

const CLASSES: readonly EndpointClass[] = [
  {
    name: 'Test_All',
    namespace: NAMESPACE,
    properties: {
      Id: { type: 'string', key: true },
      ...everyType,
      Inner: inner,
      Inners: { ...inner, array: true },
    },
  },
  { name: 'Test_Inner', namespace: NAMESPACE, properties: everyType },
  {
    name: 'Test_Book',
    namespace: NAMESPACE,
    properties: {
      Title: { type: 'string', key: true },
      Pages: 'uint64',
      Printed: 'datetime',
      Lent: 'datetime',
      Tags: { type: 'string', array: true },
      Rating: 'real64',
    },
    instances: [
      {
        Title: 'bell\u0007 & whistle\u001F',
        Pages: 18446744073709551615n,
        Printed: '20150226******.******+***',
        Lent: '00000014******.******:000',
        Tags: [],
        Rating: NaN,
      },
      { Title: '😀', Pages: null, Printed: null, Tags: ['\uD83D\uDE00'], Rating: -Infinity },
    ],
    methods: {
      Lend: {
        parameters: {
          Days: 'uint8',
          Until: { type: 'datetime', out: true },
          Fees: { type: 'sint64', array: true, out: true },
        },
        run: ({ parameters }) => ({
          ReturnValue: 0,
          Until: '20260101000000.000000+060',
          Fees: [BigInt(Number(parameters.Days))],
        }),
      },
    },
  },
]

let endpoint: Endpoint
let client: WsmanClient

async function start(
  { script = [] }: Pick<EndpointOptions, 'script'> = {},
  options: WsmanClientOptions = {},
): Promise<WsmanClient['cim']> {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: CLASSES,
    script,
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice'), ...options })
  return client.cim
}

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

/** The classes whose definitions were asked for, in order. */
const asked = (): string[] =>
  endpoint.requests
    .filter(({ resourceUri }) => resourceUri === SCHEMA_URI)
    .map(({ body }) => {
      const selectors = select(parseXml(body), 'Header', 'SelectorSet', 'Selector')
      return selectors
        .filter(({ attributes }) => attributes.Name === 'ClassName')
        .map(textOf)
        .join()
    })

function traces(): TypingTrace[] {
  const seen: TypingTrace[] = []
  const listener = (message: unknown): void => void seen.push(message as TypingTrace)
  subscribe('wsman:typing', listener)
  onTestFinished(() => void unsubscribe('wsman:typing', listener))
  return seen
}

describe('typed values', () => {
  it('come with one question for the class, whatever is asked and how often', async () => {
    const cim = await start()
    const names = ['Test_Book', 'TEST_BOOK', 'test_book']
    await Promise.all(names.map((name) => cim.enumerateInstances(name, TYPED).toArray()))
    await cim.query(wql`SELECT Title FROM Test_Book`, TYPED).toArray()
    await cim.getInstance('Test_Book', { Title: '😀' }, TYPED)
    await cim.invokeMethod('Test_Book?Title=😀', 'Lend', { Days: 1 }, TYPED)
    await client.get(`wmi/${NAMESPACE}/Test_Book?Title=😀`, { typed: true })
    await client.enumerate(`wmi/${NAMESPACE}/Test_Book`, { typed: true }).toArray()
    await cim.getClass('Test_Book', TYPED)
    expect(asked()).toEqual(['Test_Book'])

    // Another client is another connection.
    const other = client.withHost('127.0.0.1')
    await other.cim.enumerateInstances('Test_Book', TYPED).toArray()
    await other.close()
    expect(asked()).toEqual(['Test_Book', 'Test_Book'])
  })

  it('are those of the class, extremes and what has no text in XML included', async () => {
    const cim = await start()
    const books = await cim.enumerateInstances('Test_Book', TYPED).toArray()
    expect(books).toEqual([
      {
        // MS-WSMV 3.1.4.1.25.
        Title: 'bell? & whistle?',
        Pages: 2n ** 64n - 1n,
        Printed: new CimDateTime('20150226******.******+***'),
        Lent: new CimInterval('00000014******.******:000'),
        Tags: [],
        Rating: NaN,
      },
      { Title: '😀', Pages: null, Printed: null, Lent: null, Tags: ['😀'], Rating: -Infinity },
    ])
    expect(JSON.parse(JSON.stringify(books[0]))).toMatchObject({
      Pages: '18446744073709551615',
      Printed: '20150226******.******+***',
    })
    const output = await cim.invokeMethod('Test_Book?Title=😀', 'Lend', { Days: 7 }, TYPED)
    expect(output).toEqual({
      ReturnValue: 0,
      Until: new CimDateTime('20260101000000.000000+060'),
      Fees: [7n],
    })
  })

  it('tell where their types came from', async () => {
    const cim = await start()
    const seen = traces()
    await cim.getInstance('Test_Book', { Title: '😀' }, TYPED)
    await cim.query(wql`SELECT Printed, Pages FROM Test_Book WHERE Pages > 1`, TYPED).toArray()
    expect(seen).toEqual([
      {
        host: '127.0.0.1',
        namespace: NAMESPACE,
        className: 'Test_Book',
        sources: { Title: ['schema'], Tags: ['schema'], Rating: ['schema'] },
        schemaError: undefined,
      },
      {
        host: '127.0.0.1',
        namespace: NAMESPACE,
        className: 'Test_Book',
        // The element around a time says more than the class.
        sources: { Printed: ['xsi:type'], Pages: ['schema'] },
        schemaError: undefined,
      },
    ])
  })

  it('stay text where the service gives no definitions, which it is asked for once', async () => {
    const fault = {
      code: 'Sender',
      subcode: 'a:DestinationUnreachable',
      wsmanCode: 0x80338000,
      message: 'none',
    } as const
    const cim = await start({ script: [{ match: { resourceUri: SCHEMA_URI }, fault }] })
    const seen = traces()
    for (let count = 0; count < 2; count++) {
      expect(await cim.enumerateInstances('Test_Book', TYPED).toArray()).toMatchObject([
        {
          Pages: '18446744073709551615',
          Printed: new CimDateTime('20150226******.******+***'),
          Rating: 'NaN',
        },
        { Tags: '😀' },
      ])
    }
    expect(asked()).toEqual(['Test_Book'])
    expect(seen[0]).toMatchObject({
      sources: { Title: ['text'], Pages: ['text'], Printed: ['xsi:type'], Rating: ['text'] },
      schemaError: { wsmanCode: 0x80338000 },
    })
  })
})

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0
/** A service cannot tell an array without elements from one that was left out, which is null in a new instance. */
const asMade = (properties: CimInstance): CimInstance =>
  Object.fromEntries(
    Object.entries(properties).map(([name, value]): [string, CimValue] => {
      if (isEmpty(value)) return [name, null]
      if (name === 'Inner') return [name, value && asMade(value as CimInstance)]
      return [name, name === 'Inners' && value ? (value as CimInstance[]).map(asMade) : value]
    }),
  )

/** What the endpoint is asked for, in the URIs that it is asked under: those are what references come back in. */
const reference = fc
  .stringMatching(/^[A-Za-z0-9 ="'&<]{1,8}$/)
  .filter((key) => key.trim() === key)
  .map(
    (key) =>
      new EndpointReference(`http://schemas.microsoft.com/wbem/wsman/1/wmi/${NAMESPACE}/Test_Book`, {
        Title: key,
      }),
  )
const values = (type: CimType): fc.Arbitrary<CimValue> => (type === 'reference' ? reference : VALUES[type])
const scalars = fc.record(
  Object.fromEntries(
    TYPES.flatMap((type): [string, fc.Arbitrary<CimValue>][] => [
      [`A_${type}`, fc.option(values(type), { freq: 9 })],
      [`L_${type}`, fc.option(fc.array(values(type), { maxLength: 3 }), { freq: 9 })],
    ]),
  ),
)
const instances = fc
  .tuple(scalars, fc.option(scalars), fc.array(scalars, { maxLength: 2 }))
  .map(([own, Inner, Inners]): CimInstance => ({ ...own, Inner, Inners }))

describe('any value of CIM', () => {
  it('is the same after it was made, read, enumerated, changed and read again', async () => {
    const cim = await start()
    let count = 0
    await fc.assert(
      fc.asyncProperty(instances, instances, async (first, second) => {
        const Id = `run ${count++}`
        const made = await cim.createInstance('Test_All', { Id, ...(first as Properties) }, TYPED)
        expect(made.selectors).toEqual({ Id })
        expect(await cim.getInstance(made, {}, TYPED)).toEqual({ Id, ...asMade(first) })
        const query = wql`SELECT * FROM Test_All WHERE Id = ${Id}`
        expect(await cim.query(query, TYPED).toArray()).toEqual([{ Id, ...asMade(first) }])

        await cim.modifyInstance(made, {}, second, TYPED)
        const { Inner, Inners, ...rest } = second
        // Those that are named are changed, to nothing as well.
        const embedded = { Inner: Inner ?? null, Inners: Inners ?? null }
        const wanted = { ...rest, ...withMadeParts(embedded) }
        expect(await cim.getInstance(made, {}, TYPED)).toEqual({ Id, ...wanted })
        // What was read can be written back as it is.
        const read = await client.get(made, { typed: true })
        await client.put(made, read)
        expect(await cim.getInstance(made, {}, TYPED)).toEqual({ Id, ...wanted })
        await cim.deleteInstance(made)
      }),
      { numRuns: 30 },
    )
    expect(await cim.enumerateInstances('Test_All', TYPED).toArray()).toEqual([])
    expect(asked().sort()).toEqual(['Test_All', 'Test_Inner'])
  })
})

/** Embedded instances are always written whole. */
const withMadeParts = ({ Inner, Inners }: { Inner: CimValue; Inners: CimValue }): CimInstance => ({
  Inner: Inner === null ? null : asMade(Inner as CimInstance),
  Inners: Inners === null ? null : (Inners as CimInstance[]).map(asMade),
})

describe('changing an instance', () => {
  const modified = (): string[] => {
    const put = endpoint.requests.findLast(({ action }) => action?.endsWith('/Put'))
    const options = select(parseXml(put?.body ?? '<a/>'), 'Header', 'OptionSet', 'Option')
    expect(options.map(({ attributes }) => attributes)).toEqual(
      options.map(() => ({ Name: 'wmiarray:__MIInstanceModifiedPropertiesList', Type: 'xs:string' })),
    )
    return options.map(textOf)
  }

  it('names what is changed, under the names of the class, and leaves the rest alone', async () => {
    const cim = await start()
    const key = { Title: '😀' }
    await cim.modifyInstance('Test_Book', key, { pages: 2n ** 64n - 1n, TAGS: [] }, TYPED)
    expect(modified()).toEqual(['Pages', 'Tags'])
    expect(await cim.getInstance('Test_Book', key, TYPED)).toEqual({
      Title: '😀',
      Pages: 2n ** 64n - 1n,
      Printed: null,
      Lent: null,
      Tags: [],
      Rating: -Infinity,
    })
    await cim.modifyInstance('Test_Book', key, { Printed: new Date(0), Pages: null }, TYPED)
    expect(modified()).toEqual(['Printed', 'Pages'])
    expect(await cim.getInstance('Test_Book', key, TYPED)).toMatchObject({
      Pages: null,
      Printed: new CimDateTime('19700101000000.000000+000'),
      Tags: [],
    })
  })
})
