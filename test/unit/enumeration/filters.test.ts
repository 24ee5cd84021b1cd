import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectorFilter, wql, type WqlValue } from '../../../src/enumeration/filters.js'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { UsageError } from '../../../src/errors/errors.js'
import { connect, startService } from '../../support/scripted-service.js'
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

  it.each([NaN, Infinity, -Infinity, undefined, {}, [], new Date(0), () => 'x', Symbol('x')])(
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
