import { describe, expect, it } from 'vitest'
import { proxyFromEnvironment, type Environment } from '../../../src/http/proxy-environment.js'

const PROXY = 'http://proxy:3128'

const ask = (
  environment: Environment,
  hostname = 'server01.example.com',
  secure = false,
): string | undefined => proxyFromEnvironment({ hostname, port: secure ? 5986 : 5985, secure }, environment)

describe('the proxy that the environment names', () => {
  it.each<[Environment, boolean, string | undefined]>([
    [{}, false, undefined],
    [{ HTTP_PROXY: 'a' }, false, 'a'],
    [{ HTTP_PROXY: 'a' }, true, undefined],
    [{ HTTPS_PROXY: 'a' }, false, undefined],
    [{ HTTPS_PROXY: 'a' }, true, 'a'],
    [{ http_proxy: 'a', HTTP_PROXY: 'b' }, false, 'a'],
    [{ https_proxy: ' a ', HTTPS_PROXY: 'b' }, true, 'a'],
    [{ http_proxy: '', HTTP_PROXY: 'b' }, false, 'b'],
    [{ ALL_PROXY: 'a' }, false, undefined],
  ])('of %j, with TLS %s, is %s', (environment, secure, expected) => {
    expect(ask(environment, undefined, secure)).toBe(expected)
  })

  it.each<[string, string, boolean]>([
    ['*', 'server01.example.com', true],
    ['a.test, *', 'server01.example.com', true],
    ['server01.example.com', 'server01.example.com', true],
    ['SERVER01.Example.COM.', 'server01.example.com', true],
    ['server01.example.com', 'Server01.example.com.', true],
    ['example.com', 'server01.example.com', true],
    ['.example.com', 'server01.example.com', true],
    ['*.example.com', 'server01.example.com', true],
    ['.example.com', 'example.com', true],
    ['ample.com', 'server01.example.com', false],
    ['server01', 'server01.example.com', false],
    ['*01.example.com', 'server01.example.com', false],
    ['a.test b.test,\texample.com', 'server01.example.com', true],
    [',, ,', 'server01.example.com', false],
    ['example.com:5985', 'server01.example.com', true],
    ['example.com:5986', 'server01.example.com', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['0.2.7', '192.0.2.7', false],
    ['192.0.2.7:5985', '192.0.2.7', true],
    ['192.0.2.7:80', '192.0.2.7', false],
    ['192.0.2.0/24', '192.0.2.7', false],
    ['::1', '::1', true],
    ['[::1]', '::1', true],
    ['[::1]:5985', '::1', true],
    ['[::1]:80', '::1', false],
    ['0:0::0:1', '::1', true],
    ['fe80::1', 'fe80::1%eth0', true],
    ['localhost', 'localhost', true],
    ['', 'localhost', false],
    ['', '127.0.0.1', false],
  ])('NO_PROXY=%j excepts %s: %s', (list, hostname, excepted) => {
    expect(ask({ HTTP_PROXY: PROXY, NO_PROXY: list }, hostname)).toBe(excepted ? undefined : PROXY)
    expect(ask({ HTTP_PROXY: PROXY, no_proxy: list, NO_PROXY: '*' }, hostname)).toBe(
      excepted || list === '' ? undefined : PROXY,
    )
  })
})
