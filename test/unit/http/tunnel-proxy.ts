import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach } from 'vitest'

/** One CONNECT as it came over the wire. */
export interface ConnectRequest {
  readonly requestLine: string
  readonly headers: ReadonlyMap<string, string>
  readonly socket: Socket
}

export interface TunnelProxy {
  readonly port: number
  readonly requests: ConnectRequest[]
  /** Every connection ever made to the proxy. */
  readonly sockets: Socket[]
}

const open: { server: Server; sockets: Socket[] }[] = []

/**
 * A proxy that makes tunnels, or whatever `answer` does in place of that: it returns true for a tunnel to the
 * authority that was asked for. It is closed after the test.
 */
export async function startProxy(
  answer: (request: ConnectRequest) => boolean = () => true,
  {
    tls,
    established = 'HTTP/1.1 200 Connection established\r\n\r\n',
  }: { tls?: TlsOptions; established?: string } = {},
): Promise<TunnelProxy> {
  const sockets: Socket[] = []
  const requests: ConnectRequest[] = []
  const serve = (socket: Socket): void => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    let head = ''
    socket.on('data', function read(chunk: Buffer) {
      head += chunk.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      socket.off('data', read)
      const [requestLine = '', ...lines] = head.trimEnd().split('\r\n')
      const headers = new Map(lines.map((line) => line.split(': ', 2) as [string, string]))
      const request = { requestLine, headers, socket }
      requests.push(request)
      if (!answer(request)) return
      const [, host = '', port] = /^CONNECT \[?(.*?)\]?:(\d+) /.exec(requestLine) ?? []
      const upstream = connect({ host, port: Number(port) }, () => {
        socket.write(established)
        upstream.pipe(socket).pipe(upstream)
      })
      sockets.push(upstream)
      upstream.on('error', () => socket.destroy())
      upstream.on('close', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
    })
  }
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
  server.on('tlsClientError', () => undefined)
  open.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, requests, sockets }
}

afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})
