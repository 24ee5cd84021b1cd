import { describe, expect, it } from 'vitest'
import type { EndpointInstance } from 'wsman/testing'
import { select } from '../../support/xml-compare.js'
import { ClassEndpoint, DMTF, properties, WMI } from './support/class-endpoint.js'
import { ACTIONS, faultOf, textAt, type RawReply, type RequestParts } from './support/raw-client.js'

const key = { type: 'string', key: true } as const

const parts: EndpointInstance[] = []
const test = new ClassEndpoint({
  classes: [
    {
      name: 'Thing',
      namespace: 'root/test',
      properties: {
        Name: key,
        Number: { type: 'uint16', key: true },
        Text: 'string',
        Tags: { type: 'string', array: true },
        Owner: 'reference',
        Inner: 'string',
        When: 'datetime',
      },
      instances: [
        { name: 'apple', Number: 5, text: 'old', Tags: ['a', 'b', 'c'], When: null },
        { Name: 'pear', Number: 6, Text: 'other' },
      ],
    },
    {
      name: 'Special',
      namespace: 'root/test',
      superclass: 'Thing',
      properties: { Extra: 'uint8' },
      instances: [{ Name: 'special', Number: 1, Extra: 7 }],
    },
    { name: 'Part', namespace: 'root/test', properties: { Id: key, Weight: 'uint32' }, instances: parts },
    {
      name: 'Only',
      namespace: 'root/test',
      singleton: true,
      properties: { Name: key, Text: 'string' },
      instances: [{ Name: 'this', Text: 'old' }],
    },
    { name: 'CIM_Fan', namespace: 'root/hardware', properties: { ID: key, RPM: 'uint32' }, instances: [] },
  ],
})

const uri = (name: string): string => `${WMI}/root/test/${name}`
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const body = (name: string, content: string, namespace = uri(name)): string =>
  `<q:${name} xmlns:q="${namespace}" ${XSI}>${content}</q:${name}>`
const THING = uri('Thing')
const PEAR = { Name: 'pear', Number: '6' }

const put = (
  name: string,
  selectors: Readonly<Record<string, string>>,
  content: string,
  parts: RequestParts = {},
): Promise<RawReply> =>
  test.ask({ action: ACTIONS.put, resourceUri: uri(name), selectors, body: body(name, content), ...parts })
const create = (name: string, content: string, parts: RequestParts = {}): Promise<RawReply> =>
  test.ask({ action: ACTIONS.create, resourceUri: uri(name), body: body(name, content), ...parts })
const remove = (name: string, selectors: Readonly<Record<string, string>>): Promise<RawReply> =>
  test.ask({ action: ACTIONS.delete, resourceUri: uri(name), selectors })
const valuesOf = async (name: string, selectors: Readonly<Record<string, string>>) =>
  properties(select((await test.get(uri(name), selectors)).xml, 'Body', name)[0])

const SCHEMA = { code: 's:Sender', subcode: 'w:SchemaValidationError', wsmanCode: 2150858817 }
const KEYS = { code: 's:Sender', subcode: 'w:InvalidSelectors', wsmanCode: 2150858813 }

describe('Put on a list', () => {
  it('changes what is sent, leaves the rest, and answers with the instance as it then is', async () => {
    const reply = await put('Thing', PEAR, '<q:Text>new</q:Text><q:Tags>x</q:Tags><q:Tags>y</q:Tags>')
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${ACTIONS.put}Response`)
    const [instance] = select(reply.xml, 'Body', 'Thing')
    expect(instance?.name).toBe(`{${THING}}Thing`)
    expect(properties(instance)).toEqual({
      Inner: null,
      Name: 'pear',
      Number: '6',
      Owner: null,
      Tags: ['x', 'y'],
      Text: 'new',
      When: null,
    })
    expect(await valuesOf('Thing', PEAR)).toMatchObject({ Text: 'new', Tags: ['x', 'y'] })
    expect(await valuesOf('Thing', { Name: 'apple', Number: '5' })).toMatchObject({ Text: 'old' })
  })

  it('takes properties in any letter case, with keys that are the same and cim:Location', async () => {
    const location =
      '<cim:Location xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"><a:Address>urn:x</a:Address></cim:Location>'
    const reply = await put(
      'Thing',
      { name: 'APPLE', number: '5' },
      `<q:TEXT>cased</q:TEXT><q:name>Apple</q:name><q:Number>5</q:Number>${location}`,
    )
    expect(reply.status).toBe(200)
    expect(await valuesOf('Thing', { Name: 'apple', Number: '5' })).toMatchObject({
      Name: 'apple',
      Text: 'cased',
      Tags: ['a', 'b', 'c'],
    })
  })

  it('changes only what the client says it modified', async () => {
    const option = (name: string): string =>
      `<w:OptionSet><w:Option Name="wmiarray:__MIInstanceModifiedPropertiesList" Type="xs:string">${name}</w:Option></w:OptionSet>`
    await put('Thing', PEAR, '<q:Text>first</q:Text><q:Tags>t</q:Tags>')
    const reply = await put('Thing', PEAR, '<q:Text>second</q:Text><q:Tags>u</q:Tags>', {
      extra: option('text'),
    })
    expect(properties(select(reply.xml, 'Body', 'Thing')[0])).toMatchObject({ Text: 'second', Tags: 't' })
  })

  it('reads references, embedded instances, arrays and nil', async () => {
    const reference =
      '<a:Address>urn:x</a:Address><a:ReferenceParameters>' +
      `<w:ResourceURI>${uri('Part')}</w:ResourceURI><w:SelectorSet><w:Selector Name="Id">p1</w:Selector></w:SelectorSet>` +
      '</a:ReferenceParameters>'
    const reply = await put(
      'Thing',
      PEAR,
      `<q:Owner>${reference}</q:Owner><q:Tags xsi:nil="true"/><q:Text xsi:nil="1"/>` +
        `<q:Inner xmlns:e="${uri('Part')}" xsi:type="e:Part_Type"><e:weight>12</e:weight></q:Inner>`,
    )
    const [instance] = select(reply.xml, 'Body', 'Thing')
    expect(properties(instance)).toMatchObject({ Tags: null, Text: null, Inner: { Id: null, Weight: '12' } })
    const [owner] = instance ? select(instance, 'Owner', 'ReferenceParameters') : []
    expect(owner && textAt(owner, 'ResourceURI')).toBe(uri('Part'))
    expect(owner && textAt(owner, 'SelectorSet', 'Selector')).toBe('p1')
    const back = await put('Thing', PEAR, '<q:Tags>one</q:Tags><q:Tags>two</q:Tags><q:Inner xsi:nil="true"/>')
    expect(properties(select(back.xml, 'Body', 'Thing')[0])).toMatchObject({
      Tags: ['one', 'two'],
      Inner: null,
    })
  })

  it('keeps an embedded instance of a class that nobody gave as it came', async () => {
    const reply = await put('Thing', PEAR, '<q:Inner><q:A>1</q:A><q:B><q:C>2</q:C></q:B></q:Inner>')
    expect(properties(select(reply.xml, 'Body', 'Thing')[0]).Inner).toEqual({ A: '1', B: { C: '2' } })
  })

  it('reaches instances of derived classes, and takes the element of either class', async () => {
    const special = { Name: 'special', Number: '1' }
    const own = body('Special', '<q:Extra>9</q:Extra>')
    const reply = await test.ask({ action: ACTIONS.put, resourceUri: THING, selectors: special, body: own })
    expect(properties(select(reply.xml, 'Body', 'Special')[0])).toMatchObject({ Extra: '9' })
    const base = await put('Thing', special, '<q:Text>by its base</q:Text>')
    expect(properties(select(base.xml, 'Body', 'Special')[0])).toMatchObject({
      Extra: '9',
      Text: 'by its base',
    })
  })

  it('needs no selectors for what exists once', async () => {
    const reply = await put('Only', {}, '<q:Text>new</q:Text>')
    expect(properties(select(reply.xml, 'Body', 'Only')[0])).toEqual({ Name: 'this', Text: 'new' })
  })

  it.each([
    ['an unknown property', '<q:Nothing>1</q:Nothing>', SCHEMA],
    ['a property that is no array twice', '<q:Text>a</q:Text><q:Text>b</q:Text>', SCHEMA],
    ['elements in a value that has none', '<q:Number><q:A/></q:Number>', SCHEMA],
    ['text in the place of a reference', '<q:Owner>x</q:Owner>', SCHEMA],
    ['an unknown property inside', `<q:Inner xsi:type="q:Part_Type"><q:X>1</q:X></q:Inner>`, SCHEMA],
    ['no time', '<q:When>yesterday</q:When>', SCHEMA],
  ])('refuses %s', async (_, content, fault) => {
    expect(faultOf(await put('Thing', PEAR, content))).toMatchObject({ status: 500, ...fault })
  })

  it('refuses to change a key', async () => {
    expect(faultOf(await put('Thing', PEAR, '<q:Name>plum</q:Name>'))).toEqual({
      status: 500,
      code: 's:Sender',
      subcode: 'x:InvalidRepresentation',
      detail: 'InvalidValues',
      wsmanCode: 2150858989,
    })
    expect(faultOf(await put('Thing', PEAR, '<q:Number xsi:nil="true"/>'))).toMatchObject({
      wsmanCode: 2150858989,
    })
  })

  it('refuses another namespace', async () => {
    for (const namespace of ['urn:other', uri('Part'), `${WMI}/root/cimv2/Thing`]) {
      const reply = await put('Thing', PEAR, '', { body: body('Thing', '', namespace) })
      expect(faultOf(reply)).toMatchObject({
        subcode: 'x:InvalidRepresentation',
        detail: 'InvalidNamespace',
        wsmanCode: 2150858840,
      })
    }
    const dmtf = body('Thing', '<q:Text>x</q:Text>', `${DMTF}/Thing`)
    expect((await put('Thing', PEAR, '', { body: dmtf })).status).toBe(200)
  })

  it.each([
    ['nothing', ''],
    ['another class', body('Part', '')],
    ['a derived class', body('Special', '')],
  ])('refuses %s as its body', async (_, sent) => {
    expect(faultOf(await put('Thing', PEAR, '', { body: sent }))).toMatchObject(SCHEMA)
  })

  it('finds only what is there', async () => {
    expect(faultOf(await put('Thing', { Name: 'fig', Number: '1' }, ''))).toMatchObject({
      subcode: 'a:DestinationUnreachable',
      wsmanCode: 2150858752,
    })
    expect(faultOf(await put('Thing', { Name: 'pear' }, ''))).toMatchObject(KEYS)
  })
})

describe('Create and Delete on a list', () => {
  it('make an instance that can be addressed by what Create answers, and end it', async () => {
    const reply = await create('Part', '<q:Id>bolt</q:Id><q:Weight>3</q:Weight>')
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${ACTIONS.create}Response`)
    const created = ['Body', 'ResourceCreated'] as const
    expect(select(reply.xml, ...created)[0]?.name).toBe(
      '{http://schemas.xmlsoap.org/ws/2004/09/transfer}ResourceCreated',
    )
    expect(textAt(reply.xml, ...created, 'Address')).toBe(
      'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
    )
    expect(textAt(reply.xml, ...created, 'ReferenceParameters', 'ResourceURI')).toBe(uri('Part'))
    const [selector] = select(reply.xml, ...created, 'ReferenceParameters', 'SelectorSet', 'Selector')
    expect([selector?.attributes, selector?.children]).toEqual([{ Name: 'Id' }, ['bolt']])
    expect(await valuesOf('Part', { Id: 'BOLT' })).toEqual({ Id: 'bolt', Weight: '3' })

    const deleted = await remove('Part', { Id: 'bolt' })
    expect(deleted.status).toBe(200)
    expect(textAt(deleted.xml, 'Header', 'Action')).toBe(`${ACTIONS.delete}Response`)
    expect(select(deleted.xml, 'Body')[0]?.children).toEqual([])
    expect(faultOf(await remove('Part', { Id: 'bolt' })).subcode).toBe('a:DestinationUnreachable')
  })

  it('take keys from the selectors, as they do from the body', async () => {
    const content = '<q:Text>t</q:Text><q:Number>2</q:Number>'
    const reply = await create('Thing', content, { selectors: { name: 'kiwi', NUMBER: '2' } })
    expect(reply.status).toBe(200)
    expect(await valuesOf('Thing', { Name: 'kiwi', Number: '2' })).toMatchObject({
      Name: 'kiwi',
      Number: '2',
      Text: 't',
    })
    await remove('Thing', { Name: 'kiwi', Number: '2' })
  })

  it('speak in DMTF URIs with their namespace', async () => {
    const fan = `${DMTF}/CIM_Fan`
    const request = {
      action: ACTIONS.create,
      resourceUri: fan,
      body: body('CIM_Fan', '<q:ID>f1</q:ID>', fan),
    }
    const reply = await test.ask({ ...request, selectors: { __cimnamespace: 'root/hardware' } })
    const selectors = select(
      reply.xml,
      'Body',
      'ResourceCreated',
      'ReferenceParameters',
      'SelectorSet',
      'Selector',
    )
    expect(selectors.map(({ attributes, children }) => [attributes.Name, ...children])).toEqual([
      ['__cimnamespace', 'root/hardware'],
      ['ID', 'f1'],
    ])
    expect(
      (await test.ask({ action: ACTIONS.delete, resourceUri: fan, selectors: { ID: 'F1' } })).status,
    ).toBe(200)
  })

  it.each([
    ['a key that is missing', '<q:Name>fig</q:Name>', KEYS],
    ['a key that is nil', '<q:Name>fig</q:Name><q:Number xsi:nil="true"/>', KEYS],
    ['an unknown property', '<q:Name>fig</q:Name><q:Number>1</q:Number><q:X>1</q:X>', SCHEMA],
    ['a value of the wrong type', '<q:Name>fig</q:Name><q:Number>many</q:Number>', SCHEMA],
    [
      'keys that exist',
      '<q:Name>PEAR</q:Name><q:Number>6</q:Number>',
      { code: 's:Sender', subcode: 'w:AlreadyExists', wsmanCode: 2150858803 },
    ],
    [
      'keys that exist in a derived class',
      '<q:Name>special</q:Name><q:Number>1</q:Number>',
      { subcode: 'w:AlreadyExists' },
    ],
  ])('refuse %s', async (_, content, fault) => {
    expect(faultOf(await create('Thing', content))).toMatchObject(fault)
  })

  it('refuse selectors that are no keys, contradict the body, or have the wrong type', async () => {
    const content = '<q:Name>fig</q:Name><q:Number>1</q:Number>'
    expect(faultOf(await create('Thing', content, { selectors: { Text: 'x' } }))).toMatchObject(KEYS)
    expect(faultOf(await create('Thing', content, { selectors: { Number: '2' } }))).toMatchObject(KEYS)
    expect(faultOf(await create('Thing', content, { selectors: { Number: 'x' } }))).toMatchObject(SCHEMA)
  })

  it('change neither the list they were given nor what is being read', async () => {
    for (const Id of ['x', 'y', 'z']) await create('Part', `<q:Id>${Id}</q:Id>`)
    const first = await test.enumerate(
      uri('Part'),
      '<w:OptimizeEnumeration/><w:MaxElements>1</w:MaxElements>',
    )
    await remove('Part', { Id: 'y' })
    const rest = await test.pull(uri('Part'), first.context, 9)
    expect([...first.items, ...rest.items].map((item) => properties(item).Id)).toEqual(['x', 'y', 'z'])
    expect((await test.all(uri('Part'))).map((item) => properties(item).Id)).toEqual(['x', 'z'])
    expect(parts).toEqual([])
  })
})
