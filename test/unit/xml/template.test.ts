import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { xml } from '../../../src/xml/template.js'
import { parseXml } from '../../support/xml-compare.js'

/** Every character that XML carries, those that mean something to it among them. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        '<',
        '>',
        '"',
        "'",
        '="',
        '\r',
        '\n',
        '\t',
        ']]>',
        '<!--',
        '&#65;',
        '$&',
        '\x86t\x87',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join('').replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, ''))

describe('a template', () => {
  it('gives any text back to who reads it, from an attribute and from between tags', () => {
    fc.assert(
      fc.property(text, text, text, (first, second, third) => {
        const written = xml`<a x="${first}" y="${second}"><b>${third}</b>${second}</a>`
        const { attributes, children } = parseXml(written.text)
        const b = { name: 'b', attributes: {}, children: third === '' ? [] : [third] }
        expect(attributes).toEqual({ x: first, y: second })
        expect(children).toEqual(second === '' ? [b] : [b, second])
      }),
    )
  })

  it('puts in what is written already as it is, and leaves out what is not given', () => {
    const inner = [xml`<b>${'<'}</b>`, xml`<c/>`]
    expect(xml`<a${xml` x="1"`}>${inner}${undefined}${inner[1]}${[]}</a>`.text).toBe(
      '<a x="1"><b>&lt;</b><c/><c/></a>',
    )
    expect(xml`<a/>`.text).toBe('<a/>')
    expect(xml`${'a'}${'"'}`.text).toBe('a"')
  })

  it.each(['\u0000', 'a\u001F', '\uFFFF', '\uD800'])('refuses what XML cannot carry: %j', (value) => {
    expect(() => xml`<a>${value}</a>`).toThrow(UsageError)
    expect(() => xml`<a x="${value}"/>`).toThrow(UsageError)
  })
})
