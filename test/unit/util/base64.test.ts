import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Base64Decoder } from '../../../src/util/base64.js'

function decode(...pieces: string[]): string | undefined {
  const decoder = new Base64Decoder()
  const decoded = [...pieces.map((piece) => decoder.decode(piece)), decoder.end()]
  if (decoded.includes(undefined)) return undefined
  return Buffer.concat(decoded.filter((bytes) => bytes !== undefined)).toString('latin1')
}

/** The text in pieces that end at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort(
    (one, other) => one - other,
  )
  return [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end))
}

describe('Base64Decoder', () => {
  // RFC 4648, 10
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('gives %j for %j, cut anywhere and without its padding', (plain, text) => {
    for (let place = 0; place <= text.length; place++) {
      expect(decode(text.slice(0, place), text.slice(place)), `cut at ${place}`).toBe(plain)
    }
    expect(decode(...Array.from(text))).toBe(plain)
    expect(decode(text.replaceAll('=', ''))).toBe(plain)
  })

  it('gives the bytes back, wherever the text is cut or broken into lines', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat()),
        fc.array(fc.nat()),
        (bytes, places, breaks) => {
          const text = cut(Buffer.from(bytes).toString('base64'), breaks).join('\r\n ')
          expect(decode(...cut(text, places))).toBe(Buffer.from(bytes).toString('latin1'))
        },
      ),
    )
  })

  it.each([
    'Zm9v!',
    'Zm\u00009v',
    'Zm9vé',
    'Zm-v',
    'Zm_v',
    'Zg==Zg==',
    'Zg==A',
    'Z',
    'Zm9vY',
    '=',
    '====',
    'Z===',
    'Zm9v==',
    'Zg=A',
    'Z&g==',
  ])('refuses %j, cut anywhere', (text) => {
    for (let place = 0; place <= text.length; place++) {
      expect(decode(text.slice(0, place), text.slice(place)), `cut at ${place}`).toBeUndefined()
    }
  })
})
