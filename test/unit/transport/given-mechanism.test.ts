import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NtlmInitiator } from '../../../src/auth/ntlm/initiator.js'
import type { SecurityContext } from '../../../src/auth/security-context.js'
import {
  AuthenticationError,
  PolicyError,
  ProtocolError,
  UsageError,
  type TransportError,
} from '../../../src/errors/errors.js'
import type { ContextRequest, MechanismAuth } from '../../../src/transport/credentials.js'
import { createMechanism } from '../../../src/transport/mechanism.js'
import { createCredential } from '../../../src/transport/shared-credential.js'
import { connect, failure, send } from './harness.js'
import { ALICE, startSealingServer, type SealingServer } from './sealing-server.js'

let server: SealingServer
beforeAll(async () => {
  server = await startSealingServer()
})
afterAll(() => server.close())

/** NTLM as somebody else might have written it. */
const own = (request: ContextRequest, password: string = ALICE.password): SecurityContext =>
  new NtlmInitiator({ ...request, credential: { username: ALICE.username, password } })

const given = (
  createContext: MechanismAuth['createContext'] = (request) => own(request),
  speaks: MechanismAuth['speaks'] = 'ntlm',
): MechanismAuth => ({ scheme: 'custom', speaks, createContext })

/** The same context with other methods. */
const changed = (request: ContextRequest, changes: Partial<SecurityContext>): SecurityContext =>
  new Proxy(own(request), {
    get(context, name) {
      const value: unknown = Object.hasOwn(changes, name)
        ? changes[name as keyof SecurityContext]
        : Reflect.get(context, name, context)
      return typeof value === 'function' ? (value as () => unknown).bind(context) : value
    },
  })

describe('a mechanism of the user', () => {
  it('authenticates and seals, with what it is told about the connection', async () => {
    const requests: ContextRequest[] = []
    const auth = given(async (request) => {
      await Promise.resolve()
      requests.push(request)
      return own(request)
    })
    const transport = connect(server, { auth, spn: { service: 'WSMAN', port: 5985 }, maxConnections: 1 })
    expect(await send(transport, { body: '<a/>' })).toBe('<<a/>>')
    expect(await send(transport, { body: '<b/>' })).toBe('<<b/>>')
    expect(requests).toEqual([
      {
        name: 'Negotiate',
        target: { service: 'WSMAN', host: '127.0.0.1', port: 5985 },
        channelBinding: undefined,
      },
    ])
    expect(server.contentTypes.at(-1)).toContain('HTTP-SPNEGO-session-encrypted')
  })

  it('that is refused is not tried again by anything that shares it, and by others is', async () => {
    const before = server.logons.length
    const credential = createCredential(given((request) => own(request, 'wrong')))
    const transports = [1, 2].map(() => connect(server, { auth: credential }))
    const calls = transports.flatMap((transport) => [send(transport), send(transport)])
    const errors = await Promise.all(calls.map((call) => failure(call)))
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', retryable: false })
      expect(error.hint).toContain('not tried again')
    }
    expect(server.logons.slice(before)).toEqual(['refused'])
    const another = connect(server, { auth: given((request) => own(request, 'wrong')) })
    expect((await failure(send(another))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(server.logons.slice(before)).toEqual(['refused', 'refused'])
  })

  it('that has refused itself says why', async () => {
    const expired = new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'expired', { hint: 'Renew it.' })
    const auth = given((request) => changed(request, { step: () => Promise.reject(expired) }))
    const transport = connect(server, { auth })
    expect(await failure(send(transport))).toBe(expired)
    const again = await failure(send(transport))
    expect(again).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', cause: expired })
    expect(again.hint).toMatch(/^Renew it\. It is not tried again/)
  })

  it.each<[string, Partial<SecurityContext>]>([
    ['step', { step: () => Promise.reject(new RangeError('oops')) }],
    ['seal', { seal: () => Promise.reject(new RangeError('oops')) }],
  ])('that fails in %s() ends the call as a UsageError', async (name, changes) => {
    const transport = connect(server, { auth: given((request) => changed(request, changes)) })
    const error = await failure(send(transport))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(`failed in ${name}()`)
    expect(error.cause).toBeInstanceOf(RangeError)
  })

  it('that cannot be made ends the call as a UsageError, or in its own words', async () => {
    const oops = given(() => Promise.reject(new RangeError('oops')))
    const error = await failure(send(connect(server, { auth: oops })))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.cause).toBeInstanceOf(RangeError)
    const said = new AuthenticationError('ERR_WSMAN_SCHEME_NOT_OFFERED', 'no card in the reader')
    const absent = given(() => {
      throw said
    })
    expect(await failure(send(connect(server, { auth: absent })))).toBe(said)
  })

  it('that cannot open a message calls it the fault of the peer', async () => {
    const auth = given((request) =>
      changed(request, { unseal: () => Promise.reject(new RangeError('oops')) }),
    )
    const error = await failure(send(connect(server, { auth })))
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.cause).toBeInstanceOf(RangeError)
  })

  it.each<[string, Partial<Record<keyof SecurityContext, unknown>>]>([
    ['no unseal()', { unseal: undefined }],
    ['octets (Uint8Array)', { step: () => Promise.resolve('a token') }],
    ['octets (Uint8Array)', { seal: () => Promise.resolve({ signature: 'x', data: 'y', length: 1 }) }],
    ['an integer', { seal: () => Promise.resolve({ signature: Buffer.of(1), data: Buffer.of(1) }) }],
  ])('is told where it is none: %s', async (what, changes) => {
    const auth = given((request) => changed(request, changes as Partial<SecurityContext>))
    const error = await failure(send(connect(server, { auth })))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain(what)
  })

  it.each<[string, unknown]>([
    ['speaks must be one of', { speaks: 'basic' }],
    ['speaks must be one of', { speaks: undefined }],
    ['createContext must be a function', { createContext: undefined }],
  ])('is refused where %s', (message, changes) => {
    const auth = { ...given(), ...(changes as Partial<MechanismAuth>) }
    expect(() => connect(server, { auth })).toThrow(UsageError)
    expect(() => connect(server, { auth })).toThrow(message)
  })

  it('shows nothing of itself', () => {
    const credential = createCredential(given())
    const source = credential.contextSource()
    expect(inspect(credential, { depth: 9, showHidden: true })).toBe('SharedCredential {}')
    expect(inspect(source, { depth: 9, showHidden: true })).toBe("ContextSource { speaks: 'ntlm' }")
  })

  describe('is what settings.client says about the scheme it speaks', () => {
    const auth = (speaks: MechanismAuth['speaks']): MechanismAuth =>
      given(() => {
        throw new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'it was asked')
      }, speaks)

    it.each(['ntlm', 'negotiate', 'credssp'] as const)(
      '%s needs a trusted host over HTTP',
      async (speaks) => {
        const settings = { auth: { credSsp: true } }
        const endpoint = { hostname: 'server01', port: 9, secure: false, url: 'http://server01:9/wsman' }
        const transport = connect(server, {
          auth: auth(speaks),
          settings,
          endpoint: { ...endpoint, path: '/' },
        })
        const error = await failure(send(transport))
        expect(error).toBeInstanceOf(PolicyError)
        expect(error.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
      },
    )

    it.each([
      ['ntlm', false],
      ['negotiate', false],
      ['kerberos', true],
      ['credssp', false],
    ] as const)('%s proves the host: %s', (speaks, provesHost) => {
      const surroundings = { spn: {}, allowNtlm: () => undefined }
      const credential = createCredential(auth(speaks))
      expect(createMechanism({ credential, tls: undefined, surroundings }).provesHost).toBe(provesHost)
    })

    it.each([
      ['ntlm', 'negotiate'],
      ['negotiate', 'negotiate'],
      ['kerberos', 'kerberos'],
      ['credssp', 'credSsp'],
    ] as const)('%s is switched by client.auth.%s', async (speaks, name) => {
      const settings = { auth: { [name]: false } }
      const error = (await failure(send(connect(server, { auth: auth(speaks), settings })))) as TransportError
      expect(error).toMatchObject({ code: 'ERR_WSMAN_SCHEME_DISABLED' })
    })
  })
})
