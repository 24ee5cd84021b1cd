import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { associatorsOf, referencesOf } from '../../../src/enumeration/association-filters.js'
import {
  cql,
  DIALECT,
  escapeLike,
  selectorFilter,
  wql,
  xpath,
  type WqlValue,
} from '../../../src/enumeration/filters.js'
import { CimDateTime } from '../../../src/envelope/cim-datetime.js'
import { CimInterval } from '../../../src/envelope/cim-interval.js'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { UsageError } from '../../../src/errors/errors.js'
import { readRecording } from '../../support/recordings.js'
import { connect, startService } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'
import { parseXml, select, trimmed } from '../../support/xml-compare.js'
import { enumerated } from './replies.js'

/** Reads one WQL text literal by the rules of WMI: a backslash takes the next character as it is. */
function readLiteral(text: string): { value: string; rest: string } {
  if (!text.startsWith("'")) throw new Error('no literal')
  let value = ''
  for (let index = 1; index < text.length; index++) {
    if (text[index] === "'") return { value, rest: text.slice(index + 1) }
    if (text[index] === '\\') index += 1
    value += text[index] ?? ''
  }
  throw new Error('the literal does not end')
}

describe('wql', () => {
  it('is the text with its values in place', () => {
    expect(
      wql`SELECT Name FROM Win32_Service WHERE StartMode = ${'Auto'} AND A > ${5} AND B = ${2n ** 63n} AND C = ${true} AND D <> ${false} AND E IS ${null}`,
    ).toEqual({
      dialect: 'http://schemas.microsoft.com/wbem/wsman/1/WQL',
      text: "SELECT Name FROM Win32_Service WHERE StartMode = 'Auto' AND A > 5 AND B = 9223372036854775808 AND C = TRUE AND D <> FALSE AND E IS NULL",
    })
    expect(wql`SELECT * FROM X`.text).toBe('SELECT * FROM X')
    expect(wql`${1}${2}`.text).toBe('12')
  })

  it('lets no text out of its literal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^['"\\ a-z%;-]*$/)), (given) => {
        const { text } = wql`SELECT * FROM X WHERE A = ${given} AND B = 1`
        const { value, rest } = readLiteral(text.slice('SELECT * FROM X WHERE A = '.length))
        expect(value).toBe(given)
        expect(rest).toBe(' AND B = 1')
      }),
    )
  })

  it('writes times as CIM writes them', () => {
    const [moment, interval] = [new CimDateTime('20240102******.******+060'), new CimInterval('P1DT2H')]
    expect(
      wql`SELECT * FROM X WHERE A > ${new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4))} AND B = ${moment} AND C < ${interval}`
        .text,
    ).toBe(
      "SELECT * FROM X WHERE A > '20240229010203.004000+000' AND B = '20240102******.******+060' AND C < '00000001020000.000000:000'",
    )
  })

  it('takes the wildcards out of a text for LIKE', () => {
    expect(wql`A LIKE ${escapeLike("50%_[it's]") + '%'}`.text).toBe("A LIKE '50[%][_][[]it\\'s]%'")
  })

  it.each([NaN, Infinity, -Infinity, undefined, {}, [], new Date(NaN), () => 'x', Symbol('x')])(
    'has no literal for %s',
    (value) => {
      expect(() => wql`SELECT * FROM X WHERE A = ${value as unknown as WqlValue}`).toThrow(UsageError)
    },
  )
})

describe('selectorFilter', () => {
  it('sends the selectors as they are', async () => {
    const service = await startService({ Enumerate: enumerated({ end: 'w' }) })
    const filter = selectorFilter({ Name: 'a <b> & c', Count: 2, Yes: true })
    await connect(service).enumerate('http://x/Class', { filter }).toArray()
    const [request] = service.requests
    expect(request?.attribute('Filter', 'Dialect')).toBe(
      'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter',
    )
    expect(
      request?.elements('Selector').map(({ attributes, children }) => [attributes.Name, children]),
    ).toEqual([
      ['Name', ['a <b> & c']],
      ['Count', ['2']],
      ['Yes', ['true']],
    ])
  })

  it.each([
    ['a reference', new EndpointReference('urn:r')],
    ['a double quote', 'a"b'],
    ['a single quote', "it's"],
  ])('takes no %s', (_, value) => {
    expect(() => selectorFilter({ Name: value })).toThrow(UsageError)
  })
})

describe('cql and xpath', () => {
  it('send a string as it stands, and the values of a template as literals', () => {
    expect(cql("SELECT Name FROM CIM_Fan WHERE Name = 'x'")).toEqual({
      dialect: 'http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf',
      text: "SELECT Name FROM CIM_Fan WHERE Name = 'x'",
    })
    expect(cql`A = ${"it's"} AND B IS ${null} AND C = ${true} AND D = ${1n}`.text).toBe(
      "A = 'it\\'s' AND B IS NULL AND C = TRUE AND D = 1",
    )
    expect(xpath('//Name')).toEqual({
      dialect: 'http://www.w3.org/TR/1999/REC-xpath-19991116',
      text: '//Name',
    })
    expect(xpath`//S[Name=${'a"b'} and C=${"it's"} and D=${5} and E=${false}]`.text).toBe(
      `//S[Name='a"b' and C="it's" and D=5 and E='false']`,
    )
  })

  it('have no literal for what XPath cannot say', () => {
    expect(() => xpath`a=${`'"`}`).toThrow(UsageError)
    expect(() => xpath`a=${null}`).toThrow(UsageError)
    expect(() => cql`a=${NaN}`).toThrow('CQL has no literal for NaN')
  })

  it('lets no text out of an XPath literal', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !(text.includes("'") && text.includes('"'))),
        (given) => {
          const { text } = xpath`a=${given}]`
          const quote = text[2] ?? ''
          expect(text).toBe(`a=${quote}${given}${quote}]`)
          expect(given).not.toContain(quote)
        },
      ),
    )
  })
})

/** What an enumeration with the filter says inside `w:Filter`. */
async function filterSent(
  filter: Parameters<ReturnType<typeof connect>['enumerate']>[1],
): Promise<readonly unknown[]> {
  const service = await startService({ Enumerate: enumerated({ end: 'w' }) })
  await connect(service).enumerate('wmicimv2/*', filter).toArray()
  return service.requests[0]?.elements('Filter') ?? []
}

describe('association filters', () => {
  const b = (local: string): string => `{http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd}${local}`
  const w = (local: string): string => `{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}${local}`
  const a = (local: string): string => `{http://schemas.xmlsoap.org/ws/2004/08/addressing}${local}`
  const node = (name: string, ...children: unknown[]) => ({ name, attributes: {}, children })
  const object = node(
    b('Object'),
    node(a('Address'), 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'),
    node(
      a('ReferenceParameters'),
      node(w('ResourceURI'), 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'),
      node(w('SelectorSet'), { name: w('Selector'), attributes: { Name: 'Name' }, children: ['WinRM'] }),
    ),
  )
  const filter = (content: unknown) => ({
    name: w('Filter'),
    attributes: { Dialect: DIALECT.association },
    children: [content],
  })

  it('carry every parameter', async () => {
    const sent = await filterSent({
      filter: associatorsOf('wmicimv2/Win32_Service?Name=WinRM', {
        associationClassName: 'Win32_DependentService',
        role: 'Dependent',
        resultClassName: 'Win32_Service',
        resultRole: 'Antecedent',
        includeResultProperty: ['Name', 'State'],
      }),
    })
    expect(sent).toEqual([
      filter(
        node(
          b('AssociatedInstances'),
          object,
          node(b('AssociationClassName'), 'Win32_DependentService'),
          node(b('Role'), 'Dependent'),
          node(b('ResultClassName'), 'Win32_Service'),
          node(b('ResultRole'), 'Antecedent'),
          node(b('IncludeResultProperty'), 'Name'),
          node(b('IncludeResultProperty'), 'State'),
        ),
      ),
    ])
  })

  it('ask for the associations themselves', async () => {
    const service = new EndpointReference(
      'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
      { Name: 'WinRM' },
      'http://elsewhere/wsman',
    )
    expect(
      await filterSent({
        filter: referencesOf(service, {
          resultClassName: '<x>',
          role: 'Dependent',
          includeResultProperty: 'Antecedent',
        }),
      }),
    ).toEqual([
      filter(
        node(
          b('AssociationInstances'),
          object,
          node(b('Role'), 'Dependent'),
          node(b('ResultClassName'), '<x>'),
          node(b('IncludeResultProperty'), 'Antecedent'),
        ),
      ),
    ])
  })

  it.each(['wmicimv2/*', { resourceUri: 'urn:c', fragment: 'Name' }, 'nonsense'])(
    'need an instance, which %j is not',
    (given) => expect(() => associatorsOf(given)).toThrow(UsageError),
  )

  it('that are none are refused', async () => {
    const service = await startService({})
    const none = { dialect: 'urn:d' } as unknown as ReturnType<typeof wql>
    await expect(connect(service).enumerate('urn:r', { filter: none }).toArray()).rejects.toThrow(UsageError)
  })
})

describeWithShared('corpus', 'association filters', () => {
  it('are those of openwsman', async () => {
    const recorded = trimmed(parseXml(readRecording('openwsman/tests/filter/sample1.xml')))
    const [theirs] = select(recorded, 'Body', 'Enumerate', 'Filter')
    const filter = associatorsOf(
      {
        resourceUri: 'http://schema.omc-project.org/wbem/wscim/1/cim-schema/2/CIM_IndicationFilter',
        selectors: {
          __cimnamespace: 'root/interop',
          Name: 'OperatingSystemFilter0',
          SystemName: 'localhost.localdomain',
          SystemCreationClassName: 'CIM_ComputerSystem',
          CreationClassName: 'CIM_IndicationFilter',
        },
      },
      { associationClassName: 'CIM_IndicationSubscription' },
    )
    expect(await filterSent({ filter })).toEqual([theirs])
  })
})
