import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** One reply on its way to the client. */
export interface PassingReply {
  /** Status line and header fields, without the empty line. */
  readonly head: string
  readonly body: Buffer
  /** Counts the replies of its connection, from 0. */
  readonly index: number
}

/** What goes on to the client instead; with `ends` the connection is over after it. */
export interface Mangled {
  readonly octets: Buffer
  readonly ends?: boolean
}

export const unchanged = ({ head, body }: Pick<PassingReply, 'head' | 'body'>): Mangled => ({
  octets: Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]),
})

/** The reply with another body, of the right length. */
export function withBody({ head }: PassingReply, body: Buffer): Mangled {
  return unchanged({ head: head.replace(/^Content-Length: \d+/im, `Content-Length: ${body.length}`), body })
}

/** The reply with other header fields; what cannot stand in one is taken out. */
export function withHeader(
  { head, body }: PassingReply,
  name: string,
  change: (value: string) => string,
): Mangled {
  const field = new RegExp(`^(${name}): (.*)$`, 'im')
  const changed = head.replace(
    field,
    (_whole, known: string, value: string) =>
      `${known}: ${change(value).replace(/[^\t\x20-\x7e\x80-\xff]/g, '')}`,
  )
  return unchanged({ head: changed, body })
}

export interface ManglingProxy {
  readonly port: number
  /** Changes replies from now on. */
  mangle: (reply: PassingReply) => Mangled
  /** Waits until clients have noticed the end of the connections that were ended. */
  ended(): Promise<void>
  close(): Promise<void>
}

/** Someone in between, who passes requests on and changes replies. */
export async function startManglingProxy(port: number): Promise<ManglingProxy> {
  const sockets = new Set<Socket>()
  const ending = new Set<Promise<unknown>>()
  const proxy = { mangle: unchanged as ManglingProxy['mangle'] }
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(upstream)
    let octets: Buffer = Buffer.alloc(0)
    let index = 0
    upstream.on('data', (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
      for (let end = octets.indexOf('\r\n\r\n'); end >= 0; end = octets.indexOf('\r\n\r\n')) {
        const head = octets.toString('latin1', 0, end)
        const length = Number(/^Content-Length: (\d+)/im.exec(head)?.[1] ?? 0)
        if (octets.length < end + 4 + length) return
        const body = octets.subarray(end + 4, end + 4 + length)
        octets = octets.subarray(end + 4 + length)
        const mangled = proxy.mangle({ head, body, index: index++ })
        if (!client.writable) return
        client.write(mangled.octets)
        if (mangled.ends !== true) continue
        // A client answers the end with its own.
        ending.add(once(client, 'close'))
        client.end()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(proxy, {
    port: (server.address() as AddressInfo).port,
    async ended() {
      await Promise.all(ending)
      ending.clear()
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  })
}
