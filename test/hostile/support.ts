import { onTestFinished } from 'vitest'
import { WsmanClient } from '../../src/client/wsman-client.js'
import type { WsmanClientOptions } from '../../src/client/client-options.js'
import { isWsmanError, type WsmanError } from '../../src/errors/wsman-error.js'
import { envelope, rejection } from '../support/scripted-service.js'
import { reply, startRawServer, type RawRequest, type RawServer } from '../unit/http/raw-server.js'

export const SOAP = 'Content-Type: application/soap+xml;charset=UTF-8'

export const messageIdOf = ({ body }: RawRequest): string => /<a:MessageID>([^<]*)</.exec(body)?.[1] ?? ''

/** An envelope that answers the request, around what is given. */
export const answerTo = (request: RawRequest, body: string): string =>
  envelope(body, { messageId: messageIdOf(request) })

/** A resource that Create can be sent to. */
export const RESOURCE = 'wmicimv2/Thing'

export const thing = (name: string): string =>
  `<t:Thing xmlns:t="urn:things"><t:Name>${name}</t:Name></t:Thing>`

/** A whole reply with a resource in it, whose Name says which. */
export const goodReply = (request: RawRequest, name = 'good'): string =>
  reply(answerTo(request, thing(name)), { headers: [SOAP] })

/** What Create answers. */
export const createdReply = (request: RawRequest): string =>
  reply(
    answerTo(
      request,
      '<x:ResourceCreated><a:Address>http://x/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>urn:things</w:ResourceURI><w:SelectorSet><w:Selector Name="Name">good</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>',
    ),
    { headers: [SOAP] },
  )

/** A client without credentials that tries once, unless told otherwise; closed with the test. */
export function clientOf({ port }: { readonly port: number }, options: WsmanClientOptions = {}): WsmanClient {
  const client = new WsmanClient({
    host: '127.0.0.1',
    port,
    retry: { attempts: 1 },
    settings: { client: { allowUnencrypted: true } },
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

/** What a call rejects with, which must be an error of this package. */
export async function failureOf(promise: Promise<unknown>): Promise<WsmanError> {
  const error = await rejection(promise)
  if (isWsmanError(error)) return error
  throw new Error('it failed with an error of another kind', { cause: error })
}

export interface Attack {
  readonly error: WsmanError
  readonly server: RawServer
  readonly client: WsmanClient
}

/**
 * The first request gets the hostile answer, every other one a good reply. Afterwards the client must work as if
 * nothing had happened, and over another connection.
 */
export async function attack(
  hostile: string | ((request: RawRequest) => void),
  call: (client: WsmanClient) => Promise<unknown> = (client) => client.get('urn:things'),
  options: WsmanClientOptions = {},
): Promise<Attack> {
  const server = await startRawServer((request) => {
    if (server.requests.length > 1) request.socket.write(goodReply(request))
    else if (typeof hostile === 'string') request.socket.write(hostile)
    else hostile(request)
  })
  const client = clientOf(server, options)
  const error = await failureOf(call(client))
  const next = await client.get('urn:things')
  if (next.Name !== 'good') throw new Error('the next call got another reply')
  if (server.requests.length !== 2) throw new Error(`${server.requests.length} requests were sent`)
  if (server.requests[1]?.connection !== 1) throw new Error('the connection was used again')
  return { error, server, client }
}
