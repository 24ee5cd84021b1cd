import { X509Certificate } from 'node:crypto'
import https from 'node:https'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions, type UserCertificate } from 'wsman/testing'
import { certificateTest } from '../../../src/testing/client-certificate.js'
import { select, textOf } from '../../support/xml-compare.js'
import { makeIdentity, MUTUAL, sendAs, type Identity } from './support/identities.js'
import { basic, send, soap, type RawReply } from './support/raw-client.js'

const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
  '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'

/** `CN=mallory`, `O=x, CN=alice`, and an OU of two lines of which the second is `CN=alice`. */
const MALLORY = `-----BEGIN CERTIFICATE-----
MIIB0jCCAXegAwIBAgIUIzrD2tQ0CJ24Fy7c7WetzhIlDo8wCgYIKoZIzj0EAwIw
PTEQMA4GA1UEAwwHbWFsbG9yeTEUMBIGA1UECgwLeCwgQ049YWxpY2UxEzARBgNV
BAsMCngKQ049YWxpY2UwIBcNMjYxMTIzMTkyNzMzWhgPMjEyNjEwMzAxOTI3MzNa
MD0xEDAOBgNVBAMMB21hbGxvcnkxFDASBgNVBAoMC3gsIENOPWFsaWNlMRMwEQYD
VQQLDAp4CkNOPWFsaWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEV9BaqSra
xND84Qh2bQ7BC2Jg5oPrAdkZ+WHuFNkpv1H5BQPkornZx9B/lVcbKvyAzLAUtd7X
Is0ZIcHUcFndpqNTMFEwHQYDVR0OBBYEFHqnOtG6CmXh8FtR9HdkFnS1U3npMB8G
A1UdIwQYMBaAFHqnOtG6CmXh8FtR9HdkFnS1U3npMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDSQAwRgIhANgE2oz1mrxOnTt1cdREVXMq4iKhV/q2uxZEOseO
ZgLxAiEAlxzzgklx2gYf4/tgQuSktvH/PlJ6K2bJZDEdEVq1aUA=
-----END CERTIFICATE-----`

let authority: Identity
let alice: Identity
let signed: Identity
let stranger: Identity
beforeAll(async () => {
  authority = await makeIdentity({ CN: 'Authority' })
  alice = await makeIdentity({ CN: 'alice', O: 'Example' })
  signed = await makeIdentity({ CN: 'alice', O: 'Example' }, authority)
  stranger = await makeIdentity({ CN: 'alice2' })
})

async function start(
  certificate: UserCertificate | undefined,
  { settings, ...options }: EndpointOptions = {},
): Promise<Endpoint> {
  const user = { username: 'alice', password: 'secret', domain: 'TEST' }
  const endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTPS' }],
    users: [certificate ? { ...user, certificate } : user],
    settings: settings ?? { service: { auth: { certificate: true } } },
    classes: [],
    ...options,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

const ask = (
  endpoint: Endpoint,
  identity: Identity | undefined,
  authorization?: string,
  message = soap(),
): Promise<RawReply> => sendAs(endpoint.url, identity, message, authorization)

const profilesIn = ({ xml }: RawReply): readonly string[] =>
  select(xml, 'Body', 'IdentifyResponse', 'SecurityProfiles', 'SecurityProfileName').map(textOf)

describe('a client certificate', () => {
  it('with the header that asks for it is the account that its fingerprint names', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 })
    expect((await ask(endpoint, alice)).status).toBe(200)
    expect(endpoint.requests.at(-1)).toMatchObject({
      username: 'alice',
      headers: { authorization: `${MUTUAL} [redacted]` },
    })
  })

  it('must be asked for by every request', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 })
    const agent = new https.Agent({ ...alice, rejectUnauthorized: false, keepAlive: true, maxSockets: 1 })
    onTestFinished(() => {
      agent.destroy()
    })
    const statuses = []
    for (const headers of [{ Authorization: MUTUAL }, {}, { Authorization: MUTUAL }]) {
      statuses.push((await send(endpoint.url, soap(), { agent, headers: { ...headers } })).status)
    }
    expect(statuses).toEqual([200, 401, 200])
  })

  it('is missed where a request asks for it and there is none', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 })
    const reply = await ask(endpoint, undefined)
    expect([reply.status, reply.headers['www-authenticate'], reply.body.length]).toEqual([403, undefined, 0])
  })

  it('that names nobody is refused', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 })
    expect((await ask(endpoint, stranger)).status).toBe(401)
    expect((await ask(await start(undefined), alice)).status).toBe(401)
  })

  it('may be known by its common name or its whole subject', async () => {
    const byName = await start({ subject: 'ALICE' })
    expect((await ask(byName, alice)).status).toBe(200)
    expect((await ask(byName, signed)).status).toBe(200)
    expect((await ask(byName, stranger)).status).toBe(401)
    const bySubject = await start({ subject: 'O = Example, CN=alice' })
    expect((await ask(bySubject, alice)).status).toBe(200)
    expect((await ask(bySubject, stranger)).status).toBe(401)
  })

  it('must be signed by those the listener names', async () => {
    const { cert, key } = authority
    const tls = { cert, key, ca: [authority.cert] }
    const endpoint = await start({ subject: 'alice' }, { listeners: [{ transport: 'HTTPS', tls }] })
    expect((await ask(endpoint, signed)).status).toBe(200)
    expect((await ask(endpoint, alice)).status).toBe(403)
  })

  it('is known on connections that resume a session of TLS', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 })
    const agent = new https.Agent({ ...alice, rejectUnauthorized: false, maxCachedSessions: 10 })
    onTestFinished(() => {
      agent.destroy()
    })
    for (let count = 0; count < 3; count++) {
      const reply = await send(endpoint.url, soap(), { agent, headers: { Authorization: MUTUAL } })
      expect(reply.status).toBe(200)
    }
  })
})

describe('where certificates are off', () => {
  const settings = { service: { auth: { basic: true } } }

  it('they are neither wanted nor taken', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 }, { settings })
    const reply = await ask(endpoint, alice)
    expect(reply.status).toBe(401)
    expect(reply.headers['www-authenticate']).toContain('Basic realm="WSMAN"')
    const identity = await ask(endpoint, undefined, basic('alice', 'secret'), IDENTIFY)
    expect(profilesIn(identity)).not.toContain(MUTUAL)
  })
})

describe('where they are on', () => {
  const settings = { service: { auth: { basic: true, certificate: true }, allowUnencrypted: true } }
  const listeners = [{ transport: 'HTTPS' as const }, { transport: 'HTTP' as const }]

  it('other schemes go on working, with and without a certificate', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 }, { settings })
    for (const identity of [alice, stranger, undefined]) {
      expect((await ask(endpoint, identity, basic('alice', 'secret'))).status).toBe(200)
    }
    const refused = await ask(endpoint, alice, '')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toContain('Basic realm="WSMAN"')
    expect(refused.headers['www-authenticate']).not.toContain(MUTUAL)
  })

  it('Identify says so, whatever the transport, but not to strangers', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 }, { settings, listeners })
    expect(profilesIn(await ask(endpoint, alice, MUTUAL, IDENTIFY))).toContain(MUTUAL)
    const http = endpoint.listeners[1]?.url ?? ''
    const headers = { Authorization: basic('alice', 'secret') }
    expect(profilesIn(await send(http, IDENTIFY, { headers }))).toContain(MUTUAL)
    const strange = await send(http, IDENTIFY, { headers: { WSMANIDENTIFY: 'unauthenticated' } })
    expect(profilesIn(strange)).toEqual([])
  })

  it('they need HTTPS', async () => {
    const endpoint = await start({ fingerprint256: alice.fingerprint256 }, { settings, listeners })
    const http = endpoint.listeners[1]?.url ?? ''
    expect((await send(http, soap(), { headers: { Authorization: MUTUAL } })).status).toBe(401)
  })
})

describe('certificateTest', () => {
  it('takes fingerprints with and without colons, in any letter case', () => {
    const certificate = new X509Certificate(alice.cert)
    const digits = alice.fingerprint256.replaceAll(':', '')
    for (const fingerprint256 of [alice.fingerprint256, digits, digits.toLowerCase()]) {
      expect(certificateTest({ fingerprint256 }, 'x')(certificate)).toBe(true)
    }
    const { fingerprint256 } = stranger
    expect(certificateTest({ fingerprint256 }, 'x')(certificate)).toBe(false)
  })

  it('does not take a part of a subject for the whole', () => {
    const certificate = new X509Certificate(alice.cert)
    for (const subject of ['CN=alice', 'O=Example', 'CN=alice,O=Example,C=DE', 'Example', 'alic']) {
      expect(certificateTest({ subject }, 'x')(certificate), subject).toBe(false)
    }
  })

  it('reads no names into the value of another one', () => {
    const certificate = new X509Certificate(MALLORY)
    expect(certificateTest({ subject: 'alice' }, 'x')(certificate)).toBe(false)
    expect(certificateTest({ subject: 'mallory' }, 'x')(certificate)).toBe(true)
  })

  it.each([
    [{ fingerprint256: 'AB:CD' }, 'users[0].certificate.fingerprint256 must be'],
    [{ subject: ' ' }, 'users[0].certificate.subject must not be empty.'],
  ])('refuses %j', async (certificate, message) => {
    await expect(start(certificate)).rejects.toThrow(message)
  })
})
