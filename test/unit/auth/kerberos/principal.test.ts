import { describe, expect, it } from 'vitest'
import {
  realmOf,
  serviceName,
  servicePrincipalName,
  userPrincipal,
} from '../../../../src/auth/kerberos/principal.js'
import { UsageError } from '../../../../src/errors/errors.js'

describe('userPrincipal', () => {
  it.each([
    ['alice', undefined, 'alice', undefined],
    ['alice', 'EXAMPLE.COM', 'alice@EXAMPLE.COM', undefined],
    ['alice@EXAMPLE.COM', undefined, 'alice@EXAMPLE.COM', undefined],
    ['alice@example.com', undefined, 'alice@EXAMPLE.COM', undefined],
    ['alice@example.com', 'lower.realm', 'alice@lower.realm', undefined],
    ['a@b@example.com', undefined, 'a\\@b@EXAMPLE.COM', undefined],
    ['HTTP/server@EXAMPLE.COM', undefined, 'HTTP/server@EXAMPLE.COM', undefined],
    ['EXAMPLE\\alice', undefined, 'alice', 'EXAMPLE'],
    ['EXAMPLE\\alice', 'EXAMPLE.COM', 'alice@EXAMPLE.COM', undefined],
    ['example.com\\alice', undefined, 'alice@EXAMPLE.COM', undefined],
    ['\\alice', undefined, 'alice', undefined],
  ])('reads %s with realm %s as %s', (username, realm, name, domain) => {
    expect(userPrincipal(username, realm)).toEqual({ name, domain })
  })

  it('refuses local accounts and empty names, which no KDC knows', () => {
    expect(() => userPrincipal('.\\alice')).toThrow(UsageError)
    expect(() => userPrincipal('EXAMPLE\\')).toThrow('empty')
    expect(() => userPrincipal('')).toThrow('empty')
    expect(() => userPrincipal('@EXAMPLE.COM')).toThrow('empty')
  })

  it('tells the realm of a principal', () => {
    expect(realmOf('a\\@b@EXAMPLE.COM')).toBe('EXAMPLE.COM')
  })
})

describe('serviceName', () => {
  const target = { service: 'HTTP', host: 'server01.example.com' }

  it('leaves the realm to the library where nothing else is asked for', () => {
    expect(serviceName(target)).toEqual({ text: 'HTTP@server01.example.com', type: 'hostBased' })
  })

  it('is a principal where a port or a realm is given; without a realm it is referred to', () => {
    const text = (port?: number, realm?: string): string => {
      const name = serviceName({ ...target, port }, realm)
      expect(name.type).toBe('principal')
      return name.text
    }
    expect(text(5985)).toBe('HTTP/server01.example.com:5985@')
    expect(text(5985, 'EXAMPLE.COM')).toBe('HTTP/server01.example.com:5985@EXAMPLE.COM')
    expect(text(undefined, 'EXAMPLE.COM')).toBe('HTTP/server01.example.com@EXAMPLE.COM')
  })

  it('takes the brackets off an IPv6 address', () => {
    expect(serviceName({ service: 'HTTP', host: '[::1]' }).text).toBe('HTTP@::1')
  })

  it('is shown as Windows shows it', () => {
    expect(servicePrincipalName(target)).toBe('HTTP/server01.example.com')
    expect(servicePrincipalName({ ...target, port: 5985 })).toBe('HTTP/server01.example.com:5985')
  })
})
