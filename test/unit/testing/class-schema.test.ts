import { describe, expect, it } from 'vitest'
import { UsageError } from 'wsman'
import { startEndpoint, type EndpointClass } from 'wsman/testing'
import { readRecording } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, select, textOf, type PlainElement } from '../../support/xml-compare.js'
import { ClassEndpoint, WMI } from './support/class-endpoint.js'
import { ACTIONS, basic, faultOf, send, wqlFilter } from './support/raw-client.js'

const URI = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*'
const NAMESPACE = 'root/test'
const string = { type: 'string' } as const

const CLASSES: readonly EndpointClass[] = [
  {
    name: 'CIM_Thing',
    namespace: NAMESPACE,
    superclass: 'CIM_Unknown',
    abstract: true,
    properties: { Id: { type: 'string', key: true, qualifiers: { MaxLen: 64 } }, Caption: 'string' },
    methods: { Reset: () => ({ ReturnValue: 0 }) },
    qualifiers: { Version: '2.8.0', Tags: ['a<b', 'c'], Weight: 1.5 },
  },
  {
    name: 'Acme_Pump',
    namespace: NAMESPACE,
    superclass: 'CIM_Thing',
    properties: {
      Caption: { ...string, qualifiers: { Override: 'Caption' } },
      Readings: { type: 'sint32', array: true },
      Nozzle: { ...string, embedded: 'Acme_Nozzle' },
      Parts: { ...string, array: true, embedded: true },
    },
    methods: {
      Run: {
        static: false,
        returns: 'uint16',
        parameters: {
          Speed: 'uint32',
          Log: { type: 'string', array: true, out: true },
          Limit: { type: 'uint8', in: true, out: true },
          Peer: { type: 'reference', refersTo: 'Acme_Pump' },
          Peers: { type: 'reference', array: true, out: true },
        },
        qualifiers: { Description: 'Runs.' },
        run: () => ({ ReturnValue: 0 }),
      },
      Find: { static: true, run: () => ({ ReturnValue: 0 }) },
    },
  },
  { name: 'Acme_Nozzle', namespace: NAMESPACE, properties: { Width: 'uint8' } },
  {
    name: 'Acme_Feeds',
    namespace: NAMESPACE,
    properties: {
      From: { type: 'reference', key: true, refersTo: 'Acme_Pump' },
      To: { type: 'reference', key: true },
    },
  },
  { name: 'Other', namespace: 'root/other', properties: { Id: { type: 'string', key: true } } },
]

const test = new ClassEndpoint({ classes: CLASSES })

const option = (name: string, value = 'true', more = ''): string =>
  `<w:Option Name="${name}" Type="xs:boolean"${more}>${value}</w:Option>`
const optionSet = (...options: readonly string[]): string =>
  options.length === 0 ? '' : `<w:OptionSet s:mustUnderstand="true">${options.join('')}</w:OptionSet>`
const selectors = (className: string, namespace = NAMESPACE) => ({
  __cimnamespace: namespace,
  ClassName: className,
})

async function classNamed(name: string, ...options: readonly string[]): Promise<PlainElement> {
  const reply = await test.get(URI, selectors(name), optionSet(...options))
  expect(reply.status).toBe(200)
  const [body] = select(reply.xml, 'Body')
  const [definition, ...more] = body ? elementsOf(body) : []
  expect(more).toEqual([])
  if (!definition) throw new Error('The body is empty.')
  return definition
}

/** A member as one line: its element, its attributes, and its qualifiers in brackets. */
function line(element: PlainElement): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => `${name}=${value}`)
  const qualifiers = select(element, 'QUALIFIER').map(qualifier)
  const parts = qualifiers.length > 0 ? [`[${qualifiers.join(', ')}]`] : []
  return [element.name, ...attributes, ...parts].join(' ')
}

function qualifier(element: PlainElement): string {
  const [content] = elementsOf(element)
  const text = (value: PlainElement): string => textOf(value)
  const value = content?.name === 'VALUE.ARRAY' ? elementsOf(content).map(text) : content && text(content)
  const { NAME, TYPE } = element.attributes
  return `${NAME ?? ''}:${TYPE ?? ''}=${Array.isArray(value) ? `{${value.join()}}` : String(value)}`
}

const members = (definition: PlainElement): string[] =>
  elementsOf(definition)
    .filter(({ name }) => name !== 'QUALIFIER')
    .map(line)

describe('the definition of a class', () => {
  it('holds what the class itself declares, in elements without a namespace', async () => {
    const definition = await classNamed('acme_pump')
    expect(line(definition)).toBe('CLASS NAME=Acme_Pump SUPERCLASS=CIM_Thing')
    expect(members(definition)).toEqual([
      'PROPERTY NAME=Caption TYPE=string',
      'PROPERTY NAME=Nozzle TYPE=string',
      'PROPERTY.ARRAY NAME=Parts TYPE=string',
      'PROPERTY.ARRAY NAME=Readings TYPE=sint32',
      'METHOD NAME=Run TYPE=uint16',
      'METHOD NAME=Find TYPE=uint32',
    ])
  })

  it('holds inherited members, marked as such, and where they are from, where they are asked for', async () => {
    const definition = await classNamed(
      'Acme_Pump',
      option('IncludeInheritedElements'),
      option('wmi:IncludeClassOrigin', 'TRUE'),
      option('IncludeInheritanceHierarchy'),
      option('IncludeQualifiers', 'false'),
    )
    expect(line(definition)).toBe(
      'CLASS DERIVATION=CIM_Thing,CIM_Unknown NAME=Acme_Pump SUPERCLASS=CIM_Thing',
    )
    expect(members(definition)).toEqual([
      'PROPERTY CLASSORIGIN=CIM_Thing NAME=Caption TYPE=string',
      'PROPERTY CLASSORIGIN=CIM_Thing NAME=Id PROPAGATED=true TYPE=string',
      'PROPERTY CLASSORIGIN=Acme_Pump NAME=Nozzle TYPE=string',
      'PROPERTY.ARRAY CLASSORIGIN=Acme_Pump NAME=Parts TYPE=string',
      'PROPERTY.ARRAY CLASSORIGIN=Acme_Pump NAME=Readings TYPE=sint32',
      'METHOD CLASSORIGIN=CIM_Thing NAME=Reset PROPAGATED=true TYPE=uint32',
      'METHOD CLASSORIGIN=Acme_Pump NAME=Run TYPE=uint16',
      'METHOD CLASSORIGIN=Acme_Pump NAME=Find TYPE=uint32',
    ])
  })

  it('holds qualifiers where they are asked for, given ones and those that follow', async () => {
    const qualifiers = option('IncludeQualifiers')
    expect(line(await classNamed('CIM_Thing', qualifiers))).toBe(
      'CLASS NAME=CIM_Thing SUPERCLASS=CIM_Unknown [abstract:boolean=true, Version:string=2.8.0, Tags:string={a<b,c}, Weight:real64=1.5]',
    )
    expect(members(await classNamed('CIM_Thing', qualifiers))).toEqual([
      'PROPERTY NAME=Caption TYPE=string',
      'PROPERTY NAME=Id TYPE=string [key:boolean=true, MaxLen:sint32=64]',
      'METHOD NAME=Reset TYPE=uint32',
    ])
    const pump = await classNamed('Acme_Pump', qualifiers)
    expect(members(pump)).toEqual([
      'PROPERTY NAME=Caption TYPE=string [Override:string=Caption]',
      'PROPERTY NAME=Nozzle TYPE=string [EmbeddedInstance:string=Acme_Nozzle]',
      'PROPERTY.ARRAY NAME=Parts TYPE=string [EmbeddedObject:boolean=true]',
      'PROPERTY.ARRAY NAME=Readings TYPE=sint32',
      'METHOD NAME=Run TYPE=uint16 [Description:string=Runs.]',
      'METHOD NAME=Find TYPE=uint32 [static:boolean=true]',
    ])
    const [run] = select(pump, 'METHOD')
    expect(run ? members(run) : []).toEqual([
      'PARAMETER NAME=Speed TYPE=uint32 [in:boolean=true]',
      'PARAMETER.ARRAY NAME=Log TYPE=string [out:boolean=true]',
      'PARAMETER NAME=Limit TYPE=uint8 [in:boolean=true, out:boolean=true]',
      'PARAMETER.REFERENCE NAME=Peer REFERENCECLASS=Acme_Pump [in:boolean=true]',
      'PARAMETER.REFARRAY NAME=Peers [out:boolean=true]',
    ])
    const feeds = await classNamed('Acme_Feeds', qualifiers)
    expect(line(feeds)).toBe('CLASS NAME=Acme_Feeds [association:boolean=true]')
    expect(members(feeds)).toEqual([
      'PROPERTY.REFERENCE NAME=From REFERENCECLASS=Acme_Pump [key:boolean=true]',
      'PROPERTY.REFERENCE NAME=To [key:boolean=true]',
    ])
  })

  it.each([
    ['a class that is not there', selectors('Acme_Nothing'), 'a:DestinationUnreachable', 2150858752],
    ['a class of another namespace', selectors('Other'), 'a:DestinationUnreachable', 2150858752],
    // MS-WSMV 3.1.4.1.1.
    ['the default of DMTF URIs', { ClassName: 'Other' }, 'a:DestinationUnreachable', 2150858752],
    ['no class', { __cimnamespace: NAMESPACE }, 'w:InvalidSelectors', 2150858813],
    ['no class by an empty name', selectors(''), 'w:InvalidSelectors', 2150858813],
    ['another selector', { ...selectors('Acme_Pump'), Id: '1' }, 'w:InvalidSelectors', 2150858813],
  ])('is refused for %s', async (_, given, subcode, wsmanCode) => {
    expect(faultOf(await test.get(URI, given))).toMatchObject({ subcode, wsmanCode })
  })

  it.each([
    ['Put', { action: ACTIONS.put }, 'a:ActionNotSupported'],
    ['Delete', { action: ACTIONS.delete }, 'a:ActionNotSupported'],
    [
      'a fragment',
      { extra: '<w:FragmentTransfer s:mustUnderstand="true">CLASS</w:FragmentTransfer>' },
      'w:UnsupportedFeature',
    ],
    [
      'an option that must be known and is not',
      { extra: optionSet(option('IncludeEverything', 'true', ' MustComply="true"')) },
      'w:InvalidOptions',
    ],
  ])('does not take %s', async (_, parts, subcode) => {
    const reply = await test.ask({ resourceUri: URI, selectors: selectors('Acme_Pump'), ...parts })
    expect(faultOf(reply).subcode).toBe(subcode)
  })

  it('takes options that it knows although they must be', async () => {
    const known = option('IncludeQualifiers', 'true', ' MustComply="true"')
    expect(line(await classNamed('Acme_Feeds', known))).toContain('association')
  })
})

describe('enumerating classes', () => {
  const OPTIMIZED = '<w:OptimizeEnumeration/><w:MaxElements>20</w:MaxElements>'

  const list = async (given: Readonly<Record<string, string>>, extra = ''): Promise<string[]> => {
    const { items, ended } = await test.enumerate(URI, OPTIMIZED, { selectors: given, extra })
    expect(ended).toBe(true)
    return items.map(line)
  }

  it('lists all of a namespace, whether the empty name or none stands for them', async () => {
    const all = [
      'CIM_Thing SUPERCLASS=CIM_Unknown',
      'Acme_Pump SUPERCLASS=CIM_Thing',
      'Acme_Nozzle',
      'Acme_Feeds',
    ]
    const expected = all.map((name) => `CLASS NAME=${name}`)
    expect(await list(selectors(''))).toEqual(expected)
    expect(await list({ __cimnamespace: 'ROOT\\Test' })).toEqual(expected)
    expect(await list({ __cimnamespace: 'root/other' })).toEqual(['CLASS NAME=Other'])
  })

  it('lists those below a class, and only the next ones where the client says so', async () => {
    expect(await list(selectors('CIM_Thing'))).toEqual(['CLASS NAME=Acme_Pump SUPERCLASS=CIM_Thing'])
    expect(await list(selectors('Acme_Pump'))).toEqual([])
    const shallow = optionSet(option('IncludeSubClasses', 'false'))
    const top = ['CIM_Thing SUPERCLASS=CIM_Unknown', 'Acme_Nozzle', 'Acme_Feeds']
    expect(await list(selectors(''), shallow)).toEqual(top.map((name) => `CLASS NAME=${name}`))
  })

  it('goes page by page, with the details that were asked for', async () => {
    const extra = optionSet(option('IncludeQualifiers'))
    const first = await test.enumerate(URI, '', { selectors: selectors(''), extra })
    expect(first.items).toEqual([])
    const second = await test.pull(URI, first.context, 3)
    expect(second.items.map(line)).toHaveLength(3)
    const third = await test.pull(URI, second.context, 3)
    expect(third.items.map(line)).toEqual(['CLASS NAME=Acme_Feeds [association:boolean=true]'])
    expect(third.ended).toBe(true)

    const released = await test.enumerate(URI, '', { selectors: selectors('') })
    expect((await test.release(URI, released.context)).status).toBe(200)
    expect(faultOf((await test.pull(URI, released.context)).reply).subcode).toBe(
      'n:InvalidEnumerationContext',
    )
  })

  it.each([
    ['references', '<w:EnumerationMode>EnumerateEPR</w:EnumerationMode>', 'w:UnsupportedFeature'],
    ['a filter', wqlFilter('SELECT * FROM meta_class'), 'n:FilterDialectRequestedUnavailable'],
  ])('does not take %s', async (_, content, subcode) => {
    const { reply } = await test.enumerate(URI, content, { selectors: selectors('') })
    expect(faultOf(reply).subcode).toBe(subcode)
  })

  it('is refused for a namespace that is not there', async () => {
    const { reply } = await test.enumerate(URI, '', { selectors: selectors('', 'root/nowhere') })
    expect(faultOf(reply)).toMatchObject({ subcode: 'a:DestinationUnreachable', wsmanCode: 2150858752 })
  })
})

describe('a method with declared parameters', () => {
  const calls: unknown[] = []
  const methods = new ClassEndpoint({
    classes: [
      {
        name: 'Acme_Clock',
        properties: { Id: { type: 'uint32', key: true } },
        instances: [{ Id: 1 }],
        methods: {
          Wait: {
            static: false,
            parameters: {
              Until: 'datetime',
              Ticks: { type: 'uint64', array: true },
              Zone: { type: 'string', embedded: 'Acme_Zone' },
              At: { type: 'datetime', out: true },
              Passed: { type: 'real64', out: true },
              Next: { type: 'string', embedded: 'Acme_Zone', out: true },
            },
            run: ({ instance, parameters }) => {
              calls.push({ instance, parameters })
              return { ReturnValue: 0, At: '20150226180025.000000+060', Passed: Infinity, Next: { Hours: 2 } }
            },
          },
          Count: { static: true, parameters: {}, run: ({ instance }) => ({ ReturnValue: instance ? 1 : 0 }) },
        },
      },
      { name: 'Acme_Zone', properties: { Hours: 'sint8' } },
    ],
  })
  const uri = `${WMI}/root/cimv2/Acme_Clock`
  const call = (method: string, input: string, given: Readonly<Record<string, string>> = { Id: '1' }) =>
    methods.ask({
      action: `${uri}/${method}`,
      resourceUri: uri,
      selectors: given,
      body: `<i:${method}_INPUT xmlns:i="${uri}">${input}</i:${method}_INPUT>`,
    })

  it('gets values of their types, and gives out parameters in theirs', async () => {
    const cim = 'xmlns:c="http://schemas.dmtf.org/wbem/wscim/1/common"'
    const reply = await call(
      'Wait',
      `<i:until ${cim}><c:Datetime>2015-02-26T18:00:25Z</c:Datetime></i:until><i:Ticks>18446744073709551615</i:Ticks><i:Zone><i:Hours>-2</i:Hours></i:Zone>`,
    )
    expect(calls.splice(0)).toEqual([
      {
        instance: { Id: 1 },
        parameters: {
          Until: '20150226180025.000000+000',
          Ticks: [18446744073709551615n],
          Zone: { __CLASS: 'Acme_Zone', Hours: -2 },
        },
      },
    ])
    const out = ['Body', 'Wait_OUTPUT'] as const
    const text = (...path: readonly string[]): string =>
      select(reply.xml, ...out, ...path)
        .map(textOf)
        .join()
    expect(text('At', 'Datetime')).toBe('2015-02-26T18:00:25+01:00')
    expect(text('Passed')).toBe('INF')
    const [next] = select(reply.xml, ...out, 'Next')
    expect(next?.attributes).toEqual({
      '{http://www.w3.org/2001/XMLSchema-instance}type': 'e:Acme_Zone_Type',
    })
    expect(text('Next', 'Hours')).toBe('2')
  })

  it('gets an instance without properties as one', async () => {
    await call('Wait', '<i:Zone/>')
    expect(calls.splice(0)).toMatchObject([{ parameters: { Zone: { __CLASS: 'Acme_Zone' } } }])
  })

  it.each([
    ['one it does not have', 'Wait', '<i:Until2>1</i:Until2>', { Id: '1' }, 'w:SchemaValidationError'],
    ['one that goes out', 'Wait', '<i:Passed>1</i:Passed>', { Id: '1' }, 'w:SchemaValidationError'],
    ['a value of another type', 'Wait', '<i:Ticks>-1</i:Ticks>', { Id: '1' }, 'w:SchemaValidationError'],
    ['no instance', 'Wait', '', {}, 'w:InvalidSelectors'],
  ])('refuses %s', async (_, method, input, given, subcode) => {
    expect(faultOf(await call(method, input, given)).subcode).toBe(subcode)
    expect(calls).toEqual([])
  })

  it('is called without an instance where it is static, whatever the selectors name', async () => {
    const returned = (reply: { readonly xml: PlainElement }): string[] =>
      select(reply.xml, 'Body', 'Count_OUTPUT', 'ReturnValue').map(textOf)
    expect(returned(await call('Count', '', {}))).toEqual(['0'])
    expect(returned(await call('Count', ''))).toEqual(['0'])
  })
})

describe('classes that make no sense', () => {
  const id = { Id: { type: 'string', key: true } } as const
  it.each<[string, EndpointClass]>([
    ['an abstract one with instances', { name: 'A', abstract: true, properties: id, instances: [] }],
    ['a reference that is a string', { name: 'A', properties: { B: { type: 'string', refersTo: 'A' } } }],
    [
      'an embedded instance that is a number',
      { name: 'A', properties: { B: { type: 'uint8', embedded: 'A' } } },
    ],
    [
      'a parameter without a direction',
      {
        name: 'A',
        properties: id,
        methods: { M: { run: () => ({}), parameters: { P: { type: 'uint8', in: false } } } },
      },
    ],
    [
      'a parameter whose name is none',
      { name: 'A', properties: id, methods: { M: { run: () => ({}), parameters: { 'a b': 'uint8' } } } },
    ],
  ])('are refused: %s', async (_, definition) => {
    await expect(startEndpoint({ classes: [definition] })).rejects.toBeInstanceOf(UsageError)
  })
})

/** What Microsoft's own client sends. */
describeWithShared('corpus', 'recorded requests for class definitions', () => {
  const recorded = new ClassEndpoint({
    classes: [
      {
        name: 'CIM_Error',
        namespace: 'root/test',
        properties: { ErrorType: 'uint16', Message: 'string' },
        qualifiers: { Indication: true },
      },
      { name: 'X_Number', namespace: 'test/cpp', properties: { Number: { type: 'uint64', key: true } } },
      {
        name: 'X_HugeNumber',
        namespace: 'test/cpp',
        superclass: 'X_Number',
        properties: { ExperimentalName: { type: 'string', qualifiers: { MaxLen: 9 } } },
      },
    ],
  })
  const ask = async (file: string): Promise<string[]> => {
    const reply = await send(recorded.endpoint?.url ?? '', readRecording(file), {
      headers: { Authorization: basic('alice', 'secret') },
    })
    const [definition] = select(reply.xml, 'Body', 'CLASS')
    if (!definition) throw new Error(`${file}: ${reply.text}`)
    return [line(definition), ...members(definition)]
  }

  it('are answered with what their options ask for', async () => {
    const folder = 'omi/strings/test_wsman.cpp'
    expect(await ask(`${folder}/L1958-08.xml`)).toEqual([
      'CLASS DERIVATION= NAME=CIM_Error [Indication:boolean=true]',
      'PROPERTY NAME=ErrorType TYPE=uint16',
      'PROPERTY NAME=Message TYPE=string',
    ])
    const own = [
      'CLASS DERIVATION=X_Number NAME=X_HugeNumber SUPERCLASS=X_Number',
      'PROPERTY NAME=ExperimentalName TYPE=string [MaxLen:sint32=9]',
    ]
    expect(await ask(`${folder}/L2171-13.xml`)).toEqual(own)
    expect(await ask(`${folder}/L2190-14.xml`)).toEqual(own)
    expect(await ask(`${folder}/L2209-15.xml`)).toEqual([
      'CLASS NAME=X_HugeNumber SUPERCLASS=X_Number',
      'PROPERTY NAME=ExperimentalName TYPE=string',
    ])
  })
})
