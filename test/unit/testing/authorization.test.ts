import { afterEach, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
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
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const CLASS = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Thing'

let endpoint: Endpoint
afterEach(() => endpoint.close())

const start = async (rootSddl: string | undefined, options: EndpointOptions = {}): Promise<void> => {
  endpoint = await startEndpoint({
    users: [
      { username: 'admin', password: 'secret' },
      { username: 'reader', password: 'secret', groups: ['Event Log Readers'] },
      { username: 'helper', password: 'secret', groups: ['RM', 'S-1-5-21-7-7-7-1200'] },
      { username: 'nobody', password: 'secret', groups: [] },
    ],
    settings: {
      service: {
        auth: { basic: true },
        allowUnencrypted: true,
        ...(rootSddl === undefined ? {} : { rootSddl }),
      },
    },
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
}

const as = (username: string, parts: RequestParts): Promise<RawReply> =>
  send(endpoint.url, soap(parts), { headers: { Authorization: basic(username, 'secret') } })

const DENIED = { status: 500, code: 's:Sender', subcode: 'w:AccessDenied', detail: undefined, wsmanCode: 5 }

/** One request for each right (MS-WSMV 3.1.4.1.28). */
const REQUESTS: Readonly<Record<string, RequestParts>> = {
  'GR Get': { resourceUri: `${CONFIG}/winrs` },
  'GR Enumerate': { action: ACTIONS.enumerate, resourceUri: LISTENER, body: enumerateBody() },
  'GW Put': {
    action: ACTIONS.put,
    resourceUri: `${CONFIG}/winrs`,
    body: `<c:Winrs xmlns:c="${CONFIG}/winrs"/>`,
  },
  'GW Delete': { action: ACTIONS.delete, resourceUri: CLASS, selectors: { Id: 'b' } },
  'GX Invoke': {
    action: `${CLASS}/Ring`,
    resourceUri: CLASS,
    selectors: { Id: 'a' },
    body: `<c:Ring_INPUT xmlns:c="${CLASS}"/>`,
  },
  'GX Create of a shell': {
    action: ACTIONS.create,
    resourceUri: `${SHELL}/cmd`,
    body: `<r:Shell xmlns:r="${SHELL}"/>`,
  },
  'GX Enumerate of shells': { action: ACTIONS.enumerate, resourceUri: SHELL, body: enumerateBody() },
}

/** The rights that a user has, by what each request is answered with. */
async function allowedTo(username: string): Promise<string[]> {
  const allowed: string[] = []
  for (const [name, parts] of Object.entries(REQUESTS)) {
    const reply = await as(username, parts)
    if (reply.status === 200) allowed.push(name)
    else expect([name, faultOf(reply)]).toEqual([name, DENIED])
  }
  return allowed
}
const ALL = Object.keys(REQUESTS)
const only = (...rights: string[]): string[] => ALL.filter((name) => rights.includes(name.slice(0, 2)))

describe('service.rootSddl', () => {
  it('as it is by default lets administrators do everything and others nothing', async () => {
    await start(undefined)
    expect(await allowedTo('admin')).toEqual(ALL)
    expect(await allowedTo('helper')).toEqual([])
    expect(await allowedTo('nobody')).toEqual([])
  })

  it.each([
    ['reading', 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)', 'reader', only('GR')],
    ['reading and executing', 'O:NSG:BAD:P(A;;GRGX;;;RM)', 'helper', only('GR', 'GX')],
    ['writing', 'O:NSG:BAD:P(A;;GW;;;S-1-5-21-7-7-7-1200)', 'helper', only('GW')],
    ['everything to everybody', 'O:NSG:BAD:P(A;;GA;;;WD)', 'nobody', ALL],
    ['everything but a denied right', 'O:NSG:BAD:P(D;;GX;;;NU)(A;;GA;;;WD)', 'admin', only('GR', 'GW')],
    ['nothing', 'O:NSG:BAD:P', 'admin', []],
  ])('gives %s', async (_, rootSddl, username, allowed) => {
    await start(rootSddl)
    expect(await allowedTo(username)).toEqual(allowed)
  })

  it('names a single account by its SID, and takes effect when it is changed over the wire', async () => {
    await start(undefined)
    const sid = endpoint.accounts.find(({ username }) => username === 'nobody')?.sid ?? ''
    expect(sid).toMatch(/^S-1-5-21-\d+-\d+-\d+-1004$/)
    const put = await as('admin', {
      action: ACTIONS.put,
      resourceUri: `${CONFIG}/service`,
      body: `<c:Service xmlns:c="${CONFIG}/service"><c:RootSDDL>O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;${sid})</c:RootSDDL></c:Service>`,
    })
    expect(put.status).toBe(200)
    expect(await allowedTo('nobody')).toEqual(only('GR'))
    expect(await allowedTo('helper')).toEqual([])
  })

  it('counts for every page of an enumeration', async () => {
    await start('O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;ER)')
    const begun = await as('reader', REQUESTS['GR Enumerate'] ?? {})
    const context = textAt(begun.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    await as('admin', {
      action: ACTIONS.put,
      resourceUri: `${CONFIG}/service`,
      body: `<c:Service xmlns:c="${CONFIG}/service"><c:RootSDDL>O:NSG:BAD:P(A;;GA;;;BA)</c:RootSDDL></c:Service>`,
    })
    for (const action of [ACTIONS.pull, ACTIONS.release]) {
      const body =
        action === ACTIONS.pull
          ? pullBody(context)
          : `<n:Release><n:EnumerationContext>${context}</n:EnumerationContext></n:Release>`
      expect(faultOf(await as('reader', { action, resourceUri: LISTENER, body }))).toEqual(DENIED)
    }
  })

  it('is asked before it is known whether the resource is there', async () => {
    await start(undefined)
    expect(faultOf(await as('nobody', { resourceUri: 'urn:nothing' }))).toEqual(DENIED)
    expect(faultOf(await as('admin', { resourceUri: 'urn:nothing' })).wsmanCode).toBe(2150858752)
  })

  it('says nothing about Identify', async () => {
    await start(undefined)
    const identify =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
      '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'
    const headers = { Authorization: basic('nobody', 'secret') }
    expect((await send(endpoint.url, identify, { headers })).status).toBe(200)
  })
})

describe('accounts', () => {
  it('have the same SIDs at every start, and the built-in administrator has its own', async () => {
    const users = ['Administrator', 'bob'].map((username) => ({ username, password: 'x', domain: 'EXAMPLE' }))
    await start(undefined, { users })
    const [first] = [endpoint.accounts]
    await endpoint.close()
    await start(undefined, { users })
    expect(endpoint.accounts).toEqual(first)
    expect(first.map(({ sid }) => sid.split('-').at(-1))).toEqual(['500', '1002'])
    expect(first.map(({ groups }) => groups)).toEqual([['S-1-5-32-544'], ['S-1-5-32-544']])
  })

  it('belong to groups that are some', async () => {
    await start(undefined)
    const users = [{ username: 'a', password: 'b', groups: ['Wizards'] }]
    await expect(startEndpoint({ users })).rejects.toThrow(
      'users[0].groups has "Wizards", which is no group and no SID.',
    )
  })
})
