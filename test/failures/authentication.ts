import type { AuthOptions } from 'wsman'
import { reply } from '../unit/http/raw-server.js'
import { ToyContext } from '../unit/transport/toy-handshake.js'
import { times, type Failure, type Failures } from './failure.js'
import { endpoint, getThing, looksUp, PASSWORD, peer, WRONG_PASSWORD, type EndpointCourse } from './scenes.js'

export const alice = (scheme: 'basic' | 'digest' | 'ntlm' | 'negotiate' | 'credssp', password = PASSWORD) =>
  ({ scheme, username: 'alice', password }) as const

const negotiate = { scheme: 'negotiate' } as const
export const SEALED: EndpointCourse = { way: negotiate, options: { settings: {} } }
const CREDSSP: EndpointCourse = {
  way: { scheme: 'credssp' },
  options: { settings: { service: { auth: { credSsp: true } } } },
}

/** What nobody can know of before a connection is made costs none. */
const refusedAtHome = { tried: [], retryable: false } as const

export const POLICY: Failures = {
  'NTLM goes to a host that is not trusted': {
    scene: looksUp('127.0.0.1', { client: { auth: alice('ntlm') } }),
    error: 'PolicyError',
    code: 'ERR_WSMAN_HOST_NOT_TRUSTED',
    hint: ["settings: { client: { trustedHosts: 'server01.example.com' } }", "transport: 'https'"],
    ...refusedAtHome,
  },
  'a host comes on top of those that are trusted': {
    scene: looksUp('127.0.0.1', {
      client: {
        auth: alice('basic'),
        settings: { client: { trustedHosts: '*.other.com', allowUnencrypted: true } },
      },
    }),
    error: 'PolicyError',
    code: 'ERR_WSMAN_HOST_NOT_TRUSTED',
    hint: ["trustedHosts: '*.other.com,server01.example.com'"],
    ...refusedAtHome,
  },
  'Basic would travel readably': {
    scene: endpoint({ client: { settings: {} } }),
    error: 'PolicyError',
    code: 'ERR_WSMAN_UNENCRYPTED',
    hint: ["transport: 'https'", 'allowUnencrypted: true'],
    ...refusedAtHome,
  },
  'the client has switched the scheme off': {
    scene: endpoint({ way: negotiate, client: { settings: { client: { auth: { negotiate: false } } } } }),
    error: 'PolicyError',
    code: 'ERR_WSMAN_SCHEME_DISABLED',
    hint: ['settings: { client: { auth: { negotiate: true } } }'],
    ...refusedAtHome,
  },
  'CredSSP is not switched on': {
    scene: endpoint({ ...CREDSSP, client: { settings: {} } }),
    error: 'PolicyError',
    code: 'ERR_WSMAN_SCHEME_DISABLED',
    hint: ['credSsp: true'],
    ...refusedAtHome,
  },
}

export const refused = (
  scene: Failure['scene'],
  hint: readonly (string | RegExp)[],
  tried: readonly string[],
): Failure => ({
  scene,
  error: 'AuthenticationError',
  code: 'ERR_WSMAN_UNAUTHORIZED',
  hint,
  retryable: false,
  tried,
})

/** The call, and then another one with the same credential. */
export const twice = (client: Parameters<typeof getThing>[0]): Promise<unknown> =>
  getThing(client).catch(() => getThing(client))

export const PASSWORDS: Failures = {
  'Basic with a wrong password': refused(
    endpoint({ password: WRONG_PASSWORD, call: twice }),
    ['not tried again', String.raw`DOMAIN\user`, 'Basic is for local accounts'],
    ['POST Get Basic'],
  ),
  'NTLM with a wrong password': refused(
    endpoint({ ...SEALED, way: { scheme: 'ntlm' }, password: WRONG_PASSWORD, call: twice }),
    ['not tried again', String.raw`.\user`],
    times(2, 'POST - Negotiate'),
  ),
  'Negotiate with a wrong password': refused(
    endpoint({ ...SEALED, password: WRONG_PASSWORD, call: twice }),
    ['not tried again'],
    times(2, 'POST - Negotiate'),
  ),
  'CredSSP with a wrong password': refused(
    endpoint({ ...CREDSSP, password: WRONG_PASSWORD, call: twice }),
    ['not tried again'],
    times(4, 'POST - CredSSP'),
  ),
  'Digest with a wrong password': refused(
    peer(
      reply('', {
        status: '401 Unauthorized',
        headers: ['WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'],
      }),
      { client: { auth: alice('digest', WRONG_PASSWORD) }, call: twice },
    ),
    ['not tried again'],
    ['POST -', 'POST Get Digest'],
  ),
}

export const unauthorized = (...offered: string[]): string =>
  reply('', {
    status: '401 Unauthorized',
    headers: offered.map((scheme) => `WWW-Authenticate: ${scheme}`),
  })

const notOffered = (
  auth: AuthOptions,
  offered: string,
  hint: readonly string[],
  tried: readonly string[],
): Failure => ({
  scene: peer(unauthorized(offered), {
    client: { auth, settings: { client: { allowUnencrypted: true, auth: { credSsp: true } } } },
  }),
  error: 'AuthenticationError',
  code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
  hint: [`(${offered.split(' ', 1)[0] ?? ''})`, ...hint],
  retryable: false,
  tried,
})

/** A mechanism that gives so many tokens. */
export const tokens = (speaks: 'kerberos' | 'ntlm', count: number, mutual = false): AuthOptions => ({
  scheme: 'custom',
  speaks,
  createContext: () => new ToyContext(speaks === 'ntlm' ? 'NTLM' : 'Kerberos', count, mutual),
})

export const SCHEMES: Failures = {
  'Basic is off': notOffered(
    alice('basic'),
    'Negotiate',
    ['winrm set winrm/config/service/auth @{Basic="true"}', 'AllowUnencrypted'],
    ['POST Get Basic'],
  ),
  'Basic is on, and the host takes encrypted messages only': {
    scene: endpoint({
      options: { settings: { service: { auth: { basic: true } } } },
      client: { settings: { client: { allowUnencrypted: true } } },
    }),
    error: 'AuthenticationError',
    code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
    hint: ['(Negotiate)', 'AllowUnencrypted', 'use HTTPS'],
    retryable: false,
    tried: ['POST Get Basic'],
  },
  'Negotiate is off': notOffered(
    alice('negotiate'),
    'Basic realm="WSMAN"',
    ['@{Negotiate="true"}'],
    ['POST - Negotiate'],
  ),
  'Kerberos is off': notOffered(
    tokens('kerberos', 1, true),
    'Basic realm="WSMAN"',
    ['@{Kerberos="true"}'],
    ['POST - Kerberos'],
  ),
  'CredSSP is off': notOffered(alice('credssp'), 'Negotiate', ['@{CredSSP="true"}'], ['POST - CredSSP']),
  'Digest is not known': notOffered(alice('digest'), 'Negotiate', ['openwsman'], ['POST -']),
  'no credential is given': refused(
    peer(unauthorized('Negotiate', 'Basic realm="WSMAN"')),
    ["auth: { scheme: 'negotiate', username, password }"],
    ['POST Get'],
  ),
  'the client certificate is refused': refused(
    peer(unauthorized('Negotiate'), {
      tls: 'selfSigned',
      certified: true,
    }),
    ['winrm/config/service/certmapping', '@{Certificate="true"}'],
    ['POST Get http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'],
  ),
}
