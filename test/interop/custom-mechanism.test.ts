import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import {
  createCredential,
  WsmanClient,
  type ContextRequest,
  type MechanismAuth,
  type SealedMessage,
  type SecurityContext,
} from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { requirePeer } from '../support/shared.js'
import { DOMAIN_NEEDS, hasDomain, hasNtlm } from './peers/domain.js'
import { GssError, GssInitiator } from './peers/gss-acceptor.js'
import { expectNoPlaintext, PASSWORD, RESOURCE, Scene } from './peers/scene.js'

/** What a user might write: the system's GSSAPI, in another process, as a mechanism. */
class SystemNtlm implements SecurityContext {
  readonly mechanism = 'NTLM'
  complete = false
  principal: string | undefined
  readonly #gss: GssInitiator
  readonly #user: string

  constructor(request: ContextRequest, user: string, environment: Readonly<Record<string, string>>) {
    const { target, channelBinding } = request
    this.#user = user
    this.#gss = new GssInitiator({
      mechanism: 'spnego',
      user,
      service: `${target.service}@${target.host}`,
      environment,
      ...(channelBinding && { channelBinding }),
    })
  }

  async step(token?: Uint8Array): Promise<Uint8Array | undefined> {
    const { token: next, complete } = await this.#gss.step(token)
    this.complete = complete
    if (complete) this.principal = this.#user
    return next
  }

  seal(message: Uint8Array): Promise<SealedMessage> {
    return this.#gss.wrap(message)
  }

  unseal(sealed: Pick<SealedMessage, 'signature' | 'data'>): Promise<Uint8Array> {
    return this.#gss.unwrap(sealed)
  }

  dispose(): void {
    void this.#gss.close()
  }
}

requirePeer('python3-gssapi and gss-ntlmssp', hasNtlm)('a mechanism of the user’s at the endpoint', () => {
  let folder: string
  const environment = (): Record<string, string> => ({ NTLM_USER_FILE: path.join(folder, 'accounts') })
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-custom-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  let endpoint: Endpoint
  const clients: WsmanClient[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close()
    await endpoint.close()
  })

  async function start(options: EndpointOptions, password = PASSWORD): Promise<void> {
    await writeFile(path.join(folder, 'accounts'), `TEST:alice:${password}\n`)
    const users = [{ username: 'alice', password: PASSWORD, domain: 'TEST' }]
    endpoint = await startEndpoint({ users, classes: [], ...options })
  }

  const auth = (requests: ContextRequest[] = []): MechanismAuth => ({
    scheme: 'custom',
    speaks: 'negotiate',
    createContext: (request) => {
      requests.push(request)
      return new SystemNtlm(request, String.raw`TEST\alice`, environment())
    },
  })

  function connect(given: MechanismAuth | ReturnType<typeof createCredential>): WsmanClient {
    const client = new WsmanClient({ ...endpoint.clientOptions('alice'), auth: given })
    clients.push(client)
    return client
  }

  it('authenticates and seals over HTTP', async () => {
    await start({})
    const requests: ContextRequest[] = []
    const client = connect(auth(requests))
    expect((await client.get('winrm/config')).MaxEnvelopeSizekb).toBe('500')
    const result = await client.run('cat', undefined, { input: 'hidden\n'.repeat(3000) })
    expect(result.stdout).toBe('hidden\n'.repeat(3000))
    expect(requests[0]).toEqual({
      name: 'Negotiate',
      target: { service: 'HTTP', host: '127.0.0.1' },
      channelBinding: undefined,
    })
    for (const { action, headers } of endpoint.requests) {
      if (action !== undefined) expect(headers['content-type']).toMatch(/^multipart\/encrypted;.*SPNEGO/)
    }
  })

  it('is bound to the channel over HTTPS', async () => {
    await start({
      listeners: [{ transport: 'HTTPS' }],
      settings: { service: { auth: { cbtHardeningLevel: 'Strict' } } },
    })
    expect((await connect(auth()).get('winrm/config')).MaxTimeoutms).toBe('60000')
    const unbound: MechanismAuth = {
      ...auth(),
      createContext: ({ target, name }) =>
        new SystemNtlm({ target, name }, String.raw`TEST\alice`, environment()),
    }
    await expect(connect(unbound).identify()).rejects.toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED' })
  })

  it('is not tried again where it was refused', async () => {
    await start({}, 'wrong')
    const credential = createCredential(auth())
    const calls = [connect(credential), connect(credential)].flatMap((client) => [
      client.identify(),
      client.get('winrm/config'),
    ])
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        name: 'AuthenticationError',
        code: 'ERR_WSMAN_UNAUTHORIZED',
      })
    }
    await expect(connect(credential).identify()).rejects.toMatchObject({
      hint: expect.stringContaining('not tried again') as string,
    })
    const proofs = endpoint.requests.filter(({ headers }) => headers.authorization !== undefined)
    expect(proofs.length).toBeLessThanOrEqual(2)
  })
})

requirePeer(DOMAIN_NEEDS, hasDomain)('a mechanism of the user’s', () => {
  const scene = new Scene()

  it.each(['windows', 'omi'] as const)(
    'talks to a service that nobody here wrote, in the form of %s',
    async (form) => {
      const peer = await scene.peer({ modes: { form } })
      const client = scene.client(peer, {
        scheme: 'custom',
        speaks: 'negotiate',
        createContext: (request) =>
          new SystemNtlm(request, String.raw`WSMAN\alice`, { ...scene.domain.environment }),
      })
      const numbers = Array.from({ length: 12 }, (_, number) => String(number))
      const replies = await Promise.all(numbers.map((Number) => client.invoke(RESOURCE, 'Do', { Number })))
      expect(replies.map(({ Number }) => Number)).toEqual(numbers)
      const state = await peer.state()
      expect(state.logons.map(({ outcome, mechanism }) => [outcome, mechanism])).toEqual(
        state.logons.map(() => ['accepted', 'ntlm']),
      )
      expectNoPlaintext(state)
      expect(scene.traces.at(-1)).toMatchObject({ scheme: 'negotiate', mechanism: 'NTLM' })
    },
  )

  it('that fails ends the call with an error of the package', async () => {
    const peer = await scene.peer()
    const client = scene.client(peer, {
      scheme: 'custom',
      speaks: 'negotiate',
      createContext: (request) =>
        new SystemNtlm(request, String.raw`WSMAN\nobody`, { ...scene.domain.environment }),
    })
    const error = await scene.refusal(client.identify())
    expect(error).toMatchObject({ name: 'UsageError', operation: 'Identify' })
    expect(error.cause).toBeInstanceOf(GssError)
    expect((await peer.state()).logons).toEqual([])
  })
})
