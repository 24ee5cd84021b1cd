import { describe, expect, it } from 'vitest'
import { isSealed, splitWrapToken } from '../../../../src/auth/kerberos/wrap-token.js'
import { ProtocolError } from '../../../../src/errors/errors.js'

/** `hello, world` as MIT Kerberos sealed it, in the halves it made. */
const AES = {
  signature:
    '050406ff0000001c0000000012d6a9516b406450c1c71cb1823c55eb3ee3e277a1ee890481e2a82059238cdc47627ccb2a20db5fdee2dae86f8f55af',
  data: '11e50c139e81ebe769a4802e',
}
const RC4 = {
  signature: '603806092a864886f712010202020111001000ffffcf2a719af98e8fb9d15fcbb26bd7130b7bfe26edabd0532b',
  data: 'd98ef626f8a2d16700eab2b181',
}
const token = ({ signature, data }: typeof AES): Uint8Array => Buffer.from(signature + data, 'hex')

describe('wrap tokens', () => {
  it.each([
    ['AES', AES, 60, 12],
    ['RC4, whose data has an octet of padding', RC4, 45, 13],
  ])('are divided where GSSAPI divided them: %s', (_, halves, signatureLength, length) => {
    const split = splitWrapToken(token(halves), 12)
    expect(Buffer.from(split.signature).toString('hex')).toBe(halves.signature)
    expect(Buffer.from(split.data).toString('hex')).toBe(halves.data)
    expect(split.signature).toHaveLength(signatureLength)
    expect(split.length).toBe(length)
  })

  it('tell whether they are encrypted', () => {
    expect(isSealed(token(AES))).toBe(true)
    expect(isSealed(token(RC4))).toBe(true)
    const signedAes = token(AES)
    signedAes[2] = 0x04
    expect(isSealed(signedAes)).toBe(false)
    const signedRc4 = token(RC4)
    signedRc4.fill(0xff, 17, 19)
    expect(isSealed(signedRc4)).toBe(false)
  })

  it.each(['', '60', '0501', '6003060100', '603806092a864886f712010202'])('do not look like %j', (hex) => {
    const octets = Buffer.from(hex, 'hex')
    let sealed = false
    try {
      sealed = isSealed(octets)
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError)
    }
    expect(sealed).toBe(false)
  })
})
