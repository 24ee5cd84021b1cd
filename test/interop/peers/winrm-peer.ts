import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../../support/project.js'
import { systemPython } from '../../support/shared.js'

/** How the peer behaves; what each means stands in winrm_peer.py. */
export interface PeerModes {
  form: 'windows' | 'omi'
  /** Lines of `WWW-Authenticate`. */
  challenges: readonly string[]
  finalToken: 'right' | 'wrong' | 'missing'
  endless: 'bare' | 'token' | null
  refuse: boolean
  plaintext: number
  plaintextStatus: number
  unauthorized: number
  closing: boolean
  tamper: 'data' | 'signature' | 'length' | null
  keepContext: boolean
  cut: number
}

/** A handshake that ended. */
export interface Logon {
  readonly outcome: 'accepted' | 'refused' | 'never'
  readonly user?: string
  readonly mechanism?: string
  /** What stood in `Authorization`. */
  readonly name?: string
  /** Whether the client bound its token to the TLS connection. */
  readonly bound?: boolean
  readonly connection?: number
}

export interface PeerState {
  readonly connections: number
  /** Handshakes that began. */
  readonly begun: number
  /** The most handshakes at the same time. */
  readonly busiest: number
  readonly logons: readonly Logon[]
  /** What was executed. */
  readonly ledger: readonly {
    readonly id: string | null
    readonly verb: string
    readonly number: string | null
    readonly connection: number
  }[]
  /** Messages that came in plaintext where they must not. */
  readonly plaintext: number
  readonly complaints: readonly string[]
  /** All that was received, by connection. */
  readonly received: readonly Buffer[]
}

export interface PeerOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Default: all that the libraries have. */
  readonly mechanisms?: readonly ('krb5' | 'ntlm')[]
  /** PEM files; HTTPS with them. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly hash?: string }
  readonly modes?: Partial<PeerModes>
  readonly seed?: number
}

/** A service like WinRM on 127.0.0.1, secured by the GSSAPI of the system. */
export class WinrmPeer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #stderr = ''
  #port = 0

  private constructor({ environment, mechanisms = [], tls, seed = 1 }: PeerOptions) {
    const files = tls
      ? ['--certificate', tls.certificate, '--key', tls.key, '--hash', tls.hash ?? 'sha256']
      : []
    const script = path.join(projectRoot, 'test/interop/peers/winrm_peer.py')
    const known = mechanisms.flatMap((mechanism) => ['--mechanism', mechanism])
    this.#process = spawn(systemPython, [script, '--seed', String(seed), ...known, ...files], {
      env: { ...process.env, ...environment, PYTHONDONTWRITEBYTECODE: '1' },
    })
    this.#process.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()))
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.resolve(line),
    )
    this.#process.stdin.on('error', () => undefined) // 'close' tells it
    this.#process.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(this.#gone())
    })
  }

  static async start(options: PeerOptions): Promise<WinrmPeer> {
    const peer = new WinrmPeer(options)
    const { port } = (await peer.#answer()) as { port: number }
    peer.#port = port
    if (options.modes) await peer.set(options.modes)
    return peer
  }

  get port(): number {
    return this.#port
  }

  async set(modes: Partial<PeerModes>): Promise<void> {
    await this.#call({ op: 'set', modes })
  }

  /** Replies by the last part of the action, used up in order. */
  async script(replies: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.#call({ op: 'script', replies })
  }

  async state(): Promise<PeerState> {
    const state = (await this.#call({ op: 'state' })) as Omit<PeerState, 'received'> & { received: string[] }
    return { ...state, received: state.received.map((text) => Buffer.from(text, 'base64')) }
  }

  /** Cuts every socket. */
  async restart(): Promise<void> {
    await this.#call({ op: 'restart' })
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const closed = new Promise((resolve) => this.#process.once('close', resolve))
    this.#process.stdin.end()
    await closed
  }

  #call(request: object): Promise<unknown> {
    if (this.#process.exitCode !== null) return Promise.reject(this.#gone())
    const answer = this.#answer()
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    return answer
  }

  async #answer(): Promise<unknown> {
    const line = await new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    return JSON.parse(line)
  }

  #gone(): Error {
    return new Error(`winrm_peer.py is gone: ${this.#stderr}`)
  }
}
