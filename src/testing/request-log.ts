import type { IncomingHttpHeaders } from 'node:http'

/** One request as it arrived, and what became of it. */
export interface LoggedRequest {
  /** `Identify` for Identify; undefined for what could not be read, or was refused with 401 before that. */
  readonly action: string | undefined
  readonly resourceUri: string | undefined
  /** HTTP headers; credentials are replaced by `[redacted]`, the name of their scheme stays. */
  readonly headers: IncomingHttpHeaders
  /** The SOAP message. */
  readonly body: string
  /** The URL it came to. */
  readonly url: string
  /** The account it was authenticated as. */
  readonly username: string | undefined
  /** The HTTP status of the reply; undefined while there is none, or where the connection was cut instead. */
  readonly status: number | undefined
}

/** Completed as more becomes known. */
export type LogEntry = { -readonly [Name in keyof LoggedRequest]: LoggedRequest[Name] }

/** Long runs must not fill the memory: the oldest requests are dropped. */
const MAX_REQUESTS = 10_000
const MAX_CHARACTERS = 32 * 1024 * 1024

export class RequestLog {
  readonly #entries: LogEntry[] = []
  #characters = 0

  get entries(): readonly LoggedRequest[] {
    return [...this.#entries]
  }

  add(headers: IncomingHttpHeaders, url: string): LogEntry {
    const entry: LogEntry = {
      action: undefined,
      resourceUri: undefined,
      headers: redacted(headers),
      body: '',
      url,
      username: undefined,
      status: undefined,
    }
    this.#entries.push(entry)
    this.#trim()
    return entry
  }

  /** Completes an entry with its message, once that is known. */
  addBody(entry: LogEntry, body: string): void {
    if (!this.#entries.includes(entry)) return
    entry.body = body
    this.#characters += body.length
    this.#trim()
  }

  #trim(): void {
    while (this.#entries.length > MAX_REQUESTS || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#entries.shift()?.body.length ?? 0
    }
  }
}

function redacted(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { authorization } = headers
  if (authorization === undefined) return { ...headers }
  const [scheme = ''] = authorization.split(/\s/, 1)
  return { ...headers, authorization: `${scheme} [redacted]` }
}
