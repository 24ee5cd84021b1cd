import { describe, expect, it } from 'vitest'
import { EndpointFault } from 'wsman/testing'
import { elementsOf, select, textOf } from '../../support/xml-compare.js'
import { ClassEndpoint, DMTF, properties, WMI } from './support/class-endpoint.js'
import { faultOf, textAt, wqlFilter } from './support/raw-client.js'

const key = { type: 'string', key: true } as const
const test = new ClassEndpoint({
  classes: [
    {
      name: 'Thing',
      namespace: 'root\\test',
      properties: {
        Name: key,
        Number: { type: 'uint16', key: true },
        big: 'uint64',
        Flag: 'boolean',
        Real: 'real64',
        When: 'datetime',
        Lasting: 'datetime',
        Tags: { type: 'string', array: true },
        None: { type: 'uint8', array: true },
        Owner: 'reference',
        Inner: 'string',
      },
      instances: [
        {
          name: 'Äpfel & <Birnen>',
          Number: 5,
          big: 18_446_744_073_709_551_615n,
          Flag: true,
          Real: 1.5,
          When: new Date(Date.UTC(2024, 1, 29, 12, 30, 5, 120)),
          Lasting: '00000002030405.000600:000',
          Tags: ['a', null, 'b'],
          None: null,
          Owner: { className: 'Person', keys: { Name: 'alice' } },
          Inner: { __CLASS: 'Person', Name: 'inside', Born: '19991231235959.500000-090' },
          Unknown: 'not declared',
        },
        { Name: 'control\u0001', Number: 6 },
      ],
      methods: {
        Echo: ({ instance, parameters }) => ({ ReturnValue: 0, Of: instance?.Number ?? null, ...parameters }),
        Fail: () => {
          throw new Error('out of order')
        },
        Refuse: () => {
          throw new EndpointFault('never', { code: 'Sender', subcode: 'w:AccessDenied', wsmanCode: 5 })
        },
        Hang: () => new Promise(() => undefined),
      },
    },
    {
      name: 'Person',
      namespace: 'root/test',
      properties: { Name: key, Born: 'datetime' },
      instances: () => Promise.resolve([{ Name: 'alice' }]),
    },
    {
      name: 'Worker',
      namespace: 'root/test',
      superclass: 'Person',
      properties: { Employer: 'string' },
      instances: async function* () {
        yield await Promise.resolve({ Name: 'bob', Employer: 'ACME' })
      },
      methods: { Hire: () => ({ ReturnValue: 0 }) },
    },
    {
      name: 'Owns',
      namespace: 'root/test',
      properties: { Left: { type: 'reference', key: true }, Right: { type: 'reference', key: true } },
      instances: [
        {
          Left: { className: 'Person', keys: { Name: 'alice' } },
          Right: { className: 'Thing', keys: { Name: 'x', Number: 5 } },
        },
      ],
    },
    {
      name: 'Single',
      namespace: 'root/test',
      properties: { Value: 'string' },
      instances: [{ Value: 'one' }],
    },
    {
      name: 'System',
      namespace: 'root/test',
      singleton: true,
      properties: { Name: key },
      instances: [{ Name: 'this' }],
    },
    {
      name: 'Broken',
      namespace: 'root/test',
      properties: { Name: key },
      instances: () => {
        throw new Error('cannot be read')
      },
    },
    { name: 'CIM_Fan', namespace: 'root/hardware', properties: { ID: key }, instances: [{ ID: 'f1' }] },
  ],
})
const THING = `${WMI}/root/test/Thing`
const APPLES = { Name: 'äpfel &amp; &lt;birnen>', number: '5' }

describe('an instance', () => {
  it('is written as the mapping of CIM to XML wants, names sorted without letter case', async () => {
    const reply = await test.get(THING, APPLES)
    const [instance] = select(reply.xml, 'Body', 'Thing')
    expect(properties(instance)).toEqual({
      big: '18446744073709551615',
      Flag: 'true',
      Inner: { Born: { Datetime: '1999-12-31T23:59:59.5-01:30' }, Name: 'inside' },
      Lasting: { Interval: 'P2DT3H4M5.0006S' },
      Name: 'Äpfel & <Birnen>',
      None: null,
      Number: '5',
      Owner: {
        Address: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
        ReferenceParameters: {
          ResourceURI: `${WMI}/root/test/Person`,
          SelectorSet: { Selector: 'alice' },
        },
      },
      Real: '1.5',
      Tags: ['a', 'b'],
      When: { Datetime: '2024-02-29T12:30:05.12Z' },
    })
    expect(Object.keys(properties(instance))).toEqual(
      Object.keys(properties(instance)).sort((one, other) =>
        one.toLowerCase() < other.toLowerCase() ? -1 : 1,
      ),
    )
    expect(instance?.name).toBe(`{${THING}}Thing`)
    expect(instance?.attributes['{http://www.w3.org/2001/XMLSchema-instance}type']).toBe('p:Thing_Type')
  })

  it('puts an embedded instance into the namespace of its class', async () => {
    const reply = await test.get(THING, APPLES)
    const [inner] = select(reply.xml, 'Body', 'Thing', 'Inner')
    expect(inner?.attributes['{http://www.w3.org/2001/XMLSchema-instance}type']).toBe('e:Person_Type')
    expect(select(inner ?? reply.xml, 'Name')[0]?.name).toBe(`{${WMI}/root/test/Person}Name`)
  })

  it('has ? where a control character was', async () => {
    const [, thing] = await test.all(THING)
    expect(properties(thing).Name).toBe('control?')
    expect(properties(thing).Tags).toBeNull()
  })

  it.each([
    ['a key is missing', { Name: 'x' }, 'w:InvalidSelectors', 2150858813],
    ['there is none', {}, 'w:InvalidSelectors', 2150858813],
    ['one is no key', { ...APPLES, Flag: 'true' }, 'w:InvalidSelectors', 2150858813],
    ['they name nothing', { Name: 'x', Number: '5' }, 'a:DestinationUnreachable', 2150858752],
  ])('is not found by its selectors when %s', async (_, selectors, subcode, wsmanCode) => {
    expect(faultOf(await test.get(THING, selectors))).toMatchObject({ status: 500, subcode, wsmanCode })
  })

  it('of a derived class is found under its base, with what it has more', async () => {
    const reply = await test.get(`${WMI}/root/test/Person`, { Name: 'BOB' })
    const [worker] = select(reply.xml, 'Body', 'Worker')
    expect(properties(worker)).toEqual({ Born: null, Employer: 'ACME', Name: 'bob' })
  })

  it('needs no selectors where there is only one', async () => {
    const value = async (name: string, selectors = {}) =>
      properties(
        elementsOf(
          select((await test.get(`${WMI}/root/test/${name}`, selectors)).xml, 'Body')[0] ?? fail(),
        )[0],
      )
    expect(await value('Single')).toEqual({ Value: 'one' })
    expect(await value('System')).toEqual({ Name: 'this' })
    expect(await value('System', { Name: 'THIS' })).toEqual({ Name: 'this' })
  })

  it('is found by keys that are references', async () => {
    const epr = (name: string, selectors: string): string =>
      `<a:EndpointReference><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>${WMI}/root/test/${name}</w:ResourceURI><w:SelectorSet>${selectors}</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>`
    const selectors = (number: number) => ({
      Left: epr('Person', '<w:Selector Name="name">ALICE</w:Selector>'),
      Right: epr(
        'Thing',
        `<w:Selector Name="Name">x</w:Selector><w:Selector Name="Number">${number}</w:Selector>`,
      ),
    })
    expect((await test.get(`${WMI}/root/test/Owns`, selectors(5))).status).toBe(200)
    expect(faultOf(await test.get(`${WMI}/root/test/Owns`, selectors(6))).wsmanCode).toBe(2150858752)
  })

  it('cannot be read where its source fails', async () => {
    const reply = await test.get(`${WMI}/root/test/Broken`, { Name: 'x' })
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:InternalError', wsmanCode: 2150858755 })
    expect(reply.text).toContain('cannot be read')
  })
})

describe('resource URIs', () => {
  it.each([`${WMI}/root/test/Nothing`, `${WMI}/root/nothing/Thing`, `${DMTF}/Thing`, WMI])(
    'that name no class: %s',
    async (resourceUri) => {
      expect(faultOf(await test.get(resourceUri, APPLES))).toMatchObject({
        subcode: 'a:DestinationUnreachable',
        wsmanCode: 2150858752,
      })
    },
  )

  it('do not distinguish letter case', async () => {
    expect((await test.get(THING.toUpperCase(), APPLES)).status).toBe(200)
  })

  it('of the DMTF say the namespace in a selector, and mean root/hardware without', async () => {
    const fan = await test.get(`${DMTF}/CIM_Fan`, { ID: 'f1' })
    expect(select(fan.xml, 'Body', 'CIM_Fan')[0]?.name).toBe(`{${DMTF}/CIM_Fan}CIM_Fan`)
    const person = await test.get(`${DMTF}/Person`, { __cimnamespace: 'root/test', Name: 'alice' })
    expect(select(person.xml, 'Body', 'Person')[0]?.name).toBe(`{${DMTF}/Person}Person`)
  })

  it('of the DMTF give references with the namespace', async () => {
    const { items } = await test.enumerate(
      `${DMTF}/Person`,
      '<w:OptimizeEnumeration/><w:EnumerationMode>EnumerateEPR</w:EnumerationMode>',
      { selectors: { __cimnamespace: 'root/test' } },
    )
    const selectors = items.flatMap((item) => select(item, 'ReferenceParameters', 'SelectorSet', 'Selector'))
    expect(selectors.map((selector) => [selector.attributes.Name, textOf(selector)])).toEqual([
      ['__cimnamespace', 'root/test'],
      ['Name', 'alice'],
    ])
  })

  it('of WMI take a namespace selector that agrees with them only', async () => {
    expect((await test.get(THING, { ...APPLES, __cimnamespace: 'root\\test' })).status).toBe(200)
    expect(faultOf(await test.get(THING, { ...APPLES, __cimnamespace: 'root/cimv2' }))).toMatchObject({
      subcode: 'w:InternalError',
      wsmanCode: 2150859067,
    })
  })
})

describe('a fragment', () => {
  const fragment = (path: string) =>
    test.get(THING, APPLES, `<w:FragmentTransfer s:mustUnderstand="true">${path}</w:FragmentTransfer>`)

  it.each([
    ['flag', '<Flag>true</Flag>'],
    ['Flag/text()', 'true'],
    ['Tags[2]', '<Tags>b</Tags>'],
    ['Tags[2]/text()', 'b'],
    ['p:Name/text()', 'Äpfel &amp; &lt;Birnen&gt;'],
    ['None', '<None xsi:nil="true"/>'],
    ['None/text()', ''],
    ['When', '<When><Datetime>2024-02-29T12:30:05.12Z</Datetime></When>'],
  ])('%s', async (path, xml) => {
    const reply = await fragment(path)
    expect(/<w:XmlFragment[^>]*>(.*)<\/w:XmlFragment>/.exec(reply.text)?.[1]).toBe(xml)
    expect(textAt(reply.xml, 'Header', 'FragmentTransfer')).toBe(path)
  })

  it.each(['/Thing/Flag', 'Nothing', 'Tags[3]', 'When/text()', 'Flag | Name', ''])(
    'cannot be %j',
    async (path) => {
      expect(faultOf(await fragment(path))).toMatchObject({
        subcode: 'w:CannotProcessFilter',
        wsmanCode: 2150859042,
      })
    },
  )
})

describe('a method', () => {
  const call = (
    name: string,
    input: string,
    selectors: Readonly<Record<string, string>> = APPLES,
    uri = THING,
  ) =>
    test.ask({
      action: `${uri}/${name}`,
      resourceUri: uri,
      selectors,
      body: `<i:${name}_INPUT xmlns:i="${uri}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">${input}</i:${name}_INPUT>`,
      extra: '<w:OperationTimeout>PT0.5S</w:OperationTimeout>',
    })

  it('gets its instance and parameters, and returns what it was given', async () => {
    const reply = await call(
      'echo',
      '<i:Text> a &amp; b </i:Text><i:List>1</i:List><i:List>2</i:List><i:List>3</i:List><i:Nil xsi:nil="true"/>' +
        '<i:Time><cim:Datetime>2024-01-01T00:00:00Z</cim:Datetime></i:Time><i:Object><i:A>1</i:A></i:Object>' +
        `<i:Ref><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>${WMI}/root/test/Person</w:ResourceURI><w:SelectorSet><w:Selector Name="Name">alice</w:Selector></w:SelectorSet></a:ReferenceParameters></i:Ref>`,
    )
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${THING}/echoResponse`)
    const [output] = select(reply.xml, 'Body', 'Echo_OUTPUT')
    expect(output?.name).toBe(`{${THING}}Echo_OUTPUT`)
    expect(properties(output)).toEqual({
      ReturnValue: '0',
      Of: '5',
      Text: ' a & b ',
      List: ['1', '2', '3'],
      Nil: null,
      Time: '2024-01-01T00:00:00Z',
      Object: { A: '1' },
      Ref: {
        Address: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
        ReferenceParameters: {
          ResourceURI: `${WMI}/root/test/Person`,
          SelectorSet: { Selector: 'alice' },
        },
      },
    })
  })

  it('may be called without an instance', async () => {
    expect(properties(select((await call('Echo', '', {})).xml, 'Body', 'Echo_OUTPUT')[0]).Of).toBeNull()
  })

  it('of a derived class is found for its instances', async () => {
    const person = `${WMI}/root/test/Person`
    expect((await call('Hire', '', { Name: 'bob' }, person)).status).toBe(200)
    expect(faultOf(await call('Hire', '', { Name: 'alice' }, person)).subcode).toBe('a:ActionNotSupported')
  })

  it.each([
    ['Fail', 'w:InternalError', 2150858755],
    ['Refuse', 'w:AccessDenied', 5],
    ['Hang', 'w:TimedOut', 2150858793],
    ['Nothing', 'a:ActionNotSupported', 2150858771],
  ])('%s answers with a fault', async (name, subcode, wsmanCode) => {
    expect(faultOf(await call(name, ''))).toMatchObject({ subcode, wsmanCode })
  })

  it('must get its input', async () => {
    const reply = await test.ask({ action: `${THING}/Echo`, resourceUri: THING, selectors: APPLES })
    expect(faultOf(reply).subcode).toBe('w:SchemaValidationError')
  })

  it('must belong to the class of the resource', async () => {
    const reply = await test.ask({ action: 'urn:other/Echo', resourceUri: THING, selectors: APPLES })
    expect(faultOf(reply)).toMatchObject({ subcode: 'a:ActionNotSupported', wsmanCode: 2150858771 })
  })
})

describe('an enumeration of a class', () => {
  it.each(['', 'IncludeSubClassProperties', 'ExcludeSubClassProperties', 'None', 'Nonsense'])(
    'brings instances of derived classes, whatever PolymorphismMode says: %j',
    async (mode) => {
      const header =
        mode === ''
          ? ''
          : `<b:PolymorphismMode xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd">${mode}</b:PolymorphismMode>`
      const items = await test.all(`${WMI}/root/test/Person`, header)
      expect(items.map(properties)).toEqual([
        { Born: null, Name: 'alice' },
        { Born: null, Employer: 'ACME', Name: 'bob' },
      ])
    },
  )
})

describe('a filter', () => {
  const selectorFilter = (...selectors: readonly (readonly [string, string])[]): string =>
    `<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"><w:SelectorSet>${selectors
      .map(([name, value]) => `<w:Selector Name="${name}">${value}</w:Selector>`)
      .join('')}</w:SelectorSet></w:Filter>`
  const all = `${WMI}/root/test/*`

  it('in WQL gives whole instances for *, of derived classes too', async () => {
    const items = await test.all(all, wqlFilter("select * from person where name <> 'alice'"))
    expect(items.map((item) => item.name)).toEqual([`{${WMI}/root/test/Worker}Worker`])
  })

  it('in WQL gives fragments for columns, in alphabetical order and in the spelling of the class', async () => {
    const items = await test.all(all, wqlFilter('SELECT when, FLAG, name FROM Thing WHERE Number = 5'))
    expect(items.map((item) => elementsOf(item).map(({ name }) => name))).toEqual([['Flag', 'Name', 'When']])
    expect(properties(items[0])).toEqual({
      Flag: 'true',
      Name: 'Äpfel & <Birnen>',
      When: { Datetime: '2024-02-29T12:30:05.12Z' },
    })
  })

  it('by selectors compares without letter case', async () => {
    const items = await test.all(THING, selectorFilter(['number', '5'], ['FLAG', 'TRUE']))
    expect(items.map((item) => properties(item).Number)).toEqual(['5'])
    expect(await test.all(THING, selectorFilter(['Number', '7']))).toEqual([])
  })

  it.each([
    ['is no WQL', all, wqlFilter('SELECT'), 'n:CannotProcessFilter', 2150858778],
    ['names an unknown property', all, wqlFilter('SELECT X FROM Thing'), 'n:CannotProcessFilter', 2150858778],
    ['names an unknown class', all, wqlFilter('SELECT * FROM X'), 'a:DestinationUnreachable', 2150858752],
    [
      'goes to one class with WQL',
      THING,
      wqlFilter('SELECT * FROM Thing'),
      'a:DestinationUnreachable',
      2150859003,
    ],
    ['is missing for all classes', all, '', 'w:UnsupportedFeature', 2150858864],
    [
      'has an unknown dialect',
      all,
      '<w:Filter Dialect="urn:x">x</w:Filter>',
      'n:FilterDialectRequestedUnavailable',
      2150858777,
    ],
    ['is XPath', THING, '<n:Filter>x</n:Filter>', 'n:FilterDialectRequestedUnavailable', 2150858777],
    [
      'is CQL',
      all,
      '<w:Filter Dialect="http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf">SELECT * FROM Thing</w:Filter>',
      'n:FilterDialectRequestedUnavailable',
      2150858777,
    ],
    ['selects an array', THING, selectorFilter(['Tags', 'a']), 'n:CannotProcessFilter', 2150858778],
    ['selects a time', THING, selectorFilter(['When', 'x']), 'n:CannotProcessFilter', 2150858778],
    [
      'selects twice',
      THING,
      selectorFilter(['Flag', 'a'], ['flag', 'b']),
      'n:CannotProcessFilter',
      2150858778,
    ],
    ['selects with a quote', THING, selectorFilter(['Name', "a'b"]), 'n:CannotProcessFilter', 2150858778],
    ['selects what is not there', THING, selectorFilter(['X', 'a']), 'n:CannotProcessFilter', 2150858778],
  ])('that %s is refused', async (_, uri, content, subcode, wsmanCode) => {
    expect(faultOf((await test.enumerate(uri, content)).reply)).toMatchObject({ subcode, wsmanCode })
  })
})

function fail(): never {
  throw new Error('The reply has no body.')
}
