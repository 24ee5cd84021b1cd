import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { subjectsOf } from '../../../src/testing/access/certificate-authorities.js'
import { specificationExamples } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, localName, parseXml, select, textOf } from '../../support/xml-compare.js'
import { makeIdentity, sendAs, type Identity } from './support/identities.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  pullBody,
  send,
  soap,
  textAt,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const MAPPING = `${CONFIG}/service/certmapping`
const WINRS = `${CONFIG}/winrs`
const DENIED = { status: 500, code: 's:Sender', subcode: 'w:AccessDenied', detail: undefined, wsmanCode: 5 }

let authority: Identity
let alice: Identity
let stranger: Identity
beforeAll(async () => {
  authority = await makeIdentity({ CN: 'Authority' })
  alice = await makeIdentity({ CN: 'alice' }, authority, ['pc1.example.com'])
  stranger = await makeIdentity({ CN: 'alice' })
})

async function start(options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTPS' }],
    users: [
      { username: 'admin', password: 'secret' },
      { username: 'bob', password: 'builder' },
      { username: 'carol', password: 'singer', groups: ['Remote Management Users'] },
    ],
    authorities: [authority.cert],
    settings: {
      service: {
        auth: { basic: true, certificate: true },
        rootSddl: 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;RM)',
      },
    },
    classes: [],
    ...options,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

const ask = (endpoint: Endpoint, parts: RequestParts): Promise<RawReply> =>
  send(endpoint.url, soap({ resourceUri: MAPPING, ...parts }), {
    headers: { Authorization: basic('admin', 'secret') },
  })

const BOB = '<c:UserName>bob</c:UserName><c:Password>builder</c:Password>'
const CAROL = '<c:UserName>carol</c:UserName><c:Password>singer</c:Password>'
const document = (members: string, namespace = MAPPING): string =>
  `<c:CertMapping xmlns:c="${namespace}">${members}</c:CertMapping>`

type Key = Readonly<Record<string, string>>
const keyOf = (over: Key = {}): Key => ({ Issuer: authority.thumbprint, Subject: 'alice', URI: '*', ...over })

const create = (endpoint: Endpoint, members = BOB, over: Key = {}): Promise<RawReply> =>
  ask(endpoint, { action: ACTIONS.create, selectors: keyOf(over), body: document(members) })

const put = (endpoint: Endpoint, members: string, over: Key = {}): Promise<RawReply> =>
  ask(endpoint, { action: ACTIONS.put, selectors: keyOf(over), body: document(members) })

const membersOf = ({ xml }: RawReply, ...path: string[]): string[][] => {
  const [mapping] = select(xml, 'Body', ...path, 'CertMapping')
  return mapping ? elementsOf(mapping).map((member) => [localName(member), textOf(member)]) : []
}

const shown = (over: Readonly<Record<string, string>> = {}): string[][] =>
  Object.entries({
    URI: '*',
    Subject: 'alice',
    Issuer: authority.thumbprint,
    UserName: 'bob',
    Enabled: 'true',
    Password: '',
    ...over,
  })

describe('winrm/config/service/certmapping', () => {
  it('makes mappings, shows them without their password, changes and deletes them', async () => {
    const endpoint = await start()
    const created = await create(endpoint)
    expect(created.status).toBe(200)
    const reference = ['Body', 'ResourceCreated', 'ReferenceParameters'] as const
    expect(textAt(created.xml, ...reference, 'ResourceURI')).toBe(MAPPING)
    const selected = select(created.xml, ...reference, 'SelectorSet', 'Selector')
    expect(selected.map((one) => [one.attributes.Name, textOf(one)])).toEqual([
      ['URI', '*'],
      ['Subject', 'alice'],
      ['Issuer', authority.thumbprint],
    ])
    const selectors = keyOf({ Issuer: authority.thumbprint.toLowerCase(), Subject: 'ALICE' })
    const got = await ask(endpoint, { selectors })
    expect(membersOf(got)).toEqual(shown())
    expect(got.text).not.toContain('builder')
    expect(membersOf(await put(endpoint, '<c:Enabled>false</c:Enabled>'))).toEqual(
      shown({ Enabled: 'false' }),
    )
    expect(membersOf(await put(endpoint, CAROL))).toEqual(shown({ Enabled: 'false', UserName: 'carol' }))
    const deleted = await ask(endpoint, { action: ACTIONS.delete, selectors })
    expect([deleted.status, textAt(deleted.xml, 'Header', 'Action')]).toEqual([
      200,
      `${ACTIONS.delete}Response`,
    ])
    expect(faultOf(await ask(endpoint, { selectors }))).toMatchObject({
      subcode: 'a:DestinationUnreachable',
      detail: 'ResourceNotFound',
    })
  })

  it('lists them as objects, a page at a time, and neither filtered nor as references', async () => {
    const endpoint = await start()
    for (const Subject of ['alice', '*@mig.net', '*']) await create(endpoint, BOB, { Subject })
    const enumerate = (content: string): Promise<RawReply> =>
      ask(endpoint, { action: ACTIONS.enumerate, body: enumerateBody(content) })
    const begun = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>1</w:MaxElements>')
    expect(membersOf(begun, 'EnumerateResponse', 'Items')).toEqual(shown())
    const context = textAt(begun.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const pulled = await ask(endpoint, { action: ACTIONS.pull, body: pullBody(context, 9) })
    const subjects = select(pulled.xml, 'Body', 'PullResponse', 'Items', 'CertMapping', 'Subject').map(textOf)
    expect(subjects).toEqual(['*@mig.net', '*'])
    expect(select(pulled.xml, 'Body', 'PullResponse', 'EndOfSequence')).toHaveLength(1)
    expect(faultOf(await enumerate('<w:Filter>x</w:Filter>')).subcode).toBe('n:FilteringNotSupported')
    expect(faultOf(await enumerate('<w:EnumerationMode>EnumerateEPR</w:EnumerationMode>'))).toMatchObject({
      subcode: 'w:UnsupportedFeature',
      detail: 'EnumerationMode',
      wsmanCode: 2150858886,
    })
  })

  it.each([
    ['an issuer that nobody trusts', BOB, { Issuer: '0'.repeat(40) }, 2150859106],
    ['an issuer that is no thumbprint', BOB, { Issuer: 'abc' }, 2150859106],
    ['a subject with a star inside', BOB, { Subject: 'a*b' }, 2150859105],
    ['a subject that is too long', BOB, { Subject: 'a'.repeat(1024) }, 2150859105],
    ['a user without a password', '<c:UserName>bob</c:UserName>', {}, 2150859115],
    ['a password without a user', '<c:Password>builder</c:Password>', {}, 2150859116],
    ['neither', '', {}, 2150859116],
    ['a wrong password', '<c:UserName>bob</c:UserName><c:Password>x</c:Password>', {}, 2150859092],
    [
      'an account of a domain',
      '<c:UserName>TEST\\bob</c:UserName><c:Password>builder</c:Password>',
      {},
      2150859092,
    ],
    [
      'a password that is too long',
      `<c:UserName>bob</c:UserName><c:Password>${'x'.repeat(256)}</c:Password>`,
      {},
      2150859114,
    ],
    ['other keys in the body', `${BOB}<c:Subject>carol</c:Subject>`, {}, 2150859122],
  ])('takes no mapping with %s', async (_, members, over: Key, wsmanCode) => {
    const endpoint = await start()
    expect(faultOf(await create(endpoint, members, over))).toMatchObject({
      subcode: 'w:InternalError',
      wsmanCode,
    })
    const listed = await ask(endpoint, {
      action: ACTIONS.enumerate,
      body: enumerateBody('<w:OptimizeEnumeration/>'),
    })
    expect(membersOf(listed, 'EnumerateResponse', 'Items')).toEqual([])
  })

  it.each([
    ['a URI with a blank', BOB, { URI: 'a b' }],
    ['what is neither true nor false', `${BOB}<c:Enabled>maybe</c:Enabled>`, {}],
    ['an element it does not know', `${BOB}<c:Colour>red</c:Colour>`, {}],
    ['an element twice', `${BOB}${BOB}`, {}],
  ])('finds the schema broken by %s', async (_, members, over: Key) => {
    const endpoint = await start()
    expect(faultOf(await create(endpoint, members, over))).toMatchObject({
      subcode: 'w:SchemaValidationError',
      wsmanCode: 2150858817,
    })
  })

  it('wants all of its keys, no others, and its own namespace', async () => {
    const endpoint = await start()
    const named = (selectors: Key): Promise<RawReply> => ask(endpoint, { selectors })
    expect(faultOf(await named({ Issuer: authority.thumbprint, Subject: '*' })).wsmanCode).toBe(2150858842)
    expect(faultOf(await named(keyOf({ Name: 'x' }))).wsmanCode).toBe(2150858843)
    for (const namespace of [CONFIG, `${CONFIG}/service`, 'urn:other']) {
      const parts = { action: ACTIONS.create, selectors: keyOf(), body: document(BOB, namespace) }
      expect(faultOf(await ask(endpoint, parts)).wsmanCode).toBe(2150858817)
    }
    expect((await create(endpoint)).status).toBe(200)
    expect(faultOf(await create(endpoint))).toMatchObject({
      subcode: 'w:AlreadyExists',
      wsmanCode: 2150858803,
    })
    const otherIssuer = await put(endpoint, `${CAROL}<c:Issuer>${'0'.repeat(40)}</c:Issuer>`)
    expect(faultOf(otherIssuer).wsmanCode).toBe(2150859122)
    expect(faultOf(await put(endpoint, '<c:UserName>carol</c:UserName>')).wsmanCode).toBe(2150859115)
    expect(faultOf(await put(endpoint, BOB, { Subject: '*' })).detail).toBe('ResourceNotFound')
  })
})

describe('a client certificate that the machine trusts', () => {
  const get = (endpoint: Endpoint, identity = alice, resourceUri = WINRS): Promise<RawReply> =>
    sendAs(endpoint.url, identity, soap({ resourceUri }))

  it('stands for the account of its mapping, with the rights of that account', async () => {
    const endpoint = await start()
    expect(faultOf(await get(endpoint))).toEqual(DENIED)
    await create(endpoint, CAROL)
    expect((await get(endpoint)).status).toBe(200)
    expect(endpoint.requests.at(-1)).toMatchObject({ username: 'carol', resourceUri: WINRS })
    const body = `<c:Winrs xmlns:c="${WINRS}"/>`
    const change = soap({ action: ACTIONS.put, resourceUri: WINRS, body })
    expect(faultOf(await sendAs(endpoint.url, alice, change))).toEqual(DENIED)
  })

  it.each([
    ['its common name', 'alice'],
    ['a DNS name', 'PC1.example.com'],
    ['the end of one', '*.example.com'],
    ['the beginning of one', 'pc1.*'],
    ['anything', '*'],
  ])('is found by %s', async (_, Subject) => {
    const endpoint = await start()
    await create(endpoint, BOB, { Subject })
    expect((await get(endpoint)).status).toBe(200)
  })

  it.each([
    ['another name', { Subject: 'alice2' }, BOB],
    ['another end', { Subject: '*.example.org' }, BOB],
    ['another resource', { URI: `${CONFIG}/service*` }, BOB],
    ['the resource above', { URI: CONFIG }, BOB],
    ['nothing, because it is off', {}, `${BOB}<c:Enabled>false</c:Enabled>`],
  ])('stands for nobody where the mapping is for %s', async (_, over: Key, members) => {
    const endpoint = await start()
    expect((await create(endpoint, members, over)).status).toBe(200)
    expect(faultOf(await get(endpoint))).toEqual(DENIED)
  })

  it('follows the mapping with the longest subject, then the one with the longest URI', async () => {
    const endpoint = await start()
    const username = async (): Promise<string | undefined> => {
      expect((await get(endpoint)).status).toBe(200)
      return endpoint.requests.at(-1)?.username
    }
    await create(endpoint, BOB, { Subject: '*', URI: `${CONFIG}/*` })
    expect(await username()).toBe('bob')
    await create(endpoint, CAROL, { Subject: 'ali*' })
    expect(await username()).toBe('carol')
    await create(endpoint, BOB, { Subject: '*ice', URI: `${CONFIG}/*` })
    expect(await username()).toBe('bob')
    // As long as that one in both.
    await create(endpoint, CAROL, { Subject: 'ali*', URI: `${CONFIG}/*` })
    expect(faultOf(await get(endpoint))).toEqual(DENIED)
    const selectors = keyOf({ Subject: '*ice', URI: `${CONFIG}/*` })
    await ask(endpoint, { action: ACTIONS.delete, selectors })
    expect(await username()).toBe('carol')
  })

  it('must be signed by an authority of the machine, whatever that calls itself', async () => {
    const impostor = await makeIdentity({ CN: 'Authority' })
    const forged = await makeIdentity({ CN: 'alice' }, impostor)
    const endpoint = await start()
    await create(endpoint)
    expect((await get(endpoint, stranger)).status).toBe(401)
    expect((await get(endpoint, forged)).status).toBe(401)
    expect((await get(endpoint, alice)).status).toBe(200)
  })

  it('may have signed itself, where the machine trusts it', async () => {
    const endpoint = await start({ authorities: [`${authority.cert}\n${stranger.cert}`] })
    await create(endpoint, BOB, { Issuer: stranger.thumbprint })
    expect((await get(endpoint, stranger)).status).toBe(200)
    expect(faultOf(await get(endpoint, alice))).toEqual(DENIED)
  })

  it('is trusted where a listener names its authority', async () => {
    const { cert, key } = authority
    const listeners = [{ transport: 'HTTPS' as const, tls: { cert, key, ca: [authority.cert] } }]
    const endpoint = await start({ authorities: [], listeners })
    expect((await create(endpoint)).status).toBe(200)
    expect((await get(endpoint)).status).toBe(200)
  })
})

describe('authorities', () => {
  it('are certificates', async () => {
    await expect(startEndpoint({ authorities: ['no certificate'] })).rejects.toThrow(
      'The authorities of the endpoint must be certificates in PEM.',
    )
  })
})

describeWithShared('specs', 'MS-WSMV 4.2.3', () => {
  /** URIs have line breaks in them there. */
  const example = (nth: number): string =>
    (specificationExamples('MS-WSMV', '4.2.3')[nth] ?? '').replace(/="([^"]*)"/g, (value) =>
      value.replaceAll('\n', ''),
    )
  const bodyOf = (nth: number): string => /<s:Body>([\s\S]*)<\/s:Body>/.exec(example(nth))?.[1] ?? ''
  const names = (xml: string): string[] => {
    const [mapping] = select(parseXml(xml), 'Body', 'CertMapping')
    return mapping ? [mapping.name, ...elementsOf(mapping).map(({ name }) => name)] : []
  }

  it('shows these names in this order, but for PassCertToPlugin, which later systems lack', async () => {
    const endpoint = await start()
    await create(endpoint)
    const got = await ask(endpoint, { selectors: keyOf() })
    expect(names(got.text)).toEqual(names(example(5)).filter((name) => !name.endsWith('}PassCertToPlugin')))
    expect(names(got.text)[0]).toBe(`{${MAPPING}}CertMapping`)
  })

  it('makes a mapping with a body like this', async () => {
    const endpoint = await start()
    const body = bodyOf(0).replace('certAdminAccount', 'bob').replace('Bull_dog1', 'builder')
    expect(body).toContain('certmapping.xsd')
    const selectors = keyOf({ Subject: '*@mig.net' })
    expect((await ask(endpoint, { action: ACTIONS.create, selectors, body })).status).toBe(200)
    expect(membersOf(await ask(endpoint, { selectors }))).toEqual(shown({ Subject: '*@mig.net' }))
  })

  it('changes a mapping with a body like this, whose password is empty as Get shows it', async () => {
    const endpoint = await start()
    const over = {
      URI: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*',
      Subject: '*.sampl.com',
    }
    await create(endpoint, BOB, over)
    const body = bodyOf(2)
      .replace('certadminACCOUNT', 'bob')
      .replace('1212131238d84023982e381f2', authority.thumbprint)
    const changed = await ask(endpoint, { action: ACTIONS.put, selectors: keyOf(over), body })
    expect(membersOf(changed)).toEqual(shown({ ...over, Enabled: 'false' }))
    expect((await put(endpoint, '<c:Enabled>true</c:Enabled>', over)).status).toBe(200)
  })
})

describe('the names of a certificate', () => {
  /** `CN=alice, O=Example` with a user principal name, a DNS name and a mail address. */
  const NAMED = `-----BEGIN CERTIFICATE-----
MIIB6TCCAY+gAwIBAgIUJC8xd9YiOgVaqPCXCCiu21rSSa8wCgYIKoZIzj0EAwIw
IjEOMAwGA1UEAwwFYWxpY2UxEDAOBgNVBAoMB0V4YW1wbGUwIBcNMjYxMTI5MTIz
NDQ2WhgPMjEyNjExMDUxMjM0NDZaMCIxDjAMBgNVBAMMBWFsaWNlMRAwDgYDVQQK
DAdFeGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu5Tp2U5i59P1vfT/
vJva5T+Wui3uoWKHwFOa1yFALYTXkdzfSx+GLcR41KCTeCTS7lNcaGCL6MIdirPV
Hj4qcKOBoDCBnTAdBgNVHQ4EFgQU4iE3yePgttcRB4CzYF9Vv0vg2+8wHwYDVR0j
BBgwFoAU4iE3yePgttcRB4CzYF9Vv0vg2+8wDwYDVR0TAQH/BAUwAwEB/zBKBgNV
HREEQzBBoB8GCisGAQQBgjcUAgOgEQwPYWxpY2VAbG9jYWxob3N0gg9wYzEuZXhh
bXBsZS5jb22BDXhAZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAwRQIgG4PexKfG
JP0TqDqMSS/5K3oYq+Uqfo6yhsV8wuqhWCMCIQDZzV3nHXkSU7Jgcrf68W9sT2+Z
0CyUiNv3405mWwuCCw==
-----END CERTIFICATE-----`
  /** Its user principal name is `x, othername:UPN:alice@localhost`. */
  const POSING = `-----BEGIN CERTIFICATE-----
MIIBhzCCASygAwIBAgIUEkhqOcvb0v2Cc/KVORjIyPIHoCswCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHbWFsbG9yeTAgFw0yNjExMjkxMjM0NDhaGA8yMTI2MTEwNTEy
MzQ0OFowEjEQMA4GA1UEAwwHbWFsbG9yeTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABEs8qcVyhMHNuYdkVTGCpZ+Gt+iVLJi6W/Zwtwy8dkhXgx15Yh29Cr0B+Zjs
cEaqjFcAld254/ogru09xyFdlMijXjBcMDsGA1UdEQQ0MDKgMAYKKwYBBAGCNxQC
A6AiDCB4LCBvdGhlcm5hbWU6VVBOOmFsaWNlQGxvY2FsaG9zdDAdBgNVHQ4EFgQU
Y4jwIgAO0oDIxjzI9rk1AcKPD5IwCgYIKoZIzj0EAwIDSQAwRgIhAIHf5wqCzrKv
ueEI+N59qcgouA3SjrvmVSF3B4pm2/7aAiEAwXvox6kE9QK7ytUxBTGmTsAOJ99P
jg145LeEY3GUEUo=
-----END CERTIFICATE-----`

  it('are user principal names, DNS names and common names', () => {
    expect(subjectsOf(new X509Certificate(NAMED))).toEqual(['alice@localhost', 'pc1.example.com', 'alice'])
  })

  it('are not read into one another', () => {
    expect(subjectsOf(new X509Certificate(POSING))).toEqual(['x, othername:UPN:alice@localhost', 'mallory'])
  })
})
