import { kerberosError } from '../../src/auth/kerberos/failures.js'
import { GSS_S, GssapiError } from '../../src/auth/kerberos/gssapi-status.js'
import { reply, type RawRequest } from '../unit/http/raw-server.js'
import { unchanged, withBody, withHeader, type PassingReply } from '../unit/transport/mangling-proxy.js'
import { alice, refused, SEALED, tokens, twice, unauthorized } from './authentication.js'
import { times, type Failure, type Failures } from './failure.js'
import { behindTerminator, endpoint, peer, WRONG_PASSWORD, type EndpointCourse } from './scenes.js'

const KRB5 = -1765328384

/** Kerberos that gets no token, for what the library says. */
const kerberos = (minor: number, major = 13 << 16): Failure['scene'] =>
  endpoint({
    client: {
      auth: {
        scheme: 'custom',
        speaks: 'kerberos',
        createContext: () => {
          throw kerberosError(new GssapiError('as the library says', major, minor), 'getting a ticket')
        },
      },
    },
  })

const noTicket = (
  scene: Failure['scene'],
  hint: readonly string[],
  more: Partial<Failure> = {},
): Failure => ({
  scene,
  error: 'AuthenticationError',
  code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
  hint,
  retryable: false,
  tried: [],
  ...more,
})

export const KERBEROS: Failures = {
  'the KDC does not know the SPN': noTicket(kerberos(KRB5 + 7), ['setspn -S HTTP/<host>', 'option spn']),
  'the clocks of client and KDC differ': noTicket(kerberos(KRB5 + 37), ['five minutes', 'w32tm /resync']),
  'no KDC answers': noTicket(kerberos(KRB5 + 156), ['port 88', 'krb5.conf'], { retryable: true }),
  'there is no ticket': noTicket(kerberos(0, GSS_S.NO_CRED), ['kinit', 'KRB5CCNAME']),
  'the ticket has expired': noTicket(kerberos(KRB5 + 32), ['kinit']),
  'the KDC does not know the user': noTicket(kerberos(KRB5 + 6), ['realm']),
  'the SPN belongs to another account': noTicket(kerberos(KRB5 + 41), ['setspn -Q', 'setspn -X']),
  'the KDC refuses the password': noTicket(kerberos(KRB5 + 24), ['not tried again'], {
    code: 'ERR_WSMAN_UNAUTHORIZED',
  }),
  'the account is locked': noTicket(kerberos(KRB5 + 18), ['administrators of the domain'], {
    code: 'ERR_WSMAN_UNAUTHORIZED',
  }),
  'the service refuses the ticket without a word': refused(
    peer(unauthorized('Kerberos', 'Negotiate'), { client: { auth: tokens('kerberos', 1, true) } }),
    ['SPN', 'setspn -Q'],
    ['POST - Kerberos'],
  ),
}

const TOKEN = Buffer.from('server').toString('base64')
const isToken = ({ body }: RawRequest): boolean => body === ''

/** One answer to tokens, another one to messages. */
const after = (token: string, message: string) => (request: RawRequest) =>
  request.socket.write(isToken(request) ? token : message)

const mangled = (change: (reply: PassingReply) => ReturnType<typeof unchanged>): EndpointCourse => ({
  ...SEALED,
  mangle: change,
})
/** The handshake of Negotiate with NTLM has two replies; the third one is the first that is sealed. */
const FIRST_SEALED = 2
const HANDSHAKE = times(2, 'POST - Negotiate')

export const HANDSHAKES: Failures = {
  'a policy forbids NTLM': refused(
    peer(unauthorized('Negotiate'), { client: { auth: alice('ntlm') } }),
    ['Use Kerberos', 'a name instead of an address'],
    ['POST - Negotiate'],
  ),
  'the service sees another TLS connection (CbtHardeningLevel Strict)': refused(
    behindTerminator({ settings: { service: { auth: { cbtHardeningLevel: 'Strict' } } } }),
    ['CbtHardeningLevel', 'ends TLS', 'winrm set winrm/config/service/auth @{CbtHardeningLevel="None"}'],
    HANDSHAKE,
  ),
  'the clock of the host is an hour behind': refused(
    endpoint({
      ...mangled((passing) =>
        withHeader(passing, 'Date', (date) => new Date(Date.parse(date) - 3_600_000).toUTCString()),
      ),
      password: WRONG_PASSWORD,
    }),
    ['60 minutes behind', 'w32tm /resync'],
    HANDSHAKE,
  ),
  'the host lets in without a proof of its own': refused(
    peer(reply(''), { client: { auth: alice('negotiate') } }),
    ['in its place'],
    ['POST - Negotiate'],
  ),
  'the handshake never ends': refused(
    peer(unauthorized(`Negotiate ${TOKEN}`), { client: { auth: tokens('ntlm', 99) } }),
    ['WS-Management service'],
    times(12, 'POST - Negotiate'),
  ),
  'a mechanism of one’s own is refused': refused(
    peer([unauthorized(`Negotiate ${TOKEN}`), unauthorized('Negotiate')], {
      client: { auth: tokens('ntlm', 2) },
      call: twice,
    }),
    ['make another client'],
    HANDSHAKE,
  ),
  'the connection is authenticated and its messages refused': refused(
    peer(after(reply(''), unauthorized('Negotiate')), { client: { auth: tokens('ntlm', 1) } }),
    ['load balancer'],
    ['POST - Negotiate', 'POST -', 'POST - Negotiate', 'POST -'],
  ),
  'the connection ends in the middle of the handshake': {
    scene: peer(
      ({ socket }) =>
        socket.end(
          reply('', {
            status: '401 Unauthorized',
            headers: [`WWW-Authenticate: Negotiate ${TOKEN}`, 'Connection: close'],
          }),
        ),
      { client: { auth: tokens('ntlm', 2) } },
    ),
    error: 'TransportError',
    code: 'ERR_WSMAN_HTTP_STATUS',
    hint: ['proxy or load balancer'],
    retryable: false,
    tried: ['POST - Negotiate'],
  },
  'the connection is lost at the first token': {
    scene: peer(({ socket }) => socket.resetAndDestroy(), { client: { auth: alice('ntlm') } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['restarted'],
    retryable: true,
    tried: times(3, 'POST - Negotiate'),
  },
  'the connection is lost at the token with the proof': {
    // Once more would be a second failed logon, if the password is wrong.
    scene: peer([unauthorized(`Negotiate ${TOKEN}`), ({ socket }) => socket.resetAndDestroy()], {
      client: { auth: tokens('ntlm', 2) },
    }),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['restarted'],
    retryable: false,
    tried: HANDSHAKE,
  },
  'the service is stopped during the handshake (503)': {
    scene: peer(reply('', { status: '503 Service Unavailable' }), { client: { auth: alice('ntlm') } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_HTTP_STATUS',
    hint: ['urlPrefix'],
    retryable: true,
    tried: times(3, 'POST - Negotiate'),
  },
  'a sealed reply is changed on its way': {
    scene: endpoint(
      mangled((passing) => {
        if (passing.index < FIRST_SEALED) return unchanged(passing)
        const body = Buffer.from(passing.body)
        // Within the ciphertext, before the boundary that ends the body.
        const place = body.length - 60
        body.writeUInt8(body.readUInt8(place) ^ 1, place)
        return withBody(passing, body)
      }),
    ),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['changed, repeated or dropped a message'],
    retryable: false,
    tried: [...HANDSHAKE, 'POST Get'],
  },
  'the reply to a sealed request is readable': {
    scene: endpoint(
      mangled((passing) =>
        passing.index < FIRST_SEALED
          ? unchanged(passing)
          : {
              octets: Buffer.from(
                reply('<s:Envelope/>', { headers: ['Content-Type: application/soap+xml'] }),
              ),
            },
      ),
    ),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['in its place'],
    retryable: false,
    tried: [...HANDSHAKE, 'POST Get'],
  },
  'the function that gives the password fails': {
    scene: endpoint({
      client: {
        auth: {
          scheme: 'basic',
          username: 'alice',
          password: () => Promise.reject(new Error('the vault is locked')),
        },
      },
    }),
    error: 'UsageError',
    code: 'ERR_WSMAN_USAGE',
    hint: [],
    retryable: false,
    tried: [],
  },
}
