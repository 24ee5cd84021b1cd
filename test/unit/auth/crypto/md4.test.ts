import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { md4 } from '../../../../src/auth/crypto/md4.js'
import { requirePeer, succeeds } from '../../../support/shared.js'
import { ascii, toHex } from '../hex.js'

describe('MD4', () => {
  it.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('of %j is what RFC 1320, A.5 says', (message, digest) => {
    expect(toHex(md4(ascii(message)))).toBe(digest)
  })
})

const legacy = ['-provider', 'legacy', '-provider', 'default']
const openssl = (input: Uint8Array): string =>
  spawnSync('openssl', ['dgst', ...legacy, '-md4', '-r'], { input })
    .stdout.toString()
    .slice(0, 32)

requirePeer('OpenSSL with its legacy provider', () => succeeds('openssl', 'list', ...legacy))(
  'MD4 beside OpenSSL',
  () => {
    it.each([54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 100_000])(
      'is the same for %i octets, whichever way the padding falls',
      (length) => {
        const message = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff)
        expect(toHex(md4(message))).toBe(openssl(message))
      },
    )
  },
)
