import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { assertCodepage, CODEPAGES, createDecoder, encodeText } from '../../../src/util/codepage.js'

/** Bytes taken from the published tables of each code page, with characters of every length it has. */
const VECTORS: readonly [codepage: number, text: string, hex: string][] = [
  [65001, 'aä€日😀z', '61 c3a4 e282ac e697a5 f09f9880 7a'],
  // Shift_JIS: half-width katakana is one byte; 能 and 表 end in 5C, the backslash.
  [932, 'aﾃ日本表能z', '61 c3 93fa 967b 955c 945c 7a'],
  // GBK, the last one only beyond GB 2312, with a backslash as its second byte.
  [936, 'a中文啊誠z', '61 d6d0 cec4 b0a1 d55c 7a'],
  // Unified Hangul, 똠 only there.
  [949, 'a한국어똠z', '61 c7d1 b1b9 beee 8c63 7a'],
  // Big5: 功 ends in 5C.
  [950, 'a中文功z', '61 a4a4 a4e5 a55c 7a'],
  [437, 'aäß╔═╗█z', '61 84 e1 c9 cd bb db 7a'],
  [850, 'aäßøz', '61 84 e1 9b 7a'],
  [852, 'ałőz', '61 88 8b 7a'],
  [866, 'aПривет░z', '61 8fe0a8a2a5e2 b0 7a'],
  [1252, 'a€ä“z', '61 80 e4 93 7a'],
  [1251, 'aПривет№z', '61 cff0e8e2e5f2 b9 7a'],
  [1253, 'aαΩz', '61 e1 d9 7a'],
]

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

function decode(codepage: number, ...pieces: Uint8Array[]): string {
  const decoder = createDecoder(codepage)
  return pieces.map((piece) => decoder.decode(piece)).join('') + decoder.end()
}

describe.each(VECTORS)('code page %i', (codepage, text, hex) => {
  const bytes = bytesOf(hex)

  it('decodes what its table says', () => {
    expect(decode(codepage, bytes)).toBe(text)
  })

  it('decodes it cut at any byte, or at every one', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode(codepage, bytes.subarray(0, cut), bytes.subarray(cut)), `cut at ${cut}`).toBe(text)
    }
    expect(decode(codepage, ...[...bytes].map((byte) => Buffer.of(byte)))).toBe(text)
    expect(decode(codepage, Buffer.alloc(0), bytes, Buffer.alloc(0))).toBe(text)
  })

  it('encodes to the same bytes', () => {
    expect(Buffer.from(encodeText(text, codepage)).toString('hex')).toBe(bytes.toString('hex'))
  })

  it('says nothing before a character is whole, and holds nothing back after it', () => {
    const decoder = createDecoder(codepage)
    let shown = ''
    for (const byte of bytes) {
      shown += decoder.decode(Buffer.of(byte))
      expect(text.startsWith(shown)).toBe(true)
    }
    expect(shown).toBe(text)
  })
})

describe('UTF-8 output', () => {
  it('loses a byte order mark at its start, also a cut one, and nowhere else', () => {
    const mark = bytesOf('efbbbf')
    const text = Buffer.from('a\uFEFFb')
    expect(decode(65001, mark, text)).toBe('a\uFEFFb')
    expect(decode(65001, mark.subarray(0, 1), mark.subarray(1, 2), mark.subarray(2), text)).toBe('a\uFEFFb')
  })

  it('shows what is no character as U+FFFD and goes on', () => {
    expect(decode(65001, bytesOf('61 ff 62'))).toBe('a\uFFFDb')
    expect(decode(65001, bytesOf('61 e282'))).toBe('a\uFFFD')
  })
})

describe('output that ends inside a character', () => {
  it.each([932, 936, 949, 950])('of code page %i shows that something is missing', (codepage) => {
    const [, , hex = ''] = VECTORS.find(([page]) => page === codepage) ?? []
    const text = decode(codepage, bytesOf(hex).subarray(0, -2))
    expect(text.length).toBeGreaterThan(1)
    expect(text.endsWith('\uFFFD')).toBe(true)
  })
})

it('two decoders of one code page know nothing of each other', () => {
  const [one, other] = [createDecoder(932), createDecoder(932)]
  expect(one.decode(bytesOf('93'))).toBe('')
  expect(other.decode(bytesOf('61'))).toBe('a')
  expect(one.decode(bytesOf('fa'))).toBe('日')
})

it('decodes a view into a larger buffer', () => {
  const large = Buffer.from('xxäyy')
  expect(decode(65001, new Uint8Array(large.buffer, large.byteOffset + 2, 2))).toBe('ä')
  expect(decode(1252, new Uint8Array(Buffer.from('xxayy').subarray(2, 3)))).toBe('a')
})

describe('code pages', () => {
  it.each([...CODEPAGES])('%i can be decoded', (codepage) => {
    expect(() => assertCodepage(codepage)).not.toThrow()
    expect(decode(codepage, Buffer.from('dir\r\n'))).toBe('dir\r\n')
  })

  it.each([0, 1, 1200, 65000, NaN, 437.5])('%d cannot', (codepage) => {
    for (const use of [assertCodepage, createDecoder, (page: number) => encodeText('x', page)]) {
      expect(() => use(codepage)).toThrow(UsageError)
    }
  })
})
