import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors/errors.js'
import { TrustedHosts } from '../../../src/settings/trusted-hosts.js'

const trusts = (text: string, host: string): boolean => new TrustedHosts(text).matches(host)

describe('TrustedHosts (MS-WSMV 2.2.4.6)', () => {
  it.each([
    ['', 'server01', false],
    ['   ', 'server01', false],
    ['*', 'server01', true],
    ['*', '2001:db8::1', true],
    ['server01', 'server01', true],
    ['Server01', 'sERVER01', true],
    ['server01', 'server01.', true],
    ['server01', 'server011', false],
    ['server01', 'server01.example.com', false],
    ['server01, server02', 'server02', true],
    ['server01,server02', 'server03', false],
    ['web*', 'web7.example.com', true],
    ['web*', 'myweb', false],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.EXAMPLE.com', 'www.Example.COM', true],
    ['192.168.0.*', '192.168.0.77', true],
    ['192.168.0.*', '192.168.1.77', false],
    ['<local>', 'server01', true],
    ['<LOCAL>', 'server01', true],
    ['<local>', 'server01.example.com', false],
    ['<local>', '10.0.0.1', false],
    ['<local>', '2001:db8::1', false],
    ['[2001:db8::1]', '2001:db8::1', true],
    ['2001:db8::1', '[2001:DB8:0:0::1]', true],
    ['fe80::1', 'fe80::1%eth0', true],
    ['2001:db8:*', '2001:0db8:0:0:0:0:0:9', true],
    ['münchen.example', 'MÜNCHEN.example', true],
    ['münchen.example', 'xn--mnchen-3ya.example', true],
  ])('%j and %s: %s', (text, host, expected) => {
    expect(trusts(text, host)).toBe(expected)
  })

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    '127.0.0.1',
    '127.255.0.9',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
  ])('always trusts the loopback host %s', (host) => {
    expect(trusts('', host)).toBe(true)
  })

  it.each([
    '127.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '::2',
    '::ffff:10.0.0.1',
    '128.0.0.1',
  ])('does not take %s for loopback', (host) => {
    expect(trusts('', host)).toBe(false)
  })

  it.each([
    'a,,b',
    ',',
    'a,',
    '*,a',
    'a*b',
    '*a*',
    '**',
    'a b',
    'server:5985',
    'http://server',
    '<remote>',
    '[2001:db8::1',
    '[server]',
    'a;b',
  ])('refuses %j', (text) => {
    expect(() => new TrustedHosts(text)).toThrow(UsageError)
  })

  it('names the entry that is wrong', () => {
    expect(() => new TrustedHosts('good, server:5985')).toThrow('"server:5985"')
    expect(() => new TrustedHosts('a,,b')).toThrow('empty entry')
  })

  it('gives its text back', () => {
    expect(String(new TrustedHosts(' a, B* '))).toBe('a, B*')
  })

  it('finds each host of a list of names, in any letter case, and no other', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}(\.[a-z]{1,5}){0,2}$/)
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 8 }), ([other = '', ...names]) => {
        const hosts = new TrustedHosts(names.join(', '))
        for (const host of names) expect(hosts.matches(host.toUpperCase())).toBe(true)
        expect(hosts.matches(other)).toBe(other === 'localhost')
      }),
    )
  })
})
