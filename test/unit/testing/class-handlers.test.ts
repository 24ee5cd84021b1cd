import { beforeEach, describe, expect, it } from 'vitest'
import {
  EndpointFault,
  startEndpoint,
  type CreateCall,
  type DeleteCall,
  type EndpointClass,
  type EndpointInstance,
  type PutCall,
} from 'wsman/testing'
import { select } from '../../support/xml-compare.js'
import { ClassEndpoint, properties, WMI } from './support/class-endpoint.js'
import { ACTIONS, faultOf, textAt } from './support/raw-client.js'

const key = { type: 'string', key: true } as const
const calls: { put: PutCall[]; create: CreateCall[]; delete: DeleteCall[] } = {
  put: [],
  create: [],
  delete: [],
}
const kept = new Map<string, EndpointInstance>()

const nameOf = ({ Name }: EndpointInstance): string => (typeof Name === 'string' ? Name : '')

function assertTag(Tag: unknown): void {
  if (Tag === 'refused') {
    throw new EndpointFault('Not that tag.', { code: 'Sender', subcode: 'w:AccessDenied', wsmanCode: 5 })
  }
  if (Tag === 'broken') throw new Error('out of order')
}

const definition = {
  name: 'Remote',
  namespace: 'root/test',
  properties: { Name: key, Size: 'uint8', Tag: 'string' },
  instances: () => kept.values(),
} as const satisfies EndpointClass

const test = new ClassEndpoint({
  classes: [
    {
      ...definition,
      put: async (call) => {
        calls.put.push(call)
        assertTag(call.properties.Tag)
        await Promise.resolve()
        const { instance, properties } = call
        kept.set(nameOf(instance), { ...instance, ...properties, Tag: 'set by the class' })
      },
      create: (call) => {
        calls.create.push(call)
        assertTag(call.properties.Tag)
        kept.set(nameOf(call.properties), call.properties)
      },
      delete: (call) => {
        calls.delete.push(call)
        assertTag(call.instance.Tag)
        kept.delete(nameOf(call.instance))
      },
    },
    { ...definition, name: 'Sealed', instances: () => [{ Name: 'one' }] },
    {
      ...definition,
      name: 'Slow',
      instances: () => [{ Name: 'one' }],
      put: () => new Promise(() => undefined),
    },
  ],
})

beforeEach(() => {
  for (const list of Object.values(calls)) list.length = 0
  kept.clear()
  kept.set('one', { Name: 'one', Size: 1, Tag: 'first' })
})

const uri = (name: string): string => `${WMI}/root/test/${name}`
const one = { resourceUri: uri('Remote'), selectors: { Name: 'one' } }
const body = (content: string, name = 'Remote'): string =>
  `<q:${name} xmlns:q="${uri(name)}">${content}</q:${name}>`

describe('the handlers of a class', () => {
  it('put gets the instance and what is to change, without keys; the reply tells what the class then gives', async () => {
    const reply = await test.ask({
      ...one,
      action: ACTIONS.put,
      body: body('<q:NAME>one</q:NAME><q:size> 255 </q:size>'),
    })
    expect(calls.put).toEqual([
      { instance: { Name: 'one', Size: 1, Tag: 'first' }, properties: { Size: 255 } },
    ])
    expect(properties(select(reply.xml, 'Body', 'Remote')[0])).toEqual({
      Name: 'one',
      Size: '255',
      Tag: 'set by the class',
    })
  })

  it('create gets every property that was sent, and no keys that exist', async () => {
    const create = (name: string) =>
      test.ask({ action: ACTIONS.create, resourceUri: uri('Remote'), body: body(`<q:Name>${name}</q:Name>`) })
    const reply = await create('two')
    expect(calls.create).toEqual([{ properties: { Name: 'two' }, context: {} }])
    expect(
      textAt(reply.xml, 'Body', 'ResourceCreated', 'ReferenceParameters', 'SelectorSet', 'Selector'),
    ).toBe('two')
    expect(faultOf(await create('Two')).subcode).toBe('w:AlreadyExists')
    expect(calls.create).toHaveLength(1)
  })

  it('delete gets the instance', async () => {
    expect((await test.ask({ ...one, action: ACTIONS.delete })).status).toBe(200)
    expect(calls.delete).toEqual([{ instance: { Name: 'one', Size: 1, Tag: 'first' } }])
    expect(faultOf(await test.ask({ ...one, action: ACTIONS.delete })).subcode).toBe(
      'a:DestinationUnreachable',
    )
  })

  it('answer with their own faults, and with the words of their errors', async () => {
    const put = (tag: string) =>
      test.ask({ ...one, action: ACTIONS.put, body: body(`<q:Tag>${tag}</q:Tag>`) })
    expect(faultOf(await put('refused'))).toMatchObject({ subcode: 'w:AccessDenied', wsmanCode: 5 })
    const broken = await put('broken')
    expect(faultOf(broken)).toMatchObject({ subcode: 'w:InternalError', wsmanCode: 2150858755 })
    expect(broken.text).toContain('out of order')
    kept.set('one', { Name: 'one', Tag: 'refused' })
    expect(faultOf(await test.ask({ ...one, action: ACTIONS.delete }))).toMatchObject({ wsmanCode: 5 })
    const create = { action: ACTIONS.create, resourceUri: uri('Remote') }
    const content = '<q:Name>three</q:Name><q:Tag>broken</q:Tag>'
    expect(faultOf(await test.ask({ ...create, body: body(content) })).wsmanCode).toBe(2150858755)
  })

  it('have as long as the client waits', async () => {
    const reply = await test.ask({
      ...one,
      resourceUri: uri('Slow'),
      action: ACTIONS.put,
      body: body('', 'Slow'),
      extra: '<w:OperationTimeout>PT0.5S</w:OperationTimeout>',
    })
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:TimedOut', wsmanCode: 2150858793 })
  })

  it.each(['put', 'create', 'delete'] as const)(
    'are what a class supports: not %s without it',
    async (verb) => {
      const parts = { ...one, resourceUri: uri('Sealed'), action: ACTIONS[verb] }
      const content = verb === 'create' ? '<q:Name>two</q:Name>' : ''
      const reply = await test.ask({ ...parts, body: verb === 'delete' ? '' : body(content, 'Sealed') })
      expect(faultOf(reply)).toMatchObject({
        code: 's:Sender',
        subcode: 'a:ActionNotSupported',
        wsmanCode: 2150858771,
      })
    },
  )

  it.each(['put', 'create', 'delete'])('%s goes with instances that come from a function', async (verb) => {
    const given = { ...definition, instances: [], [verb]: () => undefined }
    await expect(startEndpoint({ classes: [given] })).rejects.toThrow(
      'The class Remote has put, create or delete, which go with instances that come from a function.',
    )
  })
})
