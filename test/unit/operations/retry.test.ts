import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { AbortError, TimeoutError, TransportError } from '../../../src/errors/errors.js'
import { FAULT } from '../../../src/errors/fault-codes.js'
import { WsmanFault } from '../../../src/errors/fault.js'
import { DEFAULT_RETRY, finalFailure, isRetryable, retryDelayMs } from '../../../src/operations/retry.js'
import { until } from '../../support/gates.js'
import { connect, CUT, rejection, startService, turns, windowsFault } from '../../support/scripted-service.js'
import { recordTraces, toldOf } from '../../support/trace-recorder.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'
const CREATED =
  '<x:ResourceCreated><a:Address>http://h/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">S1</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'

describe('a request whose socket was cut before the reply', () => {
  it('is sent again where saying it twice does no harm', async () => {
    const service = await startService({ Get: [CUT, INSTANCE] })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'x' })
    expect(service.actions).toEqual(['Get', 'Get'])
    const [first, second] = service.requests
    expect(first?.messageId).not.toBe(second?.messageId)
    expect(first?.http.socket).not.toBe(second?.http.socket)
  })

  it('is sent as often as was asked for, and then fails with what happened', async () => {
    const service = await startService({ Get: () => CUT })
    const client = connect(service, { retry: { attempts: 4, baseDelayMs: 0 } })
    expect(await rejection(client.get('urn:r'))).toMatchObject({
      name: 'TransportError',
      code: 'ERR_WSMAN_SOCKET',
      operation: 'Get',
      resource: 'urn:r',
      host: '127.0.0.1',
    })
    expect(service.requests).toHaveLength(4)
  })

  it('is not sent again where the caller wants it once', async () => {
    const service = await startService({ Get: () => CUT })
    await rejection(connect(service, { retry: { attempts: 1 } }).get('urn:r'))
    expect(service.requests).toHaveLength(1)
  })

  it.each(['Identify', 'Enumerate', 'Put'])('is sent again for %s', async (action) => {
    const service = await startService({ [action]: () => CUT })
    const client = connect(service)
    const calls: Record<string, () => Promise<unknown>> = {
      Identify: () => client.identify(),
      Enumerate: () => client.enumerate('urn:r').toArray(),
      Put: () => client.put('http://x/Class', { A: 1 }),
    }
    expect(await rejection(calls[action]?.() ?? Promise.resolve())).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
    })
    expect(service.actions).toEqual([action, action])
  })

  it('is never sent again for what may not run twice', async () => {
    const service = await startService({ Create: () => CUT, Delete: () => CUT, Restart: () => CUT })
    const client = connect(service, { retry: { attempts: 5, baseDelayMs: 0 } })
    await rejection(client.create('http://x/Class', { A: 1 }))
    await rejection(client.delete('http://x/Class?A=1'))
    await rejection(client.invoke('http://x/Class?A=1', 'Restart'))
    expect(service.actions).toEqual(['Create', 'Delete', 'Restart'])
  })

  it('is never sent again for Command and Receive', async () => {
    const service = await startService({
      Create: CREATED,
      Command: [CUT, '<rsp:CommandResponse><rsp:CommandId>C1</rsp:CommandId></rsp:CommandResponse>'],
      Receive: CUT,
      Signal: '<rsp:SignalResponse/>',
      Delete: '',
    })
    const shell = await connect(service, { retry: { attempts: 5, baseDelayMs: 0 } }).openShell()
    expect(await rejection(shell.run('hostname'))).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
      operation: 'Shell.Command',
    })
    const lost = await rejection(shell.run('hostname'))
    expect(lost).toMatchObject({
      name: 'CommandError',
      cause: { code: 'ERR_WSMAN_SOCKET', operation: 'Shell.Receive' },
    })
    expect((lost as Error).message).toContain('A reply with output of the command was lost')
    expect(service.of('Command')).toHaveLength(2)
    expect(service.of('Receive')).toHaveLength(1)
    // A command whose output is lost must not stay behind.
    await service.arrival('Signal')
    await shell.close()
  })

  it('is never sent again for Pull, whose items would be lost', async () => {
    const service = await startService({
      Enumerate: '<n:EnumerateResponse><n:EnumerationContext>E1</n:EnumerationContext></n:EnumerateResponse>',
      Pull: CUT,
      Release: '',
    })
    const client = connect(service, { retry: { attempts: 5, baseDelayMs: 0 } })
    expect(await rejection(client.enumerate('urn:r').toArray())).toMatchObject({
      code: 'ERR_WSMAN_SOCKET',
      operation: 'Pull',
    })
    expect(service.actions).toEqual(['Enumerate', 'Pull', 'Release'])
  })
})

it('a fault is an answer and is not asked for again', async () => {
  const service = await startService({ Get: windowsFault(2150858793) })
  await rejection(connect(service, { retry: { attempts: 5, baseDelayMs: 0 } }).get('urn:r'))
  expect(service.requests).toHaveLength(1)
})

it('an abort during the pause ends the call, and nothing more is sent', async () => {
  const service = await startService({ Get: () => CUT })
  const client = connect(service, { retry: { attempts: 5, baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
  const controller = new AbortController()
  const call = rejection(client.get('urn:r', { signal: controller.signal }))
  const request = await service.arrival('Get')
  await request.disconnected
  controller.abort('enough')
  expect(await call).toMatchObject({ name: 'AbortError', cause: 'enough' })
  expect(service.requests).toHaveLength(1)
})

it('a service that is too busy to begin is asked again, also for what may not run twice', async () => {
  const created =
    '<x:ResourceCreated><a:Address>http://h/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>http://x/Class</w:ResourceURI><w:SelectorSet><w:Selector Name="A">1</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
  const service = await startService({ Create: [windowsFault(FAULT.QUOTA_USER), created] })
  const reference = await connect(service).create('http://x/Class', { A: 1 })
  expect(reference.selectors).toEqual({ A: '1' })
  expect(service.actions).toEqual(['Create', 'Create'])
})

it('a try that may have been carried out is not forgotten over later ones that were not', async () => {
  const service = await startService({ Put: [CUT, windowsFault(FAULT.BUSY)] })
  const error = await rejection(connect(service).put('http://x/Class', { A: 1 }))
  expect(error).toMatchObject({
    code: 'ERR_WSMAN_SOCKET',
    operation: 'Put',
    message: expect.stringMatching(/ended before the whole reply.* Asked again: .*ERROR_BUSY/) as string,
    hint: expect.stringContaining('Wait') as string,
    cause: { code: 'ERR_WSMAN_FAULT' },
  })
  expect(service.actions).toEqual(['Put', 'Put'])
})

it('a deadline that passes in a pause says what the last attempt failed with', async () => {
  const service = await startService({ Get: () => CUT })
  const client = connect(service, { retry: { attempts: 5, baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
  expect(await rejection(client.get('urn:r', { timeoutMs: 200 }))).toMatchObject({
    name: 'TimeoutError',
    code: 'ERR_WSMAN_TIMEOUT',
    timeoutMs: 200,
    operation: 'Get',
    hint: expect.stringContaining('cause') as string,
    cause: { code: 'ERR_WSMAN_SOCKET' },
  })
  expect(service.requests).toHaveLength(1)
})

it('the deadline holds for all attempts together', async () => {
  const service = await startService({ Get: () => CUT })
  const client = connect(service, { retry: { attempts: 1000, baseDelayMs: 20, maxDelayMs: 20 } })
  const error = await rejection(client.get('urn:r', { timeoutMs: 100 }))
  expect(error).toMatchObject({ name: 'TimeoutError', code: 'ERR_WSMAN_TIMEOUT', timeoutMs: 100 })
  expect(service.requests.length).toBeLessThan(1000)
})

describe('with a clock that a test moves', () => {
  const retry = { attempts: 4, baseDelayMs: 1000, maxDelayMs: 3000 }

  async function start() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    onTestFinished(() => random.mockRestore())
    const traces = recordTraces()
    const told = () => toldOf(traces, 'wsman:retry', 'message')
    const service = await startService({ Get: () => windowsFault(FAULT.BUSY) })
    return { service, told, client: connect(service, { retry }) }
  }

  it('each pause is as long as diagnostics say, and nothing is sent before its end', async () => {
    const { service, told, client } = await start()
    const call = rejection(client.get('urn:r'))
    for (const [index, delayMs] of [750, 1500, 2250].entries()) {
      await until(() => told().length > index)
      expect(told()[index]).toMatchObject({
        attempt: index + 1,
        delayMs,
        operation: 'Get',
        resource: 'urn:r',
      })
      vi.advanceTimersByTime(delayMs - 1)
      await turns()
      expect(service.requests).toHaveLength(index + 1)
      vi.advanceTimersByTime(1)
    }
    expect(await call).toMatchObject({ wsmanName: 'ERROR_BUSY' })
    expect(service.requests).toHaveLength(4)
    expect(told()).toHaveLength(3)
  })

  it('the deadline ends a pause that would be longer', async () => {
    const { service, told, client } = await start()
    let isOver = false
    const call = rejection(client.get('urn:r', { timeoutMs: 2000 }))
    void call.then(() => (isOver = true))
    await until(() => told().length === 1)
    vi.advanceTimersByTime(750)
    await until(() => told().length === 2)
    vi.advanceTimersByTime(1249)
    await turns()
    expect(isOver).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await call).toMatchObject({ code: 'ERR_WSMAN_TIMEOUT', cause: { wsmanName: 'ERROR_BUSY' } })
    expect(service.requests).toHaveLength(2)
  })
})

it('a connection that cannot be made is tried again, also for what may not run twice', async () => {
  // The port was free a moment ago; nothing listens there.
  const probe = await startService({})
  const { port } = probe
  await probe.close()
  const error = await rejection(connect({ port }).create('http://x/Class', { A: 1 }))
  expect(error).toMatchObject({
    name: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    retryable: true,
    operation: 'Create',
  })
  expect((error as TransportError).hint).toContain('winrm quickconfig')
})

describe('the policy', () => {
  const socket = new TransportError('ERR_WSMAN_SOCKET', 'x')
  const fault = (wsmanCode: number): WsmanFault =>
    new WsmanFault({ faultCode: 'Receiver', reason: 'x', wsmanCode })

  it.each([
    [new TransportError('ERR_WSMAN_CONNECT', 'x'), true, true],
    [new TransportError('ERR_WSMAN_CONNECT', 'x', { retryable: false }), false, false],
    [socket, true, false],
    [new TransportError('ERR_WSMAN_TLS', 'x'), false, false],
    [new TransportError('ERR_WSMAN_HTTP_STATUS', 'x', { status: 503, retryable: true }), true, false],
    [new TransportError('ERR_WSMAN_HTTP_STATUS', 'x', { status: 502 }), false, false],
    [new TransportError('ERR_WSMAN_PROXY', 'x', { retryable: true }), true, true],
    [new TransportError('ERR_WSMAN_PROXY', 'x'), false, false],
    [fault(FAULT.BUSY), true, true],
    [fault(0x800700aa), true, true],
    [fault(FAULT.QUOTA_USER), true, true],
    [fault(FAULT.QUOTA_SYSTEM), true, true],
    [fault(FAULT.QUOTA_LIMIT), true, true],
    [fault(FAULT.QUOTA_MAX_SHELLS), false, false],
    [fault(FAULT.QUOTA_MAX_OPERATIONS), false, false],
    [fault(FAULT.ACCESS_DENIED), false, false],
    [new TimeoutError('ERR_WSMAN_REPLY_TIMEOUT', 'x', { timeoutMs: 1 }), false, false],
    [new AbortError('x'), false, false],
    [new Error('x'), false, false],
    [undefined, false, false],
  ])('%s: %s where it is idempotent, %s where it is not', (error, idempotent, other) => {
    expect(isRetryable(error, true)).toBe(idempotent)
    expect(isRetryable(error, false)).toBe(other)
  })

  it('says of the last try what it is, unless that would say too little about an earlier one', () => {
    const denied = fault(FAULT.ACCESS_DENIED)
    const silent = new TimeoutError('ERR_WSMAN_CONNECT_TIMEOUT', 'x', { timeoutMs: 1, remote: 'notStarted' })
    expect(finalFailure(denied, socket)).toBe(denied)
    expect(finalFailure(silent, undefined)).toBe(silent)
    expect(finalFailure(silent, socket)).toMatchObject({ code: 'ERR_WSMAN_SOCKET', cause: silent })
  })

  it('doubles the pause up to the longest, and takes at most half off', () => {
    const policy = { attempts: 10, baseDelayMs: 100, maxDelayMs: 1000 }
    for (const [attempt, full] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [5, 1000],
      [40, 1000],
    ] as const) {
      for (let sample = 0; sample < 50; sample++) {
        const delay = retryDelayMs(policy, attempt)
        expect(delay).toBeLessThanOrEqual(full)
        expect(delay).toBeGreaterThan(full / 2 - 1)
      }
    }
    expect(DEFAULT_RETRY).toEqual({ attempts: 2, baseDelayMs: 200, maxDelayMs: 5000 })
  })
})
