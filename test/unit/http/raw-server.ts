import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach } from 'vitest'

/** One request as it came over the wire. */
export interface RawRequest {
  readonly requestLine: string
  /** Names as they were written. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  readonly socket: Socket
  /** Counts the connections of the server, from 0. */
  readonly connection: number
  /** Counts the requests of the connection, from 0. */
  readonly index: number
}

export interface RawServer {
  readonly port: number
  readonly requests: RawRequest[]
  /** Every connection ever made. */
  readonly sockets: Socket[]
}

const open: { server: Server; sockets: Socket[] }[] = []

/** A server that knows only as much of HTTP as it takes to see where a request ends. It is closed after the test. */
export async function startRawServer(
  answer: (request: RawRequest) => void,
  { tls, onConnection }: { tls?: TlsOptions; onConnection?: (socket: Socket) => void } = {},
): Promise<RawServer> {
  const sockets: Socket[] = []
  const requests: RawRequest[] = []
  const serve = (socket: Socket): void => {
    const connection = sockets.push(socket) - 1
    let index = 0
    let chunks: Buffer[] = []
    let size = 0
    // Bytes that must be there before it is worth looking again.
    let needed = 0
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      while (size > 0 && size >= needed) {
        const buffered = Buffer.concat(chunks)
        chunks = [buffered]
        const headEnd = buffered.indexOf('\r\n\r\n')
        if (headEnd < 0) return
        const [requestLine = '', ...lines] = buffered.toString('latin1', 0, headEnd).split('\r\n')
        const headers = new Map(lines.map((line) => splitHeader(line)))
        needed = headEnd + 4 + Number(headers.get('Content-Length'))
        if (size < needed) return
        const body = buffered.toString('utf8', headEnd + 4, needed)
        chunks = [buffered.subarray(needed)]
        size -= needed
        needed = 0
        const request = { requestLine, headers, body, socket, connection, index: index++ }
        requests.push(request)
        answer(request)
      }
    })
    onConnection?.(socket)
  }
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
  server.on('tlsClientError', () => undefined)
  open.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, requests, sockets }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(': ')
  return [line.slice(0, colon), line.slice(colon + 2)]
}

afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A whole reply with a Content-Length. */
export function reply(
  body: string,
  { status = '200 OK', headers = [] }: { status?: string; headers?: string[] } = {},
): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
