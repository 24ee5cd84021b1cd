import { describe, expect, it } from 'vitest'
import {
  AuthenticationError,
  ProtocolError,
  TimeoutError,
  TransportError,
} from '../../../src/errors/errors.js'
import { RECONNECT } from '../../../src/transport/authenticator.js'
import { failure } from './harness.js'
import {
  accepting,
  ask,
  challenge,
  HTTPS,
  OK,
  token,
  ToyContext,
  ToyScheme,
  ToyService,
  type Said,
} from './toy-handshake.js'

const CLIENT_1 = token('Negotiate', 'client 1')
const CLIENT_2 = token('Negotiate', 'client 2')
const SERVER_1 = challenge(token('Negotiate', 'server 1'))

/** What a handshake with this service ends with. */
async function outcome(scheme: ToyScheme, ...script: readonly Said[]): Promise<unknown> {
  return await ask(scheme.bind(), new ToyService(...script)).catch((error: unknown) => error)
}

describe('a handshake', () => {
  it('goes on empty legs, and then the message is sealed', async () => {
    const scheme = new ToyScheme()
    const service = new ToyService(accepting())
    expect(await ask(scheme.bind(), service)).toBe('<<x/>>')
    const [first, second, message] = service.legs
    const contentType = 'application/soap+xml;charset=UTF-8'
    expect([first, second]).toEqual([
      { contentType, body: '', authorization: CLIENT_1 },
      { contentType, body: '', authorization: CLIENT_2 },
    ])
    expect(message?.authorization).toBeUndefined()
    expect(message?.contentType).toMatch(/^multipart\/encrypted;protocol="application\/HTTP-SPNEGO-session/)
    expect(Buffer.from(message?.body ?? '').includes('<x/>')).toBe(false)
    expect(service.legs).toHaveLength(3)
  })

  it('is over with the first message of its connection', async () => {
    const authenticator = new ToyScheme().bind()
    const service = new ToyService(accepting())
    for (let count = 0; count < 3; count++) expect(await ask(authenticator, service)).toBe('<<x/>>')
    expect(service.authorizations).toEqual([CLIENT_1, CLIENT_2, undefined, undefined, undefined])
  })

  it('leaves the message to TLS where there is some, and the keys are forgotten', async () => {
    const scheme = new ToyScheme()
    const service = new ToyService(SERVER_1, OK, { status: 200, body: Buffer.from('plain') })
    expect(await ask(scheme.bind(HTTPS), service)).toBe('plain')
    expect(service.legs[2]).toEqual({ contentType: 'application/soap+xml;charset=UTF-8', body: '<x/>' })
    expect(scheme.contexts.map(({ disposed }) => disposed)).toEqual([1])
  })

  it.each<[string, Said[], number]>([
    ['the first token', [challenge('Negotiate, Basic realm="a"')], 1],
    ['the first token, without naming a scheme', [{ status: 401 }], 1],
    ['the last token', [SERVER_1, challenge('Negotiate')], 2],
    ['the last token with a new challenge', [SERVER_1, SERVER_1], 2],
    ['the last token as OMI may', [SERVER_1, { status: 400 }], 2],
    ['the last token as forbidden', [SERVER_1, { status: 403 }], 2],
    ['the last token in its own words', [SERVER_1, challenge(token('Negotiate', 'no'))], 2],
  ])('is refused by a 401 for %s', async (_what, script, legs) => {
    const scheme = new ToyScheme()
    expect(await outcome(scheme, ...script)).toMatchObject({ message: 'refused' })
    expect(scheme.refusals).toMatchObject([{ legs }])
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('tells what the mechanism said, and what the service offers', async () => {
    const scheme = new ToyScheme()
    const refusal = challenge(`${token('Negotiate', 'no')}, Basic realm="x"`)
    expect(await outcome(scheme, refusal)).toMatchObject({ message: 'refused', cause: { message: 'no' } })
    expect(scheme.refusals).toMatchObject([{ legs: 1, offered: ['Negotiate', 'Basic'] }])
  })

  it('may be refused before anything is sent', async () => {
    const scheme = new ToyScheme({
      newContext: () =>
        new (class extends ToyContext {
          override step(): Promise<never> {
            return Promise.reject(new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'by the KDC'))
          }
        })(),
    })
    expect(await outcome(scheme)).toMatchObject({ cause: { message: 'by the KDC' } })
    expect(scheme.refusals).toMatchObject([{ legs: 0, offered: [] }])
  })

  it('hands on what is no refusal', async () => {
    const scheme = new ToyScheme()
    expect(await outcome(scheme, challenge(token('Negotiate', 'odd')))).toBeInstanceOf(ProtocolError)
    expect(scheme.refusals).toEqual([])
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it.each<[string, Said, Partial<TransportError>]>([
    ['404', { status: 404 }, { code: 'ERR_WSMAN_HTTP_STATUS', status: 404, retryable: false }],
    ['400 for the first token', { status: 400 }, { code: 'ERR_WSMAN_HTTP_STATUS', status: 400 }],
    ['403 for the first token', { status: 403 }, { code: 'ERR_WSMAN_HTTP_STATUS', status: 403 }],
    ['500', { status: 500 }, { code: 'ERR_WSMAN_HTTP_STATUS', status: 500, retryable: false }],
    ['503', { status: 503 }, { code: 'ERR_WSMAN_HTTP_STATUS', status: 503, retryable: true }],
    [
      'a redirect',
      { status: 307, headers: { location: 'http://elsewhere/' } },
      { code: 'ERR_WSMAN_REDIRECT', status: 307, location: 'http://elsewhere/' },
    ],
  ])('ends with %s', async (_what, said, error) => {
    const scheme = new ToyScheme()
    const ended = await outcome(scheme, said)
    expect(ended).toBeInstanceOf(TransportError)
    expect(ended).toMatchObject({ host: 'server01', ...error })
    expect(scheme.refusals).toEqual([])
  })

  it('is refused by a 400 for a ticket', async () => {
    const scheme = new ToyScheme({ newContext: () => new ToyContext('Kerberos', 1, true) })
    expect(await outcome(scheme, { status: 400 })).toMatchObject({ message: 'refused' })
  })

  it('needs the proof that the mechanism waits for', async () => {
    const newContext = (): ToyContext => new ToyContext('Kerberos', 1, true)
    const error = await outcome(new ToyScheme({ newContext }), OK)
    expect(error).toBeInstanceOf(AuthenticationError)
    expect((error as Error).message).toBe('server01 ended the handshake before it had proved who it is.')
    const scheme = new ToyScheme({ newContext })
    const proof = { status: 200, headers: { 'www-authenticate': token('negotiate', 'proof') } }
    const service = new ToyService((leg, index) => (index === 0 ? proof : accepting()(leg)))
    expect(await ask(scheme.bind(), service)).toBe('<<x/>>')
    expect(scheme.refusals).toEqual([])
  })

  it('is not over while there is something to say', async () => {
    for (const tokens of [2, 3]) {
      const scheme = new ToyScheme({ newContext: () => new ToyContext('NTLM', tokens) })
      const early = { status: 200, headers: { 'www-authenticate': token('Negotiate', 'server 1') } }
      expect(await outcome(scheme, early)).toMatchObject({
        message: 'server01 ended the handshake before it had proved who it is.',
      })
      expect(scheme.refusals).toEqual([])
      expect(scheme.contexts[0]?.disposed).toBe(1)
    }
  })

  it.each([
    ['NTLM', 'no', '<<x/>>'],
    ['CredSSP', 'no', expect.objectContaining({ message: 'refused' })],
    ['CredSSP', 'fine', '<<x/>>'],
  ])('hears what is said after the end only from CredSSP: %s, %s', async (mechanism, said, ended) => {
    const scheme = new ToyScheme({ newContext: () => new ToyContext(mechanism) })
    const last = { status: 200, headers: { 'www-authenticate': token('Negotiate', said) } }
    const accept = accepting()
    const service = new ToyService((leg, index) => (index === 1 ? last : accept(leg)))
    expect(await ask(scheme.bind(), service).catch((error: unknown) => error)).toEqual(ended)
  })

  it('ends with a service that never does', async () => {
    const scheme = new ToyScheme({ newContext: () => new ToyContext('NTLM', Infinity) })
    const service = new ToyService(() => SERVER_1)
    const error = await failure(ask(scheme.bind(), service))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error.message).toBe('server01 never ends the handshake.')
    expect(service.legs).toHaveLength(12)
  })

  it('cannot go on where the connection ends in the middle', async () => {
    const error = await outcome(new ToyScheme(), challenge(token('Negotiate', 'server 1'), { closing: true }))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ message: 'server01 ends the connection in the middle of the handshake.' })
    expect((error as TransportError).hint).toContain('load balancer')
  })

  it('is of no use on a connection that ends with it', async () => {
    expect(await outcome(new ToyScheme(), SERVER_1, { status: 200, closing: true })).toBe(RECONNECT)
  })

  it('reads the bodies of replies that leave the connection open, and gives up the others', async () => {
    const service = new ToyService(SERVER_1, { status: 500, closing: true })
    await failure(ask(new ToyScheme().bind(), service))
    expect(service.responses.map(({ ended }) => ended)).toEqual(['received', 'abandoned'])
  })
})

describe('the names of a scheme', () => {
  const offer = challenge('Basic realm="x", Kerberos')
  const names = ['Negotiate', 'NTLM', 'kerberos']
  const of = (service: ToyService): (string | undefined)[] =>
    service.authorizations.map((header) => header?.split(' ')[0])

  it('are tried as the service offers them, and the next connection knows', async () => {
    const scheme = new ToyScheme({ names })
    const accept = accepting()
    const service = new ToyService((leg) =>
      leg.authorization?.startsWith('Negotiate') === true ? offer : accept(leg),
    )
    expect(await ask(scheme.bind(), service)).toBe('<<x/>>')
    expect(await ask(scheme.bind(), service)).toBe('<<x/>>')
    const taken = ['kerberos', 'kerberos', undefined]
    expect(of(service)).toEqual(['Negotiate', ...taken, ...taken])
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })

  it('may be none of those, which is said and forgotten', async () => {
    const scheme = new ToyScheme({ names })
    const only = challenge('Basic realm="x"')
    const service = new ToyService(() => only)
    for (let count = 0; count < 2; count++) {
      const error = await failure(ask(scheme.bind(), service))
      expect(error).toMatchObject({
        code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
        offered: ['Basic'],
        hint: expect.stringContaining('is offered (Basic)') as string,
      })
      expect(error.message).toBe('server01 does not offer Negotiate; it offers Basic.')
    }
    expect(of(service)).toEqual(['Negotiate', 'Negotiate'])
    expect(scheme.refusals).toEqual([])
  })

  it('are tried over another connection where the service ends the first', async () => {
    const scheme = new ToyScheme({ names })
    const closing = challenge('Kerberos', { closing: true })
    expect(await ask(scheme.bind(), new ToyService(closing))).toBe(RECONNECT)
    const service = new ToyService(accepting())
    expect(await ask(scheme.bind(), service)).toBe('<<x/>>')
    expect(of(service)).toEqual(['kerberos', 'kerberos', undefined])
  })
})

describe.each(['ERR_WSMAN_SOCKET', 'ERR_WSMAN_CONNECT'] as const)(
  'a connection that is lost during the handshake (%s)',
  (code) => {
    const lost = (): never => {
      throw new TransportError(code, 'the socket is gone', { host: 'server01' })
    }

    it('has sent nothing of the message, so that it may be sent again', async () => {
      const error = await failure(ask(new ToyScheme().bind(), new ToyService(lost)))
      expect(error).toMatchObject({ code: 'ERR_WSMAN_CONNECT', retryable: true, host: 'server01' })
      expect(error.cause).toMatchObject({ code })
    })

    it('may have lost a refusal, so that a credential nobody has accepted yet is not sent again', async () => {
      const scheme = new ToyScheme()
      const service = new ToyService((_leg, index) => (index === 0 ? SERVER_1 : lost()))
      expect(await failure(ask(scheme.bind(), service))).toMatchObject({
        code: 'ERR_WSMAN_CONNECT',
        retryable: false,
      })
      await ask(scheme.bind(), new ToyService(accepting()))
      const again = new ToyService((_leg, index) => (index === 0 ? SERVER_1 : lost()))
      expect(await failure(ask(scheme.bind(), again))).toMatchObject({
        code: 'ERR_WSMAN_CONNECT',
        retryable: true,
      })
    })

    it('is told apart from other failures', async () => {
      const slow = new TimeoutError('ERR_WSMAN_REPLY_TIMEOUT', 'slow', { timeoutMs: 1 })
      const service = new ToyService(() => {
        throw slow
      })
      expect(await failure(ask(new ToyScheme().bind(), service))).toBe(slow)
    })
  },
)

describe('the signal of a call', () => {
  const reason = new Error('enough')

  it('ends the wait for a credential', async () => {
    const scheme = new ToyScheme()
    scheme.beginning = new Promise(() => undefined)
    const controller = new AbortController()
    const call = ask(scheme.bind(), new ToyService(OK), controller.signal)
    setImmediate(() => controller.abort(reason))
    await expect(call).rejects.toBe(reason)
  })

  it('ends the wait for a mechanism, which is disposed of', async () => {
    const scheme = new ToyScheme({
      newContext: () =>
        new (class extends ToyContext {
          override step(): Promise<never> {
            return new Promise(() => undefined)
          }
        })(),
    })
    const controller = new AbortController()
    const call = ask(scheme.bind(), new ToyService(OK), controller.signal)
    setImmediate(() => controller.abort(reason))
    await expect(call).rejects.toBe(reason)
    expect(scheme.contexts[0]?.disposed).toBe(1)
  })
})
