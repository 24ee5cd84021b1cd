import { TlsChannel, type TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { decodeTsRequest, encodeTsRequest, type TsRequest } from '../../../../src/auth/credssp/ts-request.js'
import type { SecurityContext } from '../../../../src/auth/security-context.js'

type Reply = TsRequest | Uint8Array

/**
 * A server of CredSSP that says what the test wants it to say.
 * @param answer what it says to a message: one of its own, or any octets within TLS
 * @returns what the client threw; undefined where it completes or asks on after the last answer
 */
export async function meets(
  client: SecurityContext,
  identity: TlsIdentity,
  answer: (request: TsRequest, number: number) => Reply | undefined | Promise<Reply | undefined>,
): Promise<unknown> {
  const server = TlsChannel.server(identity)
  let number = 0
  let token: Uint8Array = new Uint8Array()
  try {
    for (let leg = 0; leg < 12; leg++) {
      const sent = await client.step(token)
      if (!sent) return undefined
      const plaintext = await server.receive(sent)
      if (plaintext.length === 0) {
        token = server.takeRecords()
        continue
      }
      const reply = await answer(decodeTsRequest(plaintext), ++number)
      if (!reply) return undefined
      token = await server.send(reply instanceof Uint8Array ? reply : encodeTsRequest(reply))
    }
    throw new Error('the client goes on and on')
  } catch (error) {
    return error
  }
}
