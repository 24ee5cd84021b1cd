import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { UsageError } from '../../../src/errors/errors.js'
import { resolveSection } from '../../../src/settings/defaults.js'
import { resolveEndpoint, type EndpointOptions } from '../../../src/transport/endpoint-url.js'

const client = resolveSection('client')

describe('resolveEndpoint', () => {
  it.each<[EndpointOptions, string, string]>([
    [{ host: 'server01' }, 'http://server01:5985/wsman', 'server01'],
    [{ host: 'server01', transport: 'HTTPS' }, 'https://server01:5986/wsman', 'server01'],
    [
      { host: 'Server01.Example.com', transport: 'Http', port: 80 },
      'http://server01.example.com:80/wsman',
      'server01.example.com',
    ],
    [{ host: 'server01', urlPrefix: '/ws/man/' }, 'http://server01:5985/ws/man', 'server01'],
    [{ host: '10.0.0.1' }, 'http://10.0.0.1:5985/wsman', '10.0.0.1'],
    [{ host: '2001:db8::1' }, 'http://[2001:db8::1]:5985/wsman', '2001:db8::1'],
    [{ host: '[2001:db8::1]' }, 'http://[2001:db8::1]:5985/wsman', '2001:db8::1'],
    [{ host: 'fe80::1%eth0' }, 'http://[fe80::1]:5985/wsman', 'fe80::1%eth0'],
    [{ host: '[fe80::1%eth0]' }, 'http://[fe80::1]:5985/wsman', 'fe80::1%eth0'],
    [{ host: 'my_server' }, 'http://my_server:5985/wsman', 'my_server'],
    [{ host: 'münchen.example' }, 'http://xn--mnchen-3ya.example:5985/wsman', 'xn--mnchen-3ya.example'],
    [{ url: 'https://server01:5986/wsman' }, 'https://server01:5986/wsman', 'server01'],
    [{ url: 'HTTP://server01' }, 'http://server01:5985/wsman', 'server01'],
    [{ url: 'https://server01/' }, 'https://server01:5986/wsman', 'server01'],
    [{ url: 'http://server01:80/other' }, 'http://server01:80/other', 'server01'],
    [{ url: 'http://server01/wsman?PSVersion=5.1' }, 'http://server01:5985/wsman?PSVersion=5.1', 'server01'],
    [{ url: 'https://[2001:db8::1]:443/wsman' }, 'https://[2001:db8::1]:443/wsman', '2001:db8::1'],
    [{ url: 'http://[fe80::1%25eth0]/wsman' }, 'http://[fe80::1]:5985/wsman', 'fe80::1%eth0'],
    [{ url: 'https://server01', transport: 'https' }, 'https://server01:5986/wsman', 'server01'],
  ])('%j', (options, url, hostname) => {
    const endpoint = resolveEndpoint(options, client)
    expect(endpoint).toMatchObject({ url, hostname, secure: url.startsWith('https:') })
    expect(url).toContain(`:${endpoint.port}${endpoint.path}`)
  })

  it('takes its defaults from settings.client', () => {
    const own = resolveSection('client', { urlPrefix: 'other', defaultPorts: { http: 80, https: 443 } })
    expect(resolveEndpoint({ host: 'a' }, own).url).toBe('http://a:80/other')
    expect(resolveEndpoint({ url: 'https://a' }, own).url).toBe('https://a:443/other')
  })

  it.each<[string, EndpointOptions]>([
    ['nothing', {}],
    ['an empty host', { host: ' ' }],
    ['host and url', { host: 'a', url: 'http://a' }],
    ['port and url', { port: 5985, url: 'http://a' }],
    ['prefix and url', { urlPrefix: 'wsman', url: 'http://a' }],
    ['a transport that contradicts the url', { transport: 'http', url: 'https://a' }],
    ['an unknown transport', { host: 'a', transport: 'ftp' }],
    ['an unknown scheme', { url: 'ftp://a' }],
    ['a url without a scheme', { url: 'server01:5985' }],
    ['a url without a host', { url: 'http:///wsman' }],
    ['a url with a fragment', { url: 'http://a/wsman#x' }],
    ['a url as host', { host: 'http://a' }],
    ['host with port', { host: 'a:5985' }],
    ['host with a path', { host: 'a/b' }],
    ['host with a blank', { host: 'a b' }],
    ['host with a line break', { host: 'a\r\nX: y' }],
    ['host with an @', { host: 'u@a' }],
    ['a label of a hyphen', { host: '-a' }],
    ['a number that is no address', { host: '10.0.0' }],
    ['an address out of range', { host: '10.0.0.256' }],
    ['hexadecimal in place of an address', { host: '0x7f000001' }],
    ['a broken IPv6 address', { host: '[::1' }],
    ['a zone that is none', { host: 'fe80::1%' }],
    ['port 0', { host: 'a', port: 0 }],
    ['port 65536', { host: 'a', port: 65_536 }],
    ['a broken port', { host: 'a', port: 1.5 }],
    ['a port in the url that is too large', { url: 'http://a:99999' }],
    ['a prefix with a line break', { host: 'a', urlPrefix: 'x\r\ny' }],
    ['a prefix with a blank', { host: 'a', urlPrefix: 'x y' }],
  ])('refuses %s', (_, options) => {
    expect(() => resolveEndpoint(options, client)).toThrow(UsageError)
  })

  it('does not repeat a password that stands in a url', () => {
    try {
      resolveEndpoint({ url: 'http://user:hunter2@server01/wsman' }, client)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
      expect(String(error)).toContain('must not hold credentials')
      expect(String(error)).not.toContain('hunter2')
    }
  })

  it('makes a URL that the URL class reads the same way, or refuses', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()), (host) => {
        let endpoint
        try {
          endpoint = resolveEndpoint({ host }, client)
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError)
          return
        }
        const url = new URL(endpoint.url)
        expect([url.port, url.pathname, url.username]).toEqual(['5985', '/wsman', ''])
      }),
    )
  })
})
