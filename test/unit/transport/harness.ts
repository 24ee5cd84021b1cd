import { afterEach, expect } from 'vitest'
import type { WsmanError } from '../../../src/errors/wsman-error.js'
import { resolveSection } from '../../../src/settings/defaults.js'
import type { PartialModel } from '../../../src/settings/rows.js'
import type { ClientSettings } from '../../../src/settings/table.js'
import type { AuthOptions } from '../../../src/transport/credentials.js'
import { resolveEndpoint } from '../../../src/transport/endpoint-url.js'
import { HttpTransport, type HttpTransportOptions } from '../../../src/transport/http-transport.js'
import type { BodySink, TransportRequest } from '../../../src/transport/types.js'
import { reply, type RawRequest } from '../http/raw-server.js'

export const PASSWORD = 'hunter2'
export const ALICE: AuthOptions = { scheme: 'basic', username: 'alice', password: PASSWORD }
export const OPEN: PartialModel<ClientSettings> = { allowUnencrypted: true }

const transports: HttpTransport[] = []

export function connect(
  { port }: { port: number },
  {
    settings = OPEN,
    secure = false,
    ...options
  }: Partial<Omit<HttpTransportOptions, 'settings'>> & {
    settings?: PartialModel<ClientSettings>
    secure?: boolean
  } = {},
): HttpTransport {
  const client = resolveSection('client', settings)
  const endpoint = resolveEndpoint({ host: '127.0.0.1', port, transport: secure ? 'https' : 'http' }, client)
  const transport = new HttpTransport({ endpoint, auth: ALICE, settings: client, ...options })
  transports.push(transport)
  return transport
}

afterEach(() => {
  for (const transport of transports.splice(0)) transport.close(() => new Error('the test is over'))
})

export const request = (given: Partial<TransportRequest> = {}): TransportRequest => ({
  body: '<x/>',
  lane: 'call',
  replyTimeoutMs: 20_000,
  signal: new AbortController().signal,
  ...given,
})

export function text(): BodySink<string> {
  const chunks: Uint8Array[] = []
  return {
    write: (chunk) => {
      chunks.push(chunk)
    },
    end: () => Buffer.concat(chunks).toString(),
  }
}

export const send = (transport: HttpTransport, given: Partial<TransportRequest> = {}): Promise<string> =>
  transport.send(request(given), text)

export async function failure(promise: Promise<unknown>): Promise<WsmanError> {
  const error: unknown = await promise.then(
    (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  return error as WsmanError
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle()
}

export const echo = ({ socket, body }: RawRequest): unknown => socket.write(reply(`<${body}>`))
export const refuse =
  (...schemes: string[]) =>
  ({ socket }: RawRequest): unknown =>
    socket.write(
      reply('', {
        status: '401 Unauthorized',
        headers: schemes.map((scheme) => `WWW-Authenticate: ${scheme}`),
      }),
    )
