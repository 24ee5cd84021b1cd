import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WsmanClientOptions } from '../../src/client/client-options.js'
import { WsmanClient } from '../../src/client/wsman-client.js'
import { isWsmanError } from '../../src/errors/wsman-error.js'
import { reply, type RawRequest } from '../unit/http/raw-server.js'
import { goodReply, SOAP } from './support.js'

interface Recorder {
  readonly port: number
  /** What has arrived since the last call. */
  readonly take: () => string[]
}

/**
 * A server that ends each connection with its answer. Of a request it knows no more than its end, so that whatever
 * broke out into it is there for the test to see.
 */
async function startRecorder(answer: (request: string) => string): Promise<Recorder> {
  let requests: string[] = []
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const isConnect = /^CONNECT [^]*\r\n\r\n$/.test(text)
      const isWhole = text.includes('</s:Envelope>') || /Content-Length: 0\r\n[^]*\r\n\r\n$/.test(text)
      if (!isConnect && !isWhole) return
      requests.push(text)
      if (isConnect) socket.write('HTTP/1.1 200 OK\r\n\r\n')
      else socket.end(answer(text).replace('\r\n', '\r\nConnection: close\r\n'), 'latin1')
      text = ''
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = requests
      requests = []
      return taken
    },
  }
}

const good = (body: string): string => goodReply({ body } as RawRequest)

const LINE = /^([A-Za-z-]+): [\t\x20-\x7e\x80-\xff]*$/
const KNOWN = ['Host', 'Content-Length', 'Content-Type', 'User-Agent', 'Connection']

/** Every line of the head must be one that the package writes. */
function inspectHeads(requests: readonly string[], ...more: string[]): void {
  const known = new Set<string | undefined>([...KNOWN, ...more])
  for (const request of requests) {
    const [start = '', ...lines] = (request.split('\r\n\r\n', 1)[0] ?? '').split('\r\n')
    expect(start).toMatch(/^(?:POST \/\S* HTTP\/1\.1|CONNECT [\w.:[\]-]+ HTTP\/1\.1)$/)
    for (const line of lines) expect([line, known.has(LINE.exec(line)?.[1])]).toEqual([line, true])
  }
}

/** Text as attackers write it. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .tuple(
      fc.string({ maxLength: 5 }),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\0',
        '\u010a',
        '\u2028',
        '\u{1f40d}',
        '%0d%0a',
        '"',
        '@',
        '#',
        '?',
        ' ',
      ),
      fc.constantFrom('X-Evil: 1', 'Host: evil', '\r\nGET / HTTP/1.1', ''),
    )
    .map((parts) => parts.join('')),
)

describe('nothing that is given breaks out of its place in a request', () => {
  async function check(
    make: (text: string, port: number) => WsmanClientOptions,
    ...more: string[]
  ): Promise<void> {
    const { port, take } = await startRecorder(good)
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        let client: WsmanClient | undefined
        try {
          client = new WsmanClient({
            retry: { attempts: 1 },
            settings: { client: { allowUnencrypted: true, trustedHosts: '*' } },
            ...make(text, port),
          })
          await client.get('urn:things')
        } catch (error) {
          // What cannot be sent is refused before anything is.
          if (!isWsmanError(error)) throw error
        }
        await client?.close()
        inspectHeads(take(), ...more)
      }),
      { numRuns: 80 },
    )
  }

  const host = '127.0.0.1'
  it.each<[string, (text: string, port: number) => WsmanClientOptions, string?]>([
    ['the host', (text) => ({ host: text, port: 9, connectTimeoutMs: 1 })],
    ['the path', (text, port) => ({ host, port, urlPrefix: text })],
    ['the URL', (text, port) => ({ url: `http://${host}:${port}/${text}` })],
    ['the locale', (text, port) => ({ host, port, locale: text })],
    [
      'a user name for Basic',
      (username, port) => ({ host, port, auth: { scheme: 'basic', username, password: 'x' } }),
      'Authorization',
    ],
    [
      'a password for Basic',
      (password, port) => ({ host, port, auth: { scheme: 'basic', username: 'x', password } }),
      'Authorization',
    ],
    [
      'a proxy',
      (text, port) => ({ host, port, proxy: `http://${text}@${host}:${port}` }),
      'Proxy-Authorization',
    ],
    [
      'a credential for a proxy',
      (text, port) => ({ host, port, proxy: `http://a:${encodeURIComponent(text)}@${host}:${port}` }),
      'Proxy-Authorization',
    ],
  ])('as %s', async (_, make, ...more) => {
    await check(make, ...more.filter((name) => name !== undefined))
  })

  it('as a user name for Digest', async () => {
    const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
    const { port, take } = await startRecorder((request) =>
      request.includes('Authorization:')
        ? good(request)
        : reply('', { status: '401 X', headers: [challenge] }),
    )
    await fc.assert(
      fc.asyncProperty(nasty, async (username) => {
        const auth = { scheme: 'digest', username, password: 'x' } as const
        const settings = { client: { allowUnencrypted: true } }
        const client = new WsmanClient({ host, port, auth, settings, retry: { attempts: 1 } })
        const outcome: unknown = await client.get('urn:things').catch((error: unknown) => error)
        await client.close()
        const requests = take()
        // A control character has no place in a header.
        if (
          /[^\P{Cc}\t]/u.test(
            Buffer.from(username)
              .toString('latin1')
              .replace(/[\x80-\xff]/g, ''),
          )
        ) {
          expect(outcome).toMatchObject({ code: 'ERR_WSMAN_USAGE' })
          expect(requests).toHaveLength(1)
        } else expect(outcome).toEqual({ Name: 'good' })
        inspectHeads(requests, 'Authorization')
      }),
      { numRuns: 80 },
    )
  })
})

describe('nothing that the server says breaks out of its place in the next request', () => {
  // Control characters never get here: the parser of HTTP refuses them.
  const unit = fc
    .integer({ min: 0x20, max: 0xff })
    .map((code) => String.fromCharCode(code === 0x7f ? 0x20 : code))
  const printable = fc.string({ unit })
  const clientFor = (port: number, options: WsmanClientOptions = {}): WsmanClient =>
    new WsmanClient({ host: '127.0.0.1', port, settings: { client: { allowUnencrypted: true } }, ...options })

  it('as a cookie', async () => {
    const shell =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Shell xmlns="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><ShellId>1</ShellId></Shell></s:Body></s:Envelope>'
    let cookies: string[] = []
    const { port, take } = await startRecorder(() =>
      reply(shell, { headers: [SOAP, ...cookies.map((cookie) => `Set-Cookie: ${cookie}`)] }),
    )
    const client = clientFor(port)
    const name = fc.constantFrom('', 'MS-WSMAN=', 'other=')
    await fc.assert(
      fc.asyncProperty(
        name,
        printable,
        fc.stringMatching(/^[\w.~+/-]{1,20}$/),
        async (before, text, good) => {
          cookies = [before + text, `MS-WSMAN=${good}`]
          const opened = await client.openShell()
          await opened.close()
          const requests = take()
          expect(requests).toHaveLength(2)
          inspectHeads(requests, 'Cookie')
          // What is beside it, good or bad, takes nothing from a cookie that is as it should be.
          const sent = /\r\nCookie: (.*)\r\n/.exec(requests[1] ?? '')?.[1]
          expect(sent?.split('; ')).toContain(`MS-WSMAN=${good}`)
        },
      ),
      { numRuns: 100 },
    )
    await client.close()
  })

  it('as a challenge of Digest', async () => {
    const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`
    let challenge = ''
    const { port, take } = await startRecorder((request) =>
      request.includes('Authorization:')
        ? good(request)
        : reply('', { status: '401 X', headers: [challenge] }),
    )
    await fc.assert(
      fc.asyncProperty(printable, printable, async (realm, nonce) => {
        challenge = `WWW-Authenticate: Digest realm=${quoted(realm)}, nonce=${quoted(nonce)}, qop="auth"`
        const client = clientFor(port, { auth: { scheme: 'digest', username: 'alice', password: 'x' } })
        expect(await client.get('urn:things')).toEqual({ Name: 'good' })
        await client.close()
        const requests = take()
        expect(requests).toHaveLength(2)
        inspectHeads(requests, 'Authorization')
      }),
      { numRuns: 80 },
    )
  })
})
