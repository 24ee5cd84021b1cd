import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { passLeaf, spellOutWhole, type XmlHandler } from '../../../src/xml/handler.js'
import { XmlReader } from '../../../src/xml/reader.js'
import { Vocabulary } from '../../../src/xml/vocabulary.js'
import { piecesOf, readPieces, tokenized, type Event } from './events.js'

/** After so many elements of a kind the next are read whole. */
const ENOUGH = 12

const item = (content: string): string => `<p:i xmlns:p="u" xmlns:x="v" x:t="1">${content}</p:i>`
const usual = item(
  '<p:a>1</p:a><p:b x:n="true"/><p:c>long enough to be kept</p:c><p:d><x:e>2024-03-12T08:10:43</x:e></p:d>',
)
const document = (...items: string[]): string =>
  `<r>${usual.repeat(ENOUGH)}${items.join('')}${usual.repeat(2)}</r>`

function read(xml: string, size = 65536, vocabulary?: Vocabulary): Event[] | 'refused' {
  try {
    return readPieces(piecesOf(Buffer.from(xml), size), {}, vocabulary)
  } catch {
    return 'refused'
  }
}

/** How many elements of a document came whole. */
function countWhole(xml: string, size = 65536): number {
  let count = 0
  const handler: XmlHandler = {
    startElement: () => undefined,
    endElement: () => undefined,
    text: () => undefined,
    expectsAlike: () => true,
    whole: () => (count += 1),
  }
  const reader = new XmlReader(handler)
  for (const piece of piecesOf(Buffer.from(xml), size)) reader.write(piece)
  reader.end()
  return count
}

describe('elements that look like many before them', () => {
  it('are read whole', () => {
    const more = 1000
    expect(countWhole(document(usual.repeat(more)))).toBeGreaterThanOrEqual(more)
  })

  it('are read whole when they are cut, too', () => {
    const more = 1000
    const xml = document(usual.repeat(more))
    for (const size of [500, 1000, 4097]) {
      // All but those whose start tags are cut.
      expect(countWhole(xml, size)).toBeGreaterThan(0.9 * more)
      expect(read(xml, size)).toEqual(tokenized(xml))
    }
  })

  it('are read whole when their children take turns in how they look', () => {
    const turns = [
      '<p:a x:n="true"/><p:b>1</p:b>',
      '<p:a>1</p:a><p:b x:n="true"/>',
      '<p:a/><p:b x:t="i"><x:e>1</x:e></p:b>',
    ]
    const more = 300
    const xml = `<r>${turns.map(item).join('').repeat(more)}</r>`
    expect(countWhole(xml)).toBeGreaterThan(2.9 * more)
    expect(read(xml)).toEqual(tokenized(xml))
  })

  it('are learnt no more after a while where each has other children than the one before', () => {
    const turns = [item('<p:a>1</p:a>'), item('<p:b>2</p:b><p:c/>')]
    const more = 2000
    const xml = `<r>${turns.join('').repeat(more)}</r>`
    // Those that look like the last one that was learnt from.
    expect(countWhole(xml)).toBeGreaterThan(0.9 * more)
    expect(countWhole(xml)).toBeLessThan(more)
    expect(read(xml)).toEqual(tokenized(xml))
  })

  it('hold texts of any length', () => {
    const long = 'a value that goes on, &amp; on '.repeat(20_000)
    const xml = document(item(`<p:a>${long}</p:a><p:b x:n="true"/><p:c>1</p:c><p:d><x:e>${long}</x:e></p:d>`))
    for (const size of [65536, 4 * xml.length]) expect(read(xml, size)).toEqual(tokenized(xml))
  })

  it('keep the limits', () => {
    const nested = `<r><s>${usual.repeat(ENOUGH)}${usual}</s></r>`
    const bytes = [Buffer.from(nested)]
    const whole = { code: 'ERR_WSMAN_LIMIT' }
    expect(readPieces(bytes, { maxDepth: 5 })).toEqual(tokenized(nested))
    expect(() => readPieces(bytes, { maxDepth: 4 })).toThrow(expect.objectContaining(whole))
    const longer = document(
      item(usual.slice(usual.indexOf('>') + 1, -6).replace('>1<', '>12345678901234567890123<')),
    )
    expect(readPieces([Buffer.from(longer)], { maxTextLength: 23 })).toEqual(tokenized(longer))
    expect(() => readPieces([Buffer.from(longer)], { maxTextLength: 22 })).toThrow(
      expect.objectContaining(whole),
    )
  })

  it('may end nowhere but where they should', () => {
    const xml = document(usual)
    const begin = xml.length - 3 * usual.length
    for (let length = begin; length < xml.length; length++) {
      for (const size of [100, 65536]) expect(read(xml.slice(0, length), size)).toBe('refused')
    }
  })

  it('come in their events to a handler that takes none whole', () => {
    const events: string[] = []
    const plain: XmlHandler = {
      startElement: ({ local }) => events.push(local),
      endElement: () => events.push('>'),
      text: (text) => events.push(JSON.stringify(text)),
    }
    const reader = new XmlReader({
      ...plain,
      expectsAlike: () => true,
      leaf: (start, text) => {
        passLeaf(plain, start, text)
      },
      whole: (start, parts, texts) => {
        events.push('whole')
        spellOutWhole(plain, start, parts, texts)
      },
    })
    reader.write(Buffer.from(document(usual)))
    reader.end()
    const last = events.slice(events.lastIndexOf('whole'))
    expect(last.join(' ')).toBe(
      'whole i a "1" > b > c "long enough to be kept" > d e "2024-03-12T08:10:43" > > > >',
    )
  })
})

/** Ways in which each child may look. */
const FORMS: readonly (readonly string[])[] = [
  ['<p:a>1</p:a>', '<p:a/>', '<p:a x:n="true"/>', '<p:a x:t="s">2</p:a>', '<p:a></p:a>', '<p:a>]</p:a>'],
  ['<p:b>a value of some length</p:b>', '<p:b>&lt;b&gt; and more</p:b>', '<p:b>a]]b</p:b>', '<p:b>ü</p:b>'],
  ['<p:c><x:e>1</x:e></p:c>', '<p:c x:n="true"/>', '<p:c>1</p:c>', '<p:c><x:e/></p:c>'],
  ['<p:d/>', '<p:d>\t \n</p:d>', '<p:d>.*+?^${}()|[]\\/</p:d>', '<p:d q="[^]*$(\\">3</p:d>'],
]
const UNUSUAL: readonly string[] = [
  '',
  '<p:a>1</p:a><p:a>2</p:a>',
  '<p:b><p:b>1</p:b><p:b>2</p:b></p:b>',
  '<p:c><x:e>1</x:e><x:e>2</x:e></p:c>',
  '<p:c>text<x:e>1</x:e></p:c>',
  '<p:d>&#65;</p:d>',
  '<p:d>1\r\n2</p:d>',
  ' <p:d/>',
  '<p:d><!-- --></p:d>',
  '<p:d><![CDATA[]]></p:d>',
  '<p:d ><x:f xmlns:x="w"/></p:d>',
  '<x:i xmlns:x="w">1</x:i>',
]

const forms = fc.tuple(...FORMS.map((list) => fc.constantFrom(...list)))
const anyItem = fc
  .oneof(
    { weight: 6, arbitrary: forms.map((list) => list.join('')) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(forms, fc.nat(3), fc.constantFrom(...UNUSUAL))
        .map(([list, index, other]) => list.with(index, other).join('')),
    },
  )
  .map(item)
const anyDocument = fc
  .tuple(fc.array(anyItem, { minLength: 1, maxLength: 8 }), fc.array(anyItem, { maxLength: 8 }))
  .map(([first, then]) => `<r>${first.join('').repeat(ENOUGH)}${then.join('')}${first.join('')}</r>`)
const anySize = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(65536))

describe('any document of alike elements', () => {
  it('gives the events that the tokenizer gives, however it is cut', () => {
    const vocabulary = new Vocabulary()
    fc.assert(
      fc.property(anyDocument, anySize, (xml, size) => {
        const expected = tokenized(xml)
        expect(expected).not.toBe('refused')
        expect(read(xml, size)).toEqual(expected)
        expect(read(xml, size, vocabulary)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  it('is refused where the tokenizer refuses it, however it is spoilt', () => {
    const changes = ['', '<', '>', '/', '&', ']]>', '"', 'a', '\u0001', '\uffff', '&amp;', '</p:a>', '<p:a>']
    fc.assert(
      fc.property(anyDocument, fc.nat(), fc.constantFrom(...changes), anySize, (xml, place, change, size) => {
        // Near the end, when the shape is known.
        const at = xml.length - 1 - (place % Math.min(xml.length, 2000))
        const spoilt = xml.slice(0, at) + change + xml.slice(at + (change === '' ? 1 : 0))
        expect(read(spoilt, size)).toEqual(tokenized(spoilt))
      }),
      { numRuns: 300 },
    )
  })
})
