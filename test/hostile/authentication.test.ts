import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { AuthOptions } from '../../src/transport/credentials.js'
import { AuthenticationError } from '../../src/errors/errors.js'
import { parseChallenges } from '../../src/transport/www-authenticate.js'
import { reply, startRawServer, type RawServer } from '../unit/http/raw-server.js'
import { startProxy } from '../unit/http/tunnel-proxy.js'
import { clientOf, failureOf, goodReply } from './support.js'

const PASSWORD = 'correct horse'

/** Always 401, with a challenge that looks new each time. */
const startLoop = async (closing: boolean, ...schemes: string[]): Promise<RawServer> => {
  const server: RawServer = await startRawServer(({ socket }) => {
    const headers = schemes.map(
      (scheme) => `WWW-Authenticate: ${scheme.replace('$', String(server.requests.length))}`,
    )
    if (closing) headers.push('Connection: close')
    socket.write(reply('denied', { status: '401 Unauthorized', headers }))
    if (closing) socket.end()
  })
  return server
}

const carriesCredential = ({ requests }: RawServer): number =>
  requests.filter(({ headers }) => headers.has('Authorization')).length

describe.each([false, true])('a service that answers 401 for ever, closing: %s', (closing) => {
  it.each<[string, AuthOptions, string, number]>([
    ['none', { scheme: 'none' }, 'Basic realm="x"', 0],
    ['basic', { scheme: 'basic', username: 'alice', password: PASSWORD }, 'Basic realm="x$"', 1],
    [
      'digest',
      { scheme: 'digest', username: 'alice', password: PASSWORD },
      'Digest realm="x", nonce="$", qop="auth"',
      1,
    ],
    [
      'digest',
      { scheme: 'digest', username: 'alice', password: PASSWORD },
      'Digest realm="x", nonce="$", qop="auth", stale=true',
      2,
    ],
  ])('gets the credential for %s no more often than is of use', async (_, auth, scheme, credentials) => {
    const server = await startLoop(closing, scheme)
    const client = clientOf(server, { auth, retry: { attempts: 5, baseDelayMs: 0 } })
    const errors = await Promise.all(Array.from({ length: 6 }, () => failureOf(client.get('urn:things'))))
    errors.push(await failureOf(client.get('urn:things')))
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error.code).toBe('ERR_WSMAN_UNAUTHORIZED')
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(
        new RegExp(`${PASSWORD}|${Buffer.from(`alice:${PASSWORD}`).toString('base64')}|response=`),
      )
    }
    expect(carriesCredential(server)).toBe(credentials)
  })

  it('gets anonymous Identify twice, and no credential', async () => {
    const server = await startLoop(closing, 'Negotiate')
    const client = clientOf(server, { auth: { scheme: 'basic', username: 'alice', password: PASSWORD } })
    expect((await failureOf(client.identify({ anonymous: true }))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect([server.requests.length, carriesCredential(server)]).toEqual([2, 0])
  })
})

describe('a challenge', () => {
  const long = 60_000
  // Patterns that go back and try again would not be through within the time of a test.
  it.each([
    ['one long scheme', 'A'.repeat(long), 1],
    ['many schemes', 'a, '.repeat(long / 3), long / 3],
    ['a quote that never ends', `Digest realm="${'x'.repeat(long)}`, 1],
    ['backslashes in a quote that never ends', `Digest realm="${'\\'.repeat(long)}`, 1],
    ['one long parameter', `Digest ${'a'.repeat(long)}=`, 1],
    ['equals signs', `Digest ${'='.repeat(long)}`, 1],
    ['many parameters', `Digest ${'a=b, '.repeat(long / 5)}`, 1],
    ['blanks', `Digest ${' '.repeat(long)}x`, 1],
    ['commas', ','.repeat(long), 0],
  ])('with %s is read', (_, header, count) => {
    for (let times = 0; times < 20; times++) expect(parseChallenges(header)).toHaveLength(count)
  })

  it('that is as long as headers may be is answered, or refused', async () => {
    const nonce = 'n'.repeat(50_000)
    const server = await startRawServer((request) => {
      const headers = [`WWW-Authenticate: Digest realm="r", nonce="${nonce}", qop="auth"`]
      if (request.headers.has('Authorization')) request.socket.write(goodReply(request))
      else request.socket.write(reply('', { status: '401 X', headers }))
    })
    const client = clientOf(server, { auth: { scheme: 'digest', username: 'alice', password: PASSWORD } })
    expect(await client.get('urn:things')).toEqual({ Name: 'good' })
    expect(server.requests.at(-1)?.headers.get('Authorization')).toContain(nonce)
  })
})

describe('a proxy in the way', () => {
  it('that answers in place of the host is no service', async () => {
    const portal = reply('<html>Log in</html>', { headers: ['Content-Type: text/html'] })
    const proxy = await startProxy(({ socket }) => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.on('data', () => socket.end(portal))
      return false
    })
    const client = clientOf({ port: 5985 }, { proxy: `http://127.0.0.1:${proxy.port}` })
    expect(await failureOf(client.get('urn:things'))).toMatchObject({
      code: 'ERR_WSMAN_PROTOCOL',
      hint: expect.stringContaining('proxy') as unknown,
    })
  })

  it('that makes no tunnel gets nothing of the request', async () => {
    let bytes = ''
    const proxy = await startProxy(({ socket }) => {
      socket.on('data', (chunk: Buffer) => (bytes += chunk.toString()))
      socket.write('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n')
      return false
    })
    const auth: AuthOptions = { scheme: 'basic', username: 'alice', password: PASSWORD }
    const client = clientOf({ port: 5985 }, { auth, proxy: `http://bob:pw@127.0.0.1:${proxy.port}` })
    const error = await failureOf(client.get('urn:things'))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_PROXY', status: 407, operation: 'Get', host: '127.0.0.1' })
    await new Promise<void>((resolve) => {
      const [socket] = proxy.sockets
      if (socket?.destroyed !== false) resolve()
      else socket.once('close', () => resolve())
    })
    expect([bytes, proxy.requests.length]).toEqual(['', 1])
    expect(proxy.requests[0]?.headers.has('Authorization')).toBe(false)
  })
})
