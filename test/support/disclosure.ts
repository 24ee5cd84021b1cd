import { inspect } from 'node:util'
import { expect } from 'vitest'

/** Collects whatever a user could print, to look for what must never be in it. */
export class Disclosure {
  readonly #shown: string[] = []
  readonly #secrets = new Map<string, readonly string[]>()

  /** Text that is secret, and all the forms in which it could show up. */
  keep(name: string, secret: string | Uint8Array): void {
    const octets = typeof secret === 'string' ? [utf8(secret), utf16(secret)] : [Buffer.from(secret)]
    const text = typeof secret === 'string' ? [secret, JSON.stringify(secret).slice(1, -1)] : []
    this.#secrets.set(name, [...text, ...octets.flatMap(formsOf)])
  }

  /** Prints a value in every way there is, the causes of errors included. */
  show(...values: readonly unknown[]): void {
    for (const value of values) {
      this.#shown.push(String(value), inspect(value, EVERYTHING))
      const json: unknown = JSON.stringify(value, (_key, each: unknown) =>
        typeof each === 'bigint' ? String(each) : each,
      )
      if (typeof json === 'string') this.#shown.push(json)
      if (!(value instanceof Error)) continue
      this.#shown.push(value.stack ?? '', value.message)
      for (const name of Reflect.ownKeys(value)) {
        const own: unknown = Reflect.get(value, name)
        this.#shown.push(inspect(own, EVERYTHING))
      }
      if (value.cause !== undefined) this.show(value.cause)
    }
  }

  /** @throws when a secret was shown */
  check(): void {
    const plain = this.#shown.join('\n')
    // Buffers are printed in groups and arrays with blanks, both over several lines.
    const dense = plain.replace(/\s+/g, '')
    for (const [name, forms] of this.#secrets) {
      for (const form of forms) {
        const found = plain.includes(form) || dense.includes(form)
        expect(found, `${name} shows up as ${form} in ${found ? excerpt(plain, form) : ''}`).toBe(false)
      }
    }
  }

  get size(): number {
    return this.#shown.length
  }
}

const EVERYTHING = {
  depth: 30,
  showHidden: true,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Infinity,
} as const

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')

function formsOf(octets: Buffer): string[] {
  const hex = octets.toString('hex')
  // In the middle of other octets base64 looks different, depending on what stands before.
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), octets]).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + octets.length) * 8) / 6))
  })
  return [hex, hex.toUpperCase(), ...base64, [...octets].join(',')]
}

function excerpt(text: string, form: string): string {
  const at = text.indexOf(form)
  return text.slice(Math.max(0, at - 200), at + form.length + 200)
}
