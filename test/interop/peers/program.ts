import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'

/** Debian keeps the programs of administrators out of the path of users. */
const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']

/** Where a program is. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What a server is started with; its configuration is in the folder by then. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** For a server that listens before it knows whether it can serve: its log, and what is in it when it does. */
  readonly log?: { readonly file: string; readonly ready: string }
}

/** A server of someone else's making, on loopback and in a temporary folder of its own. */
export class Program {
  readonly port: number
  readonly folder: string
  readonly #launch: Launch
  #child: ChildProcess
  #output = ''
  /** How much of the log is from earlier starts. */
  #logged = 0

  private constructor(port: number, folder: string, launch: Launch) {
    this.port = port
    this.folder = folder
    this.#launch = launch
    this.#child = this.#spawn()
  }

  /** @param prepare writes the configuration; servers that drop their privileges can read the folder */
  static async start(prepare: (folder: string, port: number) => Promise<Launch>): Promise<Program> {
    for (let attempt = 1; ; attempt++) {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-peer-'))
      await chmod(folder, 0o755)
      const port = await freePort()
      const program = new Program(port, folder, await prepare(folder, port))
      try {
        await program.#listening()
        return program
      } catch (error) {
        await program.stop()
        // Somebody else may have taken the port meanwhile.
        if (attempt === 2) throw error
      }
    }
  }

  /** What it has written to its outputs. */
  get output(): string {
    return this.#output
  }

  /** Starts it anew, in the same place: it forgets what it did not write down. */
  async restart(): Promise<void> {
    await this.#end()
    this.#logged = this.#log().length
    this.#child = this.#spawn()
    await this.#listening()
  }

  async stop(): Promise<void> {
    await this.#end()
    await rm(this.folder, { recursive: true, force: true })
  }

  #spawn(): ChildProcess {
    const { command, args } = this.#launch
    const child = spawn(command, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    }
    child.on('error', (error) => (this.#output += error.message))
    return child
  }

  async #end(): Promise<void> {
    if (this.#ended) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }

  async #listening(): Promise<void> {
    while (!(await accepts(this.port)) || !this.#isReady()) {
      if (this.#ended) {
        throw new Error(`${this.#launch.command} did not start: ${this.#output}${this.#log()}`)
      }
      await setImmediate()
    }
  }

  #isReady(): boolean {
    const { log } = this.#launch
    // Since the last start.
    return log === undefined || this.#log().slice(this.#logged).includes(log.ready)
  }

  #log(): string {
    const { log } = this.#launch
    return log !== undefined && existsSync(log.file) ? readFileSync(log.file, 'utf8') : ''
  }

  get #ended(): boolean {
    const { pid, exitCode, signalCode } = this.#child
    return pid === undefined || exitCode !== null || signalCode !== null
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/**
 * Not one of those the system gives to clients: who tries to connect to such a port before anybody listens there may
 * come to be connected to itself.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = net.createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
      return port
    } catch {
      // It is taken.
    }
  }
}

/** What a service that is none answers Identify with. */
export const IDENTIFY_RESPONSE =
  '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><wsmid:IdentifyResponse><wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion><wsmid:ProductVendor>A file</wsmid:ProductVendor><wsmid:ProductVersion>1.0</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>'
