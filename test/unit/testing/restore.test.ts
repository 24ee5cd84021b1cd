import http from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { parseSettings } from '../../../src/settings/parse.js'
import type { Settings } from '../../../src/settings/table.js'
import { select } from '../../support/xml-compare.js'
import { makeIdentity } from './support/identities.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  send,
  soap,
  textAt,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const PLUGIN = `${CONFIG}/plugin`
const MAPPING = `${CONFIG}/service/certmapping`

async function start(options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    users: [
      { username: 'admin', password: 'secret' },
      { username: 'reader', password: 'secret', groups: ['Event Log Readers'] },
    ],
    settings: {
      service: { auth: { basic: true }, allowUnencrypted: true, rootSddl: 'D:P(A;;GA;;;BA)(A;;GRGW;;;ER)' },
      winrs: { maxShellsPerUser: 3 },
    },
    classes: [],
    ...options,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

/** One connection for all requests: listeners that are gone still answer what they have, and no more. */
function connection(endpoint: Endpoint, username = 'admin') {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    agent.destroy()
  })
  const headers = { Authorization: basic(username, 'secret') }
  return (parts: RequestParts): Promise<RawReply> => send(endpoint.url, soap(parts), { agent, headers })
}

const restore = (resourceUri: string, body?: string): RequestParts => ({
  action: `${resourceUri}/Restore`,
  resourceUri,
  body: body ?? `<p:Restore_INPUT xmlns:p="${resourceUri}"/>`,
})

/** What the endpoint has, asked over a connection of its own. */
async function settingsOf(endpoint: Endpoint): Promise<Settings> {
  const reply = await send(endpoint.url, soap({}), { headers: { Authorization: basic('admin', 'secret') } })
  expect(reply.status).toBe(200)
  return parseSettings(reply.text)
}

describe('Restore on winrm/config', () => {
  it('answers, and leaves no listener, so that nobody reaches the service any more', async () => {
    const endpoint = await start()
    const { url } = endpoint
    const reply = await connection(endpoint)(restore(CONFIG))
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${CONFIG}/RestoreResponse`)
    expect(select(reply.xml, 'Body', 'Restore_OUTPUT')[0]?.name).toBe(`{${CONFIG}}Restore_OUTPUT`)
    expect(endpoint.listeners).toEqual([])
    await expect(send(url, soap())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('gives every setting its default, but for what policy holds, which keeps certificates and plug-ins', async () => {
    const authority = await makeIdentity({ CN: 'Authority' })
    const policy = {
      service: { auth: { basic: true }, allowUnencrypted: true, enableCompatibilityHttpListener: true },
    }
    const endpoint = await start({ policy, authorities: [authority.cert], compatibilityPorts: { http: 0 } })
    const ask = connection(endpoint)
    await ask({
      action: ACTIONS.create,
      resourceUri: MAPPING,
      selectors: { Issuer: authority.thumbprint, Subject: '*', URI: '*' },
      body: `<c:CertMapping xmlns:c="${MAPPING}"><c:UserName>admin</c:UserName><c:Password>secret</c:Password></c:CertMapping>`,
    })
    await ask({ action: ACTIONS.delete, resourceUri: PLUGIN, selectors: { Name: 'SEL Plugin' } })
    expect((await ask(restore(CONFIG))).status).toBe(200)
    expect(endpoint.listeners).toHaveLength(1)
    const { protocol, client, service, winrs } = defaultSettings('3.0')
    const restored = await settingsOf(endpoint)
    expect(restored).toEqual({
      protocol,
      client,
      winrs,
      service: { ...service, ...policy.service, auth: { ...service.auth, basic: true } },
    })
    const list = async (resourceUri: string, item: string): Promise<number> => {
      const headers = { Authorization: basic('admin', 'secret') }
      const body = enumerateBody('<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>')
      const message = soap({ action: ACTIONS.enumerate, resourceUri, body })
      const { xml } = await send(endpoint.url, message, { headers })
      return select(xml, 'Body', 'EnumerateResponse', 'Items', item).length
    }
    expect(await list(MAPPING, 'CertMapping')).toBe(0)
    expect(await list(PLUGIN, 'PlugInConfiguration')).toBe(2)
  })

  it('needs the right to execute, and takes nothing but its own input', async () => {
    const endpoint = await start()
    expect(faultOf(await connection(endpoint, 'reader')(restore(CONFIG)))).toMatchObject({
      subcode: 'w:AccessDenied',
      wsmanCode: 5,
    })
    const ask = connection(endpoint)
    for (const body of ['', `<p:Restore_INPUT xmlns:p="${PLUGIN}"/>`, `<p:Other xmlns:p="${CONFIG}"/>`]) {
      expect(faultOf(await ask(restore(CONFIG, body))).wsmanCode).toBe(2150858817)
    }
    expect(faultOf(await ask(restore(`${CONFIG}/winrs`))).subcode).toBe('a:ActionNotSupported')
    expect(endpoint.listeners).toHaveLength(1)
  })
})

describe('Restore on winrm/config/plugin', () => {
  it('brings back what came with Windows, takes away what did not, and leaves the rest alone', async () => {
    const endpoint = await start()
    const ask = connection(endpoint)
    const body =
      `<PlugInConfiguration xmlns="${CONFIG}/PluginConfiguration" Filename="mine.dll" SDKVersion="1">` +
      '<Resources><Resource ResourceUri="urn:mine"><Capability Type="Get"/></Resource></Resources></PlugInConfiguration>'
    await ask({ action: ACTIONS.create, resourceUri: PLUGIN, selectors: { Name: 'Mine' }, body })
    const other = body.replace('urn:mine', 'urn:other')
    await ask({ action: ACTIONS.put, resourceUri: PLUGIN, selectors: { Name: 'SEL Plugin' }, body: other })
    await ask({ action: ACTIONS.delete, resourceUri: PLUGIN, selectors: { Name: 'WMI Provider' } })
    const reply = await ask(restore(PLUGIN))
    expect([reply.status, textAt(reply.xml, 'Header', 'Action')]).toEqual([200, `${PLUGIN}/RestoreResponse`])
    const get = (Name: string): Promise<RawReply> => ask({ resourceUri: PLUGIN, selectors: { Name } })
    expect(faultOf(await get('Mine')).detail).toBe('ResourceNotFound')
    expect((await get('WMI Provider')).status).toBe(200)
    const resource = ['Body', 'PlugInConfiguration', 'Resources', 'Resource'] as const
    expect(select((await get('SEL Plugin')).xml, ...resource)[0]?.attributes.ResourceUri).toBe(
      'http://schemas.microsoft.com/wbem/wsman/1/logrecord/sel',
    )
    const winrs = await ask({ resourceUri: `${CONFIG}/winrs` })
    expect(textAt(winrs.xml, 'Body', 'Winrs', 'MaxShellsPerUser')).toBe('3')
    expect(endpoint.listeners).toHaveLength(1)
  })
})
