import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { der, TAG } from '../../../../src/auth/asn1.js'
import { keyBinding } from '../../../../src/auth/credssp/key-binding.js'
import { subjectPublicKey } from '../../../../src/auth/credssp/public-key.js'
import { decodeTsRequest } from '../../../../src/auth/credssp/ts-request.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { hex, toHex } from '../hex.js'
import { version3, version6 } from './freerdp-recording.js'
import { makeIdentity } from './handshake.js'

const nonceOf = (message: Uint8Array): Uint8Array => decodeTsRequest(message).clientNonce ?? new Uint8Array()

describe('the binding to the public key', () => {
  it('is that of FreeRDP', () => {
    const hashed = keyBinding(6, version6.publicKey, nonceOf(version6.authenticate))
    expect(toHex(hashed.fromClient)).toBe(toHex(version6.binding))
    const raw = keyBinding(3, version3.publicKey, nonceOf(version3.authenticate))
    expect(toHex(raw.fromClient)).toBe(toHex(version3.binding))
  })

  it('is a hash of both directions from version 5 on', () => {
    const nonce = Uint8Array.from({ length: 32 }, (_, index) => index)
    for (const version of [5, 6]) {
      const { fromClient, fromServer } = keyBinding(version, hex('04010203'), nonce)
      // Made with Python's hashlib.
      expect(toHex(fromClient)).toBe('f1ec4674899037e4f132ce8413ba772448b530c2360dd6911ed17cda92d51df7')
      expect(toHex(fromServer)).toBe('de75d616338fbae7c1ff6d2b2fbcd78034b2861ccfd118cadb9f9c6e1494cc76')
    }
  })

  it('is the key itself before that, with its first octet raised in the answer', () => {
    for (const version of [2, 3, 4]) {
      const { fromClient, fromServer } = keyBinding(version, hex('ff0102'), new Uint8Array(32))
      expect([toHex(fromClient), toHex(fromServer)]).toEqual(['ff0102', '000102'])
    }
  })
})

describe('the public key of a certificate', () => {
  it('is the RSAPublicKey', async () => {
    const certificate = new X509Certificate((await makeIdentity('rsa')).cert)
    const pkcs1 = certificate.publicKey.export({ type: 'pkcs1', format: 'der' })
    expect(toHex(subjectPublicKey(certificate.raw))).toBe(toHex(pkcs1))
  })

  it('is the point of the curve', async () => {
    const certificate = new X509Certificate((await makeIdentity('ec')).cert)
    const { x = '', y = '' } = certificate.publicKey.export({ format: 'jwk' })
    const point = Buffer.concat([hex('04'), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    expect(toHex(subjectPublicKey(certificate.raw))).toBe(toHex(point))
  })

  it('is found without a version in front', () => {
    expect(toHex(subjectPublicKey(certificateWith(hex('30 09 30 03 06 01 2a 03 02 00 80'))))).toBe('80')
  })

  it.each([
    ['is no BIT STRING', '30 09 30 03 06 01 2a 04 02 00 80', 'holds tag 0x4 where 0x3 is due'],
    ['is cut off', '30 09 30 03 06 01 2a 03 06 00 80', 'is cut off'],
    ['has no octets', '30 08 30 03 06 01 2a 03 01 00', 'not whole octets'],
    ['has no bits at all', '30 07 30 03 06 01 2a 03 00', 'not whole octets'],
    ['has seven bits', '30 09 30 03 06 01 2a 03 02 01 80', 'not whole octets'],
    ['is not there', '30 05 30 03 06 01 2a', 'is cut off'],
  ])('is refused where it %s', (_what, info, reason) => {
    const read = () => subjectPublicKey(certificateWith(hex(info)))
    expect(read).toThrow(ProtocolError)
    expect(read).toThrow(reason)
  })

  it.each(['', '30 03 02 01 01', '04 02 00 80'])('is not found in %j', (octets) => {
    expect(() => subjectPublicKey(hex(octets))).toThrow(ProtocolError)
  })
})

/** A certificate with nothing in it but the SubjectPublicKeyInfo. */
function certificateWith(info: Uint8Array): Uint8Array {
  const empty = der(TAG.sequence)
  return der(TAG.sequence, der(TAG.sequence, hex('02 01 01'), empty, empty, empty, empty, info))
}
