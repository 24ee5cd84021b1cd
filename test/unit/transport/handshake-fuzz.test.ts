import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ntHash } from '../../../src/auth/ntlm/ntlmv2.js'
import { AuthenticationError, ProtocolError, TransportError } from '../../../src/errors/errors.js'
import { Disclosure } from '../../support/disclosure.js'
import { usedHeap } from '../../support/processes.js'
import { mutations } from '../auth/mutations.js'
import { connect, request, text } from './harness.js'
import {
  startManglingProxy,
  unchanged,
  withBody,
  withHeader,
  type Mangled,
  type ManglingProxy,
  type PassingReply,
} from './mangling-proxy.js'
import { ALICE, startSealingServer, type SealingServer } from './sealing-server.js'

type Mutation = (octets: Buffer) => Buffer

const RUNS = 80

/** Where a reply is changed. */
const PLACES: Readonly<Record<string, (reply: PassingReply, mutate: Mutation) => Mangled>> = {
  token: (reply, mutate) =>
    withHeader(reply, 'WWW-Authenticate', (value) => {
      const [name = '', token = ''] = value.split(' ')
      return `${name} ${mutate(Buffer.from(token, 'base64')).toString('base64')}`
    }),
  challenge: (reply, mutate) => withHeader(reply, 'WWW-Authenticate', (value) => mutateText(value, mutate)),
  body: (reply, mutate) => withBody(reply, mutate(reply.body)),
  type: (reply, mutate) => withHeader(reply, 'Content-Type', (value) => mutateText(value, mutate)),
  // With the length wrong as well the rest of the connection makes no sense.
  reply: (reply, mutate) => ({ octets: mutate(unchanged(reply).octets), ends: true }),
  status: (reply, mutate) => {
    const status = 100 + (mutate(Buffer.from('status')).reduce((sum, octet) => sum + octet, 0) % 500)
    return { ...unchanged({ ...reply, head: reply.head.replace(/ \d{3} /, ` ${status} `) }), ends: true }
  },
}

const mutateText = (value: string, mutate: Mutation): string =>
  mutate(Buffer.from(value, 'latin1')).toString('latin1')

describe('what is changed on its way through the whole transport', () => {
  let server: SealingServer
  let proxy: ManglingProxy
  beforeAll(async () => {
    server = await startSealingServer()
    proxy = await startManglingProxy(server.port)
  })
  afterAll(async () => {
    await proxy.close()
    await server.close()
  })

  /** A message over a new connection, whose replies are changed; and one more without changes. */
  async function sendThrough(
    scheme: 'ntlm' | 'negotiate' | 'credssp',
    mangle: (reply: PassingReply) => Mangled,
  ): Promise<unknown[]> {
    const settings = { auth: { credSsp: true } }
    const transport = connect(
      { port: proxy.port },
      { auth: { ...ALICE, scheme }, settings, maxConnections: 1 },
    )
    const say = (): Promise<unknown> =>
      transport
        .send(request({ body: '<message/>', replyTimeoutMs: 10_000 }), text)
        .catch((error: unknown) => error)
    try {
      proxy.mangle = mangle
      const first = await say()
      proxy.mangle = unchanged
      await proxy.ended()
      return [first, await say()]
    } finally {
      transport.close(() => new Error('over'))
    }
  }

  it.each(['ntlm', 'negotiate', 'credssp'] as const)(
    'ends in the right text or an error of the package: %s',
    async (scheme) => {
      const ends = new Set<string>()
      const disclosure = new Disclosure()
      disclosure.keep('the password', ALICE.password)
      disclosure.keep('its hash', ntHash(ALICE.password))
      const run = fc.asyncProperty(
        mutations,
        fc.constantFrom(...Object.keys(PLACES)),
        fc.nat({ max: scheme === 'credssp' ? 6 : 3 }),
        async (mutate, place, index) => {
          const change = PLACES[place]
          const [first, second] = await sendThrough(scheme, (reply) =>
            reply.index === index && change ? change(reply, mutate) : unchanged(reply),
          )
          for (const outcome of [first, second]) {
            if (outcome === '<<message/>>') continue
            const types = [AuthenticationError, ProtocolError, TransportError]
            expect(types.find((type) => outcome instanceof type)).toBeDefined()
            ends.add((outcome as Error).name)
            disclosure.show(outcome)
          }
          // Nothing that was changed keeps a credential from being used again unless a refusal was said.
          if (!(first instanceof AuthenticationError)) expect(second).toBe('<<message/>>')
        },
      )
      await fc.assert(run, { numRuns: RUNS / 4 })
      const before = usedHeap()
      await fc.assert(run, { numRuns: RUNS })
      expect(usedHeap() - before).toBeLessThan(20_000_000)
      expect([...ends]).toEqual(expect.arrayContaining(['ProtocolError', 'TransportError']))
      disclosure.check()
      expect(server.messages.every((message) => message === '<message/>')).toBe(true)
    },
    120_000,
  )

  it('does not keep what a body claims to hold', async () => {
    const huge = Buffer.from(
      '--Encrypted Boundary\r\nContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n' +
        'OriginalContent: type=application/soap+xml;charset=UTF-8;Length=9007199254740991\r\n' +
        '--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n\u00ff\u00ff\u00ff\u00ff--Encrypted Boundary--\r\n',
      'latin1',
    )
    const [first, second] = await sendThrough('ntlm', (reply) =>
      reply.body.length > 0 ? withBody(reply, huge) : unchanged(reply),
    )
    expect(first).toBeInstanceOf(ProtocolError)
    expect(second).toBe('<<message/>>')
  })
})
