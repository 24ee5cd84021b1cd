import { constants } from 'node:crypto'
import { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls'
import { ProtocolError, UsageError } from '../../errors/errors.js'
import { MAX_PLAINTEXT, requireWholeRecords, trailerLength } from './tls-records.js'

/** What TLS may agree on. */
export interface TlsChannelOptions {
  /** Default `TLSv1.2`; CredSSP with an older TLS is not spoken. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Default `TLSv1.3`. */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** In OpenSSL's notation. Default: those of Node.js. */
  readonly ciphers?: string
}

/** The server's certificate chain and private key, in PEM. */
export interface TlsIdentity {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** Where the key is encrypted. */
  readonly passphrase?: string
}

/** The sealed form of one message. */
export interface SealedRecords {
  readonly records: Buffer
  /** As SSPI counts it, in octets. */
  readonly trailerLength: number
}

/**
 * One end of TLS without a socket: records go in and come out as octets, so that they can travel in tokens. Every call
 * ends by itself, also when what was received brings nothing. Callers make one call at a time.
 */
export class TlsChannel {
  readonly #records = new RecordStream(() => this.#activity++)
  readonly #socket: TLSSocket
  #plaintext: Buffer[] = []
  #activity = 0
  #secure = false
  #failure: Error | undefined

  private constructor(open: (records: Duplex) => TLSSocket) {
    this.#socket = open(this.#records)
      .on('secure', () => {
        this.#secure = true
        this.#activity++
      })
      .on('data', (chunk: Buffer) => {
        this.#plaintext.push(chunk)
        this.#activity++
      })
      .on('end', () => {
        this.#fail(new ProtocolError('The peer has closed the TLS channel of CredSSP.'))
      })
      .on('error', (error: Error) => {
        this.#fail(tlsFailure(error))
      })
      // A TLSSocket that belongs to no tls.Server tells its failures after the handshake here only.
      .on('_tlsError', (error: Error) => {
        this.#fail(tlsFailure(error))
      })
    this.#records.on('error', (error) => {
      this.#fail(tlsFailure(error))
    })
  }

  /** Certificates are not verified: whoever speaks CredSSP proves that the server's public key is the right one. */
  static client(options: TlsChannelOptions = {}): TlsChannel {
    const secureContext = contextOf({ ...options, ca: [] })
    return new TlsChannel((records) =>
      connect({
        socket: records,
        secureContext,
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      }),
    )
  }

  /** @throws UsageError when certificate and key cannot be used */
  static server({ cert, key, passphrase }: TlsIdentity, options: TlsChannelOptions = {}): TlsChannel {
    const secureContext = contextOf({ ...options, cert, key, passphrase })
    return new TlsChannel((records) => new TLSSocket(records, { isServer: true, secureContext }))
  }

  /** Whether the TLS handshake is over. */
  get secure(): boolean {
    return this.#secure
  }

  /**
   * The server's certificate in DER, at the client.
   * @throws ProtocolError where there is none
   */
  get peerCertificate(): Buffer {
    // An empty object without a certificate, null without a connection: neither stands in the declaration.
    const certificate = this.#socket.getPeerCertificate() as { raw?: Buffer } | null
    if (!certificate?.raw) throw new ProtocolError('The service showed no certificate in the TLS of CredSSP.')
    return certificate.raw
  }

  /**
   * Takes the peer's records, none to begin with.
   * @returns the plaintext they hold; empty where they belong to the handshake
   * @throws ProtocolError when they are malformed, or TLS cannot accept them
   */
  async receive(records: Uint8Array): Promise<Buffer> {
    requireWholeRecords(records)
    await this.#settleAfter(() => this.#records.push(records))
    const plaintext = Buffer.concat(this.#plaintext)
    this.#plaintext = []
    return plaintext
  }

  /** Takes the records that are to be sent because of what was received, or to begin with. */
  takeRecords(): Buffer {
    return this.#records.takeWritten()
  }

  /** Encrypts. The records follow those that are to be sent already. */
  async send(plaintext: Uint8Array): Promise<Buffer> {
    await this.#settleAfter(() => this.#socket.write(plaintext))
    return this.takeRecords()
  }

  /** Encrypts up to 16384 octets into one record. */
  async seal(message: Uint8Array): Promise<SealedRecords> {
    if (message.length > MAX_PLAINTEXT) {
      throw new UsageError(`CredSSP seals up to ${MAX_PLAINTEXT} octets at a time.`)
    }
    const pending = this.takeRecords()
    const record = await this.send(message)
    // Node.js writes no record for an empty message.
    if (message.length === 0) return { records: pending, trailerLength: 0 }
    return {
      records: Buffer.concat([pending, record]),
      trailerLength: trailerLength(record, message.length, this.#socket.getCipher().standardName),
    }
  }

  dispose(): void {
    this.#fail(new UsageError('The CredSSP context was disposed of.'))
    this.#plaintext.forEach((chunk) => chunk.fill(0))
    this.#plaintext = []
    this.#socket.destroy()
    this.#records.destroy()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#activity++
  }

  /**
   * Node.js moves records on in callbacks of the same and the next turn of the event loop, without waiting for anything
   * outside. When two turns pass without a sign of it, it is done.
   */
  async #settleAfter(action: () => void): Promise<void> {
    if (!this.#failure) action()
    for (let quiet = 0; quiet < 2 && !this.#failure;) {
      const before = this.#activity
      await nextTurn()
      quiet = this.#activity === before ? quiet + 1 : 0
    }
    if (this.#failure) throw this.#failure
  }
}

/** The side of the records: what TLS writes is kept, what it reads is pushed. */
class RecordStream extends Duplex {
  readonly #onActivity: () => void
  #written: Buffer[] = []

  constructor(onActivity: () => void) {
    super()
    this.#onActivity = onActivity
  }

  takeWritten(): Buffer {
    const records = Buffer.concat(this.#written)
    this.#written = []
    return records
  }

  override _read(): void {
    // Everything there is has been pushed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#written.push(chunk)
    this.#onActivity()
    done()
  }
}

function contextOf(options: SecureContextOptions) {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      // The binding holds for one key, and sessions are not resumed (MS-CSSP 3.1.5).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
      ...options,
    })
  } catch (cause) {
    throw new UsageError('The options for the TLS of CredSSP cannot be used.', { cause })
  }
}

function tlsFailure(cause: Error): ProtocolError {
  const { reason = cause.message } = cause as { reason?: string }
  const message = `The TLS channel of CredSSP failed: ${reason}.`
  return new ProtocolError(message, /protocol/i.test(reason) ? { cause, hint: OLD_TLS } : { cause })
}

const OLD_TLS =
  'CredSSP needs TLS 1.2 or 1.3 on both sides. Windows 7 and Windows Server 2008 R2 have it once KB3080079 is installed and it is switched on.'
