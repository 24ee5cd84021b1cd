import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TimeoutError } from '../../src/errors/errors.js'
import { isWsmanError, type WsmanError } from '../../src/errors/wsman-error.js'
import { turns } from '../support/scripted-service.js'
import { startRawServer, type RawRequest, type RawServer } from '../unit/http/raw-server.js'
import { clientOf, goodReply, RESOURCE } from './support.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Lets time pass, and everything happen that it makes happen. */
async function pass(seconds: number): Promise<void> {
  await turns()
  vi.advanceTimersByTime(seconds * 1000)
  await turns()
}

/** Follows a call whose end a test looks for. */
function follow(call: Promise<unknown>): { outcome?: unknown; readonly error: WsmanError | undefined } {
  const state: { outcome?: unknown; error: WsmanError | undefined } = { error: undefined }
  call.then(
    (value) => (state.outcome = value),
    (error: unknown) => {
      if (isWsmanError(error)) state.error = error
      state.outcome = error
    },
  )
  return state
}

async function arrival(server: RawServer): Promise<RawRequest> {
  for (;;) {
    const request = server.requests.at(-1)
    if (request) return request
    await turns(1)
  }
}

/** 60 seconds for the operation and 5 for the network, by default. */
const REPLY_LIMIT = 65
const STALL_LIMIT = 30

describe('a peer that takes its time', () => {
  it.each(['Get', 'Create'])('and says nothing ends %s, which is not sent again', async (verb) => {
    const server = await startRawServer(() => undefined)
    const client = clientOf(server, { retry: { attempts: 3, baseDelayMs: 0 } })
    const call = follow(verb === 'Get' ? client.get('urn:things') : client.create(RESOURCE, { a: 'b' }))
    await arrival(server)
    await pass(REPLY_LIMIT - 1)
    expect(call.outcome).toBeUndefined()
    await pass(1)
    expect(call.error).toBeInstanceOf(TimeoutError)
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_REPLY_TIMEOUT', remote: 'unknown' })
    await pass(60)
    expect(server.requests).toHaveLength(1)
    expect(server.sockets[0]?.destroyed).toBe(true)
  })

  it('and lets a head drip does not get longer for it than for a body', async () => {
    const server = await startRawServer(() => undefined)
    const call = follow(clientOf(server).get('urn:things'))
    const { socket } = await arrival(server)
    socket.write('HTTP/1.1 200 OK\r\n')
    for (let seconds = 0; seconds < REPLY_LIMIT + STALL_LIMIT; seconds += 5) {
      expect(call.outcome).toBeUndefined()
      socket.write('X')
      await pass(5)
    }
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY', timeoutMs: STALL_LIMIT * 1000 })
  })

  it('and sends interim replies for ever does not get longer for it', async () => {
    const server = await startRawServer(() => undefined)
    const call = follow(clientOf(server).get('urn:things'))
    const { socket } = await arrival(server)
    for (let seconds = 0; seconds < REPLY_LIMIT + STALL_LIMIT; seconds += 5) {
      expect(call.outcome).toBeUndefined()
      socket.write('HTTP/1.1 102 Processing\r\n\r\n')
      await pass(5)
    }
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY' })
  })

  it('and stalls within a body', async () => {
    const server = await startRawServer(() => undefined)
    const call = follow(clientOf(server).get('urn:things'))
    const request = await arrival(server)
    request.socket.write(goodReply(request).slice(0, -20))
    await pass(STALL_LIMIT - 1)
    expect(call.outcome).toBeUndefined()
    await pass(1)
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_INACTIVITY', operation: 'Get' })
    expect(request.socket.destroyed).toBe(true)
  })

  it('and lets a body drip, which is right in the end', async () => {
    const server = await startRawServer(() => undefined)
    const call = follow(clientOf(server).get('urn:things'))
    const request = await arrival(server)
    const whole = goodReply(request)
    for (let at = 0; at < whole.length; at += 100) {
      request.socket.write(whole.slice(at, at + 100))
      await pass(STALL_LIMIT - 1)
    }
    expect(call.outcome).toEqual({ Name: 'good' })
  })

  it('and lets a body drip, which the deadline of the call ends', async () => {
    const server = await startRawServer(() => undefined)
    const call = follow(clientOf(server).get('urn:things', { timeoutMs: 100_000 }))
    const request = await arrival(server)
    request.socket.write(goodReply(request).slice(0, -100))
    for (let seconds = 0; seconds < 100; seconds += 20) {
      expect(call.outcome).toBeUndefined()
      request.socket.write(' ')
      await pass(20)
    }
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_TIMEOUT', timeoutMs: 100_000 })
    expect(request.socket.destroyed).toBe(true)
  })

  it('and takes none of the request', async () => {
    const server = await startRawServer(() => undefined, { onConnection: (socket) => socket.pause() })
    const call = follow(clientOf(server).create(RESOURCE, { a: 'x'.repeat(100_000) }))
    while (server.sockets.length === 0) await turns(1)
    await pass(REPLY_LIMIT)
    expect(call.error).toMatchObject({ code: 'ERR_WSMAN_REPLY_TIMEOUT' })
  })

  it('does not hold up others, nor the end of the client', async () => {
    const server = await startRawServer((request) => {
      if (request.body.includes('urn:things')) request.socket.write(goodReply(request))
    })
    const client = clientOf(server)
    const slow = [1, 2, 3].map(() => follow(client.get('urn:slow')))
    while (server.requests.length < 3) await turns(1)
    expect(await client.get('urn:things')).toEqual({ Name: 'good' })
    const closing = client.close()
    await pass(1)
    await closing
    expect(slow.map(({ error }) => error?.code)).toEqual(['ABORT_ERR', 'ABORT_ERR', 'ABORT_ERR'])
    await turns()
    expect(server.sockets.every(({ destroyed }) => destroyed)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})
