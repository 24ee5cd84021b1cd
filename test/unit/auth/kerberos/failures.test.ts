import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { KerberosError, kerberosError } from '../../../../src/auth/kerberos/failures.js'
import { GssapiError } from '../../../../src/auth/kerberos/gssapi-status.js'
import { AuthenticationError } from '../../../../src/errors/errors.js'

const FAILURE = 13 << 16

/** The numbers are those of krb5.h and gssapi_krb5.h. */
describe('kerberosError', () => {
  it.each([
    [-1765328378, 'unknownUser', 'realm'],
    [-1765328377, 'unknownService', 'setspn'],
    [-1765328370, 'noEncryptionType', 'AES'],
    [-1765328366, 'accountDisabled', 'administrators'],
    [-1765328361, 'passwordExpired', 'kpasswd'],
    [-1765328360, 'wrongPassword', 'password'],
    [-1765328352, 'ticketExpired', 'kinit'],
    [-1765328347, 'clockSkew', 'five minutes'],
    [-1765328343, 'wrongServiceKey', 'setspn'],
    [-1765328243, 'noTicket', 'kinit'],
    [-1765328230, 'unknownRealm', 'default_realm'],
    [-1765328228, 'kdcUnreachable', 'port 88'],
    [-1765328203, 'noKey', 'klist -k'],
    [-1765328189, 'noTicket', 'kinit'],
    [-1765328164, 'kdcUnreachable', 'port 88'],
    [-1765328160, 'unknownRealm', 'default_realm'],
    [39756032, 'wrongPrincipal', 'klist'],
    [39756044, 'noTicket', 'kinit'],
  ])('knows %i as %s and what to do about it', (minor, failure, hint) => {
    const error = kerberosError(new GssapiError('terse words', FAILURE, minor), 'getting a ticket')
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error.failure).toBe(failure)
    expect(error.hint).toContain(hint)
    expect(error.message).toContain('getting a ticket')
    expect(error.message).toContain('terse words')
  })

  it.each([
    [4 << 16, 'channelBinding'],
    [7 << 16, 'noTicket'],
    [11 << 16, 'ticketExpired'],
    [12 << 16, 'ticketExpired'],
  ])('goes by the status of GSSAPI where the mechanism says nothing more: %i', (major, failure) => {
    expect(kerberosError(new GssapiError('', major, 0), 'trying').failure).toBe(failure)
  })

  it('passes on what it does not know', () => {
    const error = kerberosError(new GssapiError('Something new', FAILURE, 42), 'trying')
    expect(error.failure).toBe('other')
    expect(error.message).toBe('Kerberos failed trying (Something new).')
    expect(error.hint).toBeUndefined()
  })

  it('calls a credential refused only where it was, so that other schemes stay possible', () => {
    const code = (minor: number): string => kerberosError(new GssapiError('', FAILURE, minor), 'trying').code
    expect(code(-1765328360)).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(code(-1765328366)).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(code(-1765328228)).toBe('ERR_WSMAN_SCHEME_NOT_OFFERED')
    expect(code(-1765328377)).toBe('ERR_WSMAN_SCHEME_NOT_OFFERED')
  })

  it('may be tried again where the KDC did not answer, or a session only ended', () => {
    const unreachable = new GssapiError('', FAILURE, -1765328228)
    expect(kerberosError(unreachable, 'trying').retryable).toBe(true)
    expect(kerberosError(new GssapiError('', 12 << 16, 0), 'trying').retryable).toBe(true)
    expect(kerberosError(new GssapiError('', FAILURE, -1765328360), 'trying').retryable).toBe(false)
  })

  it('can mean something else in its place', () => {
    const integrity = new GssapiError('', FAILURE, -1765328353)
    expect(kerberosError(integrity, 'authenticating').failure).toBe('wrongServiceKey')
    const getting = kerberosError(integrity, 'getting a ticket', { wrongServiceKey: 'wrongPassword' })
    expect(getting.failure).toBe('wrongPassword')
  })

  it('shows the failure and its cause', () => {
    const error = new KerberosError('noTicket', 'none', { cause: new GssapiError('words', 1, 2) })
    expect(error.toJSON()).toMatchObject({ failure: 'noTicket', cause: { message: 'words' } })
    expect(inspect(error)).toContain("failure: 'noTicket'")
  })
})
