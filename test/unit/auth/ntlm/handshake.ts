import { NtlmAcceptor, type NtlmAcceptorOptions } from '../../../../src/auth/ntlm/acceptor.js'
import { NtlmInitiator, type NtlmInitiatorOptions } from '../../../../src/auth/ntlm/initiator.js'
import { ntHash } from '../../../../src/auth/ntlm/ntlmv2.js'

/** Nothing else in a test contains it, so that finding it somewhere means that it leaked. */
export const PASSWORD = 'Sesame-öffne-Dich-4711'

export const client = (options: Partial<NtlmInitiatorOptions> = {}): NtlmInitiator =>
  new NtlmInitiator({
    target: { service: 'HTTP', host: 'server01.example.com' },
    credential: { username: String.raw`TEST\alice`, password: PASSWORD },
    workstation: 'WS7',
    ...options,
  })

/** Knows alice, of any domain or none. */
export const server = (options: Partial<NtlmAcceptorOptions> = {}): NtlmAcceptor =>
  new NtlmAcceptor({
    lookup: (_domain, user) => (user.toLowerCase() === 'alice' ? { ntHash: ntHash(PASSWORD) } : undefined),
    computerName: 'SERVER01',
    ...options,
  })

/** What a step gave, which must not be nothing. */
export async function token(step: Promise<Uint8Array | undefined>): Promise<Uint8Array> {
  const given = await step
  if (!given) throw new Error('no token came')
  return given
}

interface Stepping {
  step(token?: Uint8Array): Promise<Uint8Array | undefined>
}

/** Steps both sides in turn until neither has anything to say. @returns the tokens in their order */
export async function shakeHands(initiator: Stepping, acceptor: Stepping): Promise<Uint8Array[]> {
  const tokens: Uint8Array[] = []
  let next = await initiator.step()
  for (let turn = acceptor; next; turn = turn === acceptor ? initiator : acceptor) {
    tokens.push(next)
    next = await turn.step(next)
  }
  return tokens
}
