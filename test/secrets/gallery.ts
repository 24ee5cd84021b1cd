import { Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import type { WireLogEntry } from 'wsman'
import { ntHash } from '../../src/auth/ntlm/ntlmv2.js'
import { Disclosure } from '../support/disclosure.js'
import { recordTraces } from '../support/trace-recorder.js'
import { cloned, leaves, printed } from './views.js'

/** Collects what is shown, to look at all of it at the end, with every token that was sent meanwhile. */
export class Gallery {
  readonly exhibits: object[] = []
  readonly #disclosure = new Disclosure()
  readonly #tokens = new Set<string>()
  readonly #traces = recordTraces()

  /** @param secrets by name: passwords, and what else nobody may see */
  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) {
      this.#disclosure.keep(name, secret)
      this.#disclosure.keep(`the NT hash of ${name}`, ntHash(secret))
    }
    const write = Reflect.get(Socket.prototype, 'write') as (this: Socket, ...args: unknown[]) => boolean
    const note = (data: unknown): void => this.#note(String(data))
    const spy = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
      this: Socket,
      ...args: unknown[]
    ) {
      note(args[0])
      return write.apply(this, args)
    })
    onTestFinished(() => spy.mockRestore())
  }

  /** Looks at a value now, and again at the end, when it may hold more. */
  show(...values: readonly object[]): void {
    for (const value of values) {
      this.exhibits.push(value)
      this.#look(value)
    }
  }

  readonly wireLog = (entry: WireLogEntry): void => this.show(entry)

  /** Keys that were drawn are secrets, too. */
  keep(name: string, secret: string | Uint8Array): void {
    this.#disclosure.keep(name, secret)
  }

  /** @throws when anything secret was shown */
  check(): void {
    for (const { payload, copy } of this.#traces) this.show(payload, copy)
    for (const exhibit of [...this.exhibits]) this.#look(exhibit)
    for (const token of this.#tokens) this.#disclosure.keep('a token of Authorization', token)
    this.#disclosure.check()
  }

  get tokens(): number {
    return this.#tokens.size
  }

  #look(value: object): void {
    this.#disclosure.show(printed(value), cloned(value), [...leaves(value)])
    if (value instanceof Error && value.cause instanceof Error) this.#look(value.cause)
  }

  #note(sent: string): void {
    // Short ones are names, such as that of the profile for certificates.
    const token = /^(?:Proxy-)?Authorization: (?:Basic|Negotiate|Kerberos|CredSSP|Digest) (\S{12,})/im.exec(
      sent,
    )?.[1]
    if (token !== undefined) this.#tokens.add(token)
  }
}
