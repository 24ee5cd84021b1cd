import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { sealBody } from '../../../src/auth/sealed-body.js'
import { ProtocolError, TransportError } from '../../../src/errors/errors.js'
import { RECONNECT } from '../../../src/transport/authenticator.js'
import { failure } from './harness.js'
import {
  accepting,
  ask,
  challenge,
  HTTPS,
  MESSAGE,
  OK,
  token,
  ToyContext,
  ToyScheme,
  ToyService,
  type Said,
} from './toy-handshake.js'

const SERVER_1 = challenge(token('Negotiate', 'server 1'))
const sealed = async (text: string): Promise<Said> => {
  const { contentType, body } = await sealBody(new ToyContext(), 'SPNEGO', Buffer.from(text))
  return { status: 200, headers: { 'content-type': contentType }, body }
}

/** A service that accepts, and says something else to some messages, counted from 0. */
function saying(script: Readonly<Record<number, Said>>): ToyService {
  const accept = accepting()
  let messages = 0
  return new ToyService((leg) => {
    const said = leg.authorization === undefined ? script[messages++] : undefined
    return said ?? accept(leg)
  })
}

describe('a 401 on an authenticated connection', () => {
  it.each([
    ['sealed', undefined],
    ['over TLS', HTTPS],
  ])('means another handshake, and the message once more, %s', async (_how, channel) => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind(channel)
    const plain = { status: 200, body: Buffer.from('<<x/>>') }
    const script = channel ? { 0: plain, 1: challenge('Negotiate'), 2: plain } : { 1: challenge('Negotiate') }
    const service = saying(script)
    expect(await ask(authenticator, service)).toBe('<<x/>>')
    expect(await ask(authenticator, service)).toBe('<<x/>>')
    expect(service.authorizations.map((header) => header !== undefined)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
    ])
    expect(scheme.contexts).toHaveLength(2)
    expect(scheme.contexts[0]?.disposed).toBeGreaterThan(0)
  })

  it('leads to another connection where this one ends', async () => {
    const authenticator = new ToyScheme().bind()
    const service = saying({ 0: challenge('Negotiate', { closing: true }) })
    expect(await ask(authenticator, service)).toBe(RECONNECT)
    expect(service.responses.at(-1)?.ended).toBe('abandoned')
  })

  it('is an error the second time, and no refused credential', async () => {
    const scheme = new ToyScheme()
    const service = saying({ 0: challenge('Negotiate'), 1: challenge('Negotiate, Basic realm="x"') })
    const error = await failure(ask(scheme.bind(), service))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', offered: ['Negotiate', 'Basic'] })
    expect(error.message).toBe(
      'server01 accepts the credential, and then refuses the messages on that connection.',
    )
    expect(scheme.refusals).toEqual([])
    expect(service.responses.at(-1)?.ended).toBe('abandoned')
    expect(scheme.contexts.every(({ disposed }) => disposed > 0)).toBe(true)
  })
})

describe('a reply in a sealed session', () => {
  it.each([
    ['a fault', { status: 500, headers: { 'content-type': 'application/soap+xml' } }, /HTTP status 500/],
    ['a message', { status: 200, headers: { 'content-type': 'application/soap+xml' } }, /HTTP status 200/],
    ['nothing', { status: 200 }, /HTTP status 200/],
    ['a redirect', { status: 302, headers: { location: '/' } }, /HTTP status 302/],
  ])('must not be %s in plaintext', async (_what, said, message) => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const service = saying({ 0: { ...said, body: Buffer.from('<s:Envelope/>') } })
    const error = await failure(ask(authenticator, service))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_PROTOCOL', retryable: false })
    expect(error.message).toMatch(message)
    expect(error.hint).toBeDefined()
    expect(service.responses.at(-1)?.ended).toBe('abandoned')
    authenticator.dispose?.()
    expect(scheme.contexts[0]?.disposed).toBeGreaterThan(0)
  })

  it('is opened with every status but 401', async () => {
    const authenticator = new ToyScheme().bind()
    const accept = accepting()
    for (const status of [200, 400, 500, 503]) {
      const service = new ToyService(async (leg) => {
        const said = await accept(leg)
        return leg.authorization === undefined ? { ...said, status } : said
      })
      const response = await authenticator.exchange(MESSAGE, service.roundTrip, new AbortController().signal)
      if (typeof response === 'symbol') throw new Error('no response')
      expect(response.status).toBe(status)
      expect(response.headers['content-type']).toBe('application/soap+xml;charset=UTF-8')
      await response.discard()
    }
  })

  it.each([
    ['a changed message', { body: Buffer.from('--Encrypted Boundary\r\nwhat is this') }],
    ['a message out of turn', undefined],
  ])('that cannot be opened ends the session, which begins anew: %s', async (_what, change) => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const good = await sealed('again')
    // The toy numbers messages: the first one, sealed once more, is out of turn as the second.
    const service = saying({ 1: { ...good, ...change } })
    expect(await ask(authenticator, service)).toBe('<<x/>>')
    const error = await failure(ask(authenticator, service))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.hint).toContain('Something between the two sides')
    expect(scheme.contexts[0]?.disposed).toBeGreaterThan(0)
    expect(await ask(authenticator, service)).toBe('<<x/>>')
    expect(scheme.contexts).toHaveLength(2)
  })

  it('that was opened and makes no sense leaves the session as it is', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const service = new ToyService(accepting())
    const response = await authenticator.exchange(MESSAGE, service.roundTrip, new AbortController().signal)
    if (typeof response === 'symbol') throw new Error('no response')
    const malformed = new Error('malformed')
    const receiving = response.receive({
      write: () => {
        throw malformed
      },
      end: () => undefined,
    })
    await expect(receiving).rejects.toBe(malformed)
    expect(await ask(authenticator, service)).toBe('<<x/>>')
    expect(scheme.contexts).toHaveLength(1)
  })
})

describe('a session whose connection ends', () => {
  it('forgets its keys', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    await ask(authenticator, new ToyService(accepting()))
    authenticator.dispose?.()
    authenticator.dispose?.()
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('still opens the reply that had arrived', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const service = new ToyService(accepting())
    const response = await authenticator.exchange(MESSAGE, service.roundTrip, new AbortController().signal)
    if (typeof response === 'symbol') throw new Error('no response')
    authenticator.dispose?.()
    expect(scheme.contexts[0]?.disposed).toBe(0)
    const chunks: Uint8Array[] = []
    await response.receive({ write: (chunk) => chunks.push(chunk), end: () => undefined })
    expect(Buffer.concat(chunks).toString()).toBe('<<x/>>')
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it.each(['discard', 'abandon'] as const)('forgets its keys with a reply that is %sed', async (how) => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const service = new ToyService(accepting())
    const response = await authenticator.exchange(MESSAGE, service.roundTrip, new AbortController().signal)
    if (typeof response === 'symbol') throw new Error('no response')
    authenticator.dispose?.()
    await response[how]()
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('has sent nothing of the message where it ends with the handshake', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const accept = accepting()
    const service = new ToyService((leg, index) => {
      if (index === 1) authenticator.dispose?.()
      return accept(leg)
    })
    expect(await ask(authenticator, service)).toBe(RECONNECT)
    expect(service.legs).toHaveLength(2)
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('has sent nothing where it ends while the message is sealed', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const service = new ToyService(accepting())
    await ask(authenticator, service)
    const call = ask(authenticator, service)
    authenticator.dispose?.()
    expect(await call).toBe(RECONNECT)
    expect(service.legs).toHaveLength(3)
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('forgets its keys when a message finds no answer', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    const lost = new TransportError('ERR_WSMAN_SOCKET', 'gone')
    const service = new ToyService((_leg, index) => {
      if (index === 2) throw lost
      return index === 0 ? SERVER_1 : OK
    })
    expect(await failure(ask(authenticator, service))).toBe(lost)
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })
})

it('shows nothing of it', async () => {
  const scheme = new ToyScheme()
  const authenticator = scheme.bind()
  await ask(authenticator, new ToyService(accepting()))
  const show = (value: unknown): string => inspect(value, { depth: 9, showHidden: true })
  expect(show(authenticator)).toBe('HandshakeAuthenticator {}')
  expect(show(scheme.mechanism)).toBe("HandshakeMechanism { scheme: 'ntlm' }")
})
