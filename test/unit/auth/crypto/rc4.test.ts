import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Rc4 } from '../../../../src/auth/crypto/rc4.js'
import { UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex, toHex } from '../hex.js'

const keyStream = (key: Uint8Array, length: number): Uint8Array => new Rc4(key).apply(new Uint8Array(length))

describe('RC4', () => {
  it.each([
    ['0102030405', 0, 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405', 16, '6982944f18fc82d589c403a47a0d0919'],
    ['0102030405', 4096, 'ff25b58995996707e51fbdf08b34d875'],
    ['0102030405060708090a0b0c0d0e0f10', 0, '9ac7cc9a609d1ef7b2932899cde41b97'],
    ['0102030405060708090a0b0c0d0e0f10', 240, '065902e4b620f6cc36c8589f66432f2b'],
    ['0102030405060708090a0b0c0d0e0f10', 4096, 'a36a4c301ae8ac13610ccbc12256cacc'],
  ])('with the key %s gives at %i what RFC 6229 says', (key, offset, expected) => {
    expect(toHex(keyStream(hex(key), offset + 16).subarray(offset))).toBe(expected)
  })

  it('decrypts what it encrypted', () => {
    const sealed = new Rc4(ascii('Key')).apply(ascii('Plaintext'))
    expect(toHex(sealed)).toBe('bbf316e8d940af0ad3')
    expect(new Rc4(ascii('Key')).apply(sealed)).toEqual(ascii('Plaintext'))
  })

  it('goes on with its key stream from call to call', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 32 }),
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
        (key, parts) => {
          const cipher = new Rc4(key)
          const inParts = Buffer.concat(parts.map((part) => cipher.apply(part)))
          expect(new Uint8Array(inParts)).toEqual(new Rc4(key).apply(Buffer.concat(parts)))
        },
      ),
    )
  })

  it('is cloned where it stands, and the clone goes its own way', () => {
    const cipher = new Rc4(ascii('Key'))
    cipher.apply(new Uint8Array(100))
    const clone = cipher.clone()
    const ahead = clone.apply(new Uint8Array(50))
    expect(cipher.apply(new Uint8Array(50))).toEqual(ahead)
    clone.dispose()
    expect(cipher.apply(new Uint8Array(50))).toEqual(keyStream(ascii('Key'), 200).subarray(150))
  })

  it('refuses to go on after it was disposed of, and its clone with it not', () => {
    const cipher = new Rc4(ascii('Key'))
    const clone = cipher.clone()
    cipher.dispose()
    expect(() => cipher.apply(ascii('text'))).toThrow(UsageError)
    expect(toHex(clone.apply(ascii('Plaintext')))).toBe('bbf316e8d940af0ad3')
  })
})
