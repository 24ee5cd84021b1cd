import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tracingChannel } from 'node:diagnostics_channel'
import type { AuthTrace } from '../../../src/diagnostics/channels.js'
import { PolicyError, ProtocolError } from '../../../src/errors/errors.js'
import type { PartialModel } from '../../../src/settings/rows.js'
import type { ClientSettings } from '../../../src/settings/table.js'
import type { AuthOptions } from '../../../src/transport/credentials.js'
import type { HttpTransport } from '../../../src/transport/http-transport.js'
import { connect, failure, send } from './harness.js'
import { startManglingProxy, withBody, type ManglingProxy } from './mangling-proxy.js'
import { ALICE, startSealingServer, type SealingServer } from './sealing-server.js'

const CREDSSP: AuthOptions = { ...ALICE, scheme: 'credssp' }
const ON: PartialModel<ClientSettings> = { auth: { credSsp: true } }

describe('CredSSP over HTTP', () => {
  let server: SealingServer
  let proxy: ManglingProxy
  beforeAll(async () => {
    server = await startSealingServer()
    proxy = await startManglingProxy(server.port)
  })
  beforeEach(() => {
    server.logons.length = 0
    server.messages.length = 0
    server.contentTypes.length = 0
  })
  afterAll(async () => {
    await proxy.close()
    await server.close()
  })

  const client = (auth: AuthOptions = CREDSSP, settings = ON): HttpTransport =>
    connect({ port: server.port }, { auth, settings })

  it('seals messages of all sizes, those above 16 KiB in several parts', async () => {
    const transport = client()
    for (const length of [1, 16_384, 16_385, 100_000]) {
      const body = 'ä'
        .repeat(length / 2)
        .padEnd(length, 'x')
        .slice(0, length)
      expect(await send(transport, { body })).toBe(`<${body}>`)
      const kind = Buffer.byteLength(body) > 16_384 ? 'multipart/x-multi-encrypted' : 'multipart/encrypted'
      expect(server.contentTypes.at(-1)).toMatch(new RegExp(`^${kind};protocol="application/HTTP-CredSSP-`))
    }
    expect(server.logons).toEqual(['accepted'])
  })

  it('tells of the mechanism, and why there was no Kerberos', async () => {
    const traces: AuthTrace[] = []
    const channel = tracingChannel<unknown, AuthTrace>('wsman:auth')
    const ignore = (): void => undefined
    const listeners = {
      start: ignore,
      end: ignore,
      asyncStart: ignore,
      error: ignore,
      asyncEnd: (trace: AuthTrace) => traces.push({ ...trace }),
    }
    channel.subscribe(listeners)
    await send(client())
    channel.unsubscribe(listeners)
    expect(traces).toMatchObject([{ scheme: 'credssp', mechanism: 'CredSSP', principal: ALICE.username }])
    expect(traces[0]?.fallbackReason).toMatch(/^Kerberos is not possible: /)
  })

  it('tries a wrong password once', async () => {
    const transport = client({ ...ALICE, scheme: 'credssp', password: 'wrong' })
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(send(transport))))
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'AuthenticationError', code: 'ERR_WSMAN_UNAUTHORIZED' })
    }
    expect(server.logons).toEqual(['refused'])
  })

  it('opens no reply that was changed, and begins anew', async () => {
    const transport = connect({ port: proxy.port }, { auth: CREDSSP, settings: ON })
    const body = 'x'.repeat(40_000)
    expect(await send(transport, { body })).toBe(`<${body}>`)
    const { mangle } = proxy
    proxy.mangle = (reply) => {
      const at = reply.body.length - 100
      reply.body.writeUInt8(reply.body.readUInt8(at) ^ 1, at)
      return withBody(reply, reply.body)
    }
    const error = await failure(send(transport, { body }))
    proxy.mangle = mangle
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.hint).toBeDefined()
    expect(await send(transport, { body })).toBe(`<${body}>`)
    expect(server.logons).toEqual(['accepted', 'accepted'])
  })

  it('must be switched on, and takes no hash', async () => {
    const error = await failure(send(client(CREDSSP, {})))
    expect(error).toBeInstanceOf(PolicyError)
    expect(error.hint).toContain('settings: { client: { auth: { credSsp: true } } }')
    expect(() => client({ scheme: 'credssp', username: ALICE.username, ntHash: '0'.repeat(32) })).toThrow(
      'auth.password must be text',
    )
    expect(server.logons).toEqual([])
  })
})
