import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CimDateTime } from '../../../src/envelope/cim-datetime.js'
import { CimInterval } from '../../../src/envelope/cim-interval.js'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { instanceTree, type Properties } from '../../../src/envelope/instance-encoder.js'
import { mergeInstance, metadataOf, type Instance, type RawValue } from '../../../src/envelope/instance.js'
import { UsageError } from '../../../src/errors/errors.js'
import { writeXml } from '../../../src/xml/writer.js'
import { elementsOf, localName, parseXml, select, textOf } from '../../support/xml-compare.js'
import { ADDRESSING, CIM, decodeElement, SERVICE_CLASS, WSMAN, XSI } from './decode.js'

const write = (properties: Properties): string =>
  writeXml(instanceTree('Win32_Service', SERVICE_CLASS, properties))
const p = (local: string): string => `{${SERVICE_CLASS}}${local}`

describe('properties', () => {
  it('become elements in the namespace of the class, in their order', () => {
    const root = parseXml(
      write({ Name: 'WinRM', ProcessId: 7, Big: 2n ** 63n, Started: true, Zero: 0, Empty: '' }),
    )
    expect(root.name).toBe(p('Win32_Service'))
    expect(elementsOf(root).map((child) => [child.name, textOf(child)])).toEqual([
      [p('Name'), 'WinRM'],
      [p('ProcessId'), '7'],
      [p('Big'), '9223372036854775808'],
      [p('Started'), 'true'],
      [p('Zero'), '0'],
      [p('Empty'), ''],
    ])
  })

  it('are nil for null and absent for undefined', () => {
    expect(elementsOf(parseXml(write({ A: null, B: undefined, C: 'x' })))).toEqual([
      { name: p('A'), attributes: { [`{${XSI}}nil`]: 'true' }, children: [] },
      { name: p('C'), attributes: {}, children: ['x'] },
    ])
  })

  it('repeat for lists, nulls in them included', () => {
    expect(
      elementsOf(parseXml(write({ A: ['1', null, '', 2] }))).map((child) => [
        child.attributes,
        textOf(child),
      ]),
    ).toEqual([
      [{}, '1'],
      [{ [`{${XSI}}nil`]: 'true' }, ''],
      [{}, ''],
      [{}, '2'],
    ])
    expect(elementsOf(parseXml(write({ A: [] })))).toEqual([])
  })

  it('nest for instances', () => {
    const root = parseXml(write({ Inner: { X: '1', Deep: { Y: [true, false] } } }))
    expect(select(root, 'Inner', 'Deep', 'Y').map((child) => [child.name, textOf(child)])).toEqual([
      [p('Y'), 'true'],
      [p('Y'), 'false'],
    ])
  })

  it('are CIM datetimes for dates', () => {
    const root = parseXml(write({ When: new Date(Date.UTC(2015, 1, 26, 18, 0, 25, 500)) }))
    expect(select(root, 'When')).toEqual([
      {
        name: p('When'),
        attributes: {},
        children: [{ name: `{${CIM}}Datetime`, attributes: {}, children: ['2015-02-26T18:00:25.500Z'] }],
      },
    ])
  })

  it('hold references directly inside', () => {
    const root = parseXml(write({ Ref: new EndpointReference('urn:r', { Name: 'a' }, 'http://h') }))
    expect(
      select(root, 'Ref')
        .flatMap(elementsOf)
        .map(({ name }) => name),
    ).toEqual([`{${ADDRESSING}}Address`, `{${ADDRESSING}}ReferenceParameters`])
    expect(select(root, 'Ref', 'ReferenceParameters', 'ResourceURI').map(({ name }) => name)).toEqual([
      `{${WSMAN}}ResourceURI`,
    ])
  })

  it('are CIM datetimes and intervals for theirs, in the form of XML where that can say it', () => {
    const time = (name: string, wrapper: string, text: string) => ({
      name: p(name),
      attributes: {},
      children: [{ name: `{${CIM}}${wrapper}`, attributes: {}, children: [text] }],
    })
    const root = parseXml(
      write({
        When: new CimDateTime('20150226180025.123456-120'),
        Local: new CimDateTime('2015-02-26T18:00:25'),
        Some: new CimDateTime('201502**18****.******+000'),
        Spans: [new CimInterval('00000012010203.000456:000'), new CimInterval('********010203.******:000')],
      }),
    )
    expect(elementsOf(root)).toEqual([
      time('When', 'Datetime', '2015-02-26T18:00:25.123456-02:00'),
      time('Local', 'Datetime', '2015-02-26T18:00:25.000000'),
      time('Some', 'CIM_DateTime', '201502**18****.******+000'),
      time('Spans', 'Interval', 'P12DT1H2M3.000456S'),
      time('Spans', 'CIM_DateTime', '********010203.******:000'),
    ])
  })

  it('are words of XML for numbers that are none', () => {
    expect(elementsOf(parseXml(write({ R: [NaN, Infinity, -Infinity, -0, 1e300] }))).map(textOf)).toEqual([
      'NaN',
      'INF',
      '-INF',
      '-0',
      '1e+300',
    ])
  })

  it('are never an invalid date', () => {
    expect(() => write({ A: new Date(NaN) })).toThrow(UsageError)
    expect(() => write({ A: [{ B: new Date(NaN) }] })).toThrow('B')
  })

  it.each(['a b', '<a>', 'a:b', '', '1'])('are never called %j', (name) => {
    expect(() => write({ [name]: 'x' })).toThrow(UsageError)
  })
})

describe('what was read', () => {
  it('is written back in the form it came in', () => {
    const xml = `<p:C><p:Plain>1</p:Plain><w:Other>2</w:Other><p:When><cim:Datetime>2015-02-26T18:00:25Z</cim:Datetime></p:When><p:Span><cim:Interval>P1D</cim:Interval></p:Span><p:None xsi:nil="true"/></p:C>`
    const value = decodeElement(xml) as Instance
    const root = parseXml(writeXml(instanceTree('C', SERVICE_CLASS, value)))
    expect(root).toEqual({
      name: p('C'),
      attributes: {},
      children: [
        { name: p('Plain'), attributes: {}, children: ['1'] },
        { name: `{${WSMAN}}Other`, attributes: {}, children: ['2'] },
        {
          name: p('When'),
          attributes: {},
          children: [{ name: `{${CIM}}Datetime`, attributes: {}, children: ['2015-02-26T18:00:25Z'] }],
        },
        {
          name: p('Span'),
          attributes: {},
          children: [{ name: `{${CIM}}Interval`, attributes: {}, children: ['P1D'] }],
        },
        { name: p('None'), attributes: { [`{${XSI}}nil`]: 'true' }, children: [] },
      ],
    })
  })

  it('is read again as it was written', () => {
    const name = fc
      .stringMatching(/^[A-Za-z_]\w{0,6}$/)
      .filter((text) => !['Datetime', 'Interval', 'Date', 'Time'].includes(text))
    const text = fc.string({ unit: 'grapheme', maxLength: 8 })
    const { value } = fc.letrec<{ value: RawValue; single: RawValue; instance: Instance }>((tie) => ({
      // An array of one element and the element are the same on the wire; so are no element and an empty array.
      value: fc.oneof(tie('single'), fc.array(tie('single'), { minLength: 2, maxLength: 3 })),
      single: fc.oneof({ depthSize: 'small' }, text, fc.constant(null), tie('instance')),
      instance: fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 4 }),
    }))
    const instance = fc.dictionary(name, value, { minKeys: 1, maxKeys: 5 })
    fc.assert(
      fc.property(instance, (given) => {
        expect(decodeElement(write(given as Properties))).toEqual(given)
      }),
      { numRuns: 300 },
    )
  })
})

describe('mergeInstance', () => {
  const current = decodeElement(
    '<p:C v="1"><p:A>1</p:A><w:B>2</w:B><p:In><p:X>3</p:X><p:Y>4</p:Y></p:In><p:L>5</p:L><p:L>6</p:L></p:C>',
  ) as Instance

  it('puts changes in place, nested ones likewise, and lists as a whole', () => {
    const merged = mergeInstance<unknown>(current, {
      A: 'new',
      In: { Y: null },
      L: ['7'],
      Added: true,
      Gone: undefined,
    })
    expect(merged).toEqual({ A: 'new', B: '2', In: { X: '3', Y: null }, L: ['7'], Added: true })
    expect(Object.keys(merged).slice(0, 4)).toEqual(['A', 'B', 'In', 'L'])
    expect(current).toMatchObject({ A: '1', In: { X: '3', Y: '4' } })
  })

  it('keeps how it was read', () => {
    const merged = mergeInstance<RawValue>(current, { B: 'x' })
    expect(metadataOf(merged)).toBe(metadataOf(current))
    const root = parseXml(writeXml(instanceTree('C', SERVICE_CLASS, merged)))
    expect(elementsOf(root).find((child) => localName(child) === 'B')?.name).toBe(`{${WSMAN}}B`)
  })

  it('takes a date and a reference for values, not for instances', () => {
    const when = new Date(0)
    const reference = new EndpointReference('urn:r')
    const merged = mergeInstance<unknown>({ A: { X: 1 }, B: { X: 1 } }, { A: when, B: reference })
    expect(merged.A).toBe(when)
    expect(merged.B).toBe(reference)
  })

  it('is not to be reached by __proto__', () => {
    const changes = JSON.parse('{"__proto__":{"polluted":"yes"}}') as Instance
    const merged = mergeInstance<RawValue>(current, changes)
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    expect(merged.polluted).toBeUndefined()
    expect(Object.keys(merged)).toContain('__proto__')
  })
})
