import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors/errors.js'
import { ProxyServer, resolveProxy } from '../../../src/http/proxy.js'

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function refusal(make: () => unknown): UsageError {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return error as UsageError
  }
  return expect.unreachable('it was accepted')
}

describe('the URL of a proxy', () => {
  it.each([
    ['http://proxy:3128', 'proxy', 3128, false],
    ['http://proxy', 'proxy', 80, false],
    ['HTTP://Proxy.Example.COM:8080/', 'proxy.example.com', 8080, false],
    ['https://proxy', 'proxy', 443, true],
    ['https://proxy:80', 'proxy', 80, true],
    ['proxy:3128', 'proxy', 3128, false],
    ['192.0.2.1:3128', '192.0.2.1', 3128, false],
    ['http://[2001:db8::1]:3128', '2001:db8::1', 3128, false],
    ['http://bücher.example:1', 'xn--bcher-kva.example', 1, false],
  ])('%s', (url, hostname, port, secure) => {
    const proxy = new ProxyServer({ url })
    expect([proxy.hostname, proxy.port, proxy.tls !== undefined]).toEqual([hostname, port, secure])
    expect(proxy.authorization).toBeUndefined()
    expect(proxy.name).toBe(hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`)
  })

  it.each([
    ['http://alice:secret@proxy', basic('alice', 'secret')],
    ['http://alice@proxy', basic('alice', '')],
    ['http://:secret@proxy', basic('', 'secret')],
    ['http://EXAMPLE%5Calice:p%40ss%3Aw%2Frd@proxy', basic('EXAMPLE\\alice', 'p@ss:w/rd')],
    ['http://j%C3%BCrgen:gr%C3%BC%C3%9Fe@proxy', basic('jürgen', 'grüße')],
    ['alice:secret@proxy:3128', basic('alice', 'secret')],
  ])('%s holds a credential', (url, authorization) => {
    expect(new ProxyServer({ url }).authorization).toBe(authorization)
  })

  it('can hold any user name without a colon, and any password', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (user, password) => {
        fc.pre(!user.includes(':') && user !== '')
        const url = `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@proxy`
        expect(new ProxyServer({ url }).authorization).toBe(basic(user, password))
      }),
    )
  })

  it.each([
    '',
    'http://',
    'socks5://alice:secret@proxy:1080',
    'http://proxy:99999',
    'http://proxy/path',
    'http://proxy?a',
    'http://proxy#a',
    'http://alice:secr/et@proxy:3128',
    'http://alice:12/secret@proxy:3128',
    'http://alice:secret@pro xy',
    'http://alice:secret%@proxy',
    'http://alice:secret%ff@proxy',
    'http://alice%3Ab:secret@proxy',
    'http://proxy\r\nX-Evil: 1',
  ])('%j is refused, and not repeated', (url) => {
    const error = refusal(() => new ProxyServer({ url }))
    expect(error.code).toBe('ERR_WSMAN_USAGE')
    expect(inspect(error, { showHidden: true })).not.toMatch(/secret|secr\/et|Evil/)
  })

  it.each([null, false, 3128, {}, { url: 1 }, { url: null }])('is not %j', (option) => {
    const target = { hostname: 'server01', port: 5985, secure: false }
    expect(refusal(() => resolveProxy(option as unknown as string, target, {})).code).toBe('ERR_WSMAN_USAGE')
  })

  it('is refused where TLS cannot be set up as it is said', () => {
    expect(
      refusal(() => new ProxyServer({ url: 'https://proxy', tls: { ca: 'x', key: 'y' } })).message,
    ).toContain('tls')
  })
})

describe('a proxy', () => {
  it('shows no credential', () => {
    const proxy = new ProxyServer({ url: 'http://alice:secret@proxy:3128' })
    const secrets = new RegExp(`secret|${Buffer.from('alice:secret').toString('base64')}`)
    expect(proxy.authorization).toMatch(secrets)
    expect(inspect(proxy, { showHidden: true, depth: 9 })).toBe('ProxyServer { proxy:3128 }')
    expect(JSON.stringify(proxy)).not.toMatch(secrets)
  })

  it('is none unless one is given', () => {
    const target = { hostname: 'server01', port: 5985, secure: false }
    const environment = { HTTP_PROXY: 'http://other:1', HTTPS_PROXY: 'other:2' }
    expect(resolveProxy(undefined, target, environment)).toBeUndefined()
    expect(resolveProxy('http://proxy:3128', target, environment)?.name).toBe('proxy:3128')
    expect(resolveProxy({ url: 'https://proxy' }, target, environment)?.tls).toBeDefined()
    expect(resolveProxy('env', target, environment)?.name).toBe('other:1')
    expect(resolveProxy('env', { ...target, secure: true }, environment)?.name).toBe('other:2')
    expect(resolveProxy('env', target, { ...environment, NO_PROXY: 'server01' })).toBeUndefined()
    expect(resolveProxy('env', target, {})).toBeUndefined()
    expect(() => resolveProxy('env', target, { HTTP_PROXY: 'socks5://x' })).toThrow(UsageError)
  })

  it('does not except loopback', () => {
    const target = { hostname: '127.0.0.1', port: 5985, secure: false }
    expect(resolveProxy('http://proxy:3128', target, { NO_PROXY: '*' })?.name).toBe('proxy:3128')
  })
})
