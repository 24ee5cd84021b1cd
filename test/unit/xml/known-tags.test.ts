import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { XmlReader } from '../../../src/xml/reader.js'
import { Vocabulary } from '../../../src/xml/vocabulary.js'
import { piecesOf, readAll, readPieces, tokenized, type Event } from './events.js'

/** Start tags that repeat take a way around the tokenizer, which says here what should have come of it. */
let vocabulary = new Vocabulary()

/** Reads it as if it were the first document, and with what others have left behind, itself at last. */
function read(xml: string, size: number): Event[] | 'refused' {
  if (vocabulary.isSpent) vocabulary = new Vocabulary()
  const [first, ...more] = [undefined, vocabulary, vocabulary].map((known) => readOnce(xml, size, known))
  for (const next of more) expect(next).toEqual(first)
  return first ?? 'refused'
}

function readOnce(xml: string, size: number, known: Vocabulary | undefined): Event[] | 'refused' {
  try {
    return readPieces(piecesOf(Buffer.from(xml), size), {}, known)
  } catch {
    return 'refused'
  }
}

const item = (content: string): string => `<p:i xmlns:p="u" xmlns:x="v" x:t="1">${content}</p:i>`
const usual = item('<p:a>1</p:a><p:b x:n="true"/><p:c>long enough to be kept</p:c><p:d><x:e>2</x:e></p:d>')
const document = (...items: string[]): string => `<r>${usual}${usual}${items.join('')}${usual}</r>`

describe('elements whose start tags are known', () => {
  it.each([
    ['the same again', usual],
    ['another order', item('<p:c/><p:b x:n="true"/><p:a>1</p:a>')],
    ['an element left out', item('<p:a>1</p:a><p:c>other text here</p:c>')],
    ['an element that repeats', item('<p:a>1</p:a><p:a>2</p:a><p:a>3</p:a>')],
    ['elements where text was', item('<p:a><p:a>1</p:a><p:a><p:a/></p:a></p:a>')],
    ['text where elements were', item('<p:a>1</p:a><p:d>3</p:d>')],
    ['text around elements', item('one<p:a>1</p:a>two<p:d>three<x:e>2</x:e>four</p:d>five')],
    ['white space', item('\n  <p:a>1</p:a>\n  <p:d>\n    <x:e>2</x:e>\n  </p:d>\n')],
    ['line ends to normalize', item('<p:a>1\r\n2\r3</p:a>\r\n<p:b x:n="true"/>\r')],
    ['the five references', item('<p:a>&amp;&lt;&gt;&quot;&apos; &amp;amp;</p:a><p:c>x&amp;y</p:c>')],
    ['numeric references', item('<p:a>&#65;&#x1F600;</p:a><p:c>&#13;</p:c>')],
    ['references and numeric ones', item('<p:a>&amp;&#65;&lt;</p:a>')],
    ['CDATA', item('<p:a><![CDATA[<p:b/>]]></p:a><p:d><![CDATA[x]]><x:e>2</x:e></p:d>')],
    ['comments', item('<!-- <p:a> --><p:a>1<!-- > -->2</p:a><p:d><!----><x:e>2</x:e></p:d>')],
    ['brackets', item('<p:a>]</p:a><p:a>]]</p:a><p:a>a > b</p:a><p:a>] ]></p:a>')],
    ['an angle bracket in an attribute', item('<p:a x:q=">">1</p:a>').repeat(2)],
    ['blanks in tags', '<p:i xmlns:p="u" ><p:a >1</p:a ><p:b\n/></p:i >'.repeat(2)],
    ['a prefix that means something else', `<p:i xmlns:p="other"><p:a>1</p:a></p:i>${usual}`],
    ['declarations inside', item('<p:a xmlns:p="other"><p:a>1</p:a></p:a><p:a>1</p:a>').repeat(3)],
    ['a default namespace', '<i xmlns="u"><a>1</a></i><i><a>1</a></i>'.repeat(3)],
    ['names that begin alike', item('<p:a>1</p:a><p:ab>1</p:ab><p:a.b>2</p:a.b>').repeat(2)],
    ['other scripts', item('<p:a>Prüfung 😀 中文 with more</p:a><p:ü>1</p:ü>').repeat(2)],
    ['names of members every object has', item('<p:__proto__>1</p:__proto__><p:a/>').repeat(2)],
  ])('are read as the tokenizer reads them: %s', (_, content) => {
    const xml = document(content)
    const expected = tokenized(xml)
    expect(expected).not.toBe('refused')
    for (const size of [1, 2, 3, 7, 16, 50, 101, 1000, 65536]) expect(read(xml, size)).toEqual(expected)
  })

  it.each([
    ['a wrong end', item('<p:a>1</p:b>')],
    ['no end', item('<p:a>1')],
    ['an end too many', item('<p:a>1</p:a></p:a>')],
    ['elements that end in the wrong order', item('<p:d><x:e>2</p:d></x:e>')],
    ['an end that another one begins with', item('<p:a>1</p:ab>')],
    ['an end with an attribute', item('<p:a>1</p:a x="1">')],
    ['the end of a CDATA section', item('<p:a>]]></p:a>')],
    ['a lone ampersand', item('<p:a>a & b</p:a>')],
    ['an unknown reference', item('<p:a>&amp;&nbsp;</p:a>')],
    ['a cut reference', item('<p:a>&amp</p:a>')],
    ['a reference that every object knows', item('<p:a>&constructor;</p:a>')],
    ['a control character', item('<p:a>\u0001</p:a>')],
    ['a noncharacter', item('<p:a>\uFFFF</p:a>')],
    ['an attribute twice', item('<p:a x:n="1" x:n="1">1</p:a>').repeat(2)],
    ['a markup character in an attribute', item('<p:a x:n="<">1</p:a>')],
    ['a prefix that is not declared here', `${usual}<p:a>1</p:a>`],
    ['a prefix that is declared no longer', `${item('<x:e>2</x:e>')}<x:e>2</x:e>`],
    ['a processing instruction', item('<p:a><?x y?></p:a>')],
    ['a document type definition', item('<!DOCTYPE a>')],
    ['a second root', `${usual}</r><r>${usual}`],
  ])('are refused as the tokenizer refuses them: %s', (_, content) => {
    const xml = document(content)
    for (const size of [1, 5, 64, 65536]) expect(read(xml, size)).toBe('refused')
  })

  it('end nowhere but where they should', () => {
    const xml = document(usual)
    for (let length = 1; length < xml.length; length++) expect(read(xml.slice(0, length), 37)).toBe('refused')
  })

  it('mean what they mean in their scope, wherever a piece ends', () => {
    const xml = `<r>${'<a xmlns="d"><b>1</b>text between</a><b>2</b>'.repeat(3)}</r>`
    const expected = tokenized(xml)
    for (let cut = 1; cut < xml.length; cut++) {
      const pieces = [xml.slice(0, cut), xml.slice(cut)].map((piece) => Buffer.from(piece))
      expect(readPieces(pieces)).toEqual(expected)
    }
  })

  it('count as depth', () => {
    const nested = '<r><a><b><c>1</c></b></a><a><b><c>1</c></b></a></r>'
    expect(readAll(nested, { maxDepth: 4 })).toHaveLength(16)
    const deeper = nested.replace(/<c>1<\/c><\/b><\/a><\/r>$/, '<b><c>1</c></b></b></a></r>')
    expect(() => readAll(deeper, { maxDepth: 4 })).toThrow(
      expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }),
    )
  })

  it('limit each run of text', () => {
    const limits = { maxTextLength: 5 }
    expect(readAll('<r x="1"><a>1</a><a>12345</a>12345<a>1</a></r>', limits)).toContain('"12345"')
    for (const content of ['<a>123456</a>', '123456<a>1</a>']) {
      expect(() => readAll(`<r><a>1</a>${content}</r>`, limits)).toThrow(
        expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }),
      )
    }
  })

  it('hand over to another handler at each event', () => {
    const seen: string[] = []
    const reader = new XmlReader({
      startElement: ({ local }) => {
        if (local !== 'a') return
        const outer = reader.handler
        reader.handler = {
          startElement: () => undefined,
          text: (text) => seen.push(text),
          endElement: () => {
            reader.handler = outer
          },
        }
      },
      text: (text) => seen.push(`outside: ${text}`),
      endElement: () => undefined,
    })
    reader.write(Buffer.from('<r xmlns="u"><a>1</a><a>2</a>x<a>3</a></r>'))
    reader.end()
    expect(seen).toEqual(['1', '2', 'outside: x', '3'])
  })
})

const name = fc.constantFrom('a', 'b', 'p:a', 'p:b', 'ab')
const attributes = fc.constantFrom('', '', ' x="1"', ' p:x="2"', ' xmlns:p="w"', ' xmlns="d"', ' ')
const text = fc.constantFrom(
  '',
  '1',
  ' ',
  'text of some length',
  '&amp;',
  '&#65;',
  '<!-- c -->',
  '<![CDATA[d]]>',
  '\r\n',
  ']',
  '>',
  'ü',
)
const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(name, attributes, tie('content'))
    .map(([qname, list, content]) =>
      content === '' ? `<${qname}${list}/>` : `<${qname}${list}>${content}</${qname}>`,
    ),
  content: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    fc.array(fc.oneof(text, tie('element')), { maxLength: 5 }).map((parts) => parts.join('')),
  ),
}))

describe('any document', () => {
  it('gives the events that the tokenizer gives, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 8 }), fc.integer({ min: 1, max: 80 }), (parts, size) => {
        const xml = `<r xmlns:p="u">${[...parts, ...parts].join('')}</r>`
        expect(read(xml, size)).toEqual(tokenized(xml))
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused where the tokenizer refuses it, however it is spoilt', () => {
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.constantFrom('', '<', '>', '/', '&', ']]>', '"', 'a', '</a>', '<a>'),
        fc.integer({ min: 1, max: 80 }),
        (parts, place, change, size) => {
          const xml = `<r xmlns:p="u">${[...parts, ...parts].join('')}</r>`
          const at = place % xml.length
          const spoilt = xml.slice(0, at) + change + xml.slice(at + (change === '' ? 1 : 0))
          expect(read(spoilt, size)).toEqual(tokenized(spoilt))
        },
      ),
      { numRuns: 1000 },
    )
  })
})
