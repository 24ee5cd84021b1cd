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
  tamper: 'data' | 'signature' | null
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
  /** Default: all that the libraries have. */
  readonly mechanisms?: readonly ('krb5' | 'ntlm')[]
  /** PEM files; HTTPS with them. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly hash: string }
  /** Of the cuts. */
  readonly seed?: number
}

/** Services like WinRM, secured by the GSSAPI of the system, in a process of their own. */
export class WinrmPeers {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #stderr = ''

  /** @param environment tells GSSAPI whom it knows */
  constructor(environment: Readonly<Record<string, string>>) {
    const script = path.join(projectRoot, 'test/interop/peers/winrm_peer.py')
    this.#process = spawn(systemPython, [script], {
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

  /** Starts another service. */
  async open(options: PeerOptions = {}): Promise<WinrmPeer> {
    const { peer, port } = (await this.call({ op: 'open', ...options })) as { peer: number; port: number }
    return new WinrmPeer(port, (request) => this.call({ ...request, peer }))
  }

  async call(request: object): Promise<unknown> {
    if (this.#process.exitCode !== null) throw this.#gone()
    const answer = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    return JSON.parse(await answer)
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const closed = new Promise((resolve) => this.#process.once('close', resolve))
    this.#process.stdin.end()
    await closed
  }

  #gone(): Error {
    return new Error(`winrm_peer.py is gone: ${this.#stderr}`)
  }
}

/** One service on 127.0.0.1. */
export class WinrmPeer {
  readonly port: number
  readonly #call: (request: object) => Promise<unknown>

  constructor(port: number, call: (request: object) => Promise<unknown>) {
    this.port = port
    this.#call = call
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
    await this.#call({ op: 'close' })
  }
}
