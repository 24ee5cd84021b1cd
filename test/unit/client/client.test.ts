import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WsmanClient } from '../../../src/client/wsman-client.js'
import {
  connect,
  gate,
  rejection,
  SILENCE,
  startService,
  type Answer,
} from '../../support/scripted-service.js'
import { finished, shellScript, started, created } from '../shell/replies.js'
import { SignalSpy } from '../util/signal-spy.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'
const PASSWORD = 'Tr0ub4dor&3'

describe('withHost', () => {
  const credential = { scheme: 'basic', username: 'alice', password: PASSWORD } as const

  it.each<[string, ConstructorParameters<typeof WsmanClient>[0], string]>([
    ['defaults', { host: 'one' }, 'http://two:5985/wsman'],
    ['parts', { host: 'one', transport: 'HTTPS', port: 8443, urlPrefix: 'x/y' }, 'https://two:8443/x/y'],
    ['a URL', { url: 'https://one/wsman' }, 'https://two:5986/wsman'],
    ['a URL with a port', { url: 'http://one:8080/other' }, 'http://two:8080/other'],
    ['a URL with the port of the web', { url: 'https://one:443/wsman' }, 'https://two:443/wsman'],
    ['a URL with the other port of the web', { url: 'http://one:80' }, 'http://two:80/wsman'],
    ['a URL with an address', { url: 'https://[fe80::1%25eth0]:8443/wsman' }, 'https://two:8443/wsman'],
    ['a URL with an address and no port', { url: 'https://[::1]/wsman' }, 'https://two:5986/wsman'],
  ])('keeps the way of %s', (_, options, url) => {
    const other = new WsmanClient(options).withHost('two')
    expect(other.url).toBe(url)
    expect(other.host).toBe('two')
  })

  it('takes overrides before what was given', () => {
    const client = new WsmanClient({ url: 'https://one:8443/wsman', locale: 'de' })
    expect(client.withHost('two', { port: 9000, urlPrefix: 'z' }).url).toBe('https://two:9000/z')
  })

  it('is a client of its own: closing one leaves the other', async () => {
    const service = await startService({ Get: INSTANCE })
    const client = connect(service)
    const other = client.withHost('localhost')
    onTestFinished(() => other.close())
    await client.close()
    expect(await other.get('urn:r')).toEqual({ Name: 'x' })
    expect(service.requests[0]?.texts('To')).toEqual([`http://localhost:${service.port}/wsman`])
  })

  it('goes on with a client of a client', () => {
    const client = new WsmanClient({ host: 'one', auth: credential, port: 1 })
    expect(client.withHost('two').withHost('three').url).toBe('http://three:1/wsman')
  })
})

describe('inspecting a client', () => {
  it('shows where it goes and nothing it knows', () => {
    const client = new WsmanClient({
      host: 'server01',
      auth: { scheme: 'basic', username: 'alice', password: PASSWORD },
      tls: { passphrase: PASSWORD },
      transport: 'https',
    })
    expect(inspect(client)).toBe("WsmanClient { url: 'https://server01:5986/wsman' }")
    const everything = [
      inspect(client, { depth: null, showHidden: true, customInspect: false }),
      inspect({ nested: [client] }, { depth: null, showHidden: true }),
      JSON.stringify(client),
      JSON.stringify({ client }),
      Object.keys(client).join(),
    ].join('\n')
    expect(everything).not.toContain(PASSWORD)
    expect(everything).not.toContain('alice')
  })
})

describe('closing', () => {
  it('ends what waits and every socket, and is the same promise each time', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service)
    const calls = [rejection(client.get('urn:one')), rejection(client.get('urn:two'))]
    await service.arrival('Get', 2)
    const closing = client.close()
    expect(client.close()).toBe(closing)
    await closing
    expect(await Promise.all(calls)).toMatchObject([
      { name: 'AbortError', code: 'ABORT_ERR', message: 'The client was closed.', resource: 'urn:one' },
      { name: 'AbortError', code: 'ABORT_ERR', message: 'The client was closed.', resource: 'urn:two' },
    ])
    await service.empty()
  })

  it('leaves idle sockets open no longer', async () => {
    const service = await startService({ Get: INSTANCE })
    const client = connect(service)
    await Promise.all([client.get('urn:one'), client.get('urn:two')])
    expect(service.openSockets).toBe(2)
    await client[Symbol.asyncDispose]()
    await service.empty()
  })

  it('admits no further call', async () => {
    const service = await startService({})
    const client = connect(service)
    await client.close()
    const closed = { name: 'UsageError', code: 'ERR_WSMAN_CLOSED' }
    for (const call of [
      () => client.get('urn:r'),
      () => client.identify(),
      () => client.put('http://x/C', {}),
      () => client.invoke('http://x/C', 'M'),
      () => client.openShell(),
      () => client.run('x'),
      () => client.enumerate('urn:r').toArray(),
    ]) {
      expect(await rejection((async () => await call())())).toMatchObject(closed)
    }
    expect(service.requests).toEqual([])
  })

  it('without ever having been used is done', async () => {
    const client = new WsmanClient({ host: 'does-not-exist.invalid' })
    await client.close()
    await client.close()
    expect(await rejection(client.identify())).toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
  })
})

describe('the deadline of run', () => {
  it('holds for opening and running together', async () => {
    const opening = gate<Answer>()
    const service = await startService(shellScript({ Create: () => opening.passed, Receive: SILENCE }))
    const client = connect(service)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const running = rejection(client.run('x', [], { timeoutMs: 1000, abortGraceMs: 0 }))
    await service.arrival('Create')
    await vi.advanceTimersByTimeAsync(900)
    opening.open(created())
    await service.arrival('Receive')
    await vi.advanceTimersByTimeAsync(200)
    vi.useRealTimers()
    expect(await running).toMatchObject({ name: 'TimeoutError', code: 'ERR_WSMAN_TIMEOUT', timeoutMs: 1000 })
    await service.arrival('Delete')
  })

  it('is told as such, and the abort of the caller as that', async () => {
    const service = await startService(
      shellScript({ Command: [SILENCE, started()], Receive: finished('ok') }),
    )
    const client = connect(service)
    const controller = new AbortController()
    const running = rejection(
      client.run('x', [], { signal: controller.signal, timeoutMs: 60_000, abortGraceMs: 0 }),
    )
    await service.arrival('Command')
    controller.abort('enough')
    expect(await running).toMatchObject({ name: 'AbortError', cause: 'enough', operation: 'Shell.Command' })
    await service.arrival('Delete')
    expect(await client.run('x')).toMatchObject({ stdout: 'ok' })
  })

  it('and the signal are given up with the call', async () => {
    const service = await startService(shellScript())
    const spy = new SignalSpy()
    await connect(service).run('x', [], { signal: spy.signal, timeoutMs: 60_000 })
    expect(spy.added).toBeGreaterThan(0)
    expect(spy.listening).toBe(0)
  })
})
