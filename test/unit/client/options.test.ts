import { describe, expect, it } from 'vitest'
import { resolveClientOptions, type WsmanClientOptions } from '../../../src/client/client-options.js'
import { WsmanClient } from '../../../src/client/wsman-client.js'
import { UsageError } from '../../../src/errors/errors.js'

const make = (options: object): WsmanClient => new WsmanClient({ host: 'server01', ...options })

describe('the options of a client', () => {
  it('have defaults', () => {
    const resolved = resolveClientOptions({ host: 'server01' })
    expect(resolved).toMatchObject({
      endpoint: {
        url: 'http://server01:5985/wsman',
        hostname: 'server01',
        port: 5985,
        path: '/wsman',
        secure: false,
      },
      auth: { scheme: 'none' },
      client: { networkDelayMs: 5000, allowUnencrypted: false, trustedHosts: '' },
      protocol: { maxEnvelopeSizeKb: 500, maxTimeoutMs: 60_000 },
      retry: { attempts: 2, baseDelayMs: 200, maxDelayMs: 5000 },
      locale: 'en-US',
      dataLocale: 'en-US',
      microsoftHeaders: true,
    })
    expect(Object.isFrozen(resolved)).toBe(true)
    expect(Object.isFrozen(resolved.client)).toBe(true)
  })

  it('may be undefined, which is the same as not given', () => {
    const nothing: WsmanClientOptions = {
      host: 'server01',
      url: undefined,
      transport: undefined,
      port: undefined,
      urlPrefix: undefined,
      auth: undefined,
      tls: undefined,
      settings: undefined,
      maxConnections: undefined,
      retry: undefined,
      locale: undefined,
      dataLocale: undefined,
      compatibility: undefined,
    }
    expect(resolveClientOptions(nothing)).toEqual(resolveClientOptions({ host: 'server01' }))
  })

  it('take what is given', () => {
    const resolved = resolveClientOptions({
      url: 'https://server01/other',
      settings: { client: { defaultPorts: { https: 8443 } }, protocol: { maxTimeoutMs: 1000 } },
      retry: { attempts: 7 },
      locale: 'de',
      compatibility: 'dmtf',
    })
    expect(resolved).toMatchObject({
      endpoint: { url: 'https://server01:8443/other', secure: true },
      client: { defaultPorts: { http: 5985, https: 8443 } },
      protocol: { maxTimeoutMs: 1000 },
      retry: { attempts: 7, baseDelayMs: 200, maxDelayMs: 5000 },
      locale: 'de',
      dataLocale: 'de',
      microsoftHeaders: false,
    })
  })

  it.each<[string, object, string]>([
    ['is unknown', { hots: 'typo' }, 'hots'],
    ['would protect and is misspelt', { fingerprint256: 'AA' }, 'fingerprint256'],
    ['is called like a member every object has', { toString: () => 'x' }, 'toString'],
    ['is __proto__', JSON.parse('{"__proto__":{"host":"x"}}') as object, '__proto__'],
    ['names no host', { host: '' }, 'host'],
    ['names two places', { url: 'http://a' }, 'url'],
    ['is no port', { port: 0 }, 'port'],
    ['is no transport', { transport: 'ftp' }, 'transport'],
    ['is no language', { locale: 'en_US' }, 'locale'],
    ['is no language at all', { locale: '' }, 'locale'],
    ['would be markup', { dataLocale: 'x"><a' }, 'dataLocale'],
    ['is no compatibility', { compatibility: 'linux' }, 'compatibility'],
    ['is no number of attempts', { retry: { attempts: 0 } }, 'retry.attempts'],
    ['is half an attempt', { retry: { attempts: 1.5 } }, 'retry.attempts'],
    ['is a negative pause', { retry: { baseDelayMs: -1 } }, 'retry.baseDelayMs'],
    ['is no pause', { retry: { maxDelayMs: NaN } }, 'retry.maxDelayMs'],
    ['is no setting', { settings: { client: { networkDelayMs: 1 } } }, 'client.networkDelayMs'],
    ['is an unknown setting', { settings: { protocol: { maxEnvelopeSize: 500 } } }, 'maxEnvelopeSize'],
    ['is no number of connections', { maxConnections: 0 }, 'maxConnections'],
    ['is no time', { connectTimeoutMs: -5 }, 'connectTimeoutMs'],
    ['is no time to stall', { inactivityTimeoutMs: Infinity }, 'inactivityTimeoutMs'],
    ['is no scheme', { auth: { scheme: 'plain' } }, 'auth.scheme'],
    ['lacks a password', { auth: { scheme: 'basic', username: 'a' } }, 'auth.password'],
  ])('are refused where one %s', (_, options, name) => {
    expect(() => make(options)).toThrow(UsageError)
    expect(() => make(options)).toThrow(name)
  })

  it('of the caller are not changed, nor does a later change of them matter', () => {
    const settings = { client: { allowUnencrypted: true } }
    const options = { host: 'server01', settings, retry: { attempts: 1 } }
    const before = structuredClone(options)
    const resolved = resolveClientOptions(options)
    expect(options).toEqual(before)
    settings.client.allowUnencrypted = false
    expect(resolved.client.allowUnencrypted).toBe(true)
  })
})
