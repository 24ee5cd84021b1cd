import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { ChannelBindingRule } from '../../../../src/auth/ntlm/acceptor.js'
import { decodeAuthenticate, encodeAuthenticate } from '../../../../src/auth/ntlm/authenticate-message.js'
import { AV, textOf, valueOf } from '../../../../src/auth/ntlm/av-pairs.js'
import { decodeChallenge } from '../../../../src/auth/ntlm/challenge-message.js'
import { union } from '../../../../src/auth/ntlm/flags.js'
import { encodeNegotiate } from '../../../../src/auth/ntlm/negotiate-message.js'
import { encodeClientChallenge, ntHash, ntProof, responseKey } from '../../../../src/auth/ntlm/ntlmv2.js'
import { AuthenticationError, ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex, toHex } from '../hex.js'
import { client, PASSWORD, server, shakeHands, token } from './handshake.js'

const noVersion = new Uint8Array(8)
const UNICODE = 1
const OEM = 2
const SIGN = 0x10
const EXTENDED = 0x80000

describe('the NTLM acceptor', () => {
  it('lets in who knows the password, and both sides can seal', async () => {
    const [initiator, acceptor] = [client(), server()]
    const tokens = await shakeHands(initiator, acceptor)
    expect(tokens).toHaveLength(3)
    expect([acceptor.complete, acceptor.principal]).toEqual([true, String.raw`TEST\alice`])
    expect(await acceptor.unseal(await initiator.seal(ascii('from the client')))).toEqual(
      ascii('from the client'),
    )
    expect(await initiator.unseal(await acceptor.seal(ascii('from the server')))).toEqual(
      ascii('from the server'),
    )
  })

  it('introduces itself with names and the time', async () => {
    const before = Date.now()
    const acceptor = server({ domainName: 'TEST' })
    const { flags, targetName, targetInfo } = decodeChallenge(
      await token(acceptor.step(await token(client().step()))),
    )
    expect(targetName).toBe('TEST')
    expect(toHex(hex('e2898235'))).toBe(flags.toString(16))
    expect(textOf(targetInfo, AV.domainName)).toBe('TEST')
    expect(textOf(targetInfo, AV.computerName)).toBe('SERVER01')
    expect(textOf(targetInfo, AV.dnsComputerName)).toBe('server01')
    const time = Buffer.from(valueOf(targetInfo, AV.timestamp) ?? []).readBigUInt64LE()
    const milliseconds = Number(time / 10_000n - 11_644_473_600_000n)
    expect(milliseconds).toBeGreaterThanOrEqual(before)
    expect(milliseconds).toBeLessThanOrEqual(Date.now())
  })

  it('asks for the account as the client names it', async () => {
    const lookup = vi.fn(() => ({ ntHash: ntHash(PASSWORD) }))
    for (const username of [String.raw`.\alice`, 'bob@example.com']) {
      await shakeHands(client({ credential: { username, password: PASSWORD } }), server({ lookup }))
    }
    expect(lookup.mock.calls).toEqual([
      ['SERVER01', 'alice'],
      ['', 'bob@example.com'],
    ])
  })

  it('never mixes up two handshakes: each has its own challenge', async () => {
    const first = client()
    const other = server()
    await other.step(await token(client().step()))
    const challenge = await token(server().step(await token(first.step())))
    await expect(other.step(await token(first.step(challenge)))).rejects.toThrow(AuthenticationError)
  })

  it.each([
    ['a wrong password', { username: 'alice', password: 'sesame' }],
    ['an empty password', { username: 'alice', password: '' }],
    ['an unknown user', { username: 'mallory', password: PASSWORD }],
  ])('refuses %s', async (_what, credential) => {
    const acceptor = server()
    await expect(shakeHands(client({ credential }), acceptor)).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'ERR_WSMAN_UNAUTHORIZED',
    })
    expect([acceptor.complete, acceptor.principal]).toEqual([false, undefined])
    await expect(acceptor.seal(ascii('x'))).rejects.toThrow(UsageError)
  })

  it('refuses a message of which any one bit was changed on its way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 7 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (bit, place) => {
          const [initiator, acceptor] = [client(), server()]
          const challenge = await token(acceptor.step(await token(initiator.step())))
          const proof = Buffer.from(await token(initiator.step(challenge)))
          const position = Math.floor(place * proof.length)
          proof[position] = (proof[position] ?? 0) ^ (1 << bit)
          const error: unknown = await acceptor.step(proof).catch((reason: unknown) => reason)
          expect(error).toSatisfy((e) => e instanceof AuthenticationError || e instanceof ProtocolError)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('refuses a first message that was weakened on its way, by the MIC', async () => {
    const [initiator, acceptor] = [client(), server()]
    const weakened = Buffer.from(await token(initiator.step()))
    weakened.writeUInt32LE(union(weakened.readUInt32LE(12) & ~0x8000_0000), 12) // without 56
    const challenge = await token(acceptor.step(weakened))
    await expect(acceptor.step(await token(initiator.step(challenge)))).rejects.toThrow(
      'changed on their way',
    )
  })

  it('serves clients that leave the domain out of the key', async () => {
    const acceptor = server()
    const flags = UNICODE | EXTENDED
    const { serverChallenge } = decodeChallenge(
      await token(acceptor.step(encodeNegotiate({ flags }, noVersion))),
    )
    const message = { ...proofFor(serverChallenge, 'alice', ''), flags, user: 'alice', domain: 'TEST' }
    await acceptor.step(encodeAuthenticate(message, noVersion, false))
    expect(acceptor.principal).toBe(String.raw`TEST\alice`)
  })

  it('serves clients without Unicode, which neither sign nor seal', async () => {
    const acceptor = server()
    const flags = OEM | EXTENDED
    const challenge = decodeChallenge(await token(acceptor.step(encodeNegotiate({ flags }, noVersion))))
    expect(challenge.targetName).toBe('SERVER01')
    expect(challenge.flags & (UNICODE | OEM)).toBe(OEM)
    const proof = proofFor(challenge.serverChallenge, 'alice', '')
    const octets = encodeAuthenticate({ ...proof, flags, user: '', domain: '' }, noVersion, false)
    // The name in one octet per letter, behind everything else.
    octets.writeUInt16LE(5, 36)
    octets.writeUInt32LE(octets.length, 40)
    await acceptor.step(Buffer.concat([octets, ascii('alice')]))
    expect([acceptor.complete, acceptor.principal]).toEqual([true, 'alice'])
    await expect(acceptor.seal(ascii('x'))).rejects.toThrow(UsageError)
  })

  it('refuses anonymous clients', async () => {
    const acceptor = server({ lookup: () => ({ ntHash: ntHash('') }) })
    await acceptor.step(await token(client().step()))
    const anonymous = encodeAuthenticate(
      { ...nobody, flags: 0xe2888a35, ntResponse: hex(''), lmResponse: hex('00') },
      noVersion,
      false,
    )
    await expect(acceptor.step(anonymous)).rejects.toThrow('anonymously')
  })

  it('refuses the response of NTLMv1', async () => {
    const acceptor = server()
    await acceptor.step(await token(client().step()))
    const old = encodeAuthenticate(
      { ...nobody, user: 'alice', flags: 0xe2888235, ntResponse: new Uint8Array(24) },
      noVersion,
      false,
    )
    await expect(acceptor.step(old)).rejects.toThrow('NTLMv2')
  })

  it.each([
    ['without extended session security', UNICODE | SIGN | 0x2000_0000, 'NTLMv2'],
    ['that seal with less than 128 bits', UNICODE | SIGN | EXTENDED, '128 bits'],
    ['without a character set', EXTENDED, 'character set'],
  ])('refuses clients %s', async (_what, flags, reason) => {
    await expect(server().step(encodeNegotiate({ flags }, noVersion))).rejects.toThrow(reason)
  })

  it('refuses a client that exchanges no key although it was agreed', async () => {
    const [initiator, acceptor] = [client(), server()]
    const challenge = await token(acceptor.step(await token(initiator.step())))
    const message = decodeAuthenticate(await token(initiator.step(challenge)))
    const without = encodeAuthenticate({ ...message, encryptedSessionKey: hex('') }, noVersion, true)
    await expect(acceptor.step(without)).rejects.toThrow('session key')
  })

  it('gives up when a token is missing', async () => {
    await expect(server().step()).rejects.toThrow(ProtocolError)
    const acceptor = server()
    await acceptor.step(await token(client().step()))
    await expect(acceptor.step()).rejects.toThrow(ProtocolError)
  })

  it('does not open after it was disposed of while it looked the account up', async () => {
    const acceptor = server({
      lookup: () => {
        acceptor.dispose()
        return { ntHash: ntHash(PASSWORD) }
      },
    })
    await expect(shakeHands(client(), acceptor)).rejects.toThrow(UsageError)
    expect(acceptor.complete).toBe(false)
    await expect(acceptor.seal(ascii('x'))).rejects.toThrow(UsageError)
  })

  it('shows neither the account nor a key', async () => {
    const acceptor = server()
    await shakeHands(client(), acceptor)
    const shown = inspect(acceptor, { depth: Infinity, showHidden: true }) + JSON.stringify(acceptor)
    expect(shown).not.toContain('lookup')
    expect(Object.keys(acceptor)).toEqual(['mechanism'])
  })
})

describe('channel binding', () => {
  const here = ascii('tls-server-end-point:here')
  const there = ascii('tls-server-end-point:there')
  const applicationData = here
  const accepts = async (
    rule: ChannelBindingRule,
    channelBinding: Uint8Array | undefined,
  ): Promise<boolean> => {
    const acceptor = server({ channelBinding: rule })
    const error: unknown = await shakeHands(client({ channelBinding }), acceptor).catch((e: unknown) => e)
    if (error instanceof AuthenticationError) expect(error.message).toContain('TLS channel')
    return acceptor.complete
  }

  it.each([
    ['none', here, true],
    ['none', there, true],
    ['none', undefined, true],
    ['relaxed', here, true],
    ['relaxed', there, false],
    ['relaxed', undefined, true],
    ['strict', here, true],
    ['strict', there, false],
    ['strict', undefined, false],
  ] as const)('%s, client bound by %s: %s', async (level, sent, accepted) => {
    expect(await accepts({ level, applicationData }, sent)).toBe(accepted)
  })

  it.each(['relaxed', 'strict'] as const)('%s means nothing without TLS', async (level) => {
    expect(await accepts({ level, applicationData: undefined }, there)).toBe(true)
    expect(await accepts({ level, applicationData: undefined }, undefined)).toBe(true)
  })
})

const nobody = {
  domain: '',
  user: '',
  workstation: '',
  lmResponse: new Uint8Array(24),
  ntResponse: new Uint8Array(),
  encryptedSessionKey: new Uint8Array(),
}

/** The proof of an old client that adds no attributes and no MIC. */
function proofFor(serverChallenge: Uint8Array, user: string, domain: string) {
  const temp = encodeClientChallenge(new Uint8Array(8), new Uint8Array(8), [])
  const proof = ntProof(responseKey(ntHash(PASSWORD), user, domain), serverChallenge, temp)
  return { ...nobody, ntResponse: Buffer.concat([proof, temp]) }
}
