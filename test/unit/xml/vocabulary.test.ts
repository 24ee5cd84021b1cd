import { describe, expect, it } from 'vitest'
import { XmlReader } from '../../../src/xml/reader.js'
import { commonVocabulary, Vocabulary } from '../../../src/xml/vocabulary.js'
import { piecesOf, readPieces, type Event } from './events.js'

const usual = '<p:r xmlns:p="u" p:x="1"><p:a>1</p:a><p:b/></p:r>'
const events = ['<{u}r {u}x=1', '<{u}a', '"1"', '>', '<{u}b', '>', '>']

/** Reads a document after the usual one, with what that has left behind. */
function readNext(xml: string, size = xml.length): Event[] {
  const vocabulary = new Vocabulary()
  readPieces([Buffer.from(usual)], {}, vocabulary)
  return readPieces(piecesOf(Buffer.from(xml), size), {}, vocabulary)
}

describe('a document like one before', () => {
  it.each([1, 2, 5, 17, 100])('gives the same events in pieces of %i', (size) => {
    expect(readNext(usual, size)).toEqual(events)
  })

  it('is read without the tokenizer', () => {
    const vocabulary = new Vocabulary()
    const names: object[][] = [[], []]
    for (const seen of names) {
      const reader = new XmlReader(
        { startElement: (name) => seen.push(name), endElement: () => undefined, text: () => undefined },
        {},
        vocabulary,
      )
      reader.write(Buffer.from(usual))
      reader.end()
    }
    const [first = [], second = []] = names
    expect(second).toHaveLength(3)
    for (const [index, name] of second.entries()) expect(name).toBe(first[index])
  })

  it.each([
    ['white space', ' \r\n\t'],
    ['a comment', '<!-- end -->\n'],
    ['both', '\n<!-- end -->\n<!-- again -->'],
  ])('may be followed by %s', (_, after) => {
    for (const size of [1, 7, 500]) expect(readNext(usual + after, size)).toEqual(events)
  })

  it.each([
    ['a second root', usual],
    ['text', 'x'],
    ['a blank of another script', '\u00a0'],
    ['an end tag', '</p:r>'],
    ['a processing instruction', '<?x y?>'],
  ])('must not be followed by %s', (_, after) => {
    for (const size of [1, 7, 500]) {
      expect(() => readNext(usual + after, size)).toThrow(
        expect.objectContaining({ code: 'ERR_WSMAN_MALFORMED_XML' }),
      )
    }
  })

  it('may have something else inside, and a declaration before it', () => {
    const other = usual.replace('<p:b/>', '<!-- c --><p:c><![CDATA[2]]></p:c>')
    const expected = ['<{u}r {u}x=1', '<{u}a', '"1"', '>', '<{u}c', '"2"', '>', '>']
    expect(readNext(other)).toEqual(expected)
    expect(readNext(`<?xml version="1.0" encoding="utf-8"?>\n${other}`)).toEqual(expected)
    expect(readNext(`\n ${other}`)).toEqual(expected)
  })

  it('must be whole', () => {
    for (let length = 1; length < usual.length; length++) {
      expect(() => readNext(usual.slice(0, length), 11)).toThrow(
        expect.objectContaining({ code: 'ERR_WSMAN_MALFORMED_XML' }),
      )
    }
  })
})

describe('a vocabulary', () => {
  it('is spent after a megabyte of what is new, and takes up no more', () => {
    const vocabulary = new Vocabulary()
    const documents = 20_000
    let count = 0
    for (; !vocabulary.isSpent && count < documents; count++) {
      readPieces([Buffer.from(`<r xmlns="u${count}"><a x="${count}">1</a></r>`)], {}, vocabulary)
    }
    expect(vocabulary.isSpent).toBe(true)
    expect(count).toBeGreaterThan(500)
    expect(count).toBeLessThan(documents)
    expect(readPieces([Buffer.from(usual)], {}, vocabulary)).toEqual(events)
  })

  it('is common to the messages of the process until it is spent', () => {
    const first = commonVocabulary()
    expect(commonVocabulary()).toBe(first)
    for (let count = 0; !first.isSpent; count++) {
      readPieces([Buffer.from(`<r xmlns="v${count}"><a x="${count}">1</a></r>`)], {}, first)
    }
    const next = commonVocabulary()
    expect(next).not.toBe(first)
    expect(next.isSpent).toBe(false)
  })
})
