import { TOKEN } from '../http/grammar.js'

/** More than any load balancer sets; a peer cannot make requests grow without end. */
const MAX_COOKIES = 8
const MAX_LENGTH = 1024

const OCTETS = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*'
/** A name and a value as RFC 6265, 4.1.1 lets servers send them; attributes after the semicolon are left out. */
const COOKIE = new RegExp(`^\\s*(${TOKEN})=("${OCTETS}"|${OCTETS})\\s*(?:;|$)`)

/**
 * The cookies by which requests of one shell find the server that holds it (MS-WSMV 3.1.4.1.31.4). They belong to the
 * shell and not to the client, because another shell may live on another server.
 */
export class Affinity {
  readonly #cookies = new Map<string, string>()

  /** The `Cookie` header. */
  get header(): string | undefined {
    if (this.#cookies.size === 0) return undefined
    return Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Takes the `Set-Cookie` headers of a reply. An empty value takes the cookie away; what is malformed is ignored. */
  learn(headers: readonly string[] | undefined): void {
    for (const header of headers ?? []) {
      const [, name = '', value = ''] = COOKIE.exec(header) ?? []
      if (name.length + value.length > MAX_LENGTH) continue
      if (value === '') this.#cookies.delete(name)
      else if (this.#cookies.has(name) || this.#cookies.size < MAX_COOKIES) this.#cookies.set(name, value)
    }
  }
}
