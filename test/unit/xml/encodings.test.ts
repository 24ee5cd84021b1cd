import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../src/errors/errors.js'
import { piecesOf, readAll, readPieces } from './events.js'

/** Characters of one to four bytes in UTF-8, and one of two units in UTF-16. */
const TEXT = 'aß€中😀é́z'
const XML = `<a x="${TEXT}">${TEXT}<中/></a>`
const EVENTS = [`<a x=${TEXT}`, JSON.stringify(TEXT), '<中', '>', '>']

function utf16(text: string, order: 'le' | 'be', mark: boolean): Buffer {
  const bytes = Buffer.from((mark ? '\uFEFF' : '') + text, 'utf16le')
  return order === 'be' ? bytes.swap16() : bytes
}

const ENCODED: readonly [string, Buffer][] = [
  ['UTF-8', Buffer.from(XML)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${XML}`)],
  ['UTF-8 with a mark and a declaration', Buffer.from(`\uFEFF<?xml version="1.0" encoding="utf-8"?>${XML}`)],
  ['UTF-16 LE with a mark', utf16(XML, 'le', true)],
  ['UTF-16 LE without a mark', utf16(XML, 'le', false)],
  ['UTF-16 BE with a mark', utf16(XML, 'be', true)],
  ['UTF-16 BE without a mark', utf16(XML, 'be', false)],
  ['UTF-16 with a declaration', utf16(`<?xml version="1.0" encoding="UTF-16"?>${XML}`, 'le', true)],
  ['UTF-16 after white space', utf16(`\n ${XML}`, 'le', false)],
]

describe.each(ENCODED)('%s', (_, bytes) => {
  it('is read whole', () => {
    expect(readAll(bytes)).toEqual(EVENTS)
  })

  it('is read when it is cut at any one byte', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(readPieces([bytes.subarray(0, cut), bytes.subarray(cut)]), `cut at ${cut}`).toEqual(EVENTS)
    }
  })

  it.each([1, 2, 3, 5])('is read in pieces of %i bytes', (size) => {
    expect(readPieces(piecesOf(bytes, size))).toEqual(EVENTS)
  })

  it('is refused when its last byte is missing', () => {
    expect(() => readAll(bytes.subarray(0, -1))).toThrow(ProtocolError)
  })
})

describe('text that is no text', () => {
  const broken: readonly [string, readonly number[]][] = [
    ['a byte that UTF-8 does not know', [0xff, 0x41]],
    ['a continuation without a beginning', [0x80]],
    ['an overlong character', [0xc0, 0xaf]],
    ['half of a pair in UTF-8', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe4, 0x20]],
    ['a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ]

  it.each(broken)('%s is refused, in one piece and byte by byte', (_, inside) => {
    const bytes = Buffer.concat([Buffer.from('<abc>'), Buffer.from(inside), Buffer.from('</abc>')])
    const refusal = expect.objectContaining({ code: 'ERR_WSMAN_MALFORMED_XML' }) as unknown
    expect(() => readAll(bytes)).toThrow(refusal)
    expect(() => readPieces(piecesOf(bytes, 1))).toThrow(refusal)
  })

  it('a character cut by the end of the document is refused', () => {
    expect(() => readAll(Buffer.from('<a>€').subarray(0, -1))).toThrow(ProtocolError)
  })

  it('half of a pair in UTF-16 is refused', () => {
    expect(() => readAll(utf16('<a>\uD83D</a>', 'le', true))).toThrow(ProtocolError)
  })

  it('bytes that declare UTF-16 and are not are refused', () => {
    expect(() => readAll('<?xml version="1.0" encoding="utf-16"?><a/>')).toThrow('utf-16')
  })

  it.each([1, 2, 3])('a document of %i bytes is not taken for one', (length) => {
    expect(() => readAll('<a/'.slice(0, length))).toThrow(ProtocolError)
  })
})

it('does not keep a view of the bytes it was given', () => {
  const first = Buffer.from('<a>€').subarray(0, -1)
  const rest = Buffer.from('€</a>').subarray(2)
  const events = readPieces(
    (function* () {
      yield first
      // A socket may reuse the memory of a chunk for the next one.
      first.fill(0x78)
      yield rest
    })(),
  )
  expect(events).toEqual(['<a', '"€"', '>'])
})
