import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../../support/project.js'
import { systemPython } from '../../support/shared.js'

const folder = path.join(projectRoot, 'test/interop/peers')

type GssMechanism = 'spnego' | 'krb5' | 'ntlm'

interface GssPeerOptions {
  /** Application data of the channel binding. */
  readonly channelBinding?: Uint8Array
  /** Added to the environment: KRB5_CONFIG, KRB5_KTNAME, NTLM_USER_FILE, … */
  readonly environment?: Readonly<Record<string, string>>
}

export interface GssAcceptorOptions extends GssPeerOptions {
  /** Default: every mechanism the libraries have. */
  readonly mechanisms?: readonly GssMechanism[]
  /** A host-based name, `HTTP@host`; default: any that the keys are for. */
  readonly service?: string
}

export interface GssInitiatorOptions extends GssPeerOptions {
  readonly mechanism: GssMechanism
  /** `DOMAIN\\user`, or a principal, whose key the libraries have. */
  readonly user: string
  /** The target as a host-based name, `HTTP@host`. */
  readonly service: string
}

/** What GSSAPI refused. */
export class GssError extends Error {
  override readonly name = 'GssError'
  constructor(
    message: string,
    /** GSSAPI's routine error, as in RFC 2744: 0x60000 is a bad signature, 0x40000 a wrong channel binding. */
    readonly major: number,
    readonly minor: number,
  ) {
    super(message)
  }
}

type Reply = Readonly<Record<string, unknown>>

/** GSSAPI of the system, in a process of its own: a peer that nobody here wrote. */
class GssPeer {
  readonly #script: string
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #stderr = ''

  constructor(script: string, args: readonly string[], { channelBinding, environment }: GssPeerOptions) {
    this.#script = script
    const binding = channelBinding ? ['--channel-binding', base64(channelBinding)] : []
    this.#process = spawn(systemPython, [path.join(folder, script), ...args, ...binding], {
      env: { ...process.env, ...environment, PYTHONDONTWRITEBYTECODE: '1' },
    })
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()))
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(line),
    )
    this.#process.stdin.on('error', () => undefined) // 'close' tells it
    this.#process.on('close', (code) => {
      for (const { reject } of this.#waiting.splice(0)) {
        reject(new Error(`${script} ended with ${code ?? 'a signal'}: ${this.#stderr}`))
      }
    })
  }

  /** @param token none at the initiator's first step */
  async step(token?: Uint8Array): Promise<{ token: Uint8Array | undefined; complete: boolean }> {
    const reply = await this.#call('step', { token: token ? base64(token) : null })
    return {
      token: reply.token === null ? undefined : octets(reply.token),
      complete: reply.complete === true,
    }
  }

  async unwrap(sealed: { signature: Uint8Array; data: Uint8Array }): Promise<Uint8Array> {
    const halves = { signature: base64(sealed.signature), data: base64(sealed.data) }
    const reply = await this.#call('unwrap', halves)
    if (reply.encrypted !== true) throw new Error('the message was signed, but not encrypted')
    return octets(reply.data)
  }

  async wrap(data: Uint8Array): Promise<{ signature: Uint8Array; data: Uint8Array; length: number }> {
    const reply = await this.#call('wrap', { data: base64(data) })
    return { signature: octets(reply.signature), data: octets(reply.data), length: Number(reply.length) }
  }

  async mic(data: Uint8Array): Promise<Uint8Array> {
    return octets((await this.#call('mic', { data: base64(data) })).mic)
  }

  async verifyMic(data: Uint8Array, mic: Uint8Array): Promise<void> {
    await this.#call('verifyMic', { data: base64(data), mic: base64(mic) })
  }

  async inspect(): Promise<{ initiator: string; mechanism: string; flags: number }> {
    const { initiator, mechanism, flags } = await this.#call('inspect', {})
    return { initiator: String(initiator), mechanism: String(mechanism), flags: Number(flags) }
  }

  /** Begins a new handshake with the same options. */
  async restart(): Promise<void> {
    await this.#call('restart', {})
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const closed = new Promise((resolve) => this.#process.once('close', resolve))
    this.#process.stdin.end()
    await closed
  }

  async #call(op: string, request: Record<string, string | null>): Promise<Reply> {
    if (this.#process.exitCode !== null) throw new Error(`${this.#script} is gone: ${this.#stderr}`)
    const answered = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#process.stdin.write(`${JSON.stringify({ op, ...request })}\n`)
    const reply = JSON.parse(await answered) as Reply
    if (typeof reply.error === 'string') {
      throw new GssError(reply.error, Number(reply.major), Number(reply.minor))
    }
    return reply
  }
}

/** The side of the service. */
export class GssAcceptor extends GssPeer {
  constructor(options: GssAcceptorOptions = {}) {
    const mechanisms = (options.mechanisms ?? []).flatMap((mechanism) => ['--mechanism', mechanism])
    const service = options.service === undefined ? [] : ['--service', options.service]
    super('gss_acceptor.py', [...mechanisms, ...service], options)
  }
}

/** The side of the client. */
export class GssInitiator extends GssPeer {
  constructor(options: GssInitiatorOptions) {
    const { mechanism, user, service } = options
    super('gss_initiator.py', ['--mechanism', mechanism, '--user', user, '--service', service], options)
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function octets(text: unknown): Uint8Array {
  if (typeof text !== 'string') throw new Error('the GSSAPI peer answered without the expected octets')
  return new Uint8Array(Buffer.from(text, 'base64'))
}
