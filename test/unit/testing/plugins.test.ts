import { describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { specificationExamples } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import {
  elementsOf,
  localName,
  parseXml,
  select,
  textOf,
  type PlainElement,
} from '../../support/xml-compare.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  pullBody,
  send,
  soap,
  textAt,
  wqlFilter,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const PLUGIN = `${CONFIG}/plugin`
const SECURITY = `${CONFIG}/service/security`
const NAMESPACE = `${CONFIG}/PluginConfiguration`
const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
const THING = `${WMI}/root/cimv2/Thing`
const DENIED = { status: 500, code: 's:Sender', subcode: 'w:AccessDenied', detail: undefined, wsmanCode: 5 }
const SCHEMA = { subcode: 'w:SchemaValidationError', wsmanCode: 2150858817 }

async function start(options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    users: [
      { username: 'admin', password: 'secret' },
      { username: 'helper', password: 'secret', groups: ['Remote Management Users'] },
    ],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [
      {
        name: 'Thing',
        properties: { Id: { type: 'string', key: true } },
        instances: [{ Id: 'a' }, { Id: 'b' }],
        methods: { Ring: () => ({ ReturnValue: 0 }) },
      },
    ],
    ...options,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

const as = (username: string, endpoint: Endpoint, parts: RequestParts): Promise<RawReply> =>
  send(endpoint.url, soap(parts), { headers: { Authorization: basic(username, 'secret') } })
const ask = (endpoint: Endpoint, parts: RequestParts): Promise<RawReply> => as('admin', endpoint, parts)

const get = (endpoint: Endpoint, Name: string): Promise<RawReply> =>
  ask(endpoint, { resourceUri: PLUGIN, selectors: { Name } })

const RESOURCE = '<Resource ResourceUri="urn:mine"><Capability Type="Get"/></Resource>'
const document = (attributes = '', resources = RESOURCE, more = ''): string =>
  `<PlugInConfiguration xmlns="${NAMESPACE}" Filename="mine.dll" SDKVersion="1" XmlRenderingType="text" ${attributes}>` +
  `<Resources>${resources}</Resources>${more}</PlugInConfiguration>`

const write =
  (action: string) =>
  (endpoint: Endpoint, body: string, Name = 'Mine') =>
    ask(endpoint, { action, resourceUri: PLUGIN, selectors: { Name }, body })
const create = write(ACTIONS.create)
const put = write(ACTIONS.put)

/** The WMI plug-in with other resources or quotas. */
async function changeWmi(endpoint: Endpoint, resources: string, quotas = ''): Promise<void> {
  const body = document('', resources, quotas).replace(
    'mine.dll',
    String.raw`%systemroot%\system32\WsmWmiPl.dll`,
  )
  expect((await put(endpoint, body, 'WMI Provider')).status).toBe(200)
}
const wmi = (capabilities: string, attributes = ''): string =>
  `<Resource ResourceUri="${WMI}" ${attributes}>${capabilities}</Resource>`

const rootOf = ({ xml }: RawReply): PlainElement | undefined => select(xml, 'Body', 'PlugInConfiguration')[0]

describe('winrm/config/plugin', () => {
  it('shows what comes with Windows', async () => {
    const endpoint = await start()
    const listed = await ask(endpoint, {
      action: ACTIONS.enumerate,
      resourceUri: PLUGIN,
      body: enumerateBody('<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>'),
    })
    const items = select(listed.xml, 'Body', 'EnumerateResponse', 'Items', 'PlugInConfiguration')
    expect(items.map(({ attributes }) => attributes.Name)).toEqual([
      'WMI Provider',
      'Event Forwarding Plugin',
      'SEL Plugin',
    ])
    const root = rootOf(await get(endpoint, 'wmi provider'))
    expect(root?.name).toBe(`{${NAMESPACE}}PlugInConfiguration`)
    expect(root?.attributes).toEqual({
      Name: 'WMI Provider',
      Filename: String.raw`%systemroot%\system32\WsmWmiPl.dll`,
      SDKVersion: '1',
      XmlRenderingType: 'text',
      UseSharedProcess: 'false',
      AutoRestart: 'false',
      ProcessIdleTimeoutSec: '0',
      RunAsUser: '',
      RunAsPassword: '',
      OutputBufferingMode: 'Block',
      Enabled: 'true',
    })
  })

  it('makes plug-ins, completes them, changes and deletes them', async () => {
    const endpoint = await start()
    const body = document(
      'RunAsUser="bob" RunAsPassword="builder" Architecture="32"',
      RESOURCE,
      '<InitializationParameters><Param Name="a" Value="b"/></InitializationParameters><Quotas MaxShells="7"/>',
    ).replace('"text"', '"XmlReader"')
    const created = await create(endpoint, body)
    expect(created.status).toBe(200)
    const reference = ['Body', 'ResourceCreated', 'ReferenceParameters'] as const
    expect(textAt(created.xml, ...reference, 'SelectorSet', 'Selector')).toBe('Mine')
    const got = await get(endpoint, 'mine')
    expect(rootOf(got)?.attributes).toEqual({
      Name: 'Mine',
      Filename: 'mine.dll',
      SDKVersion: '1',
      XmlRenderingType: 'text',
      Architecture: '32',
      UseSharedProcess: 'false',
      AutoRestart: 'false',
      ProcessIdleTimeoutSec: '0',
      RunAsUser: 'bob',
      RunAsPassword: '',
      OutputBufferingMode: 'Block',
      Enabled: 'true',
    })
    expect(got.text).not.toContain('builder')
    const path = ['Body', 'PlugInConfiguration'] as const
    expect(select(got.xml, ...path, 'InitializationParameters', 'Param')[0]?.attributes).toEqual({
      Name: 'a',
      Value: 'b',
    })
    expect(select(got.xml, ...path, 'Quotas')[0]?.attributes).toEqual({ MaxShells: '7' })
    expect(select(got.xml, ...path, 'Resources', 'Resource', 'Capability')[0]?.attributes).toEqual({
      Type: 'Get',
      SupportsFragment: 'false',
      SupportsFiltering: 'false',
    })
    const changed = await put(endpoint, document('AutoRestart="true" Name="MINE" xml:lang="en-US"'))
    expect(rootOf(changed)?.attributes).toMatchObject({ Name: 'Mine', AutoRestart: 'true', RunAsUser: '' })
    expect(select(changed.xml, ...path, 'Quotas')).toEqual([])
    const selectors = { Name: 'Mine' }
    const removed = await ask(endpoint, { action: ACTIONS.delete, resourceUri: PLUGIN, selectors })
    expect(removed.status).toBe(200)
    expect(faultOf(await get(endpoint, 'Mine'))).toMatchObject({ detail: 'ResourceNotFound' })
  })

  it.each([
    ['no resource', document('', '')],
    ['a resource without capabilities', document('', '<Resource ResourceUri="urn:mine"/>')],
    ['a resource without a URI', document('', '<Resource><Capability Type="Get"/></Resource>')],
    ['no file', document().replace('Filename="mine.dll"', '')],
    ['no version of the interface', document().replace('SDKVersion="1"', '')],
    ['an unknown attribute', document('Colour="red"')],
    ['an unknown element', document('', RESOURCE, '<Colour/>')],
    ['an unknown resource', document('', `${RESOURCE}<Other/>`)],
    ['an unknown part of a resource', document('', RESOURCE.replace('<Cap', '<Other/><Cap'))],
    ['a number out of range', document('ProcessIdleTimeoutSec="1209601"')],
    ['no number', document('ProcessIdleTimeoutSec="soon"')],
    ['a quota out of range', document('', RESOURCE, '<Quotas MaxIdleTimeoutms="59999"/>')],
    ['none of the choices', document('OutputBufferingMode="Store"')],
    ['none of the capabilities', document('', RESOURCE.replace('"Get"', '"Fly"'))],
    ['neither true nor false', document('Enabled="maybe"')],
    [
      'malformed SDDL',
      document('', RESOURCE.replace('<Cap', '<Security Uri="urn:mine" Sddl="D:(A;;GQ;;;BA)"/><Cap')),
    ],
    [
      'security of another resource',
      document('', RESOURCE.replace('<Cap', '<Security Uri="urn:yours" Sddl="D:P"/><Cap')),
    ],
    ['another namespace', document().replace(NAMESPACE, PLUGIN)],
    ['nothing', ''],
    ['two plug-ins', document().repeat(2)],
  ])('finds the schema broken by %s', async (_, body) => {
    const endpoint = await start()
    expect(faultOf(await create(endpoint, body))).toMatchObject(SCHEMA)
    expect(faultOf(await get(endpoint, 'Mine')).detail).toBe('ResourceNotFound')
  })

  it('wants one name, which cannot be changed, and resources that are nobody else’s', async () => {
    const endpoint = await start()
    const nameless = await ask(endpoint, { resourceUri: PLUGIN })
    expect(faultOf(nameless)).toMatchObject({ detail: 'InsufficientSelectors', wsmanCode: 2150858842 })
    expect(faultOf(await create(endpoint, document('Name="Other"'))).wsmanCode).toBe(2150859071)
    expect((await create(endpoint, document())).status).toBe(200)
    expect(faultOf(await create(endpoint, document()))).toMatchObject({ wsmanCode: 2150858803 })
    for (const uri of ['URN:mine', WMI, `${CONFIG}/winrs`, `${WMI.replace('wmi', 'windows/shell')}/cmd`]) {
      const body = document('', RESOURCE.replace('urn:mine', uri))
      expect(faultOf(await create(endpoint, body, 'Another')), uri).toMatchObject({
        subcode: 'w:AlreadyExists',
        wsmanCode: 2150858803,
      })
    }
  })

  it('is neither filtered nor listed as references', async () => {
    const endpoint = await start()
    const enumerate = (content: string): Promise<RawReply> =>
      ask(endpoint, { action: ACTIONS.enumerate, resourceUri: PLUGIN, body: enumerateBody(content) })
    expect(faultOf(await enumerate('<w:Filter>x</w:Filter>')).subcode).toBe('n:FilteringNotSupported')
    const mode = '<w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>'
    expect(faultOf(await enumerate(mode))).toMatchObject({ wsmanCode: 2150858886 })
  })
})

describe('a plug-in', () => {
  const FILTERED = enumerateBody(`<w:OptimizeEnumeration/>${wqlFilter('SELECT * FROM Thing')}`)
  const thing = (parts: RequestParts = {}): RequestParts => ({
    resourceUri: THING,
    selectors: { Id: 'a' },
    ...parts,
  })

  it('that the endpoint has no program for cannot be loaded', async () => {
    const endpoint = await start()
    expect(faultOf(await ask(endpoint, { resourceUri: 'urn:mine/a' })).wsmanCode).toBe(2150858752)
    await create(endpoint, document())
    expect(faultOf(await ask(endpoint, { resourceUri: 'URN:mine/a' }))).toMatchObject({
      subcode: 'w:InternalError',
      wsmanCode: 2150858906,
    })
  })

  it('answers its resourceUri and what begins so, or with exactMatch that one only', async () => {
    const endpoint = await start()
    const resource = RESOURCE.replace('"urn:mine"', '"urn:mine" ExactMatch="true"')
    await create(endpoint, document('', resource))
    expect(faultOf(await ask(endpoint, { resourceUri: 'urn:mine' })).wsmanCode).toBe(2150858906)
    expect(faultOf(await ask(endpoint, { resourceUri: 'urn:mine/a' })).wsmanCode).toBe(2150858752)
  })

  it('gets the requests that it names most of', async () => {
    const endpoint = await start()
    expect((await ask(endpoint, thing())).status).toBe(200)
    const nearer = RESOURCE.replace('urn:mine', `${WMI}/root/cimv2/`)
    await create(endpoint, document('', nearer))
    expect(faultOf(await ask(endpoint, thing())).wsmanCode).toBe(2150858906)
    await create(endpoint, document('', nearer.replace('cimv2/"', 'cimv2/Thing" ExactMatch="true"')), 'Exact')
    const invoke = thing({ action: `${THING}/Ring`, body: `<c:Ring_INPUT xmlns:c="${THING}"/>` })
    expect(faultOf(await ask(endpoint, invoke)).subcode).toBe('a:ActionNotSupported')
  })

  it('does not answer any more once it is deleted', async () => {
    const endpoint = await start()
    const selectors = { Name: 'WMI Provider' }
    await ask(endpoint, { action: ACTIONS.delete, resourceUri: PLUGIN, selectors })
    expect(faultOf(await ask(endpoint, thing())).wsmanCode).toBe(2150858752)
  })

  it('answers what stands in its capabilities by type', async () => {
    const endpoint = await start()
    await changeWmi(endpoint, wmi('<Capability Type="Enumerate"/>'))
    expect(faultOf(await ask(endpoint, thing()))).toMatchObject({
      subcode: 'a:ActionNotSupported',
      wsmanCode: 2150858771,
    })
    const body = enumerateBody()
    const begun = await ask(endpoint, { action: ACTIONS.enumerate, resourceUri: THING, body })
    const context = textAt(begun.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const pull = { action: ACTIONS.pull, resourceUri: THING, body: pullBody(context, 1) }
    expect((await ask(endpoint, pull)).status).toBe(200)
  })

  it('takes fragments and filters where supportsFragment and supportsFiltering say so', async () => {
    const endpoint = await start()
    const fragment = thing({ extra: '<w:FragmentTransfer s:mustUnderstand="true">Id</w:FragmentTransfer>' })
    const filtered = { action: ACTIONS.enumerate, resourceUri: `${WMI}/root/cimv2/*`, body: FILTERED }
    expect((await ask(endpoint, fragment)).status).toBe(200)
    expect((await ask(endpoint, filtered)).status).toBe(200)
    await changeWmi(endpoint, wmi('<Capability Type="Get"/><Capability Type="Enumerate"/>'))
    expect((await ask(endpoint, thing())).status).toBe(200)
    expect(faultOf(await ask(endpoint, fragment))).toMatchObject({
      subcode: 'w:UnsupportedFeature',
      detail: 'FragmentLevelAccess',
    })
    expect(faultOf(await ask(endpoint, filtered))).toMatchObject({
      subcode: 'n:FilterDialectRequestedUnavailable',
      wsmanCode: 2150858777,
    })
  })

  it('heeds options where supportsOptions says so', async () => {
    const endpoint = await start()
    const extra = '<w:OptionSet><w:Option Name="Colour" MustComply="true">red</w:Option></w:OptionSet>'
    expect(faultOf(await ask(endpoint, thing({ extra }))).subcode).toBe('w:InvalidOptions')
    await changeWmi(endpoint, wmi('<Capability Type="Get"/>', 'SupportsOptions="false"'))
    expect((await ask(endpoint, thing({ extra }))).status).toBe(200)
  })
})

describe('the quotas of a plug-in', () => {
  const CAPABLE = wmi('<Capability Type="Enumerate"/><Capability Type="Get"/>')
  const enumerate = (endpoint: Endpoint, username = 'admin'): Promise<RawReply> =>
    as(username, endpoint, { action: ACTIONS.enumerate, resourceUri: THING, body: enumerateBody() })
  const release = (endpoint: Endpoint, begun: RawReply): Promise<RawReply> => {
    const context = textAt(begun.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const body = `<n:Release><n:EnumerationContext>${context}</n:EnumerationContext></n:Release>`
    return ask(endpoint, { action: ACTIONS.release, resourceUri: THING, body })
  }
  const everybody = {
    service: { auth: { basic: true }, allowUnencrypted: true, rootSddl: 'D:P(A;;GA;;;WD)' },
  }

  it.each([
    ['MaxConcurrentOperationsPerUser', 2150859240, 200],
    ['MaxConcurrentOperations', 2150859239, 500],
  ])('%s bounds enumerations and requests', async (quota, wsmanCode, others) => {
    const endpoint = await start({ settings: everybody })
    await changeWmi(endpoint, CAPABLE, `<Quotas ${quota}="1"/>`)
    const begun = await enumerate(endpoint)
    expect(begun.status).toBe(200)
    expect(faultOf(await enumerate(endpoint))).toMatchObject({ subcode: 'w:InternalError', wsmanCode })
    const request = { resourceUri: THING, selectors: { Id: 'a' } }
    expect(faultOf(await ask(endpoint, request)).wsmanCode).toBe(wsmanCode)
    expect((await as('helper', endpoint, request)).status).toBe(others)
    expect((await release(endpoint, begun)).status).toBe(200)
    expect((await ask(endpoint, request)).status).toBe(200)
    expect((await enumerate(endpoint)).status).toBe(200)
  })

  it('MaxConcurrentUsers bounds who has operations at the same time', async () => {
    const endpoint = await start({ settings: everybody })
    await changeWmi(endpoint, CAPABLE, '<Quotas MaxConcurrentUsers="1"/>')
    const begun = await enumerate(endpoint)
    expect((await enumerate(endpoint)).status).toBe(200)
    expect(faultOf(await enumerate(endpoint, 'helper')).wsmanCode).toBe(2150859237)
    await release(endpoint, begun)
    expect(faultOf(await enumerate(endpoint, 'helper')).wsmanCode).toBe(2150859237)
  })

  it('count what failed or came whole no longer than it took', async () => {
    const endpoint = await start()
    await changeWmi(endpoint, CAPABLE, '<Quotas MaxConcurrentOperations="1"/>')
    for (let count = 0; count < 3; count += 1) {
      const body = enumerateBody('<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>')
      const whole = await ask(endpoint, { action: ACTIONS.enumerate, resourceUri: THING, body })
      expect(whole.status).toBe(200)
      expect(faultOf(await ask(endpoint, { resourceUri: THING, selectors: { Id: 'z' } })).status).toBe(500)
    }
  })
})

describe('the descriptor of a resource', () => {
  const secured = (security: string): string =>
    wmi(`${security}<Capability Type="Get"/><Capability Type="Put"/><Capability Type="Invoke"/>`)
  const thing = { resourceUri: THING, selectors: { Id: 'a' } }

  it('takes the place of RootSDDL for what is security.uri or begins so', async () => {
    const endpoint = await start()
    expect(faultOf(await as('helper', endpoint, thing))).toEqual(DENIED)
    const sddl = 'Sddl="O:NSG:BAD:P(A;;GR;;;RM)"'
    await changeWmi(endpoint, secured(`<Security Uri="${WMI}/root/cimv2" ${sddl}/>`))
    expect((await as('helper', endpoint, thing)).status).toBe(200)
    const ring = { ...thing, action: `${THING}/Ring`, body: `<c:Ring_INPUT xmlns:c="${THING}"/>` }
    expect(faultOf(await as('helper', endpoint, ring))).toEqual(DENIED)
    expect(faultOf(await as('admin', endpoint, thing))).toEqual(DENIED)
    expect(faultOf(await as('helper', endpoint, { resourceUri: `${WMI}/root/other/Thing` }))).toEqual(DENIED)
    expect(faultOf(await as('helper', endpoint, { resourceUri: `${CONFIG}/winrs` }))).toEqual(DENIED)
  })

  it('with security.exactMatch counts for that resource alone, and before less exact ones', async () => {
    const endpoint = await start()
    const everybody = `<Security Uri="${WMI}" Sddl="D:P(A;;GA;;;WD)"/>`
    const exact = `<Security Uri="${WMI}/root/cimv2" Sddl="D:P" ExactMatch="true"/>`
    await changeWmi(endpoint, secured(everybody + exact))
    expect((await as('helper', endpoint, thing)).status).toBe(200)
    const nobody = `<Security Uri="${THING}" Sddl="D:P" ExactMatch="true"/>`
    await changeWmi(endpoint, secured(everybody + nobody))
    expect(faultOf(await as('helper', endpoint, thing))).toEqual(DENIED)
  })

  it('of a plug-in for shells speaks of executing', async () => {
    const endpoint = await start()
    const shell =
      '<Resource ResourceUri="urn:mine"><Security Uri="urn:mine" Sddl="D:P(A;;GX;;;RM)"/><Capability Type="Shell"/></Resource>'
    await create(endpoint, document('', shell))
    expect(faultOf(await as('helper', endpoint, { resourceUri: 'urn:mine' })).wsmanCode).toBe(2150858906)
    expect(faultOf(await as('admin', endpoint, { resourceUri: 'urn:mine' }))).toEqual(DENIED)
  })
})

describe('winrm/config/service/security', () => {
  const URI = `${WMI}/root/cimv2`
  const SDDL = 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;RM)'
  const element = (attributes: string): string => `<Security xmlns="${NAMESPACE}" ${attributes}/>`
  const change = (endpoint: Endpoint, body: string, Uri = URI): Promise<RawReply> =>
    ask(endpoint, { action: ACTIONS.put, resourceUri: SECURITY, selectors: { Uri }, body })
  const read = (endpoint: Endpoint): Promise<RawReply> =>
    ask(endpoint, { resourceUri: SECURITY, selectors: { Uri: URI } })

  it('gives a resource a descriptor, which is obeyed and shown', async () => {
    const endpoint = await start()
    expect(faultOf(await read(endpoint)).detail).toBe('ResourceNotFound')
    const changed = await change(endpoint, element(`Uri="${URI}" ExactMatch="false" Sddl="${SDDL}"`))
    expect(changed.status).toBe(200)
    const [root] = select((await read(endpoint)).xml, 'Body', 'Security')
    expect(root).toMatchObject({
      name: `{${NAMESPACE}}Security`,
      attributes: { Uri: URI, ExactMatch: 'false', Sddl: SDDL },
    })
    const thing = { resourceUri: THING, selectors: { Id: 'a' } }
    expect((await as('helper', endpoint, thing)).status).toBe(200)
    await change(endpoint, element('Sddl="O:NSG:BAD:P(A;;GA;;;BA)"'))
    expect(faultOf(await as('helper', endpoint, thing))).toEqual(DENIED)
    await change(endpoint, element('Sddl=""'))
    expect(faultOf(await read(endpoint)).detail).toBe('ResourceNotFound')
  })

  it('refuses what is malformed, another key, and what is no plug-in’s', async () => {
    const endpoint = await start()
    expect(faultOf(await change(endpoint, element('Sddl="D:(A;;GQ;;;BA)"')))).toMatchObject(SCHEMA)
    expect(faultOf(await change(endpoint, element(`Sddl="${SDDL}" ExactMatch="maybe"`)))).toMatchObject(
      SCHEMA,
    )
    expect(faultOf(await change(endpoint, `<Security Sddl="${SDDL}"/>`))).toMatchObject(SCHEMA)
    expect(faultOf(await change(endpoint, element(`Uri="${WMI}" Sddl="${SDDL}"`))).wsmanCode).toBe(2150859071)
    expect(faultOf(await change(endpoint, element(`Sddl="${SDDL}"`), `${CONFIG}/winrs`)).wsmanCode).toBe(
      2150859199,
    )
    const remove = { action: ACTIONS.delete, resourceUri: SECURITY, selectors: { Uri: URI } }
    expect(faultOf(await ask(endpoint, remove)).subcode).toBe('a:ActionNotSupported')
  })
})

describeWithShared('specs', 'MS-WSMV 4.2.4', () => {
  /** Some namespaces lack quotation marks there. */
  const example = (nth: number): PlainElement =>
    parseXml((specificationExamples('MS-WSMV', '4.2.4')[nth] ?? '').replace(/=(http[^\s>"]+)/g, '="$1"'))

  it('is what the endpoint takes and answers', async () => {
    const endpoint = await start()
    const asked = specificationExamples('MS-WSMV', '4.2.4')[0] ?? ''
    const body = (/<s:Body>([\s\S]*)<\/s:Body>/.exec(asked)?.[1] ?? '').replace(/=(http[^\s>"]+)/g, '="$1"')
    const Uri = textOf(select(example(0), 'Header', 'SelectorSet', 'Selector')[0] ?? example(0)).trim()
    expect(Uri).toBe(`${WMI}/root/cimv2`)
    const reply = await ask(endpoint, {
      action: ACTIONS.put,
      resourceUri: SECURITY,
      selectors: { Uri },
      body,
    })
    const theirs = select(example(1), 'Body', 'PlugInConfiguration')[0]
    const ours = rootOf(reply)
    expect(ours?.name).toBe(theirs?.name)
    expect(ours?.attributes).toMatchObject(theirs?.attributes ?? {})
    const resources = (root: PlainElement | undefined): readonly PlainElement[] =>
      select(root ?? example(1), 'Resources', 'Resource')
    expect(resources(ours).map(({ attributes }) => attributes.ResourceUri)).toEqual(
      expect.arrayContaining(resources(theirs).map(({ attributes }) => attributes.ResourceUri)),
    )
    const [first] = resources(theirs)
    const [own] = resources(ours)
    const security = (resource: PlainElement | undefined) =>
      select(resource ?? example(1), 'Security').map(({ name, attributes }) => [name, attributes])
    expect(security(own)).toEqual(security(first))
    expect(own && elementsOf(own).map(localName).slice(0, 2)).toEqual(['Security', 'Capability'])
  })
})
