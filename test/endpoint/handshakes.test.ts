import http, { Agent } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { AuthenticationError, createCredential, WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { NtlmInitiator } from '../../src/auth/ntlm/initiator.js'

let endpoint: Endpoint
const clients: WsmanClient[] = []

async function start(options: EndpointOptions = {}): Promise<void> {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'correct horse', domain: 'TEST' }],
    classes: [],
    ...options,
  })
}

function connect(...options: ConstructorParameters<typeof WsmanClient>): WsmanClient {
  const client = new WsmanClient(...options)
  clients.push(client)
  return client
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await endpoint.close()
})

describe("with WinRM's default settings", () => {
  it('everything travels sealed over HTTP after Negotiate', async () => {
    await start()
    const client = connect({ ...endpoint.clientOptions('alice') })
    const config = await client.get('winrm/config')
    expect(config.MaxEnvelopeSizekb).toBe('500')
    const result = await client.run('cat', undefined, { input: 'hidden\n'.repeat(30_000) })
    expect(result.stdout).toBe('hidden\n'.repeat(30_000))
    const messages = endpoint.requests.filter(({ action }) => action !== undefined)
    expect(messages.length).toBeGreaterThan(5)
    for (const { headers } of messages) {
      expect(headers['content-type']).toMatch(
        /^multipart\/encrypted;protocol="application\/HTTP-SPNEGO-session-encrypted"/,
      )
    }
  })

  it.each(['alice', '.\\alice', 'TEST\\alice', 'alice@TEST'])(
    'the account may be named %s',
    async (username) => {
      await start()
      const { auth, ...rest } = endpoint.clientOptions('alice')
      const identity = await connect({ ...rest, auth: { ...auth, username } }).identify()
      expect(identity.securityProfiles).toContain(
        'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/http/spnego-kerberos',
      )
    },
  )

  it('Basic and plaintext are refused', async () => {
    await start()
    const { auth, ...rest } = endpoint.clientOptions('alice')
    const settings = { client: { allowUnencrypted: true } }
    const error: unknown = await connect({ ...rest, settings, auth: { ...auth, scheme: 'basic' } })
      .identify()
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_SCHEME_NOT_OFFERED', offered: ['Negotiate'] })
  })
})

describe('a wrong password', () => {
  it('is tried once, however many calls and clients share it, and not again', async () => {
    await start()
    const { auth, ...rest } = endpoint.clientOptions('alice')
    const credential = createCredential({ ...auth, password: 'wrong' })
    const three = [1, 2, 3].map(() => connect({ ...rest, auth: credential }))
    const calls = three.flatMap((client) => [client.identify(), client.get('winrm/config')])
    const errors = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', host: '127.0.0.1' })
      expect((error as AuthenticationError).hint).toContain('not tried again')
    }
    // The two legs of one handshake.
    expect(endpoint.requests).toHaveLength(2)
  })

  it('that has been changed is tried again', async () => {
    await start()
    let password = 'wrong'
    const { auth, ...rest } = endpoint.clientOptions('alice')
    const client = connect({ ...rest, auth: { ...auth, password: () => password } })
    await expect(client.identify()).rejects.toBeInstanceOf(AuthenticationError)
    password = 'correct horse'
    expect((await client.identify()).productVendor).toBe('wsman project')
  })
})

describe('channel binding', () => {
  const https = { listeners: [{ transport: 'HTTPS' as const }] }

  it.each(['Strict', 'Relaxed', 'None'])(
    'satisfies CbtHardeningLevel %s over HTTPS',
    async (cbtHardeningLevel) => {
      await start({ ...https, settings: { service: { auth: { cbtHardeningLevel } } } })
      const client = connect({ ...endpoint.clientOptions('alice', { scheme: 'ntlm' }) })
      expect((await client.get('winrm/config')).MaxTimeoutms).toBe('60000')
    },
  )
})

describe('CredSSP', () => {
  it('hands the password over and seals, long messages in pieces', async () => {
    await start({ settings: { service: { auth: { credSsp: true } } } })
    const client = connect({ ...endpoint.clientOptions('alice', { scheme: 'credssp' }) })
    const { stdout } = await client.run('cat', undefined, { input: 'x'.repeat(50_000) })
    expect(stdout).toBe('x'.repeat(50_000))
    const types = endpoint.requests
      .filter(({ action }) => action !== undefined)
      .map(({ headers }) => headers['content-type'])
    expect(types[0]).toContain('application/HTTP-CredSSP-session-encrypted')
    expect(types.some((type) => type?.startsWith('multipart/x-multi-encrypted'))).toBe(true)
  })
})

describe('AllowUnencrypted=false', () => {
  it('refuses a message in plaintext on a connection that was authenticated', async () => {
    await start({ settings: { service: { auth: { negotiate: true } } } })
    const { host, port } = endpoint.clientOptions('alice')
    const context = new NtlmInitiator({
      target: { service: 'HTTP', host },
      credential: { username: 'alice', password: 'correct horse' },
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const post = async (headers: Record<string, string>, body: string) =>
      await new Promise<{ status: number; challenge: string; text: string }>((resolve, reject) => {
        const request = http.request(
          { host, port, agent, path: '/wsman', method: 'POST', headers },
          (response) => {
            const { statusCode = 0 } = response
            const challenge = response.headers['www-authenticate']?.split(' ')[1] ?? ''
            text(response).then((reply) => resolve({ status: statusCode, challenge, text: reply }), reject)
          },
        )
        request.on('error', reject).end(body)
      })
    const authorization = async (token?: Uint8Array) => ({
      Authorization: `Negotiate ${Buffer.from((await context.step(token)) ?? []).toString('base64')}`,
    })
    const challenged = await post(await authorization(), '')
    const accepted = await post(await authorization(Buffer.from(challenged.challenge, 'base64')), '')
    expect(accepted.status).toBe(200)
    const plaintext = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>'
    const refused = await post({ 'Content-Type': 'application/soap+xml;charset=UTF-8' }, plaintext)
    expect(refused.status).toBe(500)
    expect(refused.text).toContain('Code="2150858974"')
    agent.destroy()
  })
})
