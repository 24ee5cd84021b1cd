import { describe, expect, it } from 'vitest'
import { EndpointReference, isEndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { metadataOf } from '../../../src/envelope/instance.js'
import { CIM, decodeElement, decodeElements, SERVICE_CLASS, WSMAN, XSI } from './decode.js'

describe('values', () => {
  it('are the text of the wire, in its order', () => {
    const value = decodeElement(
      '<p:Win32_Service><p:Name>WinRM</p:Name><p:Started>true</p:Started><p:ProcessId>1034</p:ProcessId><p:Caption> two  words </p:Caption></p:Win32_Service>',
    )
    expect(value).toEqual({ Name: 'WinRM', Started: 'true', ProcessId: '1034', Caption: ' two  words ' })
    expect(Object.keys(value as object)).toEqual(['Name', 'Started', 'ProcessId', 'Caption'])
  })

  it('are null only where xsi:nil says so', () => {
    const value = decodeElement(
      `<p:C><p:A xsi:nil="true"/><p:B xsi:nil="1"/><p:C xsi:nil="false">x</p:C><p:D/><p:E nil="true"/><p:F q:nil="true" xmlns:q="urn:other"/></p:C>`,
    )
    expect(value).toEqual({ A: null, B: null, C: 'x', D: '', E: '', F: '' })
  })

  it('are a list where an element repeats, wherever it stands', () => {
    expect(
      decodeElement('<p:C><p:A>1</p:A><p:B>x</p:B><p:A>2</p:A><p:A xsi:nil="true"/><p:A/></p:C>'),
    ).toEqual({ A: ['1', '2', null, ''], B: 'x' })
  })

  it('keep a null in the first place of a list', () => {
    expect(decodeElement('<p:C><p:A xsi:nil="true"/><p:A>2</p:A></p:C>')).toEqual({ A: [null, '2'] })
  })

  it('are instances where elements stand inside, lists of them included', () => {
    const disk = (name: string): string => `<p:Disk><p:Name>${name}</p:Name><p:Free xsi:nil="true"/></p:Disk>`
    expect(
      decodeElement(
        `<p:C>\n  ${disk('C:')}\n  ${disk('D:')}<p:One><p:Two><p:Three>3</p:Three></p:Two></p:One></p:C>`,
      ),
    ).toEqual({
      Disk: [
        { Name: 'C:', Free: null },
        { Name: 'D:', Free: null },
      ],
      One: { Two: { Three: '3' } },
    })
  })

  it('of text cut by CDATA, references and comments are whole', () => {
    expect(decodeElement('<p:C><p:A>1<![CDATA[<2>]]>&amp;3<!-- x -->4</p:A></p:C>')).toEqual({ A: '1<2>&34' })
  })

  it('are bare text or null where the element itself holds no elements', () => {
    expect(decodeElement('<w:XmlFragment>Windows Remote Management</w:XmlFragment>')).toBe(
      'Windows Remote Management',
    )
    expect(decodeElement('<p:C xsi:nil="true"/>')).toBeNull()
    expect(decodeElement('<p:C/>')).toBe('')
  })

  it('have no namespace inside a projection', () => {
    expect(
      decodeElement(
        '<w:XmlFragment><FreeSpace>44395380736</FreeSpace><Size xsi:nil="true"/></w:XmlFragment>',
      ),
    ).toEqual({ FreeSpace: '44395380736', Size: null })
  })
})

describe('dates and times', () => {
  it.each(['Datetime', 'Interval', 'Date', 'Time'])('lose the element %s around them', (wrapper) => {
    const value = decodeElement(
      `<p:C><p:When>\n  <cim:${wrapper}>2015-02-26T18:00:25.5Z</cim:${wrapper}>\n</p:When></p:C>`,
    )
    expect(value).toEqual({ When: '2015-02-26T18:00:25.5Z' })
    expect(metadataOf(value as object)?.properties).toEqual({ When: { wrapper } })
  })

  it('do so under whatever prefix', () => {
    expect(
      decodeElement(
        `<p:C><p:A><q:Datetime xmlns:q="${CIM}">x</q:Datetime></p:A><p:B><Datetime xmlns="${CIM}">y</Datetime></p:B></p:C>`,
      ),
    ).toEqual({ A: 'x', B: 'y' })
  })

  it('do so without a namespace inside a projection', () => {
    expect(
      decodeElement(
        '<w:XmlFragment><Installed><Datetime>x</Datetime></Installed><Name>y</Name></w:XmlFragment>',
      ),
    ).toEqual({ Installed: 'x', Name: 'y' })
  })

  it('may be repeated', () => {
    expect(
      decodeElement(
        '<p:C><p:A><cim:Datetime>1</cim:Datetime></p:A><p:A><cim:Datetime>2</cim:Datetime></p:A></p:C>',
      ),
    ).toEqual({ A: ['1', '2'] })
  })

  it('are not every element of that name', () => {
    // A class may have properties called Date and Time.
    expect(
      decodeElement('<p:C><p:Datetime>1</p:Datetime><p:Inner><p:Date>2</p:Date></p:Inner></p:C>'),
    ).toEqual({
      Datetime: '1',
      Inner: { Date: '2' },
    })
    expect(decodeElement('<w:XmlFragment><Date>1</Date><Time>2</Time></w:XmlFragment>')).toEqual({
      Date: '1',
      Time: '2',
    })
    expect(
      decodeElement('<w:XmlFragment><Inner><Name>x</Name><Date>1</Date></Inner></w:XmlFragment>'),
    ).toEqual({ Inner: { Name: 'x', Date: '1' } })
  })
})

describe('references', () => {
  const selectors =
    '<w:SelectorSet><w:Selector Name="Name">WinRM</w:Selector><w:Selector Name="Id">\n  7\n</w:Selector></w:SelectorSet>'
  const reference = `<a:Address>http://host/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>urn:r</w:ResourceURI>${selectors}</a:ReferenceParameters>`

  it.each([
    ['directly inside the property', reference],
    ['inside an element of their own', `<a:EndpointReference>${reference}</a:EndpointReference>`],
    ['with white space around', `\n ${reference.replaceAll('><', '>\n  <')}\n`],
    ['in the words of older peers', reference.replaceAll('ReferenceParameters', 'ReferenceProperties')],
  ])('are read %s', (_, xml) => {
    const value = decodeElement(`<p:C><p:Before>1</p:Before><p:Ref>${xml}</p:Ref><p:After>2</p:After></p:C>`)
    expect(value).toEqual({
      Before: '1',
      Ref: new EndpointReference('urn:r', { Name: 'WinRM', Id: '7' }, 'http://host/wsman'),
      After: '2',
    })
    expect(isEndpointReference((value as { Ref: unknown }).Ref)).toBe(true)
  })

  it('nest in selectors', () => {
    const inner = `<a:EndpointReference>${reference}</a:EndpointReference>`
    const outer = `<a:Address>http://outer</a:Address><a:ReferenceParameters><w:ResourceURI>urn:o</w:ResourceURI><w:SelectorSet><w:Selector Name="Group">${inner}</w:Selector><w:Selector Name="Part">x</w:Selector></w:SelectorSet></a:ReferenceParameters>`
    expect(decodeElement(`<p:C><p:Ref>${outer}</p:Ref></p:C>`)).toEqual({
      Ref: new EndpointReference(
        'urn:o',
        { Group: new EndpointReference('urn:r', { Name: 'WinRM', Id: '7' }, 'http://host/wsman'), Part: 'x' },
        'http://outer',
      ),
    })
  })

  it('may be repeated, and other values follow', () => {
    const { Ref, Last } = decodeElement(
      `<p:C><p:Ref>${reference}</p:Ref><p:Ref>${reference}</p:Ref><p:Last><p:X>1</p:X></p:Last></p:C>`,
    ) as { Ref: unknown[]; Last: unknown }
    expect(Ref).toHaveLength(2)
    expect(Ref.every(isEndpointReference)).toBe(true)
    expect(Last).toEqual({ X: '1' })
  })
})

describe('names that every object has', () => {
  const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']
  const xml = (text: string): string =>
    `<p:C>${NAMES.map((name) => `<p:${name}>${text}</p:${name}>`).join('')}</p:C>`

  it('are data', () => {
    const value = decodeElement(xml('x')) as Record<string, unknown>
    expect(Object.keys(value)).toEqual(NAMES)
    expect(Object.entries(value)).toEqual(NAMES.map((name) => [name, 'x']))
    expect(JSON.parse(JSON.stringify(value))).toEqual(value)
    expect({ ...value }.constructor).toBe('x')
  })

  it('harm nothing, also when they are instances and repeat', () => {
    const evil = '<p:__proto__><p:polluted>yes</p:polluted></p:__proto__>'
    const value = decodeElement(
      `<p:C>${evil}${evil}<p:constructor><p:prototype>${evil}</p:prototype></p:constructor></p:C>`,
    )
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect((value as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual([
      { polluted: 'yes' },
      { polluted: 'yes' },
    ])
  })

  it('are harmless as attributes and in metadata', () => {
    const value = decodeElement(
      '<p:C __proto__="1"><p:__proto__ constructor="2" xmlns:q="q">x</p:__proto__></p:C>',
    )
    const metadata = metadataOf(value as object)
    expect(Object.entries(metadata?.attributes ?? {})).toEqual([['__proto__', '1']])
    expect(Object.entries(metadata?.properties ?? {})).toEqual([
      ['__proto__', { attributes: { constructor: '2' } }],
    ])
  })
})

describe('metadata', () => {
  it('tells the element', () => {
    expect(
      metadataOf(
        decodeElement('<p:Win32_Service x="1" xsi:type="p:T"><p:Name>a</p:Name></p:Win32_Service>') as object,
      ),
    ).toEqual({
      className: 'Win32_Service',
      namespaceUri: SERVICE_CLASS,
      xmlName: 'p:Win32_Service',
      attributes: { x: '1', 'xsi:type': 'p:T' },
      properties: {},
    })
    expect(metadataOf(decodeElement(`<Plain xmlns="urn:x"><A>1</A></Plain>`) as object)).toMatchObject({
      className: 'Plain',
      namespaceUri: 'urn:x',
      xmlName: 'Plain',
    })
  })

  it('tells of a property what is not in its value', () => {
    const value = decodeElement(
      '<p:C><p:A Source="GPO">1</p:A><w:B>2</w:B><p:C xsi:nil="true"/><p:D xsi:nil="true" kind="k"/><p:E>5</p:E></p:C>',
    )
    expect(metadataOf(value as object)?.properties).toEqual({
      A: { attributes: { Source: 'GPO' } },
      B: { namespaceUri: WSMAN },
      D: { attributes: { kind: 'k' } },
    })
  })

  it('belongs to embedded instances as well', () => {
    const { Inner } = decodeElement('<p:C><p:Inner x="1"><w:A>1</w:A></p:Inner></p:C>') as { Inner: object }
    expect(metadataOf(Inner)).toMatchObject({
      className: 'Inner',
      attributes: { x: '1' },
      properties: { A: {} },
    })
  })

  it('is one object for instances that say the same, and others for those that do not', () => {
    const item = (attributes: string): string => `<p:C ${attributes}><p:A>1</p:A></p:C>`
    const values = decodeElements(
      `<r xmlns:p="urn:one" xmlns:xsi="${XSI}">${item('')}${item('')}${item('x="1"')}${item('x="2"')}${item('y="2"')}<p:D><p:A/></p:D>${item('')}<p:C xmlns:p="urn:two"><p:A/></p:C></r>`,
    )
    const [first, second, ...others] = values.map((value) => metadataOf(value as object))
    expect(second).toBe(first)
    expect(
      others.map((metadata) => [metadata?.className, metadata?.namespaceUri, metadata?.attributes]),
    ).toEqual([
      ['C', 'urn:one', { x: '1' }],
      ['C', 'urn:one', { x: '2' }],
      ['C', 'urn:one', { y: '2' }],
      ['D', 'urn:one', {}],
      ['C', 'urn:one', {}],
      ['C', 'urn:two', {}],
    ])
  })

  it('does not lend properties of one instance to the next', () => {
    const [first, second] = decodeElements(
      '<r xmlns:p="u"><p:C><p:A Source="GPO">1</p:A></p:C><p:C><p:A>1</p:A></p:C></r>',
    ).map((value) => metadataOf(value as object)?.properties)
    expect(first).toEqual({ A: { attributes: { Source: 'GPO' } } })
    expect(second).toEqual({})
  })

  it('is not known of objects made otherwise', () => {
    const value = decodeElement('<p:C><p:A>1</p:A></p:C>') as object
    expect(metadataOf({ ...value })).toBeUndefined()
    expect(metadataOf({})).toBeUndefined()
  })
})
