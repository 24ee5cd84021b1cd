import { describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint } from 'wsman/testing'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { OperationQuota } from '../../../src/testing/operation-quota.js'
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

const alice = { username: 'alice', domain: 'TEST' }
const exceeded = expect.objectContaining({
  parts: { code: 'Receiver', subcode: 'w:InternalError', wsmanCode: 2150859174 },
}) as unknown

describe('OperationQuota', () => {
  const start = (limit: number) => {
    const settings = defaultSettings()
    settings.service.maxConcurrentOperationsPerUser = limit
    return { settings, quota: new OperationQuota(settings) }
  }

  it('counts for each user, whatever the letter case', () => {
    const { quota } = start(1)
    quota.take(alice)
    expect(() => quota.take({ username: 'ALICE', domain: 'test' })).toThrow(exceeded)
    expect(quota.take({ username: 'bob', domain: 'TEST' })).toBeTypeOf('function')
    expect(quota.take({ username: 'alice', domain: 'OTHER' })).toBeTypeOf('function')
  })

  it('takes each operation back once', () => {
    const { quota } = start(2)
    const release = quota.take(alice)
    quota.take(alice)
    release()
    release()
    quota.take(alice)
    expect(() => quota.take(alice)).toThrow(exceeded)
  })

  it('follows the setting at once', () => {
    const { settings, quota } = start(1)
    quota.take(alice)
    settings.service.maxConcurrentOperationsPerUser = 2
    quota.take(alice)
    expect(() => quota.take(alice)).toThrow(exceeded)
  })
})

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const CMD = `${SHELL}/cmd`
const THINGS = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Thing'
const rsp = (name: string, content: string): string => `<r:${name} xmlns:r="${SHELL}">${content}</r:${name}>`

describe('MaxConcurrentOperationsPerUser of an endpoint', () => {
  it('holds for shells, commands and enumerations together', async () => {
    const endpoint = await startEndpoint({
      users: [{ username: 'alice', password: 'secret' }],
      settings: {
        service: { auth: { basic: true }, allowUnencrypted: true, maxConcurrentOperationsPerUser: 3 },
      },
      classes: [
        {
          name: 'Thing',
          properties: { Id: { type: 'uint32', key: true } },
          instances: [{ Id: 1 }, { Id: 2 }],
        },
      ],
    })
    onTestFinished(() => endpoint.close())
    const ask = async (parts: RequestParts): Promise<RawReply> =>
      send(endpoint.url, soap(parts), { headers: { Authorization: basic('alice', 'secret') } })
    const open = () =>
      ask({
        action: ACTIONS.create,
        resourceUri: CMD,
        body: rsp('Shell', '<r:OutputStreams>stdout</r:OutputStreams>'),
      })
    const enumerate = (content = '') =>
      ask({ action: ACTIONS.enumerate, resourceUri: THINGS, body: enumerateBody(content) })
    const pull = (context: string, count: number) =>
      ask({ action: ACTIONS.pull, resourceUri: THINGS, body: pullBody(context, count) })
    const contextOf = (reply: RawReply): string =>
      textAt(reply.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const full = {
      status: 500,
      code: 's:Receiver',
      subcode: 'w:InternalError',
      detail: undefined,
      wsmanCode: 2150859174,
    }

    const shellId = textAt((await open()).xml, 'Body', 'Shell', 'ShellId') ?? ''
    const command = () =>
      ask({
        action: `${SHELL}/Command`,
        resourceUri: CMD,
        selectors: { ShellId: shellId },
        body: rsp('CommandLine', '<r:Command>true</r:Command>'),
      })
    expect((await command()).status).toBe(200)
    const first = contextOf(await enumerate())
    expect(faultOf(await open())).toEqual(full)
    expect(faultOf(await command())).toEqual(full)
    expect(faultOf(await enumerate())).toEqual(full)

    // An enumeration that ends makes room, one that goes on does not.
    expect((await pull(first, 9)).status).toBe(200)
    const second = contextOf(await enumerate())
    expect((await pull(second, 1)).status).toBe(200)
    expect(faultOf(await enumerate())).toEqual(full)

    const gone = await ask({ action: ACTIONS.delete, resourceUri: CMD, selectors: { ShellId: shellId } })
    expect(gone.status).toBe(200)
    expect((await open()).status).toBe(200)
    const optimized = await enumerate('<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>')
    expect(optimized.status).toBe(200)
    expect((await enumerate()).status).toBe(200)
    expect(faultOf(await enumerate())).toEqual(full)
  })
})
