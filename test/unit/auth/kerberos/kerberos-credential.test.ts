import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { KerberosCredential } from '../../../../src/auth/kerberos/kerberos-credential.js'
import { UsageError } from '../../../../src/errors/errors.js'

describe('KerberosCredential', () => {
  it.each([
    ['a password without a user', { password: 'p' }],
    ['a password and a keytab', { username: 'alice', password: 'p', keytab: '/k' }],
    ['a password and a cache', { username: 'alice', password: 'p', ccache: 'MEMORY:m' }],
    ['a local account', { username: '.\\alice', password: 'p' }],
    ['an empty user', { username: '' }],
  ])('refuses %s', (_, options) => {
    expect(() => new KerberosCredential(options)).toThrow(UsageError)
  })

  it('admits the user that was asked for, in any case, and everybody where nobody was', () => {
    const alice = new KerberosCredential({ username: 'alice@example.com' })
    expect(alice.admits('alice@EXAMPLE.COM')).toBe(true)
    expect(alice.admits('Alice@EXAMPLE.COM')).toBe(true)
    expect(alice.admits('bob@EXAMPLE.COM')).toBe(false)
    expect(alice.admits('alice@OTHER.COM')).toBe(false)
    const ofDefaultRealm = new KerberosCredential({ username: 'alice' })
    expect(ofDefaultRealm.admits('alice@ANY.REALM')).toBe(true)
    expect(ofDefaultRealm.admits('malice@ANY.REALM')).toBe(false)
    expect(new KerberosCredential().admits('bob@EXAMPLE.COM')).toBe(true)
  })

  it('shows nothing of what it holds', () => {
    const credential = new KerberosCredential({ username: 'alice', password: 'a very secret password' })
    expect(inspect(credential, { depth: 9, showHidden: true })).toBe('KerberosCredential {}')
    expect(JSON.stringify(credential)).toBe('{}')
  })
})
