import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { parseXml } from '../../support/xml-compare.js'
import { ClassEndpoint, DMTF, WMI } from './support/class-endpoint.js'
import { ACTIONS, basic, faultOf, send, soap, textAt, type RequestParts } from './support/raw-client.js'

const gate = { waiting: 0, open: (): void => undefined, opened: Promise.resolve() }

const test = new ClassEndpoint({
  settings: { service: { maxConnections: 2 } },
  classes: [
    {
      name: 'Thing',
      properties: { Name: { type: 'string', key: true } },
      instances: () => {
        gate.waiting += 1
        return gate.opened.then(() => [{ Name: 'one' }])
      },
    },
  ],
})

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const thing = { resourceUri: `${WMI}/root/cimv2/Thing`, selectors: { Name: 'one' } }
const mustComply = (name: string, value = 'true'): RequestParts => ({
  extra: `<w:OptionSet><w:Option Name="${name}" MustComply="${value}">TRUE</w:Option></w:OptionSet>`,
})
const NOT_SUPPORTED = {
  status: 500,
  code: 's:Sender',
  subcode: 'w:InvalidOptions',
  detail: 'NotSupported',
  wsmanCode: 2150858833,
}

describe('an option that must be complied with', () => {
  it.each([
    ['a class', { ...thing }],
    ['a class by its DMTF URI', { ...thing, resourceUri: `${DMTF}/Thing` }],
    ['winrm/config', { resourceUri: CONFIG }],
  ])('is refused for %s, whatever its name', async (_, parts) => {
    for (const name of ['wmi:x', 'IncludeQualifiers', 'WINRS_NOPROFILE']) {
      expect(faultOf(await test.ask({ ...parts, ...mustComply(name) }))).toEqual(NOT_SUPPORTED)
      expect(faultOf(await test.ask({ ...parts, ...mustComply(name, '1') }))).toEqual(NOT_SUPPORTED)
    }
  })

  it('and need not is taken', async () => {
    expect((await test.ask({ ...thing, ...mustComply('wmi:x', 'false') })).status).toBe(200)
  })

  it('is taken for shells where it is one of theirs', async () => {
    const create = (name: string) =>
      test.ask({
        action: ACTIONS.create,
        resourceUri: `${SHELL}/cmd`,
        body: `<r:Shell xmlns:r="${SHELL}"/>`,
        ...mustComply(name),
      })
    expect((await create('winrs_noprofile')).status).toBe(200)
    expect(faultOf(await create('protocolversion'))).toEqual(NOT_SUPPORTED)
  })
})

describe('MaxConnections', () => {
  it('bounds the requests that are served at the same time; Identify is none of them', async () => {
    gate.waiting = 0
    gate.opened = new Promise((resolve) => {
      gate.open = resolve
    })
    const agent = new http.Agent({ maxSockets: 10 })
    const ask = (message: string) =>
      send(test.endpoint?.url ?? '', message, { agent, headers: { Authorization: basic('alice', 'secret') } })
    const held = [ask(soap(thing)), ask(soap(thing))]
    while (gate.waiting < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(faultOf(await ask(soap({ resourceUri: CONFIG })))).toEqual({
      status: 500,
      code: 's:Receiver',
      subcode: 'w:InternalError',
      detail: undefined,
      wsmanCode: 2150858815,
    })
    const identify =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
      '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'
    expect((await ask(identify)).status).toBe(200)
    gate.open()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
    expect((await ask(soap({ resourceUri: CONFIG }))).status).toBe(200)
    agent.destroy()
  })
})

describe('winrm/config', () => {
  it.each([
    ['create', CONFIG],
    ['delete', `${CONFIG}/service`],
    ['put', `${CONFIG}/service/defaultports`],
    ['enumerate', `${CONFIG}/client`],
  ] as const)('do not support the action %s of %s', async (verb, resourceUri) => {
    expect(faultOf(await test.ask({ action: ACTIONS[verb], resourceUri }))).toEqual({
      status: 500,
      code: 's:Sender',
      subcode: 'a:ActionNotSupported',
      detail: undefined,
      wsmanCode: 2150858771,
    })
  })
})

describe('shells that are none of this service', () => {
  it.each(['http://schemas.microsoft.com/powershell/Microsoft.PowerShell', `${SHELL}/test`])(
    '%s is a resource that nobody serves',
    async (resourceUri) => {
      const reply = await test.ask({
        action: ACTIONS.create,
        resourceUri,
        body: `<r:Shell xmlns:r="${SHELL}"/>`,
      })
      expect(faultOf(reply)).toMatchObject({
        subcode: 'a:DestinationUnreachable',
        detail: 'InvalidResourceURI',
        wsmanCode: 2150858752,
      })
      expect(reply.text).toContain(resourceUri)
    },
  )
})

it('a fault answers UTF-16 in UTF-16', async () => {
  const message = Buffer.from(`\uFEFF${soap({ resourceUri: 'urn:nothing' })}`, 'utf16le')
  const headers = {
    Authorization: basic('alice', 'secret'),
    'Content-Type': 'application/soap+xml;charset=UTF-16',
  }
  const reply = await send(test.endpoint?.url ?? '', message, { headers })
  expect([reply.status, reply.headers['content-type']]).toEqual([500, 'application/soap+xml;charset=UTF-16'])
  const xml = parseXml(reply.body.toString('utf16le').slice(1))
  expect(textAt(xml, 'Body', 'Fault', 'Code', 'Subcode', 'Value')).toBe('a:DestinationUnreachable')
})
