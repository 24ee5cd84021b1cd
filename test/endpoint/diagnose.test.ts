import { describe, expect, it, onTestFinished } from 'vitest'
import { AbortError, WsmanClient, type DiagnosisReport, type WsmanClientOptions } from 'wsman'
import { startEndpoint, type ClientChoice, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { rejection } from '../support/scripted-service.js'
import { startRawServer, reply } from '../unit/http/raw-server.js'

const PASSWORD = 'correct horse battery staple'

async function start(options: EndpointOptions = {}): Promise<Endpoint> {
  const users = [{ username: 'alice', password: PASSWORD, domain: 'TEST' }]
  const endpoint = await startEndpoint({ users, classes: [], ...options })
  onTestFinished(() => endpoint.close())
  return endpoint
}

function connect(options: WsmanClientOptions): WsmanClient {
  const client = new WsmanClient(options)
  onTestFinished(() => client.close())
  return client
}

const optionsOf = (endpoint: Endpoint, choice?: ClientChoice): WsmanClientOptions => ({
  ...endpoint.clientOptions('alice', choice),
})

/** The steps that do not depend on what else listens on this machine. */
function outcomes({ steps }: DiagnosisReport): Record<string, string> {
  const own = steps.filter(({ name }) => !/^port (?:80|443|5985|5986)$/.test(name))
  return Object.fromEntries(own.map(({ name, outcome }) => [name.replace(/\d+/, 'N'), outcome]))
}

const step = ({ steps }: DiagnosisReport, wanted: string) => steps.find(({ name }) => name === wanted)

const ALL_PASSED = {
  'name resolution': 'passed',
  'port N': 'passed',
  TLS: 'passed',
  'schemes offered': 'passed',
  clock: 'passed',
  Identify: 'passed',
  authentication: 'passed',
  sealing: 'passed',
  'channel binding': 'passed',
  shell: 'passed',
  configuration: 'passed',
}

describe('diagnose', () => {
  it('finds nothing in the way of HTTPS, and leaves nothing behind', async () => {
    const endpoint = await start({ listeners: [{ transport: 'HTTPS' }] })
    const report = await connect(optionsOf(endpoint)).diagnose()
    expect(outcomes(report)).toEqual(ALL_PASSED)
    expect(report).toMatchObject({ ok: true, host: '127.0.0.1', url: endpoint.url, scheme: 'negotiate' })
    expect(report.steps.map(({ name }) => name).slice(1, 5)).toEqual([
      'port 5985',
      'port 5986',
      'port 80',
      'port 443',
    ])
    expect(step(report, 'TLS')?.facts).toMatchObject({
      version: 'TLSv1.3',
      chain: [{ fingerprint256: endpoint.listeners[0]?.fingerprint256 }],
    })
    expect(step(report, 'authentication')?.facts).toMatchObject({ mechanism: 'NTLM' })
    expect(step(report, 'schemes offered')?.facts).toMatchObject({ status: 401, offered: ['Negotiate'] })
    expect(endpoint.shells).toEqual([])
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({
      ok: true,
      steps: { length: report.steps.length },
    })
  })

  it('tells of a password that is refused, sends it once, and holds it back', async () => {
    const endpoint = await start()
    const { auth, ...rest } = endpoint.clientOptions('alice')
    const client = connect({ ...rest, auth: { ...auth, password: `not ${PASSWORD}` } })
    const report = await client.diagnose()
    expect(outcomes(report)).toEqual({
      ...ALL_PASSED,
      TLS: 'skipped',
      authentication: 'failed',
      sealing: 'skipped',
      'channel binding': 'skipped',
      shell: 'skipped',
      configuration: 'skipped',
    })
    expect(step(report, 'authentication')).toMatchObject({
      code: 'ERR_WSMAN_UNAUTHORIZED',
      hint: expect.stringContaining('not tried again') as string,
    })
    const tokens = (): number =>
      endpoint.requests.filter(({ headers }) => headers.authorization !== undefined).length
    expect(tokens()).toBe(2)
    await client.diagnose()
    await rejection(client.identify())
    expect(tokens()).toBe(2)
    expect(JSON.stringify(report)).not.toContain(PASSWORD)
  })

  it('tells of a self-signed certificate with the line that pins it', async () => {
    const endpoint = await start({ listeners: [{ transport: 'HTTPS' }] })
    const { tls, ...rest } = endpoint.clientOptions('alice')
    const report = await connect(rest).diagnose()
    expect(step(report, 'TLS')).toMatchObject({
      outcome: 'failed',
      code: 'ERR_WSMAN_TLS',
      hint: expect.stringContaining(`fingerprint256: '${tls?.fingerprint256 ?? ''}'`) as string,
    })
    expect(step(report, 'authentication')?.outcome).toBe('skipped')
    expect(endpoint.requests).toEqual([])
  })

  it('tells of a closed port and asks nothing more', async () => {
    const endpoint = await start()
    const options = optionsOf(endpoint)
    await endpoint.close()
    const report = await connect(options).diagnose()
    expect(report.ok).toBe(false)
    expect(step(report, `port ${options.port ?? 0}`)).toMatchObject({
      outcome: 'failed',
      code: 'ECONNREFUSED',
    })
    expect(report.steps.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1)
  })

  it('tells of a scheme that is off, and which ones are offered', async () => {
    const endpoint = await start()
    const { auth, ...rest } = endpoint.clientOptions('alice')
    const settings = { client: { allowUnencrypted: true } }
    const report = await connect({ ...rest, settings, auth: { ...auth, scheme: 'basic' } }).diagnose()
    expect(step(report, 'authentication')).toMatchObject({
      outcome: 'failed',
      code: 'ERR_WSMAN_SCHEME_NOT_OFFERED',
      hint: expect.stringMatching(/Negotiate.*@\{Basic="true"\}/) as string,
    })
  })

  it('tells of messages that travel readably', async () => {
    const endpoint = await start({ settings: { service: { auth: { basic: true }, allowUnencrypted: true } } })
    const report = await connect(optionsOf(endpoint, { scheme: 'basic' })).diagnose()
    expect(step(report, 'sealing')).toMatchObject({
      outcome: 'failed',
      hint: expect.stringContaining('https') as string,
    })
  })

  it('tells of a scheme that cannot be bound to the TLS connection', async () => {
    const endpoint = await start({
      listeners: [{ transport: 'HTTPS' }],
      settings: { service: { auth: { basic: true } } },
    })
    const report = await connect(optionsOf(endpoint, { scheme: 'basic' })).diagnose()
    expect(outcomes(report)).toEqual({ ...ALL_PASSED, 'channel binding': 'skipped' })
    expect(step(report, 'channel binding')?.detail).toBe('The scheme cannot be bound to the TLS connection.')
  })

  it('tells of shells that are forbidden, and goes on', async () => {
    const endpoint = await start({ settings: { winrs: { allowRemoteShellAccess: false } } })
    const report = await connect(optionsOf(endpoint)).diagnose()
    expect(outcomes(report)).toEqual({
      ...ALL_PASSED,
      TLS: 'skipped',
      'channel binding': 'skipped',
      shell: 'failed',
    })
    expect(step(report, 'shell')).toMatchObject({
      code: 'ERR_WSMAN_FAULT',
      hint: expect.stringContaining('AllowRemoteShellAccess') as string,
    })
    expect(report.ok).toBe(false)
  })

  it('tells of clocks that differ, by what the service says in its headers', async () => {
    const server = await startRawServer(({ socket }) => {
      const date = new Date(Date.now() - 3_600_000).toUTCString()
      socket.write(
        reply('', { status: '401 Unauthorized', headers: [`Date: ${date}`, 'WWW-Authenticate: Negotiate'] }),
      )
    })
    const report = await connect({ host: '127.0.0.1', port: server.port }).diagnose()
    expect(step(report, 'clock')).toMatchObject({
      outcome: 'failed',
      detail: 'The clock of the host is 60 minutes behind this one.',
      hint: expect.stringContaining('w32tm /resync') as string,
    })
    expect(step(report, 'Identify')?.outcome).toBe('skipped')
    expect(step(report, 'authentication')).toMatchObject({
      outcome: 'skipped',
      detail: 'The client has no credential.',
    })
  })

  it('tells of a name that cannot be resolved', async () => {
    const report = await connect({ host: 'no-such-host.invalid' }).diagnose()
    expect(step(report, 'name resolution')).toMatchObject({
      outcome: 'failed',
      hint: expect.stringMatching(/DNS/) as string,
    })
    expect(step(report, 'port 5985')).toMatchObject({ outcome: 'skipped' })
  })

  it('ends with the signal, and with the client', async () => {
    const server = await startRawServer(() => undefined)
    const options = { host: '127.0.0.1', port: server.port }
    const controller = new AbortController()
    const aborted = rejection(connect(options).diagnose({ signal: controller.signal }))
    await expect.poll(() => server.requests.length).toBe(1)
    controller.abort('enough')
    expect(await aborted).toBeInstanceOf(AbortError)
    const client = connect(options)
    const closed = rejection(client.diagnose())
    await expect.poll(() => server.requests.length).toBe(2)
    await client.close()
    expect(await closed).toBeInstanceOf(AbortError)
  })

  it('skips what does not fit into its time', async () => {
    const server = await startRawServer(() => undefined)
    const report = await connect({ host: '127.0.0.1', port: server.port }).diagnose({ timeoutMs: 1500 })
    expect(step(report, 'schemes offered')).toMatchObject({
      outcome: 'skipped',
      detail: 'The time limit passed before.',
    })
    expect(step(report, 'configuration')?.outcome).toBe('skipped')
  })
})
