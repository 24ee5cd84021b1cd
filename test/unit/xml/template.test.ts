import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { xml } from '../../../src/xml/template.js'
import { parseXml } from '../../support/xml-compare.js'
import { xmlText } from '../../support/xml-text.js'

describe('a template', () => {
  it('gives any text back to who reads it, from an attribute and from between tags', () => {
    fc.assert(
      fc.property(xmlText, xmlText, xmlText, (first, second, third) => {
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
