import { UsageError } from '../../errors/errors.js'

/**
 * RC4, the stream cipher that NTLM seals messages with. OpenSSL 3 has it only in its legacy provider.
 * The key stream goes on from one call to the next.
 */
export class Rc4 {
  readonly #state: Uint8Array
  #i = 0
  #j = 0
  #disposed = false

  constructor(key: Uint8Array) {
    const state = Uint8Array.from({ length: 256 }, (_, index) => index)
    for (let i = 0, j = 0; i < 256; i++) {
      const value = state[i] ?? 0
      j = (j + value + (key[i % key.length] ?? 0)) & 0xff
      state[i] = state[j] ?? 0
      state[j] = value
    }
    this.#state = state
  }

  /** Encrypts or decrypts, which is the same. */
  apply(input: Uint8Array): Uint8Array {
    if (this.#disposed) throw new UsageError('The keys of this session were forgotten.')
    const state = this.#state
    const output = new Uint8Array(input.length)
    let i = this.#i
    let j = this.#j
    for (let position = 0; position < input.length; position++) {
      i = (i + 1) & 0xff
      const x = state[i] ?? 0
      j = (j + x) & 0xff
      const y = state[j] ?? 0
      state[i] = y
      state[j] = x
      output[position] = (input[position] ?? 0) ^ (state[(x + y) & 0xff] ?? 0)
    }
    this.#i = i
    this.#j = j
    return output
  }

  /** The same key stream from here on, and independent of this one. */
  clone(): Rc4 {
    const copy = new Rc4(Uint8Array.of(0))
    copy.#state.set(this.#state)
    copy.#i = this.#i
    copy.#j = this.#j
    copy.#disposed = this.#disposed
    return copy
  }

  /** Forgets the key. What comes after that is refused, because it would not be encrypted. */
  dispose(): void {
    this.#disposed = true
    this.#state.fill(0)
  }
}
