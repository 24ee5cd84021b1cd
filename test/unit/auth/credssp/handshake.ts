import { generate } from 'selfsigned'
import { CredSspAcceptor, type CredSspAcceptorOptions } from '../../../../src/auth/credssp/acceptor.js'
import { CredSspInitiator, type CredSspInitiatorOptions } from '../../../../src/auth/credssp/initiator.js'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import type { SecurityContext } from '../../../../src/auth/security-context.js'
import { scriptedAcceptor, scriptedInitiator } from './scripted-inner.js'

export async function makeIdentity(keyType: 'rsa' | 'ec'): Promise<TlsIdentity> {
  const options = keyType === 'ec' ? { keyType } : { keyType, keySize: 2048 }
  const made = await generate([{ name: 'commonName', value: 'server01' }], {
    ...options,
    algorithm: 'sha256',
  })
  return { cert: made.cert, key: made.private }
}

export const account = { domain: 'EXAMPLE', user: 'alice', password: 'päss𝄞word' } as const

export function initiator(options: Partial<CredSspInitiatorOptions> = {}): CredSspInitiator {
  const createInner = () => scriptedInitiator({ password: options.password ?? account.password })
  return new CredSspInitiator({ ...account, createInner, ...options })
}

export function acceptor(
  identity: TlsIdentity,
  options: Partial<CredSspAcceptorOptions> = {},
): CredSspAcceptor {
  const createInner = () => scriptedAcceptor({ password: account.password })
  return new CredSspAcceptor({ ...identity, createInner, ...options })
}

/** What a token does on its way; the default is nothing. */
export type Wire = (token: Uint8Array, leg: number, from: 'client' | 'server') => Uint8Array

/**
 * Carries tokens until the client is complete and the server has taken its last one.
 * @returns the tokens of both sides in their order
 */
export async function shakeHands(
  client: SecurityContext,
  server: SecurityContext,
  wire: Wire = (token) => token,
): Promise<Uint8Array[]> {
  const tokens: Uint8Array[] = []
  let reply: Uint8Array | undefined
  for (let leg = 0; !client.complete; leg++) {
    if (leg === 20) throw new Error('the handshake does not come to an end')
    const token = await client.step(reply)
    if (!token) throw new Error('the client is not complete and has nothing to say')
    tokens.push(token)
    reply = await server.step(wire(token, leg, 'client'))
    if (reply) {
      tokens.push(reply)
      reply = wire(reply, leg, 'server')
    }
  }
  return tokens
}
