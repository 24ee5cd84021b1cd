/** Decodes xs:base64Binary (XML Schema part 2, 3.2.16) as its text comes, however that is cut. */
export class Base64Decoder {
  /** Up to three characters of a group of four. */
  #rest = ''
  #padded = false

  /** @returns undefined for what is no base64 */
  decode(text: string): Buffer | undefined {
    const missing = this.#rest === '' ? 0 : 4 - this.#rest.length
    const end = missing + Math.floor((text.length - missing) / 4) * 4
    const rest = text.slice(end)
    if (this.#padded || end < missing || !/^[A-Za-z0-9+/]*$/.test(rest)) return this.#decodeAny(text)
    const head = this.#rest + text.slice(0, missing)
    const bytes = Buffer.allocUnsafe(((head.length + end - missing) / 4) * 3)
    const written = bytes.write(head, 'base64')
    const all = written + bytes.write(text.slice(missing, end), written, 'base64')
    // Node.js leaves out characters that are none, and takes those of the form for URLs.
    if (all < bytes.length || text.includes('-') || text.includes('_')) return this.#decodeAny(text)
    this.#rest = rest
    return bytes
  }

  /** What is left, where the padding is missing. @returns undefined where more than that is */
  end(): Buffer | undefined {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' || /^[A-Za-z0-9+/]{2,3}=?$/.test(rest) ? Buffer.from(rest, 'base64') : undefined
  }

  /** With white space in it, or with padding at its end. */
  #decodeAny(text: string): Buffer | undefined {
    const all = this.#rest + text.replace(/[\t\n\r ]+/g, '')
    if (this.#padded ? all !== '' : !/^[A-Za-z0-9+/]*={0,2}$/.test(all)) return undefined
    const end = all.length - (all.length % 4)
    this.#rest = all.slice(end)
    this.#padded ||= end > 0 && all.charAt(end - 1) === '='
    return Buffer.from(all.slice(0, end), 'base64')
  }
}
