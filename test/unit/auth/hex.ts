/** Octets as specifications print them. */
export const hex = (...lines: readonly string[]): Uint8Array =>
  new Uint8Array(Buffer.from(lines.join('').replaceAll(/\s/g, ''), 'hex'))

export const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
