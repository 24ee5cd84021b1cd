import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { select } from '../../support/xml-compare.js'
import { describeWithShared, shared } from '../../support/shared.js'
import {
  ACTIONS,
  basic,
  faultOf,
  send,
  soap,
  textAt,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

let endpoint: Endpoint
const start = async (options: EndpointOptions = {}): Promise<void> => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
    ...options,
  })
}
beforeEach(() => start())
afterEach(() => endpoint.close())

const ask = (parts: RequestParts): Promise<RawReply> =>
  send(endpoint.url, soap(parts), { headers: { Authorization: basic('alice', 'secret') } })

/** @param part `service/auth`; empty for the whole */
const put = (part: string, root: string, members: string, namespace?: string): Promise<RawReply> => {
  const uri = part === '' ? CONFIG : `${CONFIG}/${part}`
  const body = `<c:${root} xmlns:c="${namespace ?? uri}">${members}</c:${root}>`
  return ask({ action: ACTIONS.put, resourceUri: uri, body })
}
const get = (part: string): Promise<RawReply> =>
  ask({ resourceUri: part === '' ? CONFIG : `${CONFIG}/${part}` })

describe('Put on winrm/config and its parts', () => {
  it.each([
    ['', 'Config', '<c:MaxTimeoutms>500</c:MaxTimeoutms>', ['MaxTimeoutms'], '500'],
    [
      '',
      'Config',
      '<c:Winrs><c:MaxShellsPerUser>0</c:MaxShellsPerUser></c:Winrs>',
      ['Winrs', 'MaxShellsPerUser'],
      '0',
    ],
    ['client', 'Client', '<c:TrustedHosts> a,*.b </c:TrustedHosts>', ['TrustedHosts'], 'a,*.b'],
    ['client/auth', 'Auth', '<c:Digest>0</c:Digest>', ['Digest'], 'false'],
    ['client/defaultports', 'DefaultPorts', '<c:HTTP>80</c:HTTP>', ['HTTP'], '80'],
    ['service', 'Service', '<c:MaxConnections>512</c:MaxConnections>', ['MaxConnections'], '512'],
    ['service', 'Service', '<c:Auth><c:CredSSP>true</c:CredSSP></c:Auth>', ['Auth', 'CredSSP'], 'true'],
    [
      'service/auth',
      'Auth',
      '<c:CbtHardeningLevel>Strict</c:CbtHardeningLevel>',
      ['CbtHardeningLevel'],
      'Strict',
    ],
    [
      'service',
      'Service',
      '<c:RootSDDL>O:NSG:BAD:P(A;;GA;;;BA)</c:RootSDDL>',
      ['RootSDDL'],
      'O:NSG:BAD:P(A;;GA;;;BA)',
    ],
    ['winrs', 'Winrs', '<c:IdleTimeout>60000</c:IdleTimeout>', ['IdleTimeout'], '60000'],
  ])('%s: %s %s', async (part, root, members, path, value) => {
    const before = await get(part)
    const reply = await put(part, root, members)
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${ACTIONS.put}Response`)
    expect(textAt(reply.xml, 'Body', root, ...path)).toBe(value)
    const after = await get(part)
    expect(textAt(after.xml, 'Body', root, ...path)).toBe(value)
    expect(select(after.xml, 'Body', root)[0]?.children).toHaveLength(
      select(before.xml, 'Body', root)[0]?.children.length ?? 0,
    )
  })

  it('leaves everything as it was where one value is wrong', async () => {
    const members = '<c:MaxTimeoutms>700</c:MaxTimeoutms><c:MaxBatchItems>0</c:MaxBatchItems>'
    expect(faultOf(await put('', 'Config', members)).wsmanCode).toBe(2150858817)
    expect(textAt((await get('')).xml, 'Body', 'Config', 'MaxTimeoutms')).toBe('60000')
  })

  it.each([
    ['an unknown element', 'winrs', 'Winrs', '<c:MaxColours>1</c:MaxColours>'],
    [
      'an element twice',
      'winrs',
      'Winrs',
      '<c:IdleTimeout>70000</c:IdleTimeout><c:IdleTimeout>80000</c:IdleTimeout>',
    ],
    ['no number', 'winrs', 'Winrs', '<c:IdleTimeout>long</c:IdleTimeout>'],
    ['elements for a value', 'winrs', 'Winrs', '<c:IdleTimeout><c:X/></c:IdleTimeout>'],
    ['neither true nor false', 'service/auth', 'Auth', '<c:Basic>yes</c:Basic>'],
    ['none of the choices', 'service/auth', 'Auth', '<c:CbtHardeningLevel>Tight</c:CbtHardeningLevel>'],
    ['malformed SDDL', 'service', 'Service', '<c:RootSDDL>O:NSG:BAD:P(A;;GQ;;;BA)</c:RootSDDL>'],
    ['a malformed filter', 'service', 'Service', '<c:IPv4Filter>10.0.0.1</c:IPv4Filter>'],
    ['malformed trusted hosts', 'client', 'Client', '<c:TrustedHosts>a b</c:TrustedHosts>'],
    ['another root', 'winrs', 'Service', ''],
  ])('refuses %s', async (_, part, root, members) => {
    expect(faultOf(await put(part, root, members))).toEqual({
      status: 500,
      code: 's:Sender',
      subcode: 'w:SchemaValidationError',
      detail: undefined,
      wsmanCode: 2150858817,
    })
  })

  it('refuses an empty body, and two elements', async () => {
    for (const body of ['', `<c:Winrs xmlns:c="${CONFIG}/winrs"/>`.repeat(2)]) {
      const reply = await ask({ action: ACTIONS.put, resourceUri: `${CONFIG}/winrs`, body })
      expect(faultOf(reply).wsmanCode).toBe(2150858817)
    }
  })

  it.each([
    ['', 'Config', `${CONFIG}/winrs`],
    ['winrs', 'Winrs', CONFIG],
    ['winrs', 'Winrs', `${CONFIG}/winrs.xsd`],
  ])('refuses the namespace of another resource: %j %s %s', async (part, root, namespace) => {
    const members =
      part === '' ? '<c:MaxTimeoutms>700</c:MaxTimeoutms>' : '<c:IdleTimeout>70000</c:IdleTimeout>'
    expect(faultOf(await put(part, root, members, namespace)).wsmanCode).toBe(2150858817)
    const mixed = `<c:${root} xmlns:c="${CONFIG}${part && '/'}${part}"><d:X xmlns:d="urn:other"/></c:${root}>`
    const resourceUri = part === '' ? CONFIG : `${CONFIG}/${part}`
    expect(faultOf(await ask({ action: ACTIONS.put, resourceUri, body: mixed })).wsmanCode).toBe(2150858817)
  })

  it.each([
    ['', 'Config', 'MaxProviderRequests', '4294967295', '25', 2150859182],
    ['service', 'Service', 'MaxConcurrentOperations', '4294967295', '100', 2150859182],
    ['winrs', 'Winrs', 'MaxShellRunTime', '2147483647', '28800000', 2150859071],
  ])('takes %s %s %s as it is, and no change of it', async (part, root, name, same, other, code) => {
    expect((await put(part, root, `<c:${name}>${same}</c:${name}>`)).status).toBe(200)
    expect(faultOf(await put(part, root, `<c:${name}>${other}</c:${name}>`))).toMatchObject({
      subcode: 'w:InternalError',
      wsmanCode: code,
    })
  })

  it('does not change the default ports of the service', async () => {
    const ports = '<c:HTTP>81</c:HTTP>'
    expect(faultOf(await put('service/defaultports', 'DefaultPorts', ports)).subcode).toBe(
      'a:ActionNotSupported',
    )
    const reply = await put('service', 'Service', `<c:DefaultPorts>${ports}</c:DefaultPorts>`)
    expect(faultOf(reply).wsmanCode).toBe(2150859071)
  })
})

describe('a value that policy holds', () => {
  beforeEach(async () => {
    await endpoint.close()
    await start({
      settings: { service: { auth: { basic: true }, maxConnections: 7 } },
      policy: { service: { allowUnencrypted: true, maxConnections: 9, auth: { kerberos: false } } },
    })
  })

  it('wins over the settings, and is marked', async () => {
    const { xml } = await get('service')
    const [connections] = select(xml, 'Body', 'Service', 'MaxConnections')
    expect(connections).toMatchObject({ children: ['9'], attributes: { Source: 'GPO' } })
    expect(select(xml, 'Body', 'Service', 'Auth', 'Kerberos')[0]?.attributes).toEqual({ Source: 'GPO' })
    expect(select(xml, 'Body', 'Service', 'Auth', 'Basic')[0]?.attributes).toEqual({})
    const whole = await get('')
    expect(select(whole.xml, 'Body', 'Config', 'Service', 'AllowUnencrypted')[0]?.attributes).toEqual({
      Source: 'GPO',
    })
  })

  it('cannot be changed', async () => {
    expect(
      faultOf(await put('service', 'Service', '<c:MaxConnections>10</c:MaxConnections>')).wsmanCode,
    ).toBe(2150858890)
    expect(faultOf(await put('service/auth', 'Auth', '<c:Kerberos>true</c:Kerberos>')).wsmanCode).toBe(
      2150858890,
    )
    expect((await put('service', 'Service', '<c:MaxConnections>9</c:MaxConnections>')).status).toBe(200)
  })

  it('must be one that can be', async () => {
    await expect(startEndpoint({ policy: { service: { maxConnections: 0 } } })).rejects.toThrow(
      'service.maxConnections must be between 1 and 512.',
    )
  })
})

describeWithShared('corpus', 'the example of MS-WSMV 4.2.2', () => {
  const example = readFileSync(shared('corpus', 'ms-wsmv/4.2.2-Modifying-Configuration/01.xml'), 'utf8')
  const body = /<s:Body>([\s\S]*)<\/s:Body>/.exec(example)?.[1] ?? ''

  it('changes what has been fixed since', async () => {
    expect(faultOf(await ask({ action: ACTIONS.put, body })).wsmanCode).toBe(2150859182)
  })

  it('is taken without that', async () => {
    const fixed = /<cfg:(MaxProviderRequests|MaxConcurrentOperations|MaxShellRunTime)>[^<]*<\/cfg:\1>\s*/g
    const ports = /(<cfg:Service>[\s\S]*?)<cfg:DefaultPorts>[\s\S]*?<\/cfg:DefaultPorts>/
    const basicOn = body.replace(/(<cfg:Service>[\s\S]*?<cfg:Basic>)false/, '$1true')
    const reply = await ask({ action: ACTIONS.put, body: basicOn.replaceAll(fixed, '').replace(ports, '$1') })
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Body', 'Config', 'MaxEnvelopeSizekb')).toBe('50')
    expect(textAt(reply.xml, 'Body', 'Config', 'Winrs', 'MaxShellsPerUser')).toBe('2')
    expect(textAt(reply.xml, 'Body', 'Config', 'Client', 'Auth', 'Basic')).toBe('false')
  })
})
