import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { elementsOf, localName, select, textOf } from '../../support/xml-compare.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  pullBody,
  send,
  soap,
  textAt,
  type RequestParts,
} from './support/raw-client.js'

const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const LISTENER = `${CONFIG}/listener`

let endpoint: Endpoint
beforeAll(async () => {
  endpoint = await startEndpoint({
    listeners: [{}, { transport: 'HTTPS', hostname: 'server01', urlPrefix: 'other' }],
    users: [{ username: 'alice', password: 'secret' }],
    settings: {
      client: { trustedHosts: 'a,*.b' },
      service: { auth: { basic: true }, allowUnencrypted: true, maxConnections: 7 },
    },
    classes: [],
  })
})
afterAll(() => endpoint.close())

const ask = (parts: RequestParts) =>
  send(endpoint.url, soap(parts), { headers: { Authorization: basic('alice', 'secret') } })

describe('the parts of winrm/config', () => {
  it.each([
    ['client', 'Client', 'TrustedHosts', 'a,*.b'],
    ['client/auth', 'Auth', 'Digest', 'true'],
    ['client/defaultports', 'DefaultPorts', 'HTTPS', '5986'],
    ['service', 'Service', 'MaxConnections', '7'],
    ['Service/Auth', 'Auth', 'CbtHardeningLevel', 'Relaxed'],
    ['service/DefaultPorts', 'DefaultPorts', 'HTTP', '5985'],
    ['winrs', 'Winrs', 'IdleTimeout', '7200000'],
  ])('%s', async (part, root, member, value) => {
    const reply = await ask({ resourceUri: `${CONFIG}/${part}` })
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Body', root, member)).toBe(value)
    expect(select(reply.xml, 'Body', root)[0]?.name).toBe(`{${CONFIG}/${part.toLowerCase()}}${root}`)
  })

  it('nests the groups of a part', async () => {
    const reply = await ask({ resourceUri: `${CONFIG}/service` })
    expect(textAt(reply.xml, 'Body', 'Service', 'Auth', 'Basic')).toBe('true')
  })

  it('does not know other parts', async () => {
    expect(faultOf(await ask({ resourceUri: `${CONFIG}/nothing` }))).toMatchObject({
      subcode: 'a:DestinationUnreachable',
      detail: 'InvalidResourceURI',
      wsmanCode: 2150858752,
    })
  })

  it('takes no selectors', async () => {
    expect(faultOf(await ask({ resourceUri: `${CONFIG}/winrs`, selectors: { Name: 'x' } }))).toMatchObject({
      subcode: 'w:InvalidSelectors',
      detail: 'UnexpectedSelectors',
      wsmanCode: 2150858843,
    })
  })

  it('has no fragments', async () => {
    const extra = '<w:FragmentTransfer s:mustUnderstand="true">MaxTimeoutms</w:FragmentTransfer>'
    expect(faultOf(await ask({ extra })).subcode).toBe('a:ActionNotSupported')
  })

  it.each([ACTIONS.create, ACTIONS.enumerate, 'urn:new'])('does not support %s', async (action) => {
    expect(faultOf(await ask({ action }))).toMatchObject({
      subcode: 'a:ActionNotSupported',
      wsmanCode: 2150858771,
    })
  })
})

describe('listeners', () => {
  it('are told as they are', async () => {
    const reply = await ask({
      resourceUri: LISTENER,
      selectors: { address: 'ip:127.0.0.1', Transport: 'https' },
    })
    const [, https] = endpoint.listeners
    const [listener] = select(reply.xml, 'Body', 'Listener')
    expect(listener?.name).toBe(`{${LISTENER}}Listener`)
    const members = (listener ? elementsOf(listener) : []).map((member) => [
      localName(member),
      textOf(member),
    ])
    const [, thumbprint] = members.find(([name]) => name === 'CertificateThumbprint') ?? []
    expect(members).toEqual([
      ['Address', 'IP:127.0.0.1'],
      ['Transport', 'HTTPS'],
      ['Port', String(https?.port)],
      ['Hostname', 'server01'],
      ['Enabled', 'true'],
      ['URLPrefix', 'other'],
      ['CertificateThumbprint', thumbprint],
      ['ListeningOn', '127.0.0.1'],
    ])
    expect(thumbprint).toMatch(/^[0-9A-F]{40}$/)
  })

  it.each([
    ['neither', {}, 'InsufficientSelectors', 2150858842],
    ['one of them', { Address: 'IP:127.0.0.1' }, 'InsufficientSelectors', 2150858842],
    ['more', { Address: 'x', Transport: 'HTTP', Port: '1' }, 'UnexpectedSelectors', 2150858843],
  ])('are named by Address and Transport: %s', async (_, selectors, detail, wsmanCode) => {
    const reply = await ask({ resourceUri: LISTENER, selectors })
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:InvalidSelectors', detail, wsmanCode })
  })

  it('may not be there', async () => {
    const reply = await ask({ resourceUri: LISTENER, selectors: { Address: '*', Transport: 'HTTP' } })
    expect(faultOf(reply)).toMatchObject({ subcode: 'a:DestinationUnreachable', detail: 'ResourceNotFound' })
  })

  it('are enumerated as references that lead back to them', async () => {
    const enumerate = await ask({
      action: ACTIONS.enumerate,
      resourceUri: LISTENER,
      body: enumerateBody('<w:EnumerationMode>EnumerateEPR</w:EnumerationMode>'),
    })
    const context = textAt(enumerate.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const pull = await ask({ action: ACTIONS.pull, resourceUri: LISTENER, body: pullBody(context, 9) })
    const references = select(pull.xml, 'Body', 'PullResponse', 'Items', 'EndpointReference')
    expect(references).toHaveLength(2)
    for (const reference of references) {
      const selectors = Object.fromEntries(
        select(reference, 'ReferenceParameters', 'SelectorSet', 'Selector').map((selector) => [
          selector.attributes.Name ?? '',
          textOf(selector),
        ]),
      )
      const reply = await ask({
        resourceUri: textAt(reference, 'ReferenceParameters', 'ResourceURI'),
        selectors,
      })
      expect(textAt(reply.xml, 'Body', 'Listener', 'Transport')).toBe(selectors.Transport)
    }
    expect(select(pull.xml, 'Body', 'PullResponse', 'EndOfSequence')).toHaveLength(1)
  })

  it('cannot be filtered', async () => {
    const body = enumerateBody('<w:Filter>x</w:Filter>')
    expect(faultOf(await ask({ action: ACTIONS.enumerate, resourceUri: LISTENER, body }))).toMatchObject({
      subcode: 'n:FilteringNotSupported',
      wsmanCode: 2150858776,
    })
  })
})

it('does not know resources that nobody serves', async () => {
  expect(faultOf(await ask({ resourceUri: 'urn:nothing' }))).toEqual({
    status: 500,
    code: 's:Sender',
    subcode: 'a:DestinationUnreachable',
    detail: 'InvalidResourceURI',
    wsmanCode: 2150858752,
  })
})
