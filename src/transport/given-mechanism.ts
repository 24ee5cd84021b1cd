import { inspect } from 'node:util'
import type { SealedMessage, SecurityContext } from '../auth/security-context.js'
import { AuthenticationError, ProtocolError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { isWsmanError } from '../errors/wsman-error.js'
import type { AuthOptions, ContextRequest, MechanismAuth, RefusalCircumstances } from './credentials.js'
import type { HandshakeScheme } from './handshake.js'
import { refusedCredential } from './handshake-refusals.js'
import { initiatorOptions, type SchemeSurroundings } from './mechanism-candidates.js'
import { SPOKEN } from './spoken-schemes.js'

/** A scheme whose contexts the caller makes. */
export function givenScheme(source: ContextSource, { spn }: SchemeSurroundings): HandshakeScheme {
  const { speaks: scheme } = source
  return {
    ...SPOKEN[scheme],
    scheme,
    provesHost: scheme === 'kerberos',
    async begin(channel, name) {
      const { host } = channel
      await source.assertNotRefused(host)
      const context = await source.create({ ...initiatorOptions(channel, spn), name })
      const remember = (circumstances: RefusalCircumstances) => source.refuse(host, circumstances)
      return { context, refused: (refusal) => refusedCredential({ channel, context, remember }, refusal) }
    },
  }
}

/** Makes the contexts of a mechanism that was given, and remembers which hosts have refused it. */
export class ContextSource {
  readonly speaks: MechanismAuth['speaks']
  readonly #create: MechanismAuth['createContext']
  readonly #refused = new Map<string, () => AuthenticationError>()

  /** @throws UsageError for a scheme without tokens, or something that makes no contexts */
  constructor(auth: AuthOptions) {
    const { speaks, createContext } = auth as MechanismAuth
    if (!Object.hasOwn(SPOKEN, speaks)) {
      throw new UsageError(
        `auth.speaks must be one of ${Object.keys(SPOKEN).join(', ')}; it is ${JSON.stringify(speaks)}.`,
      )
    }
    if (typeof createContext !== 'function') throw new UsageError('auth.createContext must be a function.')
    this.speaks = speaks
    this.#create = createContext
  }

  /** @throws UsageError for what is no context, or where none could be made */
  async create(request: ContextRequest): Promise<SecurityContext> {
    return new GivenContext(await attempted('createContext', () => this.#create(request)))
  }

  /** @returns a promise that rejects where this host has refused; undefined where there is nothing to wait for */
  assertNotRefused(host: string): Promise<void> | undefined {
    const refused = this.#refused.get(host.toLowerCase())
    return refused && Promise.reject(refused())
  }

  /** Remembers that the service refused. */
  refuse(host: string, circumstances: RefusalCircumstances): AuthenticationError {
    const refused = (): AuthenticationError => refusedContext(host, circumstances)
    this.#refused.set(host.toLowerCase(), refused)
    return refused()
  }

  [inspect.custom](): string {
    return `ContextSource { speaks: '${this.speaks}' }`
  }
}

const METHODS = ['step', 'seal', 'unseal', 'dispose'] as const

/** A context of the caller's, whose failures are errors of the package. */
class GivenContext implements SecurityContext {
  readonly #given: SecurityContext

  constructor(given: unknown) {
    const candidate = Object(given) as Partial<SecurityContext>
    const missing = METHODS.find((name) => typeof candidate[name] !== 'function')
    if (missing !== undefined) {
      throw new UsageError(
        `auth.createContext must return a SecurityContext; what it returned has no ${missing}().`,
      )
    }
    this.#given = candidate as SecurityContext
  }

  get mechanism(): string {
    return this.#given.mechanism
  }

  get complete(): boolean {
    return this.#given.complete
  }

  get principal(): string | undefined {
    return this.#given.principal
  }

  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const reply: unknown = await attempted('step', () => this.#given.step(token))
    return reply === undefined || reply === null ? undefined : octets('step', reply)
  }

  async seal(message: Uint8Array): Promise<SealedMessage> {
    const { signature, data, length } = await attempted('seal', () => this.#given.seal(message))
    if (!Number.isSafeInteger(length))
      throw new UsageError('The length that seal() gives must be an integer.')
    return { signature: octets('seal', signature), data: octets('seal', data), length }
  }

  async unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    try {
      return octets('unseal', await this.#given.unseal(sealed))
    } catch (cause) {
      if (isWsmanError(cause)) throw cause
      throw new ProtocolError('The mechanism that was given could not open a message.', { cause })
    }
  }

  dispose(): void {
    this.#given.dispose()
  }

  [inspect.custom](): string {
    return 'GivenContext {}'
  }
}

async function attempted<T>(name: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (isWsmanError(cause)) throw cause
    throw new UsageError(`The mechanism that was given as auth.createContext failed in ${name}().`, { cause })
  }
}

function octets(name: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new UsageError(
    `What ${name}() of the mechanism that was given returns must hold octets (Uint8Array).`,
  )
}

function refusedContext(
  host: string,
  { offered, cause, hints = [] }: RefusalCircumstances,
): AuthenticationError {
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} refused the mechanism that was given.`, {
    host,
    offered,
    hint: [...(cause?.hint === undefined ? [] : [cause.hint]), hintFor('mechanismRefused'), ...hints].join(
      ' ',
    ),
    ...(cause === undefined ? {} : { cause }),
  })
}
