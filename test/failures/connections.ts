import type { Failures } from './failure.js'
import { times } from './failure.js'
import {
  closedPort,
  createThing,
  getThing,
  greeter,
  looksUp,
  onlyOpen,
  peer,
  proxy,
  PROXY_PASSWORD,
  systemError,
} from './scenes.js'

const https = { client: { transport: 'https' } }
const says =
  (status: string, ...headers: string[]) =>
  ({ socket }: { socket: { write(text: string): unknown } }) =>
    socket.write([`HTTP/1.1 ${status}`, ...headers, 'Content-Length: 0', '', ''].join('\r\n'))

const CONNECT = 'CONNECT server01.example.com:5985'

export const NAMES_AND_PORTS: Failures = {
  'the name is not known (NXDOMAIN)': {
    scene: looksUp(systemError('ENOTFOUND')),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['DNS', 'spelling'],
    retryable: true,
    tried: times(3, 'lookup'),
  },
  'the name server does not answer': {
    scene: looksUp(systemError('EAI_AGAIN')),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['DNS did not answer'],
    retryable: true,
    tried: times(3, 'lookup'),
  },
  'no route leads to the host': {
    scene: looksUp(systemError('EHOSTUNREACH')),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['no route to the host'],
    retryable: true,
    tried: times(3, 'lookup'),
  },
  'the process has no more sockets': {
    scene: looksUp(systemError('EMFILE')),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['open files'],
    retryable: true,
    tried: times(3, 'lookup'),
  },
  'nothing answers within connectTimeoutMs': {
    scene: looksUp(undefined, {
      client: { connectTimeoutMs: 15_000 },
      meanwhile: async ({ arrived, pass }) => {
        await arrived(1)
        pass(15_000)
      },
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_CONNECT_TIMEOUT',
    hint: ['firewall', '5985 and 5986'],
    retryable: true,
    tried: ['lookup'],
    remote: 'notStarted',
  },
  'the port is closed': {
    scene: closedPort(),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['winrm quickconfig'],
    retryable: true,
    tried: [],
  },
  'port 5985 is closed and 5986 is open': {
    scene: onlyOpen(5986, {}),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ["transport: 'https'", 'winrm quickconfig'],
    retryable: true,
    tried: [],
    needsLinux: true,
  },
  'port 5986 is closed and 5985 is open': {
    scene: onlyOpen(5985, https),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ["transport: 'http'", 'winrm quickconfig -transport:https'],
    retryable: true,
    tried: [],
    needsLinux: true,
  },
}

export const TLS: Failures = {
  'the certificate is self-signed': {
    scene: peer([], { tls: 'selfSigned' }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['tls.ca', /fingerprint256: '(?:[0-9A-F]{2}:){31}[0-9A-F]{2}'/],
    retryable: false,
    tried: [],
  },
  'nobody who is trusted signed the certificate': {
    scene: peer([], { tls: 'unknownAuthority' }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['tls.ca', /fingerprint256: '(?:[0-9A-F]{2}:){31}/],
    retryable: false,
    tried: [],
  },
  'the certificate has expired': {
    scene: peer([], { tls: 'expired' }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['Renew', 'clocks', 'fingerprint256'],
    retryable: false,
    tried: [],
  },
  'the certificate is not valid yet': {
    scene: peer([], { tls: 'notYetValid' }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['clocks of both machines', 'fingerprint256'],
    retryable: false,
    tried: [],
  },
  'the certificate is for another name': {
    scene: peer([], { tls: 'anotherName' }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['DNS:server02.example.com', 'tls.servername'],
    retryable: false,
    tried: [],
  },
  'the certificate is not the pinned one': {
    scene: peer([], { tls: 'selfSigned', client: { tls: { fingerprint256: '00'.repeat(32) } } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['tls.fingerprint256'],
    retryable: false,
    tried: [],
  },
  'the service wants a client certificate': {
    scene: peer([], {
      tls: 'selfSigned',
      requestCert: true,
      client: { tls: { rejectUnauthorized: false, maxVersion: 'TLSv1.2' } },
    }),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['tls.cert', 'tls.pfx'],
    retryable: false,
    tried: [],
  },
  'the port speaks HTTP without TLS': {
    scene: greeter((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ["transport: 'http'", '5986'],
    retryable: false,
    tried: ['connection'],
  },
  'the host speaks TLS 1.1 at most': {
    // A ServerHello of TLS 1.1, which is all it takes to be refused.
    scene: greeter((socket) =>
      socket.once('data', () =>
        socket.write(Buffer.from(`160302002a020000260302${'00'.repeat(32)}00c01400`, 'hex')),
      ),
    ),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['tls.minVersion', 'TLS 1.2 is the least'],
    retryable: false,
    tried: ['connection'],
  },
  'the connection is reset while TLS is set up': {
    scene: greeter((socket) => socket.once('data', () => socket.resetAndDestroy())),
    error: 'TransportError',
    code: 'ERR_WSMAN_TLS',
    hint: ['winrm enumerate winrm/config/listener'],
    retryable: false,
    tried: ['connection'],
  },
  'TLS is never answered': {
    scene: greeter(() => undefined, {
      client: { connectTimeoutMs: 7000 },
      meanwhile: async ({ arrived, pass }) => {
        await arrived(1)
        pass(7000)
      },
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_CONNECT_TIMEOUT',
    hint: ['firewall'],
    retryable: true,
    tried: ['connection'],
    remote: 'notStarted',
  },
}

export const PROXIES: Failures = {
  'the proxy is not there': {
    scene: closedPort({ client: { host: 'server01.example.com', proxy: 'http://127.0.0.1:1' } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ['option proxy'],
    retryable: true,
    tried: [],
  },
  'the proxy wants a credential': {
    scene: proxy(says('407 Proxy Authentication Required', 'Proxy-Authenticate: Basic realm="proxy"')),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ["proxy: 'http://user:p%40ss@proxy:3128'"],
    retryable: false,
    tried: [CONNECT],
  },
  'the proxy refuses the credential': {
    scene: proxy(says('407 Proxy Authentication Required', 'Proxy-Authenticate: Basic realm="proxy"'), {
      url: `http://alice:${PROXY_PASSWORD}@`,
    }),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ['percent-encoded'],
    retryable: false,
    tried: [`${CONNECT} Basic`],
  },
  'the proxy allows no tunnel to that port': {
    scene: proxy(says('403 Forbidden')),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ['443', '5985 and 5986'],
    retryable: false,
    tried: [CONNECT],
  },
  'the proxy cannot reach the host': {
    scene: proxy(says('502 Bad Gateway')),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ['could not reach the host'],
    retryable: true,
    tried: times(3, CONNECT),
  },
  'what is there is no proxy': {
    scene: proxy(({ socket }) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')),
    error: 'TransportError',
    code: 'ERR_WSMAN_PROXY',
    hint: ['CONNECT'],
    retryable: false,
    tried: [CONNECT],
  },
  'the proxy does not answer': {
    scene: proxy(() => undefined, {
      client: { connectTimeoutMs: 9000 },
      meanwhile: async ({ arrived, pass }) => {
        await arrived(1)
        pass(9000)
      },
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_CONNECT_TIMEOUT',
    hint: ['option proxy'],
    retryable: true,
    tried: [CONNECT],
    remote: 'notStarted',
  },
}

const reset = ({ socket }: { socket: { resetAndDestroy(): unknown } }) => socket.resetAndDestroy()
const half = ({ socket }: { socket: { end(text: string): unknown } }) =>
  socket.end(
    'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 5000\r\n\r\n<s:Envelope ',
  )
const halfHead = ({ socket }: { socket: { end(text: string): unknown } }) =>
  socket.end('HTTP/1.1 200 OK\r\nContent-Type: applic')

/** Get may be said twice; Create may not. */
export const RESETS: Failures = Object.fromEntries(
  [
    ['before the reply', reset],
    ['within the head of the reply', halfHead],
    ['within the body of the reply', half],
  ].flatMap(([when, answer]) =>
    (
      [
        ['Get', getThing, 3],
        ['Create', createThing, 1],
      ] as const
    ).map(([action, call, count]) => [
      `the connection is lost ${when as string}, to ${action}`,
      {
        scene: peer(answer as typeof half, { call }),
        error: 'TransportError',
        code: 'ERR_WSMAN_SOCKET',
        hint: ['look whether it happened'],
        retryable: false,
        tried: times(count, `POST ${action}`),
      },
    ]),
  ),
)
