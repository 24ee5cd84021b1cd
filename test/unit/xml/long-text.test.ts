import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../src/errors/errors.js'
import { readAll, readPieces, type Event } from './events.js'

/** What the tokenizer says that looks at every character. */
function tokenized(xml: string): Event[] {
  const events: Event[] = []
  let pending = ''
  const flush = (): void => {
    if (pending !== '') events.push(JSON.stringify(pending))
    pending = ''
  }
  const parser = new SaxesParser({ xmlns: false })
  parser.on('opentag', ({ name, attributes }) => {
    flush()
    events.push(
      `<${name}${Object.entries(attributes)
        .map(([key, value]) => ` ${key}=${value}`)
        .join('')}`,
    )
  })
  parser.on('closetag', () => {
    flush()
    events.push('>')
  })
  const text = (piece: string): void => {
    pending += piece
  }
  parser.on('text', text)
  parser.on('cdata', text)
  parser.write(xml).close()
  return events
}

/** Whole documents of text that is long or short, plain or not, among tags that hide what looks like markup. */
const longText = fc
  .tuple(fc.constantFrom('a', 'Zm9v', 'x y\n', '>', 'ä', '€', '😀'), fc.nat(1500))
  .map(([word, count]) => word.repeat(count))
const content = fc.oneof(
  { weight: 3, arbitrary: longText },
  fc.constantFrom(
    '&amp;',
    '&#x41;',
    ']',
    ']]',
    '\r\n',
    '\r',
    '<b/>',
    '<b x=">"/>',
    '<!-- < > -->',
    '<![CDATA[<b>]]>',
  ),
  longText.map((text) => `<c long="${text}"/>`),
  longText.map((text) => `<!-- ${text} -->`),
  longText.map((text) => `<d>${text}</d>`),
)
// A bracket before `>` could end CDATA that nothing began.
const documents = fc
  .array(content, { maxLength: 12 })
  .map((parts) =>
    `<a>${parts.join('').replaceAll(/\]\]+>/g, ']>')}</a>`.replaceAll(
      /<!\[CDATA\[<b>\]>/g,
      '<![CDATA[<b>]]>',
    ),
  )

describe('long text', () => {
  it('is the same as the tokenizer makes of it, however the document is cut', () => {
    fc.assert(
      fc.property(documents, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (xml, sizes) => {
        const bytes = Buffer.from(xml)
        const pieces: Buffer[] = []
        for (let start = 0, index = 0; start < bytes.length; index++) {
          const size = sizes[index % sizes.length] ?? 1
          pieces.push(bytes.subarray(start, start + size))
          start += size
        }
        expect(readPieces(pieces)).toEqual(tokenized(xml))
      }),
    )
  })

  it.each([
    ['a control character', '\u0001'],
    ['an ampersand', '&'],
    ['an entity that nobody declared', '&nbsp;'],
    ['the end of CDATA that nothing began', ']]>'],
    ['a character that is none', '\uFFFF'],
  ])('is refused with %s in it, wherever it is cut', (_, wrong) => {
    const [before, after] = [Buffer.from(`<a>${'x'.repeat(2000)}`), Buffer.from(`${'x'.repeat(2000)}</a>`)]
    const middle = Buffer.from(wrong)
    for (let cut = 0; cut <= middle.length; cut++) {
      const pieces = [
        Buffer.concat([before, middle.subarray(0, cut)]),
        Buffer.concat([middle.subarray(cut), after]),
      ]
      expect(() => readPieces(pieces), `cut at ${cut}`).toThrow(ProtocolError)
    }
    expect(() => readAll(Buffer.concat([before, middle, after]))).toThrow(ProtocolError)
  })

  it('counts against the limit in all its pieces together, and anew after a tag', () => {
    const pieces = (count: number): Buffer[] =>
      Array.from({ length: count }, () => Buffer.from('x'.repeat(1000)))
    const [start, between, end] = ['<a>', '<b/>', '</a>'].map((tag) => Buffer.from(tag))
    if (!start || !between || !end) throw new Error('three tags')
    const limits = { maxTextLength: 5000 }
    expect(readPieces([start, ...pieces(5), between, ...pieces(5), end], limits)).toHaveLength(6)
    expect(() => readPieces([start, ...pieces(5), Buffer.from('x'), end], limits)).toThrow(/limit of 5000/)
  })
})
