import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLimiter } from '../../../src/util/limiter.js'
import { connect, CUT, rejection, SILENCE, startService, turns } from '../../support/scripted-service.js'
import { SignalSpy } from '../util/signal-spy.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'

/** Timers of this process stand still; sockets do not. */
const stopTheClock = (): void => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })

afterEach(() => {
  vi.useRealTimers()
})

describe('a service that never answers', () => {
  it('is waited for until timeoutMs, whatever the operation timeout', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service)
    stopTheClock()
    const call = rejection(client.get('urn:r', { timeoutMs: 5000 }))
    const request = await service.arrival('Get')
    vi.advanceTimersByTime(5000)
    expect(await call).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_WSMAN_TIMEOUT',
      timeoutMs: 5000,
      operation: 'Get',
      host: '127.0.0.1',
    })
    await request.disconnected
  })

  it('is waited for as long as the operation may take, and the network', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service)
    stopTheClock()
    const settled = vi.fn()
    const call = rejection(client.get('urn:r')).finally(settled)
    const request = await service.arrival('Get')
    await vi.advanceTimersByTimeAsync(64_999)
    expect(settled).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(await call).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_WSMAN_REPLY_TIMEOUT',
      timeoutMs: 65_000,
      remote: 'unknown',
      operation: 'Get',
      resource: 'urn:r',
      hint: expect.stringContaining('networkDelayMs') as string,
    })
    await request.disconnected
  })

  it('is waited for by the settings and the options of the call', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service, {
      settings: { client: { networkDelayMs: 500 }, protocol: { maxTimeoutMs: 30_000 } },
    })
    stopTheClock()
    const calls = [
      rejection(client.get('urn:r')),
      rejection(client.get('urn:r', { operationTimeoutMs: 700 })),
    ]
    await service.arrival('Get', 2)
    expect(service.requests.map((request) => request.texts('OperationTimeout'))).toEqual(
      expect.arrayContaining([['PT30.000S'], ['PT0.700S']]),
    )
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await Promise.all(calls)).toMatchObject([{ timeoutMs: 30_500 }, { timeoutMs: 1200 }])
  })

  it('is not waited for in the time that getting a connection takes', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service, { maxConnections: 1 })
    stopTheClock()
    const first = rejection(client.get('urn:one'))
    await service.arrival('Get')
    const second = rejection(client.get('urn:two', { operationTimeoutMs: 1000 }))
    await vi.advanceTimersByTimeAsync(65_000)
    expect(await first).toMatchObject({ resource: 'urn:one', timeoutMs: 65_000 })
    // Only now has the second one been sent, and its time begins.
    await service.arrival('Get', 2)
    await vi.advanceTimersByTimeAsync(6000)
    expect(await second).toMatchObject({
      resource: 'urn:two',
      code: 'ERR_WSMAN_REPLY_TIMEOUT',
      timeoutMs: 6000,
    })
  })

  it('is waited for also where the settings allow more than a timer can wait', async () => {
    const service = await startService({ Get: INSTANCE })
    const client = connect(service, {
      settings: { client: { networkDelayMs: 4_294_967_295 }, protocol: { maxTimeoutMs: 4_294_967_295 } },
    })
    expect(await client.get('urn:r', { timeoutMs: Infinity })).toEqual({ Name: 'x' })
    expect(service.requests[0]?.texts('OperationTimeout')).toEqual(['PT4294967.295S'])
  })
})

describe('an abort', () => {
  it('ends the call at once and its socket with it', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service)
    const spy = new SignalSpy()
    const call = rejection(client.get('urn:r', { signal: spy.signal }))
    const request = await service.arrival('Get')
    expect(spy.listening).toBe(1)
    spy.abort('enough')
    expect(await call).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: 'enough',
      operation: 'Get',
      resource: 'urn:r',
      host: '127.0.0.1',
      retryable: false,
    })
    await request.disconnected
    await service.empty()
  })

  it('before the call sends nothing', async () => {
    const service = await startService({})
    const client = connect(service)
    expect(await rejection(client.get('urn:r', { signal: AbortSignal.abort() }))).toMatchObject({
      name: 'AbortError',
    })
    expect(service.requests).toEqual([])
  })

  it('leaves the client usable', async () => {
    const service = await startService({ Get: [SILENCE, INSTANCE] })
    const client = connect(service, { maxConnections: 1 })
    const controller = new AbortController()
    const call = rejection(client.get('urn:r', { signal: controller.signal }))
    await service.arrival('Get')
    controller.abort()
    await call
    expect(await client.get('urn:r')).toEqual({ Name: 'x' })
  })

  it('of one call does not touch another', async () => {
    const service = await startService({ Get: [SILENCE, INSTANCE] })
    const client = connect(service)
    const controller = new AbortController()
    const first = rejection(client.get('urn:one', { signal: controller.signal }))
    await service.arrival('Get')
    const second = client.get('urn:two')
    controller.abort()
    expect(await second).toEqual({ Name: 'x' })
    expect(await first).toMatchObject({ name: 'AbortError', resource: 'urn:one' })
  })

  it('tells whether anything was sent', async () => {
    const service = await startService({ Get: SILENCE })
    const client = connect(service, { maxConnections: 1 })
    const limited = connect(service, { limiter: createLimiter(1) })
    const controller = new AbortController()
    const { signal } = controller
    const sent = [client.get('urn:sent', { signal }), limited.get('urn:sent', { signal })].map(rejection)
    await service.arrival('Get', 2)
    const waiting = [client.get('urn:not', { signal }), limited.get('urn:not', { signal })].map(rejection)
    await turns()
    controller.abort()
    for (const call of sent) expect(await call).toMatchObject({ name: 'AbortError', remote: 'unknown' })
    for (const call of [...waiting, rejection(client.get('urn:not', { signal }))]) {
      expect(await call).toMatchObject({ name: 'AbortError', remote: 'notStarted', operation: 'Get' })
    }
    expect(service.of('Get')).toHaveLength(2)
  })

  it('does not deny a first try that was cut off', async () => {
    const service = await startService({ Get: [CUT, SILENCE] })
    const client = connect(service, { retry: { attempts: 2, baseDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
    const controller = new AbortController()
    const call = rejection(client.get('urn:r', { signal: controller.signal }))
    const request = await service.arrival('Get')
    await request.disconnected
    controller.abort()
    expect(await call).toMatchObject({ name: 'AbortError', remote: 'unknown' })
  })

  it('is not listened for after the call', async () => {
    const service = await startService({ Get: INSTANCE })
    const client = connect(service)
    const spy = new SignalSpy()
    for (let count = 0; count < 5; count++)
      await client.get('urn:r', { signal: spy.signal, timeoutMs: 60_000 })
    expect(spy.added).toBeGreaterThanOrEqual(5)
    expect(spy.listening).toBe(0)
  })
})
