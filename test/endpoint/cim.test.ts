import { afterEach, describe, expect, it } from 'vitest'
import {
  CimDateTime,
  EndpointReference,
  selectorFilter,
  WsmanClient,
  wql,
  type WsmanClientOptions,
} from 'wsman'
import { startEndpoint, type Endpoint, type EndpointClass } from 'wsman/testing'

const book = (title: string) => ({ className: 'Test_Book', keys: { Title: title } })
const shelf = (id: number) => ({ className: 'Test_Shelf', keys: { Id: id } })

const CLASSES: readonly EndpointClass[] = [
  {
    name: 'Test_Book',
    properties: {
      Title: { type: 'string', key: true },
      Pages: 'uint32',
      Printed: 'datetime',
      Tags: { type: 'string', array: true },
    },
    instances: [
      { Title: "It's", Pages: 100, Printed: '20150226180025.123456+060', Tags: ['a', 'b'] },
      { Title: 'Other', Pages: 200, Printed: null, Tags: null },
    ],
    methods: { Open: ({ parameters }) => ({ ReturnValue: 0, At: parameters.Page ?? null }) },
  },
  {
    name: 'Test_Shelf',
    properties: { Id: { type: 'uint32', key: true } },
    instances: [{ Id: 1 }, { Id: 2 }],
  },
  {
    name: 'Test_OnShelf',
    properties: { Shelf: { type: 'reference', key: true }, Book: { type: 'reference', key: true } },
    instances: [
      { Shelf: shelf(1), Book: book("It's") },
      { Shelf: shelf(1), Book: book('Other') },
      { Shelf: shelf(2), Book: book('Other') },
    ],
  },
]

let endpoint: Endpoint
let client: WsmanClient

async function start(options: WsmanClientOptions = {}): Promise<WsmanClient['cim']> {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: CLASSES,
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice'), ...options })
  return client.cim
}

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

describe.each([
  ['under the URIs of Windows', {}],
  ['under the URIs of the DMTF', { compatibility: 'dmtf' }],
] as const)('classes %s', (_, options) => {
  it('are queried, with values that cannot end their literal', async () => {
    const cim = await start(options)
    const found = await cim.query(wql`SELECT Title, Pages FROM Test_Book WHERE Title = ${"It's"}`).toArray()
    expect(found).toMatchObject([{ Title: "It's" }])
    const all = await cim.enumerateInstances('Test_Book', { maxElements: 1 }).toArray()
    expect(all.map(({ Title }) => Title)).toEqual(["It's", 'Other'])
    const filter = selectorFilter({ Pages: 200 })
    expect(await cim.enumerateInstances('Test_Book', { filter }).toArray()).toMatchObject([
      { Title: 'Other' },
    ])
  })

  it('are read, changed, made and deleted', async () => {
    const cim = await start(options)
    const first = { Title: "It's" }
    expect(await cim.modifyInstance('Test_Book', first, { pages: 101 })).toMatchObject({ Pages: '101' })
    const read = await cim.getInstance('Test_Book', first, { typed: true })
    expect(read.Printed).toEqual(new CimDateTime('20150226180025.123456+060'))
    expect(read.Tags).toEqual(['a', 'b'])

    const made = await cim.createInstance('Test_Book', {
      Title: 'New',
      Pages: 4294967295,
      Printed: new CimDateTime('20200101000000.000001-120'),
      Tags: ['x'],
    })
    expect(await cim.getInstance(made, {}, { typed: true })).toMatchObject({
      Title: 'New',
      Printed: new CimDateTime('20200101000000.000001-120'),
    })
    await cim.deleteInstance(made)
    await expect(cim.getInstance(made)).rejects.toMatchObject({ name: 'WsmanFault' })
  })

  it('have methods', async () => {
    const cim = await start(options)
    expect(await cim.invokeMethod('Test_Book?Title=Other', 'Open', { Page: 7 })).toEqual({
      ReturnValue: '0',
      At: '7',
    })
  })

  it('are tied by associations', async () => {
    const cim = await start(options)
    const books = await cim
      .associators('Test_Shelf?Id=1', { resultClassName: 'Test_Book', role: 'Shelf' })
      .toArray()
    expect(books.map(({ Title }) => Title)).toEqual(["It's", 'Other'])
    const ties = await cim.references('Test_Book?Title=Other', { resultClassName: 'Test_OnShelf' }).toArray()
    expect(ties.map(({ Shelf }) => (Shelf as EndpointReference).selectors.Id)).toEqual(['1', '2'])

    // What was returned can be followed.
    const [tie] = ties
    const around = await cim
      .associators(tie?.Shelf as EndpointReference, {
        associationClassName: 'Test_OnShelf',
        resultRole: 'Book',
      })
      .toArray()
    expect(around.map(({ Title }) => Title)).toEqual(["It's", 'Other'])
    expect(await cim.getInstance(tie?.Shelf as EndpointReference)).toEqual({ Id: '1' })
  })

  it('give the properties that are asked for of what is associated, typed as their class has them', async () => {
    const cim = await start(options)
    const includeResultProperty = ['pages', 'Tags']
    const wanted = { resultClassName: 'Test_Book', includeResultProperty } as const
    expect(await cim.associators('Test_Shelf?Id=1', wanted).toArray()).toEqual([
      { Pages: '100', Tags: ['a', 'b'] },
      { Pages: '200', Tags: null },
    ])
    expect(await cim.associators('Test_Shelf?Id=1', { ...wanted, typed: true }).toArray()).toEqual([
      { Pages: 100, Tags: ['a', 'b'] },
      { Pages: 200, Tags: null },
    ])
    const ties = cim.references('Test_Book?Title=Other', {
      resultClassName: 'Test_OnShelf',
      role: 'Book',
      includeResultProperty: 'Shelf',
    })
    expect((await ties.toArray()).map((tie) => Object.keys(tie))).toEqual([['Shelf'], ['Shelf']])
    expect(await cim.references('Test_Book?Title=Other', { role: 'Shelf' }).toArray()).toEqual([])
  })

  it('tell their definitions', async () => {
    const cim = await start(options)
    const plain = { isArray: false, isEmbedded: false, isKey: false, isPropagated: false, qualifiers: {} }
    const definition = await cim.getClass('test_book')
    expect(definition).toEqual({
      name: 'Test_Book',
      namespace: 'root/cimv2',
      isAbstract: false,
      isAssociation: false,
      properties: [
        { ...plain, name: 'Pages', type: 'uint32' },
        { ...plain, name: 'Printed', type: 'datetime' },
        { ...plain, name: 'Tags', type: 'string', isArray: true },
        { ...plain, name: 'Title', type: 'string', isKey: true, qualifiers: { key: true } },
      ],
      methods: [{ name: 'Open', returnType: 'uint32', isStatic: false, parameters: [], qualifiers: {} }],
      qualifiers: {},
    })
    const classes = await cim.enumerateClasses({ maxElements: 1 }).toArray()
    expect(classes.map(({ name, isAssociation }) => [name, isAssociation])).toEqual([
      ['Test_Book', false],
      ['Test_Shelf', false],
      ['Test_OnShelf', true],
    ])
    expect(classes[0]).toEqual(definition)
    await expect(cim.getClass('Test_Nothing')).rejects.toMatchObject({
      wsmanName: 'ERROR_WSMAN_RESOURCE_NOT_FOUND',
    })
    await expect(cim.enumerateClasses({ namespace: 'root/none' }).toArray()).rejects.toMatchObject({
      wsmanName: 'ERROR_WSMAN_RESOURCE_NOT_FOUND',
    })
  })
})
