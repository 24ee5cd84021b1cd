import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget } from '../../../src/xml/budget.js'
import { outlineOf } from '../../../src/xml/document-outline.js'
import type { XmlStart } from '../../../src/xml/handler.js'
import { KnownDocuments } from '../../../src/xml/known-documents.js'
import { XmlReader } from '../../../src/xml/reader.js'
import { TextChunk } from '../../../src/xml/text-chunks.js'
import { Vocabulary } from '../../../src/xml/vocabulary.js'
import { piecesOf, readPieces, tokenized, type Event } from './events.js'

function read(xml: string, vocabulary: Vocabulary, size = 65536): Event[] | 'refused' {
  try {
    return readPieces(piecesOf(Buffer.from(xml), size), {}, vocabulary)
  } catch {
    return 'refused'
  }
}

const usual = reply({
  id: '1',
  to: 'uuid:0A6E7D1C-93F4-4E8B-A8D7-5C2B1F90E364',
  name: 'stdout',
  text: 'b3V0',
})

function reply({ id = '', to = '', name = '', text = '' }): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n' +
    `<s:E xmlns:s="u" xmlns:p='v' xml:lang="en-US"><s:H><p:To s:m="1">${to}</p:To></s:H>` +
    `<s:B>\n  <p:R><p:S Name="${name}"\n CommandId='${id}'>${text}</p:S><p:End a="${id}"/></p:R></s:B></s:E>`
  )
}

const plain = { id: '2', to: 'urn:x', name: 'stderr', text: 'more' }
const variants: Readonly<Record<string, string>> = {
  'the same': usual,
  'other values': reply(plain),
  'no values': reply({}),
  'values of other scripts': reply({ id: 'ü', to: '中文 😀', name: 'ñ', text: 'Größe' }),
  'a reference in a value': reply({ ...plain, name: 'a&amp;b' }),
  'a reference in text': reply({ ...plain, text: 'a&lt;b&#65;' }),
  'a line end in a value': reply({ ...plain, name: 'a\r\nb' }),
  'a tab in a value': reply({ ...plain, id: 'a\tb' }),
  'line ends in text': reply({ ...plain, text: 'a\r\nb\rc\nd' }),
  'brackets in text': reply({ ...plain, text: 'a]]b]> c > d' }),
  'a bracket in a value': reply({ ...plain, name: 'a>b' }),
  'the other quotation mark in a value': reply({ ...plain, name: "it's" }),
  'CDATA in text': reply({ ...plain, text: '<![CDATA[<x/>]]>' }),
  'a comment in text': reply({ ...plain, text: 'a<!-- b -->c' }),
  'an element in text': reply({ ...plain, text: '<p:x/>' }),
  'one attribute more': reply(plain).replace('Name=', 'Other="1" Name='),
  'one attribute less': reply(plain).replace('Name="stderr"', ''),
  'other quotation marks': reply(plain).replace('Name="stderr"', "Name='stderr'"),
  'another declaration': reply(plain).replace("xmlns:p='v'", "xmlns:p='w'"),
  'an element more': reply(plain).replace('<p:End', '<p:More/><p:End'),
  'an element less': reply(plain).replace(/<p:End[^>]*>/, ''),
  'another white space': reply(plain).replace('\n  ', '\n    '),
  'white space behind it': `${reply(plain)}\n `,
  'a comment behind it': `${reply(plain)}<!-- -->`,
  'no prolog': reply(plain).replace(/^.*\n/, ''),
}

const refused: Readonly<Record<string, string>> = {
  'a markup character in a value': reply({ ...plain, name: 'a<b' }),
  'a control character in a value': reply({ ...plain, name: 'a\u0001b' }),
  'a noncharacter in text': reply({ ...plain, text: 'a\uffffb' }),
  'the end of a CDATA section in text': reply({ ...plain, text: ']]>' }),
  'a lone ampersand': reply({ ...plain, text: 'a & b' }),
  'a value that ends early': reply({ ...plain, name: 'a"b' }),
  'a second root': reply(plain) + reply(plain).replace(/^.*\n/, ''),
  'text behind it': `${reply(plain)}x`,
  'no end': reply(plain).slice(0, -1),
  'a noncharacter before it': `\uffff${reply(plain)}`,
  'a blank of another script before it': `\u00a0${reply(plain).replace(/^.*\n/, '')}`,
}

describe('a document like one before', () => {
  it.each(Object.entries(variants))('is read as the tokenizer reads it, with %s', (_, xml) => {
    const expected = tokenized(xml)
    expect(expected).not.toBe('refused')
    const vocabulary = new Vocabulary()
    read(usual, vocabulary)
    for (let time = 0; time < 3; time++) expect(read(xml, vocabulary)).toEqual(expected)
    expect(read(usual, vocabulary)).toEqual(tokenized(usual))
    for (const size of [1, 13, 100]) expect(read(xml, vocabulary, size)).toEqual(expected)
  })

  it.each(Object.entries(refused))('is refused with %s', (_, xml) => {
    expect(tokenized(xml)).toBe('refused')
    const vocabulary = new Vocabulary()
    read(usual, vocabulary)
    for (let time = 0; time < 2; time++) expect(read(xml, vocabulary)).toBe('refused')
    for (const size of [1, 13, 100]) expect(read(xml, vocabulary, size)).toBe('refused')
  })

  it('goes on being checked after its end', () => {
    const vocabulary = new Vocabulary()
    read(usual, vocabulary)
    const write = (...pieces: string[]): void =>
      void readPieces(
        pieces.map((p) => Buffer.from(p)),
        {},
        vocabulary,
      )
    write(usual, '\n', ' <!-- c -->', '\n')
    for (const more of ['x', '<a/>', '</s:E>', '<?x y?>']) {
      expect(() => write(usual, '\n', more)).toThrow(
        expect.objectContaining({ code: 'ERR_WSMAN_MALFORMED_XML' }),
      )
    }
  })

  it('is told with the names of the first one', () => {
    const vocabulary = new Vocabulary()
    const seen: object[][] = []
    for (const xml of [usual, reply(plain)]) {
      const names: object[] = []
      const handler = {
        startElement: (name: object, attributes: XmlStart['attributes']) =>
          names.push(name, ...attributes.map((entry) => entry.name)),
        endElement: () => undefined,
        text: () => undefined,
      }
      const reader = new XmlReader(handler, {}, vocabulary)
      reader.write(Buffer.from(xml))
      reader.end()
      seen.push(names)
    }
    const [first = [], second = []] = seen
    expect(first).toHaveLength(12)
    for (const [index, name] of second.entries()) expect(name).toBe(first[index])
  })

  it('is told to another handler at each event', () => {
    const vocabulary = new Vocabulary()
    const seen: string[] = []
    for (const xml of [usual, reply(plain)]) {
      const ignore = { startElement: () => undefined, endElement: () => undefined, text: () => undefined }
      const inside = {
        ...ignore,
        text: (text: string) => seen.push(text),
        endElement: () => void (reader.handler = outside),
      }
      const outside = {
        ...ignore,
        startElement: ({ local }: { local: string }) => {
          if (local === 'S') reader.handler = inside
        },
      }
      const reader: XmlReader = new XmlReader(outside, {}, vocabulary)
      reader.write(Buffer.from(xml))
      reader.end()
    }
    expect(seen).toEqual(['b3V0', 'more'])
  })

  it('may be UTF-16 where the first one was not, and says so', () => {
    const vocabulary = new Vocabulary()
    const xml = '<?xml version="1.0" encoding="utf-16"?><r><a>1</a></r>'
    const wide = Buffer.from(xml, 'utf16le')
    for (let time = 0; time < 2; time++) {
      expect(readPieces([wide], {}, vocabulary)).toEqual(['<r', '<a', '"1"', '>', '>'])
      expect(read(xml, vocabulary)).toBe('refused')
    }
  })

  it('obeys the limit on texts', () => {
    const vocabulary = new Vocabulary()
    const limits = { maxTextLength: 5 }
    const readText = (text: string): Event[] =>
      readPieces([Buffer.from(`<r><a>${text}</a></r>`)], limits, vocabulary)
    readText('12345')
    expect(readText('54321')).toContain('"54321"')
    expect(() => readText('123456')).toThrow(expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }))
  })
})

describe('known documents', () => {
  /** The start tags in a document. */
  function startsIn(xml: string): XmlStart[] {
    const starts: XmlStart[] = []
    const reader = new XmlReader({
      startElement: (name, attributes, scope) => starts.push({ name, attributes, scope }),
      endElement: () => undefined,
      text: () => undefined,
    })
    reader.write(Buffer.from(xml))
    reader.end()
    return starts
  }

  it('are found by what stands around their values', () => {
    const documents = new KnownDocuments(new Budget())
    expect(documents.find(new TextChunk(usual), 100)).toBeUndefined()
    documents.learn(usual, startsIn(usual))
    const values = ['en-US', '1', 'urn:x', 'stderr', '2', 'more', '2']
    expect(documents.find(new TextChunk(reply(plain)), 100)?.values).toEqual(values)
    expect(documents.find(new TextChunk(`${reply(plain)} `), 100)).toBeUndefined()
    expect(documents.find(new TextChunk(reply(plain).slice(0, -1)), 100)).toBeUndefined()
  })

  it('may begin alike', () => {
    const documents = new KnownDocuments(new Budget())
    const alike = {
      '<r><a>1</a></r>': 'start r, leaf a, end',
      '<r><a><b/></a></r>': 'start r, start a, empty b, end, end',
      '<r><a><b>1</b></a></r>': 'start r, start a, leaf b, end, end',
      '<r><a/></r>': 'start r, empty a, end',
      '<r/>': 'empty r',
    }
    for (const xml of Object.keys(alike)) documents.learn(xml, startsIn(xml))
    for (const [xml, expected] of Object.entries(alike)) {
      const told = documents.find(new TextChunk(xml), 100)?.told ?? []
      expect(told.map(({ kind, start }) => (start ? `${kind} ${start.name.local}` : kind)).join(', ')).toBe(
        expected,
      )
    }
  })

  it('are not remembered beyond the budget', () => {
    const documents = new KnownDocuments(new Budget(300))
    const [first, second] = ['<r><a>1</a></r>', '<q><a>1</a></q>']
    documents.learn(first, startsIn(first))
    documents.learn(second, startsIn(second))
    expect(documents.find(new TextChunk(first), 100)?.values).toEqual(['1'])
    expect(documents.find(new TextChunk(second), 100)).toBeUndefined()
  })

  it.each([
    ['comments', '<r><!-- --><a>1</a></r>'],
    ['comments in text', '<r>1<!-- -->2</r>'],
    ['CDATA', '<r><![CDATA[1]]></r>'],
    ['mixed content', '<r>1<a/></r>'],
    ['text behind elements', '<r><a/>1</r>'],
    ['line ends to normalize', '<r>\r\n<a/></r>'],
    ['a comment behind it', '<r/><!-- -->'],
  ])('have no outline with %s', (_, xml) => {
    expect(outlineOf(xml, startsIn(xml))).toBeUndefined()
  })
})

const value = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    'x y',
    'ü',
    '&amp;',
    '&#65;',
    '\r\n',
    '\t',
    ']',
    ']]',
    '>',
    "'",
    'a rather long value',
  ),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((text) => text.replace(/[^\x20\x21\x23-\x25\x27-\x3b\x3d-\ud7ff]/gu, '')),
)
const content = fc.oneof(
  { weight: 6, arbitrary: value },
  { weight: 1, arbitrary: fc.constantFrom('<![CDATA[<]]>', '<!-- -->', '<c/>', '<c x="1">2</c>', '1<c/>2') },
)
const skeleton = fc.constantFrom(
  (v: readonly string[], t: readonly string[]) =>
    `<r xmlns:p="u"><a x="${v[0]}">${t[0]}</a><b>${t[1]}</b></r>`,
  (v: readonly string[], t: readonly string[]) =>
    `<r a="${v[0]}" b="${v[1]}">\n <c>${t[0]}</c>\n <d>${t[1]}</d>\n</r>\n`,
  (v: readonly string[], t: readonly string[]) =>
    `<p:r xmlns:p="u"><p:a p:x="${v[0]}"><a>${t[0]}</a></p:a><b y="${v[1]}"/></p:r>`,
  (v: readonly string[], t: readonly string[]) =>
    `<r><a>${t[0]}</a><a><a>${t[1]}</a></a><a x="${v[0]}"/></r>`,
)
const values = fc.tuple(value, value)
const contents = fc.tuple(content, content)
/** A document, as a function of what stands in its gaps. */
const filled = fc.tuple(skeleton, values, contents).map(([of, attributes, texts]) => of(attributes, texts))

describe('any documents', () => {
  it('are read as the tokenizer reads them, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(filled, { minLength: 2, maxLength: 12 }), (documents) => {
        const vocabulary = new Vocabulary()
        for (const xml of [...documents, ...documents]) expect(read(xml, vocabulary)).toEqual(tokenized(xml))
      }),
      { numRuns: 400 },
    )
  })

  it('are refused where the tokenizer refuses them, however they are spoilt', () => {
    const changes = [
      '',
      '<',
      '>',
      '/',
      '&',
      ']]>',
      '"',
      "'",
      '=',
      ' ',
      'a',
      '\u0001',
      '\uffff',
      '</a>',
      '<a>',
    ]
    fc.assert(
      fc.property(filled, filled, fc.nat(), fc.constantFrom(...changes), (known, xml, place, change) => {
        const vocabulary = new Vocabulary()
        read(known, vocabulary)
        read(xml, vocabulary)
        const at = place % xml.length
        const spoilt = xml.slice(0, at) + change + xml.slice(at + (change === '' ? 1 : 0))
        // The tokenizer trims namespaces, which the reader takes as they are.
        fc.pre(!/xmlns[^"]*"[^"]* /.test(spoilt))
        for (let time = 0; time < 2; time++) expect(read(spoilt, vocabulary)).toEqual(tokenized(spoilt))
      }),
      { numRuns: 1500 },
    )
  })
})
