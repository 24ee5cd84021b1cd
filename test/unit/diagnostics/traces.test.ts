import { describe, expect, it } from 'vitest'
import { connect, CUT, rejection, startService } from '../../support/scripted-service.js'
import { recordTraces, toldOf } from '../../support/trace-recorder.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'

describe('wsman:operation', () => {
  it('tells of a call with its retries, and the pauses between them on wsman:retry', async () => {
    const told = recordTraces()
    const service = await startService({ Get: [CUT, INSTANCE] })
    const client = connect(service, { retry: { attempts: 3, baseDelayMs: 2, maxDelayMs: 2 } })
    await client.get('urn:r')
    const events = told.filter(({ channel }) => channel !== 'wsman:disconnect')
    const about = { host: '127.0.0.1', operation: 'Get', resource: 'urn:r' }
    expect(events.map(({ channel, event }) => `${channel} ${event}`)).toEqual([
      'wsman:operation start',
      'wsman:connection start',
      'wsman:connection end',
      'wsman:operation end',
      'wsman:connection asyncStart',
      'wsman:connection asyncEnd',
      'wsman:retry message',
      'wsman:connection start',
      'wsman:connection end',
      'wsman:connection asyncStart',
      'wsman:connection asyncEnd',
      'wsman:operation asyncStart',
      'wsman:operation asyncEnd',
    ])
    expect(toldOf(told, 'wsman:operation', 'start')).toEqual([{ ...about, attempts: 0 }])
    expect(toldOf(told, 'wsman:operation', 'asyncEnd')).toEqual([
      { ...about, attempts: 2, status: 200, messageId: service.requests[1]?.messageId, result: undefined },
    ])
    const [retry] = toldOf(told, 'wsman:retry', 'message')
    expect(retry).toMatchObject({
      ...about,
      attempt: 1,
      error: { code: 'ERR_WSMAN_SOCKET', operation: undefined },
    })
    expect(retry?.delayMs).toBeGreaterThanOrEqual(1)
    expect(retry?.delayMs).toBeLessThanOrEqual(2)
  })

  it('tells what it failed with, complete', async () => {
    const told = recordTraces()
    const service = await startService({ Create: CUT })
    const error = await rejection(connect(service).create('http://x/Class', { A: 1 }))
    const [last] = toldOf(told, 'wsman:operation', 'error')
    expect(last?.error).toBe(error)
    expect(error).toMatchObject({ host: '127.0.0.1', operation: 'Create', resource: 'http://x/Class' })
    expect(toldOf(told, 'wsman:retry', 'message')).toEqual([])
  })

  it('tells of a call that was refused before it was tried', async () => {
    const told = recordTraces()
    const service = await startService({})
    const error = await rejection(connect(service).get('urn:r', { operationTimeoutMs: 0 }))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_USAGE' })
    const [last] = toldOf(told, 'wsman:operation', 'error')
    expect(last).toMatchObject({ operation: 'Get', resource: 'urn:r', attempts: 0 })
    expect(last?.error).toBe(error)
    expect(service.requests).toEqual([])
  })
})

describe('wsman:connection', () => {
  it('tells where it goes, and wsman:disconnect that it is gone', async () => {
    const told = recordTraces()
    const service = await startService({ Get: INSTANCE })
    const client = connect(service)
    await client.get('urn:r')
    const made = told.find(({ channel, event }) => channel === 'wsman:connection' && event === 'asyncEnd')
    expect(made?.copy).toEqual({
      host: '127.0.0.1',
      port: service.port,
      secure: false,
      proxy: undefined,
      remoteAddress: '127.0.0.1',
      tlsVersion: undefined,
      result: undefined,
    })
    const [request] = service.requests
    await client.close()
    await request?.disconnected
    await expect
      .poll(() => told.at(-1))
      .toMatchObject({ channel: 'wsman:disconnect', payload: made?.payload })
  })

  it('tells why there is none', async () => {
    const told = recordTraces()
    const service = await startService({})
    const { port } = service
    await service.close()
    await rejection(connect({ port }, { retry: { attempts: 1 } }).identify())
    expect(toldOf(told, 'wsman:connection', 'error')).toMatchObject([
      { host: '127.0.0.1', port, error: { code: 'ERR_WSMAN_CONNECT' } },
    ])
  })
})
