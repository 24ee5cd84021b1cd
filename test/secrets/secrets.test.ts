import * as crypto from 'node:crypto'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import * as wsman from 'wsman'
import * as testing from 'wsman/testing'
import { createCredential, createLimiter, WsmanClient, type WsmanClientOptions } from 'wsman'
import { EndpointFault, startEndpoint, type ClientScheme, type EndpointOptions } from 'wsman/testing'
import { certificates } from '../failures/certificates.js'
import { PASSWORD as ITS_PASSWORD, PROXY_PASSWORD, WRONG_PASSWORD } from '../failures/scenes.js'
import { TABLES } from '../failures/tables.js'
import { rejection } from '../support/scripted-service.js'
import { reply, startRawServer } from '../unit/http/raw-server.js'
import { Gallery } from './gallery.js'

/** Every random number that was drawn: session keys are among them. */
const drawn: Buffer[] = []

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>()
  const randomBytes = (size: number): Buffer => {
    const bytes = real.randomBytes(size)
    if (size >= 16) drawn.push(Buffer.from(bytes))
    return bytes
  }
  return { ...real, default: { ...real, randomBytes }, randomBytes }
})

afterEach(() => {
  drawn.length = 0
})

const SECRETS = {
  password: 'Pa55word-of-alice',
  'a variable of the environment': 'V4lue-of-a-variable',
  'what a command reads': 'T3xt-for-a-command',
  'what a property holds': 'V4lue-of-a-property',
  'the password of a mapping': 'Pa55word-of-a-mapping',
  'the password a plug-in runs with': 'Pa55word-of-a-plugin',
} as const
const [PASSWORD, VARIABLE, INPUT, PROPERTY, MAPPING, RUN_AS] = Object.values(SECRETS) as [
  string,
  string,
  string,
  string,
  string,
  string,
]

/** Every kind of thing that was looked at, by the classes it is of. */
const seen = new Set<object>()

function leave(gallery: Gallery): void {
  for (const key of drawn) gallery.keep('a random number', key)
  gallery.check()
  for (const exhibit of gallery.exhibits) {
    for (let level: object | null = exhibit; level; level = Object.getPrototypeOf(level) as object | null)
      seen.add(level)
  }
}

const OPTIONS: EndpointOptions = {
  users: [{ username: 'alice', password: PASSWORD, domain: 'TEST' }],
  classes: [
    {
      name: 'Thing',
      properties: { Name: { type: 'string', key: true }, Value: 'string' },
      instances: [{ Name: 'one', Value: 'x' }],
      methods: { Say: () => ({ ReturnValue: 0 }) },
    },
  ],
  settings: { service: { auth: { basic: true, credSsp: true }, allowUnencrypted: true } },
}

/** Does one of everything, and looks at whatever comes into one's hands. */
async function useEverything(client: WsmanClient, gallery: Gallery): Promise<void> {
  const { config, cim } = client
  gallery.show(client, cim, config, config.service, config.listeners, config.certMappings, config.plugins)
  gallery.show(await client.identify(), await client.get('winrm/config'))
  await client.put('wmicimv2/Thing?Name=one', { Name: 'one', Value: PROPERTY })
  await client.invoke('wmicimv2/Thing?Name=one', 'Say', { Words: PROPERTY })
  gallery.show(await client.create('wmicimv2/Thing', { Name: 'two', Value: PROPERTY }))
  const things = client.enumerate('wmicimv2/Thing', { maxElements: 1 })
  for await (const { Name } of things) if (Name) gallery.show(things)
  gallery.show(await client.diagnose())
  await useShells(client, gallery)
  await useConfiguration(client, gallery)
  gallery.show((await rejection(client.get('wmicimv2/Nothing'))) as Error)
}

async function useShells(client: WsmanClient, gallery: Gallery): Promise<void> {
  const shell = await client.openShell({ environment: { SECRET: VARIABLE } })
  const command = await shell.spawn('exec cat > /dev/null')
  command.stdin.write(INPUT)
  // In the midst of it, and after it.
  gallery.show(shell, command)
  command.stdin.end()
  await command.exit
  gallery.show(shell, command)
  const stopped = new AbortController()
  const run = rejection(
    shell.run('exec sleep 1000', undefined, { input: INPUT, signal: stopped.signal, abortGraceMs: 20_000 }),
  )
  stopped.abort()
  gallery.show((await run) as Error)
  const failing = client.run(`cat; exit 3 # ${INPUT}`, undefined, { input: INPUT, check: true })
  gallery.show((await rejection(failing)) as Error)
  await shell.close()
  const pool = client.shellPool({ max: 1, shell: { environment: { SECRET: VARIABLE } } })
  await pool.run('cat', undefined, { input: INPUT })
  gallery.show(pool, client.shells())
  await pool.close()
}

async function useConfiguration(client: WsmanClient, gallery: Gallery): Promise<void> {
  const mapping = { issuer: '5600a015ca5e8a26f638b74e819ae92096da5c8c', subject: '*', uri: '*' }
  gallery.show(
    await client.config.plan({
      service: { maxConnections: 400 },
      certMappings: [{ ...mapping, userName: 'alice', password: MAPPING }],
    }),
  )
  await client.config.certMappings
    .create({ ...mapping, userName: 'alice', password: MAPPING })
    .catch((error: unknown) => gallery.show(error as Error))
  const plugin = {
    name: 'Own',
    filename: 'own.dll',
    sdkVersion: 1,
    xmlRenderingType: 'text',
    runAsUser: 'alice',
    runAsPassword: RUN_AS,
  } as const
  await client.config.plugins.create(plugin as never).catch((error: unknown) => gallery.show(error as Error))
}

const SCHEMES: readonly (readonly [ClientScheme, 'HTTP' | 'HTTPS'])[] = [
  ['basic', 'HTTP'],
  ['basic', 'HTTPS'],
  ['ntlm', 'HTTP'],
  ['negotiate', 'HTTP'],
  ['negotiate', 'HTTPS'],
  ['credssp', 'HTTP'],
  ['credssp', 'HTTPS'],
]

describe('no secret is shown where all goes well', () => {
  it.each(SCHEMES)(
    'with %s over %s',
    async (scheme, transport) => {
      const gallery = new Gallery(SECRETS)
      const endpoint = await startEndpoint({ ...OPTIONS, listeners: [{ transport }] })
      onTestFinished(() => endpoint.close())
      const { auth, ...rest } = endpoint.clientOptions('alice', { scheme })
      const credential = createCredential(auth)
      const limiter = createLimiter(8)
      const client = new WsmanClient({ ...rest, auth: credential, limiter, wireLog: gallery.wireLog })
      onTestFinished(() => client.close())
      gallery.show(endpoint, credential, limiter)
      await useEverything(client, gallery)
      gallery.show(endpoint, credential, limiter, client)
      await client.close()
      gallery.show(client, (await rejection(client.identify())) as Error)
      expect(gallery.tokens).toBeGreaterThan(0)
      if (scheme !== 'basic') expect(drawn.length).toBeGreaterThan(0)
      leave(gallery)
    },
    120_000,
  )

  it.each([
    ['digest', { scheme: 'digest', username: 'alice', password: PASSWORD }],
    [
      'a password that is fetched',
      { scheme: 'basic', username: 'alice', password: () => Promise.resolve(PASSWORD) },
    ],
    [
      'a hash in place of the password',
      { scheme: 'ntlm', username: 'alice', ntHash: '0123456789abcdef0123456789abcdef' },
    ],
  ] as const)('with %s', async (_, auth) => {
    const gallery = new Gallery({ ...SECRETS, hash: '0123456789abcdef0123456789abcdef' })
    const server = await startRawServer(({ socket, headers }) => {
      const wanted = [
        'WWW-Authenticate: Digest realm="r", nonce="0123456789", qop="auth"',
        'WWW-Authenticate: Negotiate',
      ]
      const known = headers.has('Authorization') && !headers.get('Authorization')?.startsWith('Negotiate')
      socket.write(
        known
          ? reply(
              '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a xmlns=""/></s:Body></s:Envelope>',
              {
                headers: ['Content-Type: application/soap+xml'],
              },
            )
          : reply('', { status: '401 Unauthorized', headers: wanted }),
      )
    })
    const client = connect(gallery, { host: '127.0.0.1', port: server.port, auth })
    await client.get('urn:thing').catch((error: unknown) => gallery.show(error as Error))
    gallery.show(client)
    leave(gallery)
  })

  it('with a client certificate, and its key and passphrase', async () => {
    const { authority, selfSigned } = await certificates()
    const passphrase = 'Pa55phrase-of-the-key'
    const key = crypto
      .createPrivateKey(authority.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    const gallery = new Gallery({
      passphrase,
      key: String(key).split('\n')[1] ?? '',
      'its key': authority.key.split('\n')[1] ?? '',
    })
    const server = await startRawServer(
      ({ socket }) => socket.write(reply('', { status: '401 Unauthorized' })),
      {
        tls: { cert: selfSigned.cert, key: selfSigned.key, requestCert: true, rejectUnauthorized: false },
      },
    )
    const tls = { cert: authority.cert, key: String(key), passphrase, rejectUnauthorized: false }
    const client = connect(gallery, {
      host: '127.0.0.1',
      port: server.port,
      transport: 'https',
      tls,
      auth: { scheme: 'certificate' },
    })
    gallery.show(client, (await rejection(client.identify())) as Error)
    expect(server.requests).toHaveLength(1)
    leave(gallery)
  })
})

function connect(gallery: Gallery, options: WsmanClientOptions): WsmanClient {
  const client = new WsmanClient({
    ...options,
    settings: { client: { allowUnencrypted: true } },
    wireLog: gallery.wireLog,
  })
  onTestFinished(() => client.close())
  return client
}

describe('no secret is shown where it fails:', () => {
  const failures = Object.values(TABLES).flatMap((table) => Object.entries(table))

  it.each(failures.filter(([, { needsLinux }]) => needsLinux !== true || process.platform === 'linux'))(
    '%s',
    async (_, { scene }) => {
      const gallery = new Gallery({
        password: ITS_PASSWORD,
        'wrong password': WRONG_PASSWORD,
        'password of the proxy': PROXY_PASSWORD,
      })
      const { call } = await scene()
      gallery.show((await rejection(call())) as Error)
      leave(gallery)
    },
  )
})

const sourceOf = (value: object): string => Function.prototype.toString.call(value)

it('every exported class was looked at', () => {
  for (const value of [
    new EndpointFault('no', { code: 'Sender' }),
    new wsman.TrustedHosts('a,b'),
    new wsman.AddressFilter('*', 'IPv4'),
    new wsman.CimDateTime('20240229120000.000000+060'),
    new wsman.CimInterval('00000001000000.000000:000'),
    new wsman.WsmanError('ERR_WSMAN_USAGE', 'x'),
  ]) {
    for (let level: object | null = value; level; level = Object.getPrototypeOf(level) as object | null)
      seen.add(level)
  }
  const exported: readonly (readonly [string, unknown])[] = Object.entries({ ...wsman, ...testing })
  const classes = exported.filter(
    ([, value]) => typeof value === 'function' && /^class\b/.test(sourceOf(value)),
  )
  expect(classes.length).toBeGreaterThan(20)
  expect(
    classes
      .filter(([, value]) => !seen.has((value as { readonly prototype: object }).prototype))
      .map(([name]) => name),
  ).toEqual([])
})
