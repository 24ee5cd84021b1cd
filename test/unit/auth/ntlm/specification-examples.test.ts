import { describe, expect, it } from 'vitest'
import { Rc4 } from '../../../../src/auth/crypto/rc4.js'
import { decodeAuthenticate, encodeAuthenticate } from '../../../../src/auth/ntlm/authenticate-message.js'
import { AV, textPair } from '../../../../src/auth/ntlm/av-pairs.js'
import { decodeChallenge, encodeChallenge } from '../../../../src/auth/ntlm/challenge-message.js'
import { union } from '../../../../src/auth/ntlm/flags.js'
import { NtlmInitiator } from '../../../../src/auth/ntlm/initiator.js'
import {
  encodeClientChallenge,
  hmacMd5,
  lmResponse,
  ntHash,
  ntProof,
  responseKey,
  sessionBaseKey,
} from '../../../../src/auth/ntlm/ntlmv2.js'
import { sessionKey, SessionSecurity } from '../../../../src/auth/ntlm/session-security.js'
import { hex, toHex } from '../hex.js'

// MS-NLMP 4.2.1
const serverChallenge = hex('0123456789abcdef')
const clientChallenge = hex('aaaaaaaaaaaaaaaa')
const randomSessionKey = hex('55555555555555555555555555555555')
const time = hex('0000000000000000')

// MS-NLMP 4.2.4.3
const challengeMessage = hex(
  '4e 54 4c 4d 53 53 50 00 02 00 00 00 0c 00 0c 00 38 00 00 00 33 82 8a e2 01 23 45 67 89 ab cd ef',
  '00 00 00 00 00 00 00 00 24 00 24 00 44 00 00 00 06 00 70 17 00 00 00 0f 53 00 65 00 72 00 76 00',
  '65 00 72 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 00',
  '65 00 72 00 00 00 00 00',
)
const authenticateMessage = hex(
  '4e 54 4c 4d 53 53 50 00 03 00 00 00 18 00 18 00 6c 00 00 00 54 00 54 00 84 00 00 00 0c 00 0c 00',
  '48 00 00 00 08 00 08 00 54 00 00 00 10 00 10 00 5c 00 00 00 10 00 10 00 d8 00 00 00 35 82 88 e2',
  '05 01 28 0a 00 00 00 0f 44 00 6f 00 6d 00 61 00 69 00 6e 00 55 00 73 00 65 00 72 00 43 00 4f 00',
  '4d 00 50 00 55 00 54 00 45 00 52 00 86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa',
  'aa aa aa aa 68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c 01 01 00 00 00 00 00 00 00 00 00 00',
  '00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00',
  '01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00 00 00 00 00 c5 da d2 54 4f c9 79 90',
  '94 ce 1c e9 0b c9 d0 3e',
)
const targetInfo = [textPair(AV.domainName, 'Domain'), textPair(AV.computerName, 'Server')]

const key = responseKey(ntHash('Password'), 'User', 'Domain')
const temp = encodeClientChallenge(clientChallenge, time, targetInfo)
const proof = ntProof(key, serverChallenge, temp)
const baseKey = sessionBaseKey(key, proof)

describe('the NTLMv2 examples of MS-NLMP 4.2', () => {
  it('4.2.2.1.2: NTOWFv1, the NT hash', () => {
    expect(toHex(ntHash('Password'))).toBe('a4f49c406510bdcab6824ee7c30fd852')
  })

  it('4.2.4: the flags', () => {
    const flags = union(
      0x4000_0000, // KEY_EXCH
      0x8000_0000, // 56
      0x2000_0000, // 128
      0x0200_0000, // VERSION
      0x0080_0000, // TARGET_INFO
      0x0008_0000, // EXTENDED_SESSIONSECURITY
      0x0002_0000, // TARGET_TYPE_SERVER
      0x0000_8000, // ALWAYS_SIGN
      0x0000_0200, // NTLM
      0x0000_0020, // SEAL
      0x0000_0010, // SIGN
      0x0000_0002, // OEM
      0x0000_0001, // UNICODE
    )
    expect(decodeChallenge(challengeMessage).flags).toBe(flags)
    expect(flags).toBe(0xe28a8233)
  })

  it('4.2.4.1.1: NTOWFv2', () => {
    expect(toHex(key)).toBe('0c868a403bfd7a93a3001ef22ef02e3f')
  })

  it('4.2.4.1.2: SessionBaseKey', () => {
    expect(toHex(baseKey)).toBe('8de40ccadbc14a82f15cb0ad0de95ca3')
  })

  it('4.2.4.1.3: temp', () => {
    expect(new Uint8Array(temp)).toEqual(authenticateMessage.slice(0x94, 0xd8))
  })

  it('4.2.4.2.1: the LMv2 response', () => {
    const response = lmResponse(key, { serverChallenge, clientChallenge })
    expect(toHex(response)).toBe('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa')
  })

  it('4.2.4.2.2: the NTLMv2 response', () => {
    expect(toHex(proof)).toBe('68cd0ab851e51c96aabc927bebef6a1c')
  })

  it('4.2.4.2.3: the encrypted session key', () => {
    expect(toHex(new Rc4(baseKey).apply(randomSessionKey))).toBe('c5dad2544fc9799094ce1ce90bc9d03e')
  })

  it('4.2.4.3: the CHALLENGE_MESSAGE, written and read', () => {
    const message = { flags: 0xe28a8233, serverChallenge, targetName: 'Server', targetInfo }
    expect(toHex(encodeChallenge(message, hex('060070170000000f')))).toBe(toHex(challengeMessage))
    const read = decodeChallenge(challengeMessage)
    expect(toHex(read.serverChallenge)).toBe('0123456789abcdef')
    expect(read.targetName).toBe('Server')
    expect(read.targetInfo).toEqual(targetInfo)
  })

  it('4.2.4.3: the AUTHENTICATE_MESSAGE, read and written again', () => {
    const message = decodeAuthenticate(authenticateMessage)
    expect(message).toMatchObject({ domain: 'Domain', user: 'User', workstation: 'COMPUTER' })
    const again = encodeAuthenticate(message, hex('0501280a0000000f'), false)
    expect(toHex(again)).toBe(toHex(authenticateMessage))
  })

  it('4.2.4.3: the AUTHENTICATE_MESSAGE, as the client answers that challenge', async () => {
    const client = exampleClient()
    await client.step()
    const answer = await client.step(challengeMessage)
    expect(toHex(answer ?? new Uint8Array())).toBe(toHex(authenticateMessage))
  })

  it('4.2.4.4: the sealing and the signing key', () => {
    expect(toHex(sessionKey(randomSessionKey, 'client', 'sealing'))).toBe('59f600973cc4960a25480a7c196e4c58')
    expect(toHex(sessionKey(randomSessionKey, 'client', 'signing'))).toBe('4788dc861b4782f35d43fd98fe1a2d39')
  })

  const plaintext = new Uint8Array(Buffer.from('Plaintext', 'utf16le'))
  const sealedData = '54e50165bf1936dc996020c1811b0f06fb5f'
  const signature = '010000007fb38ec5c55d497600000000'

  it('4.2.4.4: the checksum, before and after it is encrypted', () => {
    const signingKey = sessionKey(randomSessionKey, 'client', 'signing')
    const checksum = hmacMd5(signingKey, new Uint8Array(4), plaintext).subarray(0, 8)
    expect(toHex(checksum)).toBe('70352851f2564309')
    const stream = new Rc4(sessionKey(randomSessionKey, 'client', 'sealing'))
    expect(toHex(stream.apply(plaintext))).toBe(sealedData)
    expect(toHex(stream.apply(checksum))).toBe(signature.slice(8, 24))
  })

  it('4.2.4.4: the sealed message and its signature', () => {
    const sealed = new SessionSecurity(randomSessionKey, 'client', true).seal(plaintext)
    expect(toHex(sealed.data)).toBe(sealedData)
    expect(toHex(sealed.signature)).toBe(signature)
    expect(sealed.length).toBe(18)
    expect(new SessionSecurity(randomSessionKey, 'server', true).unseal(sealed)).toEqual(plaintext)
  })

  it('4.2.4.4: the sealed message, by the client that answered the challenge', async () => {
    const client = exampleClient()
    await client.step()
    await client.step(challengeMessage)
    const sealed = await client.seal(plaintext)
    expect([toHex(sealed.signature), toHex(sealed.data)]).toEqual([signature, sealedData])
  })
})

/** A client that makes up nothing: its random numbers, time and version are those of the examples. */
function exampleClient(): NtlmInitiator {
  return new NtlmInitiator(
    {
      target: { service: 'HTTP', host: 'server' },
      credential: { username: String.raw`Domain\User`, password: 'Password' },
      workstation: 'COMPUTER',
    },
    {
      random: (purpose) => Buffer.from(purpose === 'sessionKey' ? randomSessionKey : clientChallenge),
      now: () => Date.UTC(1601, 0, 1),
      version: hex('0501280a0000000f'),
    },
  )
}
