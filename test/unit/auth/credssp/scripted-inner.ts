import { createHash, createHmac } from 'node:crypto'
import { AuthenticationError, ProtocolError } from '../../../../src/errors/errors.js'
import type { SealedMessage, SecurityContext } from '../../../../src/auth/security-context.js'

export interface InnerScript {
  readonly password: string
  /** How many tokens travel, the initiator's first. Default 3, as NTLM has. */
  readonly tokens?: number
  /** How long signatures are. Default 16, as those of NTLM. */
  readonly signatureLength?: number
}

/** An authentication whose tokens say their place in the script and, from the third on, prove the password. */
class ScriptedInner implements SecurityContext {
  readonly mechanism = 'Scripted'
  complete = false
  disposed = false
  readonly principal = 'alice@SCRIPT'
  readonly #key: Buffer
  readonly #tokens: number
  readonly #signatureLength: number
  readonly #side: 'initiator' | 'acceptor'
  readonly #sequence = { initiator: 0, acceptor: 0 }
  #next: number

  constructor(side: 'initiator' | 'acceptor', script: InnerScript) {
    this.#side = side
    this.#key = createHash('sha256').update(script.password).digest()
    this.#tokens = script.tokens ?? 3
    this.#signatureLength = script.signatureLength ?? 16
    this.#next = side === 'initiator' ? 1 : 0
  }

  step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    return Promise.resolve().then(() => this.#step(token))
  }

  seal(message: Uint8Array): Promise<SealedMessage> {
    const data = this.#crypt(this.#side, message)
    const signature = this.#sign(this.#side, message)
    this.#sequence[this.#side]++
    return Promise.resolve({ signature, data, length: message.length })
  }

  unseal({ signature, data }: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    const peer = this.#side === 'initiator' ? 'acceptor' : 'initiator'
    const message = this.#crypt(peer, data)
    if (!this.#sign(peer, message).equals(signature)) {
      return Promise.reject(new ProtocolError('not sealed by the peer of the script'))
    }
    this.#sequence[peer]++
    return Promise.resolve(message)
  }

  dispose(): void {
    this.disposed = true
  }

  #step(token: Uint8Array | undefined): Uint8Array | undefined {
    if (this.complete || this.disposed) throw new Error('stepped after its end')
    if (this.#next !== 1 || this.#side === 'acceptor') this.#take(token)
    if (this.#next > this.#tokens) {
      this.complete = true
      return undefined
    }
    const reply = this.#token(this.#next)
    this.complete = this.#next === this.#tokens
    this.#next += 2
    return reply
  }

  #take(token: Uint8Array | undefined): void {
    const number = this.#next === 0 ? 1 : this.#next - 1
    if (this.#next === 0) this.#next = 2
    const expected = this.#token(number)
    if (!token || Buffer.compare(token.subarray(0, 7), expected.subarray(0, 7)) !== 0) {
      throw new ProtocolError(`not token ${number} of the script`)
    }
    if (!expected.equals(token)) {
      throw new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'The password is not that of the script.')
    }
  }

  #token(number: number): Buffer {
    const proof = number < 3 ? Buffer.alloc(0) : createHmac('sha256', this.#key).update('proof').digest()
    return Buffer.concat([Buffer.from(`token ${number}`), proof])
  }

  #crypt(from: 'initiator' | 'acceptor', octets: Uint8Array): Buffer {
    const pad = createHmac('sha256', this.#key).update(`${from} ${this.#sequence[from]}`).digest()
    return Buffer.from(octets.map((octet, index) => octet ^ (pad[index % pad.length] ?? 0)))
  }

  #sign(from: 'initiator' | 'acceptor', message: Uint8Array): Buffer {
    const mac = createHmac('sha512', this.#key).update(`sign ${from} ${this.#sequence[from]}`).update(message)
    return Buffer.concat([mac.digest(), Buffer.alloc(this.#signatureLength)]).subarray(
      0,
      this.#signatureLength,
    )
  }
}

export const scriptedInitiator = (script: InnerScript): ScriptedInner =>
  new ScriptedInner('initiator', script)
export const scriptedAcceptor = (script: InnerScript): ScriptedInner => new ScriptedInner('acceptor', script)
