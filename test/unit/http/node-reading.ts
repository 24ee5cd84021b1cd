import { Agent, request } from 'node:http'
import { Duplex } from 'node:stream'

/** What a reply says. */
export interface Reading {
  readonly status: number
  readonly statusText: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** What the parser of Node.js, llhttp, reads in bytes that arrive in these pieces; undefined where it refuses them. */
export function readByNode(pieces: readonly Buffer[]): Promise<Reading | undefined> {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const agent = new Agent({ keepAlive: false })
  Reflect.set(agent, 'createConnection', () => socket)
  return new Promise((resolve) => {
    const refuse = (): void => resolve(undefined)
    const sent = request({ method: 'POST', agent, maxHeaderSize: 65_536 }, (message) => {
      const chunks: Buffer[] = []
      message.on('data', (chunk: Buffer) => chunks.push(chunk))
      message.on('end', () =>
        resolve({
          status: message.statusCode ?? 0,
          statusText: message.statusMessage ?? '',
          headers: { ...message.headers },
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      )
      message.on('error', refuse)
    })
    sent.on('error', refuse)
    sent.on('upgrade', refuse)
    sent.end('x', () => {
      for (const piece of pieces) socket.push(piece)
      socket.push(null)
    })
  })
}
