import { describe, expect, it } from 'vitest'
import { PolicyError, UsageError } from '../../../src/errors/errors.js'
import { resolveSection } from '../../../src/settings/defaults.js'
import type { PartialModel } from '../../../src/settings/rows.js'
import type { ClientSettings } from '../../../src/settings/table.js'
import type { AuthScheme } from '../../../src/transport/credentials.js'
import { checkPolicy, type PolicyQuestion } from '../../../src/transport/policy.js'

const SEALED: ReadonlySet<AuthScheme> = new Set(['ntlm', 'negotiate', 'kerberos', 'credssp'])

function ask(
  scheme: AuthScheme,
  settings: PartialModel<ClientSettings> = {},
  question: Partial<PolicyQuestion> = {},
): PolicyError | undefined {
  const client = resolveSection('client', { ...settings, auth: { credSsp: true, ...settings.auth } })
  try {
    checkPolicy({ client, scheme, secure: false, host: 'server01', sealed: SEALED.has(scheme), ...question })
    return undefined
  } catch (error) {
    if (error instanceof PolicyError) return error
    throw error
  }
}

describe('checkPolicy over HTTP', () => {
  it.each(['basic', 'digest', 'ntlm', 'negotiate', 'credssp'] as const)(
    '%s needs the host trusted',
    (scheme) => {
      const refusal = ask(scheme, { allowUnencrypted: true })
      expect(refusal?.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
      expect(refusal?.hint).toContain("settings: { client: { trustedHosts: 'server01' } }")
      expect(refusal?.host).toBe('server01')
      expect(ask(scheme, { allowUnencrypted: true, trustedHosts: 'server*' })).toBeUndefined()
    },
  )

  it('adds the host to those that are trusted already, brackets around IPv6', () => {
    expect(ask('basic', { trustedHosts: 'web*' })?.hint).toContain("trustedHosts: 'web*,server01'")
    const hint = ask('basic', {}, { host: 'fe80::1%eth0' })?.hint
    expect(hint).toContain("trustedHosts: '[fe80::1]'")
  })

  it.each(['none', 'kerberos'] as const)('%s does not need the host trusted', (scheme) => {
    expect(ask(scheme, { allowUnencrypted: true })).toBeUndefined()
  })

  it('trusts loopback', () => {
    expect(ask('ntlm', {}, { host: '127.0.0.1' })).toBeUndefined()
    expect(ask('negotiate', {}, { host: 'localhost' })).toBeUndefined()
  })

  it('lets Negotiate through once it is known that it proves the server', () => {
    expect(ask('negotiate', {}, { mutual: true })).toBeUndefined()
    expect(ask('negotiate', {}, { mutual: false })?.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
  })

  it.each(['none', 'basic', 'digest'] as const)('%s needs allowUnencrypted, on loopback too', (scheme) => {
    for (const host of ['server01', '127.0.0.1', '::1']) {
      const refusal = ask(scheme, { trustedHosts: '*' }, { host })
      expect(refusal?.code).toBe('ERR_WSMAN_UNENCRYPTED')
      expect(refusal?.hint).toContain('settings: { client: { allowUnencrypted: true } }')
    }
    expect(ask(scheme, { trustedHosts: '*', allowUnencrypted: true })).toBeUndefined()
  })

  it('has no use for a certificate', () => {
    expect(() => ask('certificate')).toThrow(UsageError)
  })
})

describe('checkPolicy over HTTPS', () => {
  it.each(['none', 'basic', 'digest', 'ntlm', 'negotiate', 'kerberos', 'credssp', 'certificate'] as const)(
    '%s needs neither a trusted host nor allowUnencrypted',
    (scheme) => {
      expect(ask(scheme, {}, { secure: true })).toBeUndefined()
    },
  )
})

describe('checkPolicy and client.auth', () => {
  it.each([
    ['basic', 'basic'],
    ['digest', 'digest'],
    ['ntlm', 'negotiate'],
    ['negotiate', 'negotiate'],
    ['kerberos', 'kerberos'],
    ['credssp', 'credSsp'],
    ['certificate', 'certificate'],
  ] as const)('%s is switched off by client.auth.%s', (scheme, name) => {
    for (const secure of [false, true]) {
      const refusal = ask(scheme, { auth: { [name]: false } }, { secure })
      expect(refusal?.code).toBe('ERR_WSMAN_SCHEME_DISABLED')
      expect(refusal?.hint).toContain(`settings: { client: { auth: { ${name}: true } } }`)
    }
  })

  it('does not know the scheme none', () => {
    const off = {
      basic: false,
      digest: false,
      kerberos: false,
      negotiate: false,
      certificate: false,
      credSsp: false,
    }
    expect(ask('none', { auth: off }, { secure: true })).toBeUndefined()
  })
})
