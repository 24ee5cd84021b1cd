import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  SspiInitiator,
  type KerberosClient,
  type KerberosModule,
  type SspiInitiatorOptions,
} from '../../../../src/auth/kerberos/sspi-context.js'
import { PolicyError, ProtocolError, UsageError } from '../../../../src/errors/errors.js'

const target = { service: 'HTTP', host: 'server01.example.com' }
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const AES_HEADER = `050406ff0000001c${'00'.repeat(52)}`
const PASSWORD = 'a very secret password'

/** The package as it answers on Windows: a token, nothing to send for the second, and messages in an AES header. */
class FakeKerberos implements KerberosModule, KerberosClient {
  readonly GSS_MECH_OID_KRB5 = 9
  readonly calls: unknown[][] = []
  username: string | null = null
  failure: Error | undefined
  replies: (string | null)[] = [base64('AP-REQ'), null]

  initializeClient(...args: unknown[]): Promise<KerberosClient> {
    this.calls.push(['initializeClient', ...args])
    return this.#answer(this)
  }
  step(challenge: string): Promise<string | null> {
    this.calls.push(['step', challenge])
    const reply = this.replies.shift() ?? null
    if (reply === null) this.username = 'alice@EXAMPLE.COM'
    return this.#answer(reply)
  }
  wrap(message: string, options: { protect: boolean }): Promise<string> {
    this.calls.push(['wrap', message, options])
    const token = Buffer.concat([Buffer.from(AES_HEADER, 'hex'), Buffer.from(message, 'base64')])
    return this.#answer(token.toString('base64'))
  }
  unwrap(token: string): Promise<string> {
    this.calls.push(['unwrap', token])
    return this.#answer(Buffer.from(token, 'base64').subarray(60).toString('base64'))
  }
  #answer<T>(value: T): Promise<T> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(value)
  }
}

function initiator(
  options: Partial<SspiInitiatorOptions> = {},
  kerberos = new FakeKerberos(),
): { context: SspiInitiator; kerberos: FakeKerberos } {
  return { context: new SspiInitiator({ target, ...options }, () => Promise.resolve(kerberos)), kerberos }
}

async function established(): Promise<{ context: SspiInitiator; kerberos: FakeKerberos }> {
  const both = initiator()
  await both.context.step()
  await both.context.step(Buffer.from('AP-REP'))
  return both
}

describe('SspiInitiator', () => {
  it('asks Windows for mutual authentication, sequence, encryption and integrity, in the flags of SSPI', async () => {
    const { context, kerberos } = initiator()
    expect(Buffer.from((await context.step()) ?? []).toString()).toBe('AP-REQ')
    expect(kerberos.calls).toEqual([
      ['initializeClient', 'HTTP/server01.example.com', { mechOID: 9, flags: 0x1001e }],
      ['step', ''],
    ])
  })

  it('delegates where it is asked to, and names the port in the service', async () => {
    const { context, kerberos } = initiator({ delegate: true, target: { ...target, port: 5985 } })
    await context.step()
    expect(kerberos.calls[0]).toEqual([
      'initializeClient',
      'HTTP/server01.example.com:5985',
      { mechOID: 9, flags: 0x1001f },
    ])
  })

  it.each([
    ['EXAMPLE\\alice', undefined, { user: 'alice', domain: 'EXAMPLE' }],
    ['alice', 'EXAMPLE.COM', { user: 'alice', domain: 'EXAMPLE.COM' }],
    ['alice@example.com', undefined, { user: 'alice@example.com', domain: '' }],
  ])('hands over %s with realm %s', async (username, realm, identity) => {
    const { context, kerberos } = initiator({ username, password: PASSWORD, realm })
    await context.step()
    expect(kerberos.calls[0]?.[2]).toMatchObject({ ...identity, password: PASSWORD })
  })

  it('takes a user and a password together, or neither', () => {
    expect(() => initiator({ username: 'alice' })).toThrow(UsageError)
    expect(() => initiator({ password: PASSWORD })).toThrow(UsageError)
  })

  it('is complete when the service has proved who it is, and not before', async () => {
    const { context, kerberos } = initiator()
    await context.step()
    expect([context.complete, context.principal]).toEqual([false, undefined])
    await expect(context.step(Buffer.from('AP-REP'))).resolves.toBeUndefined()
    expect(kerberos.calls.at(-1)).toEqual(['step', base64('AP-REP')])
    expect([context.complete, context.principal]).toEqual([true, 'alice@EXAMPLE.COM'])
    await expect(context.step()).rejects.toThrow('over')
  })

  it('does not go on with a service that proves nothing', async () => {
    const { context } = initiator()
    await context.step()
    await expect(context.step()).rejects.toMatchObject({ failure: 'notMutual' })
    expect(context.complete).toBe(false)
  })

  it('seals with encryption, header first, and opens what was sealed', async () => {
    const { context, kerberos } = await established()
    const sealed = await context.seal(Buffer.from('a message of some length'))
    expect(kerberos.calls.at(-1)).toEqual(['wrap', base64('a message of some length'), { protect: true }])
    expect(sealed).toMatchObject({ length: 24 })
    expect(Buffer.from(sealed.signature).toString('hex')).toBe(AES_HEADER)
    await expect(context.unseal(sealed)).resolves.toEqual(Buffer.from('a message of some length'))
  })

  it('never hands the package what is only signed, or so short that it would end the process', async () => {
    const { context, kerberos } = await established()
    const signature = Buffer.from(AES_HEADER, 'hex')
    await expect(context.unseal({ signature, data: new Uint8Array(12) })).rejects.toThrow(ProtocolError)
    signature[2] = 0x04
    await expect(context.unseal({ signature, data: new Uint8Array(100) })).rejects.toThrow('encrypt')
    expect(kerberos.calls.map(([name]) => name)).not.toContain('unwrap')
  })

  it('calls a message that does not open the fault of the peer', async () => {
    const { context, kerberos } = await established()
    const sealed = await context.seal(Buffer.alloc(100))
    kerberos.failure = new Error('DecryptMessage: The message or signature supplied has been altered')
    await expect(context.unseal(sealed)).rejects.toThrow(ProtocolError)
  })

  it('makes one call at a time, in their order', async () => {
    const { context, kerberos } = await established()
    const messages = Array.from({ length: 20 }, (_, number) => `message ${number}`)
    await Promise.all(messages.map((message) => context.seal(Buffer.from(message))))
    expect(kerberos.calls.slice(3).map(([, message]) => message)).toEqual(messages.map(base64))
  })

  it('counts a failure with a password as a refusal, and one without as none', async () => {
    const refused = (options: Partial<SspiInitiatorOptions>): Promise<unknown> => {
      const { context, kerberos } = initiator(options)
      kerberos.failure = new Error('InitializeSecurityContext: The logon attempt failed\r\n')
      return context.step().then(
        () => undefined,
        (error: unknown) => error,
      )
    }
    const withPassword = await refused({ username: 'alice', password: PASSWORD })
    expect(withPassword).toMatchObject({
      code: 'ERR_WSMAN_UNAUTHORIZED',
      message:
        'Kerberos failed authenticating to HTTP/server01.example.com (InitializeSecurityContext: The logon attempt failed).',
    })
    expect(inspect(withPassword, { depth: 9, showHidden: true })).not.toContain(PASSWORD)
    expect(await refused({})).toMatchObject({ code: 'ERR_WSMAN_SCHEME_NOT_OFFERED' })
  })

  it('refuses at once where the token would have to be bound to the TLS connection', () => {
    expect(() => initiator({ hardening: 'strict' })).toThrow(PolicyError)
    expect(() => initiator({ hardening: 'relaxed' })).not.toThrow()
  })

  it('says which package is missing', async () => {
    await expect(new SspiInitiator({ target }).step()).rejects.toMatchObject({
      code: 'ERR_WSMAN_UNSUPPORTED',
      hint: 'Run: npm install kerberos',
    })
  })

  it('shows no secret, and does nothing after it was disposed of', async () => {
    const { context } = initiator({ username: 'alice', password: PASSWORD })
    expect(inspect(context, { depth: 9, showHidden: true })).not.toContain(PASSWORD)
    context.dispose()
    await expect(context.step()).rejects.toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
    await expect(context.seal(new Uint8Array())).rejects.toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
  })
})
