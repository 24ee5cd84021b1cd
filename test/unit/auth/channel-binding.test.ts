import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { tlsServerEndPoint } from '../../../src/auth/channel-binding.js'
import { ProtocolError } from '../../../src/errors/errors.js'
import { requirePeer, succeeds } from '../../support/shared.js'

const rsa = ['-newkey', 'rsa:2048']
const ec = (curve: string): string[] => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]
const pss = ['-sigopt', 'rsa_padding_mode:pss']

requirePeer('the openssl command', () => succeeds('openssl', 'version'))('tls-server-end-point', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wsman-certificates-'))
  const keyFile = path.join(folder, 'key.pem')
  afterAll(() => rmSync(folder, { recursive: true }))

  const openssl = (args: readonly string[], input?: Buffer): Buffer => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { input })
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr.toString()}`)
    return stdout
  }

  const certificate = (...options: readonly string[]): Buffer => {
    const request = ['req', '-x509', '-nodes', '-keyout', keyFile, '-subj', '/CN=server01', '-days', '1']
    return openssl(['x509', '-outform', 'der'], openssl([...request, ...options]))
  }

  it.each([
    ['RSA with MD5', 'sha256', [...rsa, '-md5']],
    ['RSA with SHA-1', 'sha256', [...rsa, '-sha1']],
    ['RSA with SHA-224', 'sha224', [...rsa, '-sha224']],
    ['RSA with SHA-256', 'sha256', [...rsa, '-sha256']],
    ['RSA with SHA-384', 'sha384', [...rsa, '-sha384']],
    ['RSA with SHA-512', 'sha512', [...rsa, '-sha512']],
    ['RSA with SHA3-256', 'sha3-256', [...rsa, '-sha3-256']],
    ['RSA-PSS with SHA-1, its default', 'sha256', [...rsa, '-sha1', ...pss]],
    ['RSA-PSS with SHA-256', 'sha256', [...rsa, '-sha256', ...pss]],
    ['RSA-PSS with SHA-384', 'sha384', [...rsa, '-sha384', ...pss]],
    ['RSA-PSS with SHA-512', 'sha512', ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048', '-sha512']],
    ['ECDSA with SHA-1', 'sha256', [...ec('P-256'), '-sha1']],
    ['ECDSA with SHA-256', 'sha256', [...ec('P-256'), '-sha256']],
    ['ECDSA with SHA-384', 'sha384', [...ec('P-384'), '-sha384']],
    ['ECDSA with SHA-512', 'sha512', [...ec('P-521'), '-sha512']],
    ['ECDSA with SHA3-384', 'sha3-384', [...ec('P-384'), '-sha3-384']],
    ['Ed25519, which names no hash,', 'sha256', ['-newkey', 'ed25519']],
    ['Ed448, which names no hash,', 'sha256', ['-newkey', 'ed448']],
  ])('of a certificate signed with %s has its %s', (_algorithm, hash, options) => {
    const der = certificate(...options)
    const digest = openssl(['dgst', `-${hash}`, '-binary'], der)
    const expected = Buffer.concat([Buffer.from('tls-server-end-point:'), digest])
    expect(Buffer.from(tlsServerEndPoint(der)).toString('hex')).toBe(expected.toString('hex'))
  })

  it('is not made of something that is no certificate', () => {
    const der = certificate(...ec('P-256'))
    expect(() => tlsServerEndPoint(der.subarray(0, -1))).toThrow(ProtocolError)
    expect(() => tlsServerEndPoint(new Uint8Array())).toThrow(ProtocolError)
    expect(() => tlsServerEndPoint(Buffer.from('-----BEGIN CERTIFICATE-----'))).toThrow(ProtocolError)
  })
})
