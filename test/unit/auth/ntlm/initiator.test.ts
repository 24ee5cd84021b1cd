import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { decodeAuthenticate } from '../../../../src/auth/ntlm/authenticate-message.js'
import { AV, textOf, textPair, uint32Pair, valueOf, type AvPair } from '../../../../src/auth/ntlm/av-pairs.js'
import { encodeChallenge } from '../../../../src/auth/ntlm/challenge-message.js'
import { union } from '../../../../src/auth/ntlm/flags.js'
import { NtlmInitiator, type NtlmInitiatorOptions } from '../../../../src/auth/ntlm/initiator.js'
import { decodeNtlmv2Response, ntHash } from '../../../../src/auth/ntlm/ntlmv2.js'
import { ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex, toHex } from '../hex.js'
import { client, PASSWORD, server, shakeHands, token } from './handshake.js'

// What Windows grants: 56, KEY_EXCH, 128, VERSION, TARGET_INFO, EXTENDED_SESSIONSECURITY, TARGET_TYPE_DOMAIN, ...
const GRANTED = 0xe2898235
const timestamp = Buffer.from(hex('0090d336b734c301'))
const names = [textPair(AV.domainName, 'TEST'), textPair(AV.computerName, 'SERVER01')]
const modern = [...names, { id: AV.timestamp, value: timestamp }]

const challenge = (targetInfo: readonly AvPair[] = modern, flags = GRANTED): Uint8Array =>
  encodeChallenge(
    { flags, serverChallenge: hex('0123456789abcdef'), targetName: 'TEST', targetInfo },
    new Uint8Array(8),
  )

/** What the client answers to a challenge. */
async function answer(message: Uint8Array, options: Partial<NtlmInitiatorOptions> = {}) {
  const initiator = client(options)
  await initiator.step()
  const octets = await token(initiator.step(message))
  const authenticate = decodeAuthenticate(octets)
  const response = decodeNtlmv2Response(authenticate.ntResponse)
  if (!response) throw new Error('this is no NTLMv2 response')
  return { octets, authenticate, response, initiator }
}

describe('the first token of NTLM', () => {
  it('offers NTLMv2 with sealing by 128 bits and says nothing about the client', async () => {
    const octets = await token(client().step())
    expect(toHex(octets)).toBe(
      '4e544c4d5353500001000000' + // NTLMSSP, type 1
        '358208e2' + // 56, KEY_EXCH, 128, VERSION, EXTENDED_SESSIONSECURITY, ALWAYS_SIGN, NTLM, SEAL, SIGN, TARGET, UNICODE
        '0000000028000000' +
        '0000000028000000' +
        '0a0000000000000f',
    )
  })
})

describe('the answer to a challenge', () => {
  it('sends back the server time, no LM response and a MIC where there is a timestamp', async () => {
    const { octets, authenticate, response } = await answer(challenge())
    expect(toHex(response.temp.subarray(8, 16))).toBe(toHex(timestamp))
    expect(toHex(authenticate.lmResponse)).toBe('00'.repeat(24))
    expect(toHex(valueOf(response.pairs, AV.flags) ?? hex(''))).toBe('02000000')
    expect(toHex(octets.subarray(72, 88))).not.toBe('00'.repeat(16))
    expect(Buffer.from(octets).readUInt32LE(32)).toBe(88)
  })

  it('keeps the flags the server set and adds its own', async () => {
    const { response } = await answer(challenge([uint32Pair(AV.flags, 0x80000001), ...modern]))
    expect(response.pairs.filter(({ id }) => id === AV.flags)).toEqual([uint32Pair(AV.flags, 0x80000003)])
  })

  it('carries the attributes of the server, the target and no channel binding', async () => {
    const { response } = await answer(challenge())
    expect(response.pairs.slice(0, 3)).toEqual(modern)
    expect(textOf(response.pairs, AV.targetName)).toBe('HTTP/server01.example.com')
    expect(toHex(valueOf(response.pairs, AV.channelBindings) ?? hex(''))).toBe('00'.repeat(16))
  })

  it('names the port where the target has one', async () => {
    const target = { service: 'WSMAN', host: 'server', port: 5985 }
    const { response } = await answer(challenge(), { target })
    expect(textOf(response.pairs, AV.targetName)).toBe('WSMAN/server:5985')
  })

  it('binds itself to the channel by the MD5 of a gss_channel_bindings_struct', async () => {
    const channelBinding = ascii('tls-server-end-point:0123')
    const { response } = await answer(challenge(), { channelBinding })
    const expected = createHash('md5')
      .update(hex('00000000 00000000 00000000 00000000 19000000'))
      .update(channelBinding)
      .digest('hex')
    expect(toHex(valueOf(response.pairs, AV.channelBindings) ?? hex(''))).toBe(expected)
  })

  it('does not let the server say what the client is bound to', async () => {
    const forged = [textPair(AV.targetName, 'HTTP/evil'), { id: AV.channelBindings, value: timestamp }]
    const { response } = await answer(challenge([...forged, ...modern]))
    expect(response.pairs.filter(({ id }) => id === AV.targetName || id === AV.channelBindings)).toEqual([
      { id: AV.channelBindings, value: Buffer.alloc(16) },
      textPair(AV.targetName, 'HTTP/server01.example.com'),
    ])
  })

  it('to a server without a timestamp has the LMv2 response and no MIC', async () => {
    const channelBinding = ascii('tls-server-end-point:0123')
    const { octets, authenticate, response } = await answer(challenge(names), { channelBinding })
    expect(authenticate.lmResponse).toHaveLength(24)
    expect(toHex(authenticate.lmResponse.subarray(16))).toBe(toHex(response.temp.subarray(16, 24)))
    expect(Buffer.from(octets).readUInt32LE(32)).toBe(72)
    expect(response.pairs.map(({ id }) => id)).toEqual([AV.domainName, AV.computerName, AV.channelBindings])
  })

  it('keeps to the flags that both sides have', async () => {
    const { authenticate } = await answer(challenge())
    expect(authenticate.flags).toBe(0xe2888235)
  })

  it('exchanges no key where the server does not', async () => {
    const { authenticate, initiator } = await answer(challenge(modern, union(GRANTED & ~0x4000_0000)))
    expect(authenticate.encryptedSessionKey).toHaveLength(0)
    expect(initiator.complete).toBe(true)
  })

  it.each([
    [String.raw`TEST\alice`, 'alice', 'TEST'],
    [String.raw`.\alice`, 'alice', 'SERVER01'],
    [String.raw`\alice`, 'alice', ''],
    ['alice', 'alice', ''],
    ['alice@example.com', 'alice@example.com', ''],
    [String.raw`TEST\alice@example.com`, 'alice@example.com', 'TEST'],
  ])('takes %s as user %s of domain %s', async (username, user, domain) => {
    const { authenticate } = await answer(challenge(), { credential: { username, password: PASSWORD } })
    expect([authenticate.user, authenticate.domain, authenticate.workstation]).toEqual([user, domain, 'WS7'])
  })

  it(String.raw`takes the target name for .\alice where the server has no computer name`, async () => {
    const credential = { username: String.raw`.\alice`, password: PASSWORD }
    const { authenticate } = await answer(challenge([]), { credential })
    expect(authenticate.domain).toBe('TEST')
  })

  it.each([
    ['text in Unicode', 0x0000_0001],
    ['signing', 0x0000_0010],
    ['sealing', 0x0000_0020],
    ['extended session security', 0x0008_0000],
    ['keys of 128 bits', 0x2000_0000],
  ])('is refused to a server without %s', async (name, flag) => {
    const initiator = client()
    await initiator.step()
    const refusal = initiator.step(challenge(modern, union(GRANTED & ~flag)))
    await expect(refusal).rejects.toThrow(ProtocolError)
    await expect(refusal).rejects.toThrow(name)
    await expect(initiator.step(challenge())).rejects.toThrow(UsageError)
  })

  it('names this computer as NetBIOS would', async () => {
    const initiator = new NtlmInitiator({
      target: { service: 'HTTP', host: 'server01' },
      credential: { username: 'alice', password: PASSWORD },
    })
    await initiator.step()
    const { workstation } = decodeAuthenticate(await token(initiator.step(challenge())))
    const first = hostname().toUpperCase().split('.', 1).join('')
    expect(workstation.length).toBeLessThanOrEqual(15)
    expect(first.startsWith(workstation)).toBe(true)
  })

  it('is not given without a challenge', async () => {
    const initiator = client()
    await initiator.step()
    await expect(initiator.step()).rejects.toThrow(ProtocolError)
  })
})

describe('the NTLM client', () => {
  it('takes an NT hash in place of the password', async () => {
    const hash = toHex(ntHash(PASSWORD)).toUpperCase()
    const initiator = client({ credential: { username: 'alice', ntHash: hash } })
    const acceptor = server()
    await shakeHands(initiator, acceptor)
    expect(acceptor.complete).toBe(true)
  })

  it.each(['', 'TEST\\'])('refuses the user name %j', (username) => {
    expect(() => client({ credential: { username, password: PASSWORD } })).toThrow(UsageError)
  })

  it('refuses a hash that is none, and does not print it', () => {
    const secret = 'ABCDEF0123456789'
    expect(() => client({ credential: { username: 'alice', ntHash: secret } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) as string }) as Error,
    )
  })

  it('uses another challenge and key each time', async () => {
    const [one, other] = [await answer(challenge()), await answer(challenge())]
    expect(toHex(one.authenticate.ntResponse)).not.toBe(toHex(other.authenticate.ntResponse))
    expect(toHex(one.authenticate.encryptedSessionKey)).not.toBe(
      toHex(other.authenticate.encryptedSessionKey),
    )
  })

  it('says who it is once the handshake is over', async () => {
    const initiator = client()
    const acceptor = server()
    expect([initiator.complete, initiator.principal]).toEqual([false, undefined])
    await shakeHands(initiator, acceptor)
    expect([initiator.complete, initiator.principal]).toEqual([true, String.raw`TEST\alice`])
    expect(initiator.mechanism).toBe('NTLM')
  })

  it('seals only after the handshake, and takes no token more', async () => {
    const initiator = client()
    await expect(initiator.seal(ascii('early'))).rejects.toThrow(UsageError)
    await shakeHands(initiator, server())
    await expect(initiator.step(challenge())).rejects.toThrow(UsageError)
    expect(initiator.complete).toBe(true)
  })

  it('seals nothing more once it was disposed of', async () => {
    const initiator = client()
    await shakeHands(initiator, server())
    initiator.dispose()
    expect(initiator.complete).toBe(false)
    await expect(initiator.seal(ascii('late'))).rejects.toThrow(UsageError)
    await expect(initiator.unseal({ signature: hex(''), data: hex('') })).rejects.toThrow(UsageError)
    await expect(initiator.step()).rejects.toThrow(UsageError)
  })

  it('shows neither password, hash nor key', async () => {
    const { initiator, octets } = await answer(challenge())
    const shown = inspect(initiator, { depth: Infinity, showHidden: true }) + JSON.stringify(initiator)
    expect(shown).not.toContain('Sesame')
    expect(shown).not.toContain('alice')
    for (const secret of [ntHash(PASSWORD), octets.subarray(72, 88)]) {
      expect(shown).not.toContain(toHex(secret))
      expect(shown).not.toContain(inspect(secret))
    }
    expect(Object.keys(initiator)).toEqual(['mechanism'])
  })
})
