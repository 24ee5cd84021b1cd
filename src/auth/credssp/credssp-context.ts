import { ProtocolError, UsageError } from '../../errors/errors.js'
import type { SealedMessage, SecurityContext } from '../security-context.js'
import { malformed } from './der-fields.js'
import type { InnerContext } from './inner-sealing.js'
import { refusedWith } from './nt-status.js'
import type { TlsChannel } from './tls-channel.js'
import { decodeTsRequest, encodeTsRequest, type TsRequest } from './ts-request.js'

/** How one side goes on after what it received. */
export interface Answer {
  readonly message?: TsRequest | undefined
  /** Whether the handshake is over with it. */
  readonly complete: boolean
}

/** What both sides make use of while the handshake lasts. */
export interface Means {
  readonly channel: TlsChannel
  readonly inner: InnerContext
}

/**
 * What both sides of CredSSP share: a TLS channel inside of the tokens, messages of CredSSP inside of that, and the TLS
 * channel alone once the handshake is over.
 */
export abstract class CredSspContext implements SecurityContext {
  readonly mechanism = 'CredSSP'
  readonly #createInner: () => InnerContext
  readonly #openChannel: () => TlsChannel
  #means: Means | undefined
  #principal: string | undefined
  #phase: 'handshake' | 'complete' | 'over' = 'handshake'

  /** Both are called by the first step. */
  protected constructor(createInner: () => InnerContext, openChannel: () => TlsChannel) {
    this.#createInner = createInner
    this.#openChannel = openChannel
  }

  get complete(): boolean {
    return this.#phase === 'complete'
  }

  /** Who the inner authentication says it is, once the handshake is over. */
  get principal(): string | undefined {
    return this.#principal
  }

  /**
   * Goes on after the TLS handshake.
   * @param request undefined where nothing but TLS was received
   */
  protected abstract answer(request: TsRequest | undefined, means: Means): Promise<Answer>

  /**
   * A handshake that failed cannot be taken up again. After it, a token that says why the service refuses after all is
   * taken as well.
   */
  async step(token: Uint8Array = new Uint8Array()): Promise<Uint8Array | undefined> {
    if (this.#phase === 'over') throw over()
    try {
      const means = (this.#means ??= this.#begin())
      const plaintext = await means.channel.receive(token)
      const request = plaintext.length > 0 ? decodeTsRequest(plaintext) : undefined
      if (request?.errorCode) throw refusedWith(request.errorCode)
      if (!this.complete) return await this.#advance(request, means)
      // Whatever TLS has to say by itself from now on goes out with the next message.
      if (request) throw malformed('comes after the end of the handshake')
      return undefined
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  async seal(message: Uint8Array): Promise<SealedMessage> {
    const { records, trailerLength } = await this.#channel().seal(message)
    return {
      signature: records.subarray(0, trailerLength),
      data: records.subarray(trailerLength),
      length: message.length,
    }
  }

  /** Where one octet or more was sealed, one octet or more comes out: no record of TLS stands for an empty message. */
  async unseal({ signature, data }: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    const records = Buffer.concat([signature, data])
    const message = await this.#channel().receive(records)
    if (message.length === 0 && records.length > 0) {
      throw new ProtocolError('The peer sent a sealed message without content.')
    }
    return message
  }

  dispose(): void {
    this.#phase = 'over'
    this.#means?.inner.dispose()
    this.#means?.channel.dispose()
    this.#means = undefined
  }

  #begin(): Means {
    const inner = this.#createInner()
    try {
      return { inner, channel: this.#openChannel() }
    } catch (error) {
      inner.dispose()
      throw error
    }
  }

  async #advance(request: TsRequest | undefined, means: Means): Promise<Uint8Array | undefined> {
    const { channel, inner } = means
    if (!request) {
      // TLS speaks alone as long as it has to: the last records of its handshake are a token of their own.
      const records = channel.takeRecords()
      if (records.length > 0) return records
      if (!channel.secure) throw new ProtocolError('The peer broke off the TLS handshake of CredSSP.')
    }
    const { message, complete } = await this.answer(request, means)
    const token = message && (await channel.send(encodeTsRequest(message)))
    if (this.#phase === 'over') throw over()
    if (complete) {
      this.#phase = 'complete'
      this.#principal = inner.principal
      inner.dispose()
    }
    return token
  }

  #channel(): TlsChannel {
    if (!this.#means || !this.complete) throw new UsageError('The CredSSP handshake is not complete.')
    return this.#means.channel
  }
}

const over = (): UsageError => new UsageError('The CredSSP handshake is over.')
