import iconv from 'iconv-lite'
import { isAscii } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { UsageError } from '../errors/errors.js'

/** Decodes the bytes of one stream as they come; a character may be split between two calls. */
export interface StreamDecoder {
  decode(bytes: Uint8Array): string
  /** What is left of a character that was cut. */
  end(): string
}

/** The console code pages that shells are opened with, by number. */
export const CODEPAGES: ReadonlySet<number> = new Set([
  65001, 437, 850, 852, 866, 874, 932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258,
])

/** @throws UsageError for a code page that this package cannot decode */
export function assertCodepage(codepage: number): void {
  if (CODEPAGES.has(codepage)) return
  throw new UsageError(`The code page ${codepage} is not supported.`, {
    hint: `Use 65001 (UTF-8) or one of ${[...CODEPAGES].filter((page) => page !== 65001).join(', ')}.`,
  })
}

/** Decodes output of a console with this code page. A byte order mark at the start of UTF-8 is dropped. */
export function createDecoder(codepage: number): StreamDecoder {
  assertCodepage(codepage)
  if (codepage === 65001) return new Utf8Decoder()
  const decoder = iconv.getDecoder(`cp${codepage}`)
  return {
    decode: (bytes) => decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    end: () => decoder.end() ?? '',
  }
}

/** Most output is ASCII, which is checked and copied several times as fast as it is decoded. */
class Utf8Decoder implements StreamDecoder {
  #decoder: TextDecoder | undefined
  /** No character has begun and not ended. */
  #whole = true
  #begun = false

  decode(bytes: Uint8Array): string {
    const last = bytes.at(-1)
    if (last === undefined) return ''
    if (this.#whole && isAscii(bytes)) {
      this.#begun = true
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    }
    // A byte order mark is one at the beginning only.
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: this.#begun })
    this.#whole = last < 0x80
    return this.#decoder.decode(bytes, { stream: true })
  }

  end(): string {
    return this.#decoder?.decode() ?? ''
  }
}

/** Encodes input for a console with this code page. */
export function encodeText(text: string, codepage: number): Uint8Array {
  assertCodepage(codepage)
  return codepage === 65001 ? Buffer.from(text) : iconv.encode(text, `cp${codepage}`)
}
