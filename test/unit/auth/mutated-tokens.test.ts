import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpnegoAcceptor } from '../../../src/auth/spnego/acceptor.js'
import { SpnegoInitiator } from '../../../src/auth/spnego/initiator.js'
import { OID } from '../../../src/auth/spnego/oids.js'
import { AuthenticationError, ProtocolError } from '../../../src/errors/errors.js'
import { mutations } from './mutations.js'
import { client, server } from './ntlm/handshake.js'

type Side = Pick<SpnegoInitiator, 'step' | 'dispose'>

const raw = (): [Side, Side] => [client(), server()]
const framed = (): [Side, Side] => [
  new SpnegoInitiator([{ name: 'NTLM', oids: [OID.ntlm], create: () => client() }]),
  new SpnegoAcceptor([{ oids: [OID.ntlm], create: () => server() }]),
]

/** Shakes hands with one token changed on its way. @returns what the side that got it threw, if it threw */
async function stepInto(
  [initiator, acceptor]: [Side, Side],
  leg: number,
  change: (octets: Buffer) => Buffer,
) {
  let next = await initiator.step()
  for (let turn = 0; next; turn++) {
    const side = turn % 2 === 0 ? acceptor : initiator
    if (turn === leg) return side.step(change(Buffer.from(next))).catch((error: unknown) => error)
    next = await side.step(next)
  }
  throw new Error('the handshake has fewer legs')
}

const expectHarmless = (outcome: unknown): void => {
  if (outcome instanceof Error) {
    expect(outcome).toSatisfy((e) => e instanceof ProtocolError || e instanceof AuthenticationError)
  }
}

describe('tokens that were changed on their way', () => {
  it.each([
    ['NTLM', raw, 3],
    ['SPNEGO with NTLM', framed, 4],
  ])('of %s are refused with an error of their own, or do no harm', async (_name, sides, legs) => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: legs - 1 }), mutations, async (leg, change) => {
        expectHarmless(await stepInto(sides(), leg, change))
      }),
      { numRuns: 2000 },
    )
  })

  it('may be anything at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 2 }), fc.uint8Array({ maxLength: 200 }), async (leg, octets) => {
        expectHarmless(await stepInto(framed(), leg, () => Buffer.from(octets)))
        expectHarmless(await stepInto(raw(), leg, () => Buffer.from(octets)))
      }),
      { numRuns: 500 },
    )
  })
})
