import { describe, expect, it } from 'vitest'
import { ClassRegistry } from '../../../src/testing/class-registry.js'
import { InstanceWriter } from '../../../src/testing/instance-writer.js'
import { sameKey } from '../../../src/testing/key-values.js'
import { readParameters } from '../../../src/testing/parameter-reader.js'
import { parseMessage } from '../../../src/testing/soap-message.js'
import type { EndpointInstance, EndpointRef } from '../../../src/testing/types.js'
import { sameObject } from '../../../src/testing/wql/values.js'
import { soap } from './support/raw-client.js'

const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2'

/** The parameters inside `Do_INPUT`. */
function read(content: string): EndpointInstance {
  const declarations =
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
  const [input] = parseMessage(
    soap({ body: `<i:Do_INPUT xmlns:i="urn:i" ${declarations}>${content}</i:Do_INPUT>` }),
  ).body
  if (!input) throw new Error('There is no input.')
  return readParameters(input)
}

const reference = (uri: string, selectors: string): string =>
  `<a:Address>urn:any</a:Address><a:ReferenceParameters><w:ResourceURI>${uri}</w:ResourceURI>` +
  `<w:SelectorSet>${selectors}</w:SelectorSet></a:ReferenceParameters>`
const selector = (name: string, value: string): string => `<w:Selector Name="${name}">${value}</w:Selector>`
const ALICE = reference(`${WMI}/root/test/Person`, selector('Name', 'alice'))

/** An association by its two ends. */
const OWNS: EndpointRef = {
  className: 'Owns',
  namespace: 'root/test',
  keys: {
    Left: { className: 'Person', namespace: 'root/test', keys: { Name: 'alice' } },
    Right: { className: 'Thing', keys: { Id: '5' } },
  },
}

describe('parameters', () => {
  it('are text as it came, null for nil, and lists where they repeat', () => {
    expect(
      read(
        '<i:Text> a &amp; b </i:Text><i:Empty/><i:Nil xsi:nil="true"/><i:List>1</i:List><i:List xsi:nil="1"/><i:List>3</i:List>' +
          '<i:Typed xsi:type="cim:cimUnsignedInt">7</i:Typed>',
      ),
    ).toEqual({ Text: ' a & b ', Empty: '', Nil: null, List: ['1', null, '3'], Typed: '7' })
  })

  it('are data whatever their names', () => {
    const parameters = read('<i:constructor>1</i:constructor><i:__proto__>2</i:__proto__>')
    expect(Object.entries(parameters)).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ])
  })

  it('are times without what is around them', () => {
    expect(
      read(
        '<i:When><cim:Datetime> 2024-01-01T00:00:00Z </cim:Datetime></i:When><i:For><cim:Interval>P1D</cim:Interval></i:For>',
      ),
    ).toEqual({ When: '2024-01-01T00:00:00Z', For: 'P1D' })
  })

  it('are references, also in an element of their own, and in lists', () => {
    const person = { className: 'Person', namespace: 'root/test', keys: { Name: 'alice' } }
    expect(
      read(
        `<i:One>${ALICE}</i:One><i:Two><a:EndpointReference>${ALICE}</a:EndpointReference></i:Two>` +
          `<i:List>${ALICE}</i:List><i:List>${ALICE}</i:List>`,
      ),
    ).toEqual({ One: person, Two: person, List: [person, person] })
  })

  it('are references by DMTF URIs, whose namespace is a selector', () => {
    const fan = reference(`${DMTF}/CIM_Fan`, selector('__cimnamespace', 'root\\test') + selector('ID', 'f1'))
    expect(read(`<i:Fan>${fan}</i:Fan>`)).toEqual({
      Fan: { className: 'CIM_Fan', namespace: 'root/test', keys: { ID: 'f1' } },
    })
  })

  it('are references to associations, whose keys are references', () => {
    const inner = (content: string): string => `<a:EndpointReference>${content}</a:EndpointReference>`
    const thing = reference(`${DMTF}/Thing`, selector('Id', '5'))
    const owns = reference(
      `${WMI}/root/test/Owns`,
      selector('Left', inner(ALICE)) + selector('Right', inner(thing)),
    )
    expect(read(`<i:Owns>${owns}</i:Owns>`)).toEqual({ Owns: OWNS })
  })

  it('are instances, whose class their type tells', () => {
    expect(
      read(
        '<i:Known xsi:type="i:Person_Type"><i:Name>alice</i:Name><i:Tags>1</i:Tags><i:Tags>2</i:Tags></i:Known>' +
          `<i:Empty xsi:type="Person_Type"/><i:Unknown><i:Inner><i:A>1</i:A></i:Inner><i:Owner>${ALICE}</i:Owner></i:Unknown>` +
          '<i:List><i:A>1</i:A></i:List><i:List><i:A>2</i:A></i:List>',
      ),
    ).toEqual({
      Known: { __CLASS: 'Person', Name: 'alice', Tags: ['1', '2'] },
      Empty: { __CLASS: 'Person' },
      Unknown: {
        Inner: { A: '1' },
        Owner: { className: 'Person', namespace: 'root/test', keys: { Name: 'alice' } },
      },
      List: [{ A: '1' }, { A: '2' }],
    })
  })
})

describe('a reference to an association', () => {
  const registry = new ClassRegistry([
    { name: 'Holder', namespace: 'root/test', properties: { Link: 'reference' }, instances: [] },
  ])

  it('is written so that it is read again', () => {
    const holder = registry.find('root/test', 'Holder')
    if (!holder) throw new Error('There is no such class.')
    const xml = new InstanceWriter(registry, 'wmi').instance(holder, { Link: OWNS })
    const [body] = parseMessage(soap({ body: xml })).body
    if (!body) throw new Error('Nothing was written.')
    const { Link } = readParameters(body)
    expect(Link).toEqual({
      ...OWNS,
      keys: { Left: OWNS.keys.Left, Right: { ...(OWNS.keys.Right as EndpointRef), namespace: 'root/test' } },
    })
    expect(sameKey(OWNS, Link ?? null)).toBe(true)
  })

  it('is the same as an object path, in queries', () => {
    const path = String.raw`root/test:Owns.Left="Person.Name=\"ALICE\"",Right="Thing.Id=\"5\""`
    expect(sameObject(OWNS, path)).toBe(true)
    expect(sameObject(OWNS, path.replace('ALICE', 'BOB'))).toBe(false)
  })
})

describe('keys', () => {
  const person = (name: string, namespace?: string): EndpointRef => ({
    className: 'Person',
    keys: { Name: name },
    ...(namespace === undefined ? {} : { namespace }),
  })

  it.each([
    ['a', 'A', true],
    [5, '5', true],
    [5n, 5, true],
    [true, 'TRUE', true],
    [new Date(0), '1970-01-01T00:00:00.000Z', true],
    ['a', 'b', false],
    [null, '', false],
    [null, null, true],
    [person('a'), person('A', 'root\\test'), true],
    [person('a', 'root/test'), person('a', 'ROOT\\TEST'), true],
    [person('a', 'root/test'), person('a', 'root/cimv2'), false],
    [person('a'), person('b'), false],
    [person('a'), { className: 'Other', keys: { Name: 'a' } }, false],
    [person('a'), { className: 'Person', keys: { Name: 'a', More: 1 } }, false],
    [person('a'), 'a', false],
    ['a', person('a'), false],
  ])('%o and %o', (one, other, same) => {
    expect(sameKey(one, other)).toBe(same)
  })
})
