import { createHash, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import type { UserPassword } from './credentials.js'
import type { DigestChallenge } from './digest-challenge.js'

/** What is signed. */
export interface DigestSubject {
  readonly method: string
  /** Path and query. */
  readonly uri: string
  readonly body: string | Uint8Array
}

/** Answers to one Digest challenge (RFC 7616, 3.4), as many as the server takes for its nonce. */
export class DigestSession {
  /** Whether the server has let one of the answers pass. */
  accepted = false
  /** Whether the challenge came for an answer to another one, so that the credential had its second try. */
  readonly second: boolean
  readonly #challenge: DigestChallenge
  readonly #key: string
  readonly #username: string
  readonly #cnonce: string
  #nonce: string
  #count = 0

  constructor(
    challenge: DigestChallenge,
    { username, password }: UserPassword,
    { second = false, cnonce = randomBytes(18).toString('base64') } = {},
  ) {
    const { realm, nonce, userhash, utf8, session } = challenge
    const user = asBytes(username)
    this.second = second
    this.#challenge = challenge
    this.#cnonce = cnonce
    this.#nonce = nonce
    const key = this.#hash(`${user}:${realm}:${asBytes(password)}`)
    this.#key = session ? this.#hash(`${key}:${nonce}:${cnonce}`) : key
    if (userhash) this.#username = `username=${quoted(this.#hash(`${user}:${realm}`))}, userhash=true`
    else if (utf8 && user !== username) this.#username = `username*=UTF-8''${extended(username)}`
    else this.#username = `username=${quoted(user)}`
  }

  /** The `Authorization` header for one request. */
  authorize({ method, uri, body }: DigestSubject): string {
    const { realm, algorithm, opaque, qop } = this.#challenge
    const nonce = this.#nonce
    const parts = [`Digest ${this.#username}`, `realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`]
    parts.push(`uri=${quoted(uri)}`)
    if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`)
    const subject =
      qop === 'auth-int' ? `${method}:${uri}:${this.#hash(Buffer.from(body))}` : `${method}:${uri}`
    let middle = nonce
    if (qop !== undefined) {
      const count = (++this.#count).toString(16).padStart(8, '0')
      parts.push(`qop=${qop}`, `nc=${count}`, `cnonce=${quoted(this.#cnonce)}`)
      middle = `${nonce}:${count}:${this.#cnonce}:${qop}`
    }
    parts.push(`response=${quoted(this.#hash(`${this.#key}:${middle}:${this.#hash(subject)}`))}`)
    if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`)
    return parts.join(', ')
  }

  /** The server let an answer pass, and may have said which nonce comes next in `Authentication-Info`. */
  accept(info: string | undefined): void {
    this.accepted = true
    const next = /(?:^|[\s,])nextnonce\s*=\s*"([^"\\]+)"/i.exec(info ?? '')?.[1]
    if (next === undefined || next === this.#nonce) return
    this.#nonce = next
    this.#count = 0
  }

  [inspect.custom](): string {
    return 'DigestSession {}'
  }

  /** Text that was made by `asBytes` or came in a header has one character for each byte. */
  #hash(data: string | Uint8Array): string {
    const hash = createHash(this.#challenge.hash)
    return (typeof data === 'string' ? hash.update(data, 'latin1') : hash.update(data)).digest('hex')
  }
}

/** The UTF-8 of a text, one character for each byte, as headers are written. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** RFC 8187, 3.2.1: whatever is not surely an `attr-char` is percent-encoded. */
function extended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
