import { readFileSync } from 'node:fs'
import https from 'node:https'
import { connect } from 'node:net'
import path from 'node:path'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { CERT_MAPPING_TABLE } from '../../../src/settings/cert-mapping-table.js'
import { LISTENER_TABLE } from '../../../src/settings/listener-table.js'
import { PLUGIN_TABLE } from '../../../src/settings/plugin-table.js'
import type { DocumentTable } from '../../../src/settings/rows.js'
import { CONFIG_TABLE } from '../../../src/settings/table.js'
import { until } from '../../support/gates.js'
import { projectRoot } from '../../support/project.js'
import { makeIdentity } from './support/identities.js'
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
const LISTENER = `${CONFIG}/listener`
const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'
const headers = { Authorization: basic('alice', 'secret') }

let endpoint: Endpoint
afterEach(() => endpoint.close())

/** The first listener is for HTTPS, where Basic is taken whatever AllowUnencrypted says. */
const start = async (service: object = {}, options: EndpointOptions = {}): Promise<void> => {
  endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTPS' }, {}],
    users: [{ username: 'alice', password: 'secret' }],
    classes: [],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true, ...service } },
    ...options,
  })
}
const plainUrl = (): string => endpoint.listeners[1]?.url ?? ''
const ask = (parts: RequestParts, url = endpoint.url): Promise<RawReply> =>
  send(url, soap(parts), { headers })

async function put(part: string, root: string, members: string): Promise<void> {
  const uri = `${CONFIG}/${part}`
  const body = `<c:${root} xmlns:c="${uri}">${members}</c:${root}>`
  expect((await ask({ action: ACTIONS.put, resourceUri: uri, body })).status).toBe(200)
}
const putAuth = (name: string, value: boolean): Promise<void> =>
  put('service/auth', 'Auth', `<c:${name}>${value}</c:${name}>`)

/** The schemes that an HTTP request without credentials is told of. */
async function offered(): Promise<string[]> {
  const { headers: told } = await send(plainUrl(), soap())
  return (told['www-authenticate'] ?? '').split(',').map((line) => line.trim().split(' ', 1)[0] ?? '')
}

const enumerate = (): Promise<RawReply> =>
  ask({ action: ACTIONS.enumerate, resourceUri: LISTENER, body: enumerateBody() })

/** What changes when the setting is changed over the wire. */
const EFFECTS: Readonly<Record<string, () => Promise<void>>> = {
  'service.maxConcurrentOperationsPerUser': async () => {
    await start()
    expect((await enumerate()).status).toBe(200)
    await put('service', 'Service', '<c:MaxConcurrentOperationsPerUser>1</c:MaxConcurrentOperationsPerUser>')
    expect(faultOf(await enumerate()).wsmanCode).toBe(2150859174)
  },
  'service.enumerationTimeoutMs': async () => {
    await start({ maxConcurrentOperationsPerUser: 1 })
    await put('service', 'Service', '<c:EnumerationTimeoutms>500</c:EnumerationTimeoutms>')
    const begun = await enumerate()
    const context = textAt(begun.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    // Its place is free as soon as it is dead.
    let status = 0
    while (status !== 200) status = (await enumerate()).status
    const pull = await ask({ action: ACTIONS.pull, resourceUri: LISTENER, body: pullBody(context, 1) })
    expect(faultOf(pull).wsmanCode).toBe(2150858779)
  },
  'service.maxConnections': async () => {
    let asked = (): void => undefined
    let answer = (): void => undefined
    const arrived = new Promise<void>((resolve) => (asked = resolve))
    const gate = new Promise<void>((resolve) => (answer = resolve))
    const instances = async (): Promise<[]> => {
      asked()
      await gate
      return []
    }
    await start(
      {},
      { classes: [{ name: 'Slow', properties: { Id: { type: 'string', key: true } }, instances }] },
    )
    await put('service', 'Service', '<c:MaxConnections>1</c:MaxConnections>')
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Slow'
    const body = enumerateBody('<w:OptimizeEnumeration/>')
    const held = ask({ action: ACTIONS.enumerate, resourceUri, body })
    await arrived
    expect(faultOf(await ask({})).wsmanCode).toBe(2150858815)
    answer()
    expect((await held).status).toBe(200)
    expect((await ask({})).status).toBe(200)
  },
  'service.maxPacketRetrievalTimeSeconds': async () => {
    await start()
    await put('service', 'Service', '<c:MaxPacketRetrievalTimeSeconds>1</c:MaxPacketRetrievalTimeSeconds>')
    const socket = connect(endpoint.listeners[1]?.port ?? 0, '127.0.0.1')
    socket.write('POST /wsman HTTP/1.1\r\nHost: server01\r\nContent-Length: 9\r\n\r\nhalf')
    await new Promise((resolve) => socket.on('error', resolve).on('close', resolve).resume())
    expect((await ask({})).status).toBe(200)
  },
  'service.allowUnencrypted': async () => {
    await start()
    expect((await ask({}, plainUrl())).status).toBe(200)
    await put('service', 'Service', '<c:AllowUnencrypted>false</c:AllowUnencrypted>')
    expect((await ask({}, plainUrl())).status).toBe(401)
    expect(await offered()).not.toContain('Basic')
    expect((await ask({})).status).toBe(200)
  },
  'service.auth.basic': async () => {
    await start()
    expect(await offered()).toContain('Basic')
    await putAuth('Basic', false)
    expect(await offered()).not.toContain('Basic')
    expect((await ask({})).status).toBe(401)
  },
  'service.auth.kerberos': async () => {
    await start({}, { keytab: '/nonexistent/keytab' })
    expect(await offered()).toContain('Kerberos')
    await putAuth('Kerberos', false)
    expect(await offered()).not.toContain('Kerberos')
  },
  'service.auth.negotiate': async () => {
    await start()
    expect(await offered()).toContain('Negotiate')
    await putAuth('Negotiate', false)
    expect(await offered()).not.toContain('Negotiate')
  },
  'service.auth.certificate': async () => {
    await start()
    const status = async (): Promise<number> =>
      (await send(endpoint.url, soap(), { headers: { Authorization: MUTUAL } })).status
    expect(await status()).toBe(401)
    await putAuth('Certificate', true)
    expect(await status()).toBe(403)
  },
  'service.certificateThumbprint': async () => {
    const { cert, key, thumbprint } = await makeIdentity({ CN: 'server01' })
    await start({ auth: { basic: true, credSsp: true } }, { certificates: [{ cert, key }] })
    expect(await credSspThumbprint()).not.toBe(thumbprint)
    await put('service', 'Service', `<c:CertificateThumbprint>${thumbprint}</c:CertificateThumbprint>`)
    expect(await credSspThumbprint()).toBe(thumbprint)
  },
  'service.auth.credSsp': async () => {
    await start()
    expect(await offered()).not.toContain('CredSSP')
    await putAuth('CredSSP', true)
    expect(await offered()).toContain('CredSSP')
  },
}

/** The SHA-1 of the certificate that the TLS inside of CredSSP begins with. */
async function credSspThumbprint(): Promise<string | undefined> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  const written: Buffer[] = []
  const channel = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      written.push(chunk)
      done()
    },
  })
  const socket = connectTls({ socket: channel, rejectUnauthorized: false })
  const shown: string[] = []
  socket.on('secureConnect', () => {
    shown.push(socket.getPeerX509Certificate()?.fingerprint.replaceAll(':', '') ?? '')
  })
  for (;;) {
    await until(() => written.length > 0 || shown.length > 0)
    if (shown.length > 0) break
    const token = Buffer.concat(written.splice(0)).toString('base64')
    const reply = await send(endpoint.url, '', { agent, headers: { Authorization: `CredSSP ${token}` } })
    const [, answer = ''] = /CredSSP (\S+)/.exec(reply.headers['www-authenticate'] ?? '') ?? []
    expect(answer).not.toBe('')
    channel.push(Buffer.from(answer, 'base64'))
  }
  socket.destroy()
  agent.destroy()
  return shown[0]
}

/** Tests that stand elsewhere, by the rows that they name. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'test/unit/testing/http.test.ts': ['protocol.maxEnvelopeSizeKb'],
  'test/unit/testing/header-rules.test.ts': ['protocol.maxTimeoutMs'],
  'test/unit/testing/enumerations.test.ts': ['protocol.maxBatchItems'],
  'test/endpoint/handshakes.test.ts': ['service.auth.cbtHardeningLevel'],
  'test/unit/testing/listeners.test.ts': [
    'service.ipv4Filter',
    'service.ipv6Filter',
    'service.enableCompatibilityHttpListener',
    'service.enableCompatibilityHttpsListener',
    'service.allowRemoteAccess',
    'service.defaultPorts.http',
    'service.defaultPorts.https',
    'listener.address',
    'listener.transport',
    'listener.port',
    'listener.hostname',
    'listener.enabled',
    'listener.urlPrefix',
    'listener.certificateThumbprint',
  ],
  'test/unit/testing/shell/quotas.test.ts': [
    'winrs.allowRemoteShellAccess',
    'winrs.maxConcurrentUsers',
    'winrs.maxProcessesPerShell',
    'winrs.maxShellsPerUser',
    'winrs.maxMemoryPerShellMb',
  ],
  'test/unit/testing/authorization.test.ts': ['service.rootSddl'],
  'test/unit/testing/plugins.test.ts': [
    'plugin.name',
    'plugin.filename',
    'plugin.xmlRenderingType',
    'plugin.runAsPassword',
    'plugin.resources.resourceUri',
    'plugin.resources.supportsOptions',
    'plugin.resources.exactMatch',
    'plugin.resources.security.uri',
    'plugin.resources.security.exactMatch',
    'plugin.resources.security.sddl',
    'plugin.resources.capabilities.type',
    'plugin.resources.capabilities.supportsFragment',
    'plugin.resources.capabilities.supportsFiltering',
    'plugin.quotas.maxConcurrentUsers',
    'plugin.quotas.maxConcurrentOperationsPerUser',
    'plugin.quotas.maxConcurrentOperations',
  ],
  'test/unit/testing/cert-mappings.test.ts': [
    'certMapping.uri',
    'certMapping.subject',
    'certMapping.issuer',
    'certMapping.userName',
    'certMapping.enabled',
    'certMapping.password',
  ],
  'test/unit/testing/shell/lifetime.test.ts': ['winrs.idleTimeoutMs', 'winrs.maxShellRunTimeMs'],
}

/** Rows, or all that begin so, that the endpoint cannot obey, and why. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'protocol.maxProviderRequests': 'it has had no effect since 2.0',
  'service.maxConcurrentOperations': 'it has had no effect since 2.0',
  'client.':
    'the endpoint has no client of its own; what they do in WsmanClient stands in test/unit/client/settings.test.ts',
  'plugin.sdkVersion': 'the endpoint loads no programs',
  'plugin.architecture': 'the endpoint loads no programs',
  'plugin.useSharedProcess': 'no plug-in of the endpoint answers shells',
  'plugin.autoRestart': 'the endpoint loads no programs',
  'plugin.processIdleTimeoutSec': 'no plug-in of the endpoint answers shells',
  'plugin.runAsUser': 'classes of the endpoint do not distinguish who asks',
  'plugin.outputBufferingMode': 'no shell of the endpoint can be disconnected',
  'plugin.enabled': 'servers ignore it (MS-WSMV 2.2.4.22)',
  'plugin.initializationParameters.': 'the endpoint loads no programs',
  'plugin.quotas.maxMemoryPerShellMb': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.maxIdleTimeoutMs': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.idleTimeoutMs': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.maxProcessesPerShell': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.maxConcurrentCommandsPerShell':
    'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.maxShells': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
  'plugin.quotas.maxShellsPerUser': 'no plug-in of the endpoint answers shells; those of cmd obey winrs',
}

const paths = (table: DocumentTable, prefix: string): string[] =>
  Object.entries(table).flatMap(([name, entry]) => {
    if ('type' in entry) return [prefix + name]
    return paths('members' in entry ? entry.members : entry.items, `${prefix}${name}.`)
  })

const ROWS: readonly string[] = [
  ...Object.entries(CONFIG_TABLE).flatMap(([name, table]) => paths(table, `${name}.`)),
  ...paths(LISTENER_TABLE, 'listener.'),
  ...paths(CERT_MAPPING_TABLE, 'certMapping.'),
  ...paths(PLUGIN_TABLE, 'plugin.'),
]

describe('the endpoint obeys', () => {
  it.each(Object.entries(EFFECTS))('%s', (_, effect) => effect())
})

describe('every row of the tables', () => {
  const elsewhere = Object.values(ELSEWHERE).flat()
  const excused = (row: string): string[] =>
    Object.keys(WITHOUT_EFFECT).filter((one) => (one.endsWith('.') ? row.startsWith(one) : row === one))

  it('has a test of its effect or a reason why it has none, and one of them', async () => {
    await start()
    for (const row of ROWS) {
      const named = [...Object.keys(EFFECTS), ...elsewhere].filter((one) => one === row)
      expect([row, named.length + excused(row).length]).toEqual([row, 1])
    }
  })

  it('is named where its test is said to be, and no row is named that is none', async () => {
    await start()
    for (const [file, rows] of Object.entries(ELSEWHERE)) {
      const text = readFileSync(path.join(projectRoot, file), 'utf8').toLowerCase()
      for (const row of rows) expect([row, text.includes(wireName(row))]).toEqual([row, true])
    }
    const known = [...Object.keys(EFFECTS), ...elsewhere, ...Object.keys(WITHOUT_EFFECT)]
    expect(
      known.filter((one) => !ROWS.some((row) => row === one || (one.endsWith('.') && row.startsWith(one)))),
    ).toEqual([])
  })
})

/** The last part of a path without its unit, which names on the wire lack or spell otherwise. */
function wireName(row: string): string {
  const [name = ''] = row.split('.').slice(-1)
  return name.replace(/(?:Ms|Kb)$/, '').toLowerCase()
}
