import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { AuthenticationError, ProtocolError } from '../../../../src/errors/errors.js'
import { mutations } from '../mutations.js'
import { account, acceptor, initiator, makeIdentity, shakeHands, type Wire } from './handshake.js'
import { meets } from './scripted-server.js'
import { encodeTsRequest } from '../../../../src/auth/credssp/ts-request.js'
import { scriptedAcceptor } from './scripted-inner.js'

let identity: TlsIdentity
beforeAll(async () => {
  identity = await makeIdentity('ec')
})

/** Either the handshake fails with an error of its own, or what was changed did not matter and all is well. */
async function expectHarmless(maxVersion: 'TLSv1.2' | 'TLSv1.3', wire: Wire): Promise<boolean> {
  const client = initiator({ tls: { maxVersion } })
  const server = acceptor(identity)
  try {
    await shakeHands(client, server, wire)
  } catch (error) {
    expect(error).toSatisfy((e) => e instanceof ProtocolError || e instanceof AuthenticationError)
    return false
  }
  // An empty token says nothing, and leaves the server waiting.
  expect(server.delegatedPassword()).toBe(server.complete ? account.password : '')
  return server.complete
}

describe('tokens that were changed on their way', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'end the handshake with an error of its own: %s',
    async (protocol) => {
      let survivors = 0
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 4 }),
          fc.constantFrom('client', 'server'),
          mutations,
          async (leg, side, change) => {
            const wire: Wire = (token, number, from) =>
              number === leg && from === side ? change(Buffer.from(token)) : token
            if (await expectHarmless(protocol, wire)) survivors++
          },
        ),
        { numRuns: 500 },
      )
      // The fifth token of the server is none, and some changes put in what is there.
      expect(survivors).toBeLessThan(200)
    },
  )

  it('may be anything at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 3 }),
        fc.constantFrom('client', 'server'),
        fc.uint8Array({ maxLength: 200 }),
        async (leg, side, octets) => {
          const wire: Wire = (token, number, from) => (number === leg && from === side ? octets : token)
          expect(await expectHarmless('TLSv1.3', wire)).toBe(false)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('may come twice, or in another order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 4 }), fc.nat({ max: 3 }), async (leg, earlier) => {
        const seen: Uint8Array[] = []
        const wire: Wire = (token, number, from) => {
          seen.push(token)
          return number === leg && from === 'client' ? (seen[earlier] ?? token) : token
        }
        await expectHarmless('TLSv1.3', wire)
      }),
      { numRuns: 60 },
    )
  })
})

describe('messages within TLS that a server made up', () => {
  it('end the handshake with an error of its own', async () => {
    const inner = scriptedAcceptor({ password: account.password })
    const honest = encodeTsRequest({ version: 6, negoToken: await inner.step(Buffer.from('token 1')) })
    await fc.assert(
      fc.asyncProperty(mutations, async (change) => {
        const spoiled = change(Buffer.from(honest))
        const outcome = await meets(initiator(), identity, (_request, number) =>
          number === 1 && spoiled.length > 0 ? spoiled : undefined,
        )
        expect(outcome).toSatisfy(
          (e) => e === undefined || e instanceof ProtocolError || e instanceof AuthenticationError,
        )
      }),
      { numRuns: 300 },
    )
  })
})
