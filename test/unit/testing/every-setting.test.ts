import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { CONFIG_TABLE, type Settings } from '../../../src/settings/table.js'
import { rowsOf, TABLES, wrongTexts, type PlacedRow } from '../../support/settings-rows.js'
import { makeIdentity, type Identity } from './support/identities.js'
import {
  ACTIONS,
  basic,
  faultOf,
  send,
  soap,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const LISTENER = `${CONFIG}/listener`
const MAPPING = `${CONFIG}/service/certmapping`
const PLUGIN = `${CONFIG}/plugin`
const SCHEMA = { code: 's:Sender', subcode: 'w:SchemaValidationError', wsmanCode: 2150858817, status: 500 }

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Asks the first listener, which stays as it is. */
const ask = (endpoint: Endpoint, parts: RequestParts): Promise<RawReply> =>
  send(endpoint.url, soap(parts), { headers: { Authorization: basic('admin', 'secret') } })

/** The elements around a value, from the root of a section down. */
function inSection({ names, row }: PlacedRow, text: string): string {
  const groups = names.slice(0, -1).map((name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`)
  const inner = `<c:${row.wire}>${escaped(text)}</c:${row.wire}>`
  return groups.reduceRight((content, group) => `<c:${group}>${content}</c:${group}>`, inner)
}

function putSetting(endpoint: Endpoint, section: string, placed: PlacedRow, text: string): Promise<RawReply> {
  const [uri, root] =
    section === 'protocol'
      ? [CONFIG, 'Config']
      : [`${CONFIG}/${section}`, `${section.slice(0, 1).toUpperCase()}${section.slice(1)}`]
  const body = `<c:${root} xmlns:c="${uri}">${inSection(placed, text)}</c:${root}>`
  return ask(endpoint, { action: ACTIONS.put, resourceUri: uri, body })
}

const SETTINGS = Object.entries(CONFIG_TABLE).flatMap(([section, table]) =>
  rowsOf(table, section).map((placed) => [placed.path, section, placed] as const),
)
const WRITABLE = SETTINGS.filter(
  ([path, , { row }]) =>
    !row.readOnly && row.deprecatedSince === undefined && !path.startsWith('service.defaultPorts.'),
)

let authority: Identity
let endpoint: Endpoint
beforeAll(async () => {
  authority = await makeIdentity({ CN: 'Authority' })
  endpoint = await startEndpoint({
    // The first one answers what the second one is changed with.
    listeners: [{}, { transport: 'HTTPS' }],
    users: [{ username: 'admin', password: 'secret' }],
    authorities: [authority.cert],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
  })
})
afterAll(() => endpoint.close())

describe('a setting that is sent with a value that it cannot have', () => {
  it.each(SETTINGS)('%s', async (path, section, placed) => {
    const wrong = wrongTexts(placed)
    for (const text of wrong) {
      const reply = await putSetting(endpoint, section, placed, text)
      expect([path, text, faultOf(reply)]).toEqual([path, text, { ...SCHEMA, detail: undefined }])
    }
    const mayBeAnything = placed.row.type === 'text' && placed.row.pattern === undefined
    expect(wrong.length > 0 || mayBeAnything).toBe(true)
  })

  const LISTENER_ROWS = rowsOf(TABLES.listener ?? {}, 'listener').filter(
    ({ row }) => wrongTexts({ names: [], path: '', row }).length > 0,
  )
  it.each(LISTENER_ROWS.map((placed) => [placed.path, placed] as const))('%s', async (path, placed) => {
    const key = { Address: 'IP:127.0.0.1', Transport: 'HTTPS' }
    for (const text of wrongTexts(placed)) {
      const body = `<c:Listener xmlns:c="${LISTENER}">${inSection(placed, text)}</c:Listener>`
      for (const action of [ACTIONS.put, ACTIONS.create]) {
        const selectors = action === ACTIONS.put ? key : { Address: '*', Transport: 'HTTP' }
        const reply = await ask(endpoint, { action, resourceUri: LISTENER, selectors, body })
        expect([path, text, faultOf(reply)]).toEqual([path, text, { ...SCHEMA, detail: undefined }])
      }
    }
  })

  it('certMapping.enabled, whose other rows have faults of their own', async () => {
    const [placed] = rowsOf(TABLES.certMapping ?? {}, 'certMapping').filter(
      ({ row }) => row.type === 'boolean',
    )
    if (!placed) throw new Error('The table has no such row.')
    const selectors = { Issuer: authority.thumbprint, Subject: '*', URI: '*' }
    for (const text of wrongTexts(placed)) {
      const body = `<c:CertMapping xmlns:c="${MAPPING}">${inSection(placed, text)}</c:CertMapping>`
      const reply = await ask(endpoint, { action: ACTIONS.create, resourceUri: MAPPING, selectors, body })
      expect([text, faultOf(reply)]).toEqual([text, { ...SCHEMA, detail: undefined }])
    }
  })

  const PLUGIN_ROWS = rowsOf(TABLES.plugin ?? {}, 'plugin').filter((placed) => wrongTexts(placed).length > 0)
  it.each(PLUGIN_ROWS.map((placed) => [placed.path, placed] as const))('%s', async (path, placed) => {
    const attribute = (text: string, ...names: readonly string[]): string =>
      names.join('.') === placed.names.slice(0, -1).join('.') ? ` ${placed.row.wire}="${escaped(text)}"` : ''
    for (const text of wrongTexts(placed)) {
      const resource =
        `<Resource ResourceUri="urn:a"${attribute(text, 'resources')}>` +
        `<Security Uri="urn:a"${attribute(text, 'resources', 'security')}/>` +
        `<Capability${attribute(text, 'resources', 'capabilities') || ' Type="Get"'}/></Resource>`
      const own = attribute(text)
      const version = own.startsWith(' SDKVersion') ? '' : ' SDKVersion="1"'
      const body =
        `<PlugInConfiguration xmlns="${CONFIG}/PluginConfiguration" Filename="a.dll"${version}${own}>` +
        `<Resources>${resource}</Resources><Quotas${attribute(text, 'quotas')}/></PlugInConfiguration>`
      const selectors = { Name: 'Mine' }
      const reply = await ask(endpoint, { action: ACTIONS.create, resourceUri: PLUGIN, selectors, body })
      expect([path, text, faultOf(reply)]).toEqual([path, text, { ...SCHEMA, detail: undefined }])
    }
  })
})

describe('a number', () => {
  const INTEGERS = WRITABLE.filter(([, , { row }]) => row.type === 'integer')

  it('is taken where it is in its range, the ends of it too, and nowhere else', async () => {
    // Of its own, because a range has ends at which nobody else is served any more.
    const own = await startEndpoint({
      users: [{ username: 'admin', password: 'secret' }],
      settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
      classes: [],
    })
    const expectation = async (section: string, placed: PlacedRow, value: number): Promise<void> => {
      const { row, path } = placed
      if (row.type !== 'integer') return
      const reply = await putSetting(own, section, placed, String(value))
      const isRight = value >= row.min && value <= row.max
      expect([path, value, reply.status]).toEqual([path, value, isRight ? 200 : 500])
      if (!isRight) expect(faultOf(reply).wsmanCode).toBe(2150858817)
    }
    for (const [, section, placed] of INTEGERS) {
      if (placed.row.type !== 'integer') continue
      await expectation(section, placed, placed.row.min)
      await expectation(section, placed, placed.row.max)
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...INTEGERS),
        fc.oneof(fc.integer({ min: -10, max: 70_000 }), fc.integer({ min: 0, max: 2 ** 33 })),
        ([, section, placed], value) => expectation(section, placed, value),
      ),
      { numRuns: 60 },
    )
    await own.close()
  })
})

/** Another value than the default. */
function another({ row }: PlacedRow, value: unknown): string {
  if (row.type === 'boolean') return String(value !== true)
  if (row.type === 'integer') return String(value === row.max ? row.max - 1 : Number(value) + 1)
  if (row.type === 'choice') return row.choices.find((choice) => choice !== value) ?? ''
  return OTHER_TEXTS[row.wire] ?? 'other'
}
const OTHER_TEXTS: Readonly<Record<string, string>> = {
  RootSDDL: 'O:NSG:BAD:P(A;;GA;;;RM)',
  IPv4Filter: '10.0.0.1-10.0.0.2',
  IPv6Filter: '::1-::1',
  CertificateThumbprint: 'ab'.repeat(20),
}

const valueAt = (settings: Settings, section: string, names: readonly string[]): unknown =>
  [section, ...names].reduce<unknown>(
    (part, name) => (part as Readonly<Record<string, unknown>>)[name],
    settings,
  )

describe('a setting that policy holds', () => {
  it('is shown so, and cannot be changed, whichever it is', async () => {
    const { protocol, client, service, winrs } = defaultSettings()
    const policy = {
      protocol,
      client,
      service: { ...service, allowUnencrypted: true, auth: { ...service.auth, basic: true } },
      winrs,
    }
    const held = await startEndpoint({
      users: [{ username: 'admin', password: 'secret' }],
      policy,
      classes: [],
    })
    for (const [path, section, placed] of WRITABLE) {
      const value = valueAt(policy, section, placed.names)
      expect([path, faultOf(await putSetting(held, section, placed, another(placed, value)))]).toEqual([
        path,
        {
          status: 500,
          code: 's:Receiver',
          subcode: 'w:InternalError',
          detail: undefined,
          wsmanCode: 2150858890,
        },
      ])
      expect([path, (await putSetting(held, section, placed, String(value))).status]).toEqual([path, 200])
    }
    const { text } = await ask(held, {})
    const marked = [...text.matchAll(/<cfg:(\w+) Source="GPO"/g)].map(([, name]) => name)
    expect(marked).toEqual(SETTINGS.map(([, , { row }]) => row.wire))
    await held.close()
  })
})

describe('a setting that is fixed', () => {
  const FIXED = SETTINGS.filter((one) => !WRITABLE.includes(one))

  it('cannot be changed, and may be sent as it is', async () => {
    const codes: [string, number | undefined][] = []
    for (const [path, section, placed] of FIXED) {
      const value = valueAt(defaultSettings(), section, placed.names)
      expect([path, (await putSetting(endpoint, section, placed, String(value))).status]).toEqual([path, 200])
      codes.push([
        path,
        faultOf(await putSetting(endpoint, section, placed, another(placed, value))).wsmanCode,
      ])
    }
    expect(Object.fromEntries(codes)).toEqual({
      'protocol.maxProviderRequests': 2150859182,
      'service.maxConcurrentOperations': 2150859182,
      'service.defaultPorts.http': 2150859071,
      'service.defaultPorts.https': 2150859071,
      'winrs.maxShellRunTimeMs': 2150859071,
    })
  })
})

describe('a setting in the namespace of another resource', () => {
  it.each(SETTINGS)('%s', async (path, section, placed) => {
    const value = String(valueAt(defaultSettings(), section, placed.names))
    const [uri, root] =
      section === 'protocol'
        ? [CONFIG, 'Config']
        : [`${CONFIG}/${section}`, `${section.slice(0, 1).toUpperCase()}${section.slice(1)}`]
    for (const foreign of ['urn:other', section === 'winrs' ? CONFIG : `${CONFIG}/winrs`]) {
      for (const body of [
        `<c:${root} xmlns:c="${foreign}">${inSection(placed, value)}</c:${root}>`,
        `<d:${root} xmlns:d="${uri}" xmlns:c="${foreign}">${inSection(placed, value)}</d:${root}>`,
      ]) {
        const reply = await ask(endpoint, { action: ACTIONS.put, resourceUri: uri, body })
        expect([path, faultOf(reply)]).toEqual([path, { ...SCHEMA, detail: undefined }])
      }
    }
  })
})
