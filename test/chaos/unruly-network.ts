import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Random } from '../fuzz/random.js'

/** What happens to one connection; the numbers count octets. */
type Fate =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'request cut' | 'reply cut' | 'reply withheld'; readonly after: number }
  | { readonly kind: 'slow'; readonly delayMs: number }

/** What lies between clients and endpoint: connections end at every phase, and some are slow. Its port stays the same. */
export class UnrulyNetwork {
  /** How often each fate struck. */
  readonly struck = new Map<string, number>()
  /** Where the endpoint is; nowhere while it restarts. */
  target: number | undefined
  readonly #random: Random
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #calm = false

  private constructor(random: Random) {
    this.#random = random
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(random: Random): Promise<UnrulyNetwork> {
    const network = new UnrulyNetwork(random)
    await new Promise<void>((resolve) => network.#server.listen(0, '127.0.0.1', resolve))
    return network
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Nothing happens to new connections any more. */
  calmDown(): void {
    this.#calm = true
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(client: Socket): void {
    const fate = this.#draw()
    this.#keep(client)
    if (this.target === undefined || fate.kind === 'refused') {
      this.#strike(this.target === undefined ? 'restarting' : fate.kind)
      cut(client)
      return
    }
    const service = connect(this.target, '127.0.0.1')
    this.#keep(service)
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      one.on('close', () => other.destroy())
    }
    this.#pass(client, service, fate.kind === 'request cut' ? fate : undefined)
    this.#pass(
      service,
      client,
      fate.kind === 'reply cut' || fate.kind === 'reply withheld' || fate.kind === 'slow' ? fate : undefined,
    )
  }

  #pass(from: Socket, to: Socket, fate: Exclude<Fate, { kind: 'none' | 'refused' }> | undefined): void {
    let octets = 0
    from.on('end', () => to.end())
    from.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (fate === undefined) to.write(chunk)
      else if (fate.kind === 'slow') {
        this.#strike(fate.kind)
        setTimeout(() => to.write(chunk), fate.delayMs)
      } else if (octets <= fate.after) to.write(chunk)
      else {
        this.#strike(fate.kind)
        // All but the last octets arrive; withheld, none of the chunk does, as if it were still on its way.
        if (fate.kind !== 'reply withheld')
          to.write(chunk.subarray(0, Math.max(0, chunk.length - (octets - fate.after))))
        // What has arrived is worked on; its reply finds nobody.
        to.end()
        cut(from)
      }
    })
  }

  #draw(): Fate {
    const random = this.#random
    const dice = random.next()
    // Heads and messages have some hundreds to some thousands of octets; connections see several of them.
    const after = random.below(12_000)
    if (this.#calm || dice < 0.5) return { kind: 'none' }
    if (dice < 0.56) return { kind: 'refused' }
    if (dice < 0.7) return { kind: 'request cut', after }
    if (dice < 0.84) return { kind: 'reply cut', after }
    if (dice < 0.92) return { kind: 'reply withheld', after: random.below(4000) }
    return { kind: 'slow', delayMs: random.below(30) }
  }

  #strike(kind: string): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

/** Node.js never closes the handle of a socket that is reset while its own end is on its way. */
function cut(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
