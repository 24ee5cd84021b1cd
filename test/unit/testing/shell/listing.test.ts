import { describe, expect, it, vi } from 'vitest'
import { ACTION, ANONYMOUS } from '../../../../src/envelope/actions.js'
import { readReference } from '../../../../src/envelope/selectors.js'
import { SHELL_RESOURCE } from '../../../../src/envelope/resource.js'
import type { EndpointReply } from '../../../../src/testing/message.js'
import type { ShellService } from '../../../../src/testing/shell/shell-service.js'
import { NS } from '../../../../src/xml/namespaces.js'
import type { XmlElement } from '../../../../src/xml/element.js'
import { element, type ElementTree } from '../../../../src/xml/writer.js'
import { ALL_SHELLS, bodyOf, Client, faultOf, request, SELECTOR_FILTER, startService } from './harness.js'

const ALL_COMMANDS = `${ALL_SHELLS}/Command`
const NOT_SUPPORTED = { code: 'Sender', subcode: 'a:ActionNotSupported', wsmanCode: 2150858771 }
const NO_SUCH_CONTEXT = {
  code: 'Receiver',
  subcode: 'n:InvalidEnumerationContext',
  wsmanCode: 2150858779,
}
const principal = { username: 'alice', domain: 'TEST' }

const wsman = (name: string, children: string | readonly ElementTree[] = []): ElementTree =>
  element(NS.wsman, name, children)

function ask(
  service: ShellService,
  action: string,
  resourceUri: string,
  body: ElementTree,
  over: Parameters<typeof request>[0]['over'] = {},
): Promise<EndpointReply> {
  return service.handle(request({ action, resourceUri, body, over: { principal, ...over } }))
}

const enumerate = (...children: readonly ElementTree[]): ElementTree =>
  element(NS.enumeration, 'Enumerate', children)
const optimized = (most: number, ...more: readonly ElementTree[]): ElementTree =>
  enumerate(wsman('OptimizeEnumeration'), wsman('MaxElements', String(most)), ...more)
const inContext = (name: string, context: string, ...more: readonly ElementTree[]): ElementTree =>
  element(NS.enumeration, name, [element(NS.enumeration, 'EnumerationContext', context), ...more])
const pull = (context: string, most?: number): ElementTree =>
  inContext(
    'Pull',
    context,
    ...(most === undefined ? [] : [element(NS.enumeration, 'MaxElements', String(most))]),
  )

async function openShells(service: ShellService, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client(service, { principal }))
  for (const client of clients) await client.open()
  return clients
}

const response = (reply: EndpointReply): XmlElement => {
  const [root] = bodyOf(reply)
  if (!root) throw new Error('The reply is empty.')
  return root
}
const shellIds = (items: XmlElement | undefined) =>
  items?.elements.map((shell) => shell.childText(NS.shell, 'ShellId'))

describe('Get', () => {
  it('tells what Create told, and how long the shell lives and is idle', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const client = new Client(startService().service, { principal })
      await client.open({ environment: { NAME: 'value' }, workingDirectory: '/' })
      vi.setSystemTime(Date.now() + 93_784_999)
      const shell = response(await client.ask({ action: ACTION.get, resourceUri: ALL_SHELLS }))
      expect(shell.elements.map((child) => [child.name.local, child.text])).toEqual([
        ['ShellId', client.shellId],
        ['ResourceUri', SHELL_RESOURCE],
        ['Owner', 'TEST\\alice'],
        ['ClientIP', '192.168.56.1'],
        ['Environment', ''],
        ['WorkingDirectory', '/'],
        ['IdleTimeOut', 'PT7200.000S'],
        ['InputStreams', 'stdin'],
        ['OutputStreams', 'stdout stderr'],
        ['ShellRunTime', 'P1DT2H3M4S'],
        ['ShellInactivity', 'P1DT2H3M4S'],
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  it('goes to the resource of all shells only', async () => {
    const client = new Client(startService().service)
    await client.open()
    expect(await faultOf(client.ask({ action: ACTION.get }))).toEqual(NOT_SUPPORTED)
  })

  it('needs the selector', async () => {
    const { service } = startService()
    const fault = await faultOf(service.handle(request({ action: ACTION.get, resourceUri: ALL_SHELLS })))
    expect(fault).toEqual({
      code: 'Sender',
      subcode: 'w:InvalidSelectors',
      faultDetail: 'InsufficientSelectors',
      wsmanCode: 2150858842,
    })
  })
})

describe('shells of others', () => {
  it('are not there', async () => {
    const { service } = startService()
    const [alice] = await openShells(service, 1)
    const id = (await alice?.start('cat')) ?? ''
    const mallory = new Client(service, { principal: { username: 'mallory', domain: 'TEST' } })
    mallory.shellId = alice?.shellId ?? ''
    const attempts = [
      () => mallory.ask({ action: ACTION.get, resourceUri: ALL_SHELLS }),
      () => mallory.start('cat'),
      () => mallory.receive(id),
      () => mallory.send(id, 'text'),
      () => mallory.signal(id, 'terminate'),
      () => mallory.delete(),
      () => mallory.commands(),
    ]
    for (const attempt of attempts) {
      expect(await faultOf(attempt())).toMatchObject({ wsmanCode: 2150858843 })
    }
    const list = response(
      await ask(service, ACTION.enumerate, ALL_SHELLS, optimized(10), {
        principal: { username: 'mallory', domain: 'TEST' },
      }),
    )
    expect(list.child(NS.wsman, 'Items')?.elements).toEqual([])
    expect(service.list()).toHaveLength(1)
  })

  it('are those of another account, whatever the case of its name', async () => {
    const { service } = startService()
    const [alice] = await openShells(service, 1)
    const same = new Client(service, { principal: { username: 'Alice', domain: 'test' } })
    same.shellId = alice?.shellId ?? ''
    await same.delete()
    expect(service.list()).toEqual([])
  })
})

describe('Enumerate of shells', () => {
  it('brings all in one reply when it is optimized', async () => {
    const { service } = startService()
    const clients = await openShells(service, 3)
    const reply = await ask(service, ACTION.enumerate, ALL_SHELLS, optimized(32_000))
    expect(reply.action).toBe(`${NS.enumeration}/EnumerateResponse`)
    const root = response(reply)
    expect(root.elements.map(({ name }) => [name.namespace, name.local])).toEqual([
      [NS.enumeration, 'EnumerationContext'],
      [NS.wsman, 'Items'],
      [NS.wsman, 'EndOfSequence'],
    ])
    expect(root.childText(NS.enumeration, 'EnumerationContext')).toBe('')
    expect(shellIds(root.child(NS.wsman, 'Items'))).toEqual(clients.map(({ shellId }) => shellId))
  })

  it('brings the rest with Pull', async () => {
    const { service } = startService()
    const clients = await openShells(service, 5)
    const ids = clients.map(({ shellId }) => shellId)
    const first = response(await ask(service, ACTION.enumerate, ALL_SHELLS, optimized(2)))
    expect(shellIds(first.child(NS.wsman, 'Items'))).toEqual(ids.slice(0, 2))
    expect(first.child(NS.wsman, 'EndOfSequence')).toBeUndefined()
    const context = first.childText(NS.enumeration, 'EnumerationContext') ?? ''

    const second = response(await ask(service, ACTION.pull, ALL_SHELLS, pull(context, 2)))
    expect(shellIds(second.child(NS.enumeration, 'Items'))).toEqual(ids.slice(2, 4))
    const next = second.childText(NS.enumeration, 'EnumerationContext') ?? ''

    const last = response(await ask(service, ACTION.pull, ALL_SHELLS, pull(next, 2)))
    expect(last.elements.map(({ name }) => name.local)).toEqual(['Items', 'EndOfSequence'])
    expect(shellIds(last.child(NS.enumeration, 'Items'))).toEqual(ids.slice(4))
    expect(await faultOf(ask(service, ACTION.pull, ALL_SHELLS, pull(next, 2)))).toEqual(NO_SUCH_CONTEXT)
  })

  it('brings one item at a time where the client does not say', async () => {
    const { service } = startService()
    await openShells(service, 2)
    const started = response(await ask(service, ACTION.enumerate, ALL_SHELLS, enumerate()))
    expect(started.elements.map(({ name }) => name.local)).toEqual(['EnumerationContext'])
    const context = started.childText(NS.enumeration, 'EnumerationContext') ?? ''
    const one = response(await ask(service, ACTION.pull, ALL_SHELLS, pull(context)))
    expect(one.child(NS.enumeration, 'Items')?.elements).toHaveLength(1)
  })

  it('obeys MaxBatchItems and the size that the client takes', async () => {
    const { service } = startService(({ protocol }) => (protocol.maxBatchItems = 3))
    await openShells(service, 4)
    const few = response(await ask(service, ACTION.enumerate, ALL_SHELLS, optimized(10)))
    expect(few.child(NS.wsman, 'Items')?.elements).toHaveLength(3)
    const small = response(
      await ask(service, ACTION.enumerate, ALL_SHELLS, optimized(10), { maxEnvelopeSize: 1700 }),
    )
    expect(small.child(NS.wsman, 'Items')?.elements).toHaveLength(1)
  })

  it('brings references, alone or beside the shells', async () => {
    const { service } = startService()
    const [client] = await openShells(service, 1)
    const mode = (value: string) =>
      ask(service, ACTION.enumerate, ALL_SHELLS, optimized(10, wsman('EnumerationMode', value)))
    const [reference] = response(await mode('EnumerateEPR')).child(NS.wsman, 'Items')?.elements ?? []
    if (!reference) throw new Error('The reply has no item.')
    expect(readReference(reference)).toMatchObject({
      resourceUri: SHELL_RESOURCE,
      selectors: { ShellId: client?.shellId },
      address: ANONYMOUS,
    })
    const [both] = response(await mode('EnumerateObjectAndEPR')).child(NS.wsman, 'Items')?.elements ?? []
    expect(both?.is(NS.wsman, 'Item')).toBe(true)
    expect(both?.elements.map(({ name }) => name.local)).toEqual(['Shell', 'EndpointReference'])
  })

  it('takes no filter', async () => {
    const { service } = startService()
    const filter = wsman('Filter', 'select * from shells')
    expect(await faultOf(ask(service, ACTION.enumerate, ALL_SHELLS, optimized(10, filter)))).toEqual({
      code: 'Sender',
      subcode: 'n:FilteringNotSupported',
      wsmanCode: 2150858776,
    })
  })

  it('goes to the resource of all shells only', async () => {
    const { service } = startService()
    expect(await faultOf(ask(service, ACTION.enumerate, SHELL_RESOURCE, optimized(10)))).toEqual(
      NOT_SUPPORTED,
    )
  })
})

describe('an enumeration context', () => {
  const begin = async (service: ShellService): Promise<string> => {
    await openShells(service, 2)
    const started = response(await ask(service, ACTION.enumerate, ALL_SHELLS, enumerate()))
    return started.childText(NS.enumeration, 'EnumerationContext') ?? ''
  }

  it('ends with Release', async () => {
    const { service } = startService()
    const context = await begin(service)
    const reply = await ask(service, ACTION.release, ALL_SHELLS, inContext('Release', context))
    expect([reply.action, reply.body]).toEqual([`${NS.enumeration}/ReleaseResponse`, []])
    expect(await faultOf(ask(service, ACTION.pull, ALL_SHELLS, pull(context)))).toEqual(NO_SUCH_CONTEXT)
  })

  it('belongs to its user', async () => {
    const { service } = startService()
    const context = await begin(service)
    const other = { principal: { username: 'mallory', domain: 'TEST' } }
    expect(await faultOf(ask(service, ACTION.pull, ALL_SHELLS, pull(context), other))).toEqual(
      NO_SUCH_CONTEXT,
    )
    const own = response(await ask(service, ACTION.pull, ALL_SHELLS, pull(context)))
    expect(own.child(NS.enumeration, 'Items')?.elements).toHaveLength(1)
  })

  it('dies after EnumerationTimeoutms', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { service } = startService((settings) => (settings.service.enumerationTimeoutMs = 500))
      const context = await begin(service)
      vi.advanceTimersByTime(500)
      expect(await faultOf(ask(service, ACTION.pull, ALL_SHELLS, pull(context)))).toEqual(NO_SUCH_CONTEXT)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('Enumerate of commands', () => {
  it('brings id, line and state', async () => {
    const { service } = startService()
    const [client] = await openShells(service, 1)
    if (!client) throw new Error('No shell.')
    const running = await client.start('cat', ['-', '|', 'cat'])
    const ended = await client.start('exit 1')
    await client.drain(ended)
    const items = await client.commands()
    expect(items.map((item) => item.elements.map((child) => [child.name.local, child.text]))).toEqual([
      [
        ['CommandId', running],
        ['CommandLine', 'cat - | cat'],
        ['CommandState', 'Running'],
      ],
      [
        ['CommandId', ended],
        ['CommandLine', 'exit 1'],
        ['CommandState', 'Done'],
      ],
    ])
    const [listed] = service.list()
    expect(listed?.commands.map(({ commandId, commandLine }) => [commandId, commandLine])).toEqual([
      [running, 'cat - | cat'],
      [ended, 'exit 1'],
    ])
  })

  it('needs a filter that names the shell', async () => {
    const { service } = startService()
    const expected = { subcode: 'n:CannotProcessFilter', wsmanCode: 2150859200 }
    const filters = [
      [],
      [wsman('Filter', 'ShellId')],
      [{ ...wsman('Filter'), attributes: [{ name: 'Dialect', value: SELECTOR_FILTER }] }],
    ]
    for (const filter of filters) {
      const body = optimized(10, ...filter)
      expect(await faultOf(ask(service, ACTION.enumerate, ALL_COMMANDS, body))).toMatchObject(expected)
    }
  })

  it('has no references', async () => {
    const { service } = startService()
    const body = optimized(10, wsman('EnumerationMode', 'EnumerateEPR'))
    expect(await faultOf(ask(service, ACTION.enumerate, ALL_COMMANDS, body))).toMatchObject({
      wsmanCode: 2150859201,
    })
  })
})

describe('other resources and actions', () => {
  it('are faults', async () => {
    const { service } = startService()
    const powershell = 'http://schemas.microsoft.com/powershell/Microsoft.PowerShell'
    for (const resourceUri of [`${ALL_SHELLS}/custom`, powershell]) {
      expect(await faultOf(service.handle(request({ action: ACTION.create, resourceUri })))).toEqual({
        code: 'Sender',
        subcode: 'a:DestinationUnreachable',
        faultDetail: 'InvalidResourceURI',
        wsmanCode: 2150858752,
      })
    }
    for (const action of [ACTION.put, `${NS.shell}/Disconnect`, 'constructor']) {
      expect(await faultOf(service.handle(request({ action })))).toEqual(NOT_SUPPORTED)
    }
  })

  it('with a body that does not belong to them are faults', async () => {
    const client = new Client(startService().service)
    await client.open()
    for (const action of [ACTION.create, ACTION.command, ACTION.receive, ACTION.send, ACTION.signal]) {
      const fault = await faultOf(client.ask({ action, body: element(NS.shell, 'Other') }))
      expect(fault).toEqual({
        code: 'Sender',
        subcode: 'w:SchemaValidationError',
        wsmanCode: 2150858817,
      })
      expect(await faultOf(client.ask({ action }))).toEqual(fault)
    }
  })
})
