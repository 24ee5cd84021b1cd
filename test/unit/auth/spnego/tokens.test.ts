import { describe, expect, it } from 'vitest'
import { context, der, derOid, TAG } from '../../../../src/auth/asn1.js'
import {
  decodeNegTokenInit,
  encodeMechTypes,
  encodeNegTokenInit,
  framedMechanism,
} from '../../../../src/auth/spnego/neg-token-init.js'
import { decodeNegTokenResp, encodeNegTokenResp } from '../../../../src/auth/spnego/neg-token-resp.js'
import { OID } from '../../../../src/auth/spnego/oids.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { hex, toHex } from '../hex.js'

const ntlmNegotiate = '4e544c4d5353500001000000378208e200000000000000000000000000000000060200000000000f'

describe('NegTokenInit', () => {
  // What MIT's library sends when it has NTLM only.
  const recorded = `604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a0428${ntlmNegotiate}`

  it('is written as MIT writes it', () => {
    const mechTypesDer = encodeMechTypes([OID.ntlm])
    expect(toHex(encodeNegTokenInit({ mechTypesDer, mechToken: hex(ntlmNegotiate) }))).toBe(recorded)
  })

  it('is read with the list as it came', () => {
    const { mechTypes, mechTypesDer, mechToken } = decodeNegTokenInit(hex(recorded))
    expect(mechTypes).toEqual([OID.ntlm])
    expect(toHex(mechTypesDer)).toBe('300c060a2b06010401823702020a')
    expect(toHex(mechToken ?? hex(''))).toBe(ntlmNegotiate)
  })

  it('may be without a token', () => {
    const mechTypesDer = encodeMechTypes([OID.kerberos, OID.microsoftKerberos, OID.ntlm])
    const read = decodeNegTokenInit(encodeNegTokenInit({ mechTypesDer, mechToken: undefined }))
    expect(read.mechTypes).toEqual([OID.kerberos, OID.microsoftKerberos, OID.ntlm])
    expect(read.mechToken).toBeUndefined()
  })

  it('may carry flags, which are passed over', () => {
    const flags = der(context(1), der(TAG.bitString, hex('0110')))
    const fields = der(TAG.sequence, der(context(0), encodeMechTypes([OID.ntlm])), flags)
    const octets = der(TAG.application0, derOid(OID.spnego), der(context(0), fields))
    expect(decodeNegTokenInit(octets)).toMatchObject({ mechTypes: [OID.ntlm], mechToken: undefined })
  })

  it('is read from Windows, with hints behind it', () => {
    const { mechTypes, mechToken } = decodeNegTokenInit(windowsExample)
    expect(mechTypes).toEqual(['1.3.6.1.4.1.311.2.2.30', OID.ntlm])
    expect(Buffer.from(mechToken ?? []).toString('latin1', 0, 8)).toBe('NEGOEXTS')
    expect(mechToken).toHaveLength(0xfe)
  })

  it('is known by its frame', () => {
    expect(framedMechanism(hex(recorded))).toBe(OID.spnego)
    expect(framedMechanism(hex('600b06092a864886f712010202'))).toBe(OID.kerberos)
    expect(framedMechanism(hex(ntlmNegotiate))).toBeUndefined()
    expect(framedMechanism(hex(''))).toBeUndefined()
  })

  it.each([
    ['is cut off', recorded.slice(0, -2)],
    ['holds no list', '600c06062b0601050502a0023000'],
    ['holds something else in the list', '601406062b0601050502a00a3008a0063004040141ff'],
  ])('is refused when it %s', (_what, octets) => {
    expect(() => decodeNegTokenInit(hex(octets))).toThrow(ProtocolError)
  })
})

describe('NegTokenResp', () => {
  // The last answer of MIT's acceptor to NTLM, and a first answer without a token.
  const completed = 'a11b3019a0030a0100a3120410010000009ddb9274db95e27000000000'
  const incomplete = 'a1143012a0030a0101a10b06092a864886f712010202'

  it('is read and written alike', () => {
    const last = decodeNegTokenResp(hex(completed))
    expect(last.negState).toBe('acceptCompleted')
    expect(toHex(last.mechListMic ?? hex(''))).toBe('010000009ddb9274db95e27000000000')
    expect([last.supportedMech, last.responseToken]).toEqual([undefined, undefined])
    expect(toHex(encodeNegTokenResp(last))).toBe(completed)
    const first = decodeNegTokenResp(hex(incomplete))
    expect(first).toMatchObject({ negState: 'acceptIncomplete', supportedMech: OID.kerberos })
    expect(toHex(encodeNegTokenResp(first))).toBe(incomplete)
  })

  it('may say nothing at all', () => {
    const nothing = {
      negState: undefined,
      supportedMech: undefined,
      responseToken: undefined,
      mechListMic: undefined,
    }
    expect(decodeNegTokenResp(hex('a1023000'))).toEqual(nothing)
    expect(toHex(encodeNegTokenResp(nothing))).toBe('a1023000')
  })

  it('counts an empty field as none', () => {
    expect(decodeNegTokenResp(hex('a1063004a2020400')).responseToken).toBeUndefined()
  })

  it.each([
    ['has a state that does not exist', 'a1073005a0030a0104'],
    ['has a state of two octets', 'a1083006a0040a020000'],
    ['has a state of another type', 'a1073005a003040100'],
    ['is another token', '3000'],
    ['is nothing', ''],
  ])('is refused when it %s', (_what, octets) => {
    expect(() => decodeNegTokenResp(hex(octets))).toThrow(ProtocolError)
  })
})

// MS-SPNG, section 4.
const windowsExample = hex(
  '60 82 01 5d 06 06 2b 06 01 05 05 02 a0 82 01 51 30 82 01 4d a0 1a 30 18 06 0a 2b 06 01 04 01 82',
  '37 02 02 1e 06 0a 2b 06 01 04 01 82 37 02 02 0a a2 82 01 01 04 81 fe 4e 45 47 4f 45 58 54 53 01',
  '00 00 00 00 00 00 00 60 00 00 00 70 00 00 00 cf fa 11 76 5e 12 59 9a 34 7d 76 68 52 bf ce 70 97',
  '45 87 10 bb 82 42 b4 c7 df ba d2 da 89 7a a3 11 a7 d8 68 46 34 30 95 25 62 dc 13 c5 54 f2 01 00',
  '00 00 00 00 00 00 00 60 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 5c 33 53 0d ea f9 0d 4d b2',
  'ec 4a e3 78 6e c3 08 4e 45 47 4f 45 58 54 53 03 00 00 00 01 00 00 00 40 00 00 00 8e 00 00 00 cf',
  'fa 11 76 5e 12 59 9a 34 7d 76 68 52 bf ce 70 5c 33 53 0d ea f9 0d 4d b2 ec 4a e3 78 6e c3 08 40',
  '00 00 00 4e 00 00 00 30 4c a0 4a 30 48 30 2a 80 28 30 26 31 24 30 22 06 03 55 04 03 13 1b 58 4d',
  '4c 50 72 6f 76 69 64 65 72 20 49 6e 74 65 72 6d 65 64 69 61 74 65 20 43 41 30 1a 80 18 30 16 31',
  '14 30 12 06 03 55 04 03 13 0b 58 4d 4c 50 72 6f 76 69 64 65 72 a3 2a 30 28 a0 26 1b 24 6e 6f 74',
  '5f 64 65 66 69 6e 65 64 5f 69 6e 5f 52 46 43 34 31 37 38 40 70 6c 65 61 73 65 5f 69 67 6e 6f 72',
  '65',
)
