import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { CredSspAcceptor } from '../../../src/auth/credssp/acceptor.js'
import { NtlmAcceptor } from '../../../src/auth/ntlm/acceptor.js'
import { ntHash } from '../../../src/auth/ntlm/ntlmv2.js'
import { openBody, sealBody, type SealingProtocol } from '../../../src/auth/sealed-body.js'
import type { SecurityContext } from '../../../src/auth/security-context.js'
import { SpnegoAcceptor } from '../../../src/auth/spnego/acceptor.js'
import { OID } from '../../../src/auth/spnego/oids.js'
import { makeIdentity } from '../auth/credssp/handshake.js'

export const ALICE = { username: String.raw`TEST\alice`, password: 'päss-wörd-of-älice' } as const

const ntlm = (): NtlmAcceptor =>
  new NtlmAcceptor({
    computerName: 'SERVER01',
    domainName: 'TEST',
    lookup: (domain, user) =>
      domain === 'TEST' && user === 'alice' ? { ntHash: ntHash(ALICE.password) } : undefined,
  })

const spnego = (): SpnegoAcceptor => new SpnegoAcceptor([{ oids: [OID.ntlm], create: ntlm }])

export interface SealingServer {
  readonly port: number
  /** Every logon that was accepted or refused. */
  readonly logons: ('accepted' | 'refused')[]
  /** What was understood. */
  readonly messages: string[]
  /** Of the bodies of messages. */
  readonly contentTypes: string[]
  close(): Promise<void>
}

interface Connection {
  context: SecurityContext | undefined
  protocol: SealingProtocol
}

/**
 * A service that takes NTLM in SPNEGO or by itself after `Negotiate`, and CredSSP, seals, and says in angle brackets what
 * it is told. It knows alice.
 */
export async function startSealingServer(): Promise<SealingServer> {
  const identity = await makeIdentity('ec')
  const connections = new WeakMap<Socket, Connection>()
  const logons: SealingServer['logons'] = []
  const messages: string[] = []
  const contentTypes: string[] = []

  async function shakeHands(response: ServerResponse, connection: Connection, header: string): Promise<void> {
    const [name = '', text = ''] = header.split(' ')
    if (connection.context?.complete !== false) {
      connection.context =
        name === 'CredSSP' ? new CredSspAcceptor({ ...identity, createInner: spnego }) : spnego()
      connection.protocol = name === 'CredSSP' ? 'CredSSP' : 'SPNEGO'
    }
    const { context } = connection
    let status = 401
    let challenge = name
    try {
      const token = await context.step(Buffer.from(text, 'base64'))
      if (token) challenge = `${name} ${Buffer.from(token).toString('base64')}`
      if (context.complete) {
        status = 200
        logons.push('accepted')
      }
    } catch {
      connection.context = undefined
      logons.push('refused')
    }
    response.writeHead(status, { 'WWW-Authenticate': challenge, 'Content-Length': '0' }).end()
  }

  async function converse(
    response: ServerResponse,
    connection: Connection,
    request: IncomingMessage,
    body: Buffer,
  ) {
    const { context, protocol } = connection
    if (!context?.complete) {
      response.writeHead(400, { 'Content-Length': '0' }).end()
      return
    }
    contentTypes.push(request.headers['content-type'] ?? '')
    const message = (await openBody(context, body)).toString()
    messages.push(message)
    const sealed = await sealBody(context, protocol, Buffer.from(`<${message}>`))
    const head = { 'Content-Type': sealed.contentType, 'Content-Length': String(sealed.body.length) }
    response.writeHead(200, head).end(sealed.body)
  }

  const server = createServer((request, response) => {
    const { socket, headers } = request
    const connection = connections.get(socket) ?? { context: undefined, protocol: 'SPNEGO' }
    connections.set(socket, connection)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const work =
        headers.authorization === undefined
          ? converse(response, connection, request, Buffer.concat(chunks))
          : shakeHands(response, connection, headers.authorization)
      work.catch(() => socket.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    logons,
    messages,
    contentTypes,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
