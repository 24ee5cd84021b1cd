import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WsmanClient, type ConfigPlan, type QuickConfigOptions } from 'wsman'
import { rejection } from '../support/scripted-service.js'
import { issue, store, type Issued } from '../support/windows-host/certificates.js'
import { WindowsHost } from '../support/windows-host/host.js'
import { startWindows } from '../support/windows-host/start.js'

const TOKEN_FILTER = String.raw`SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`
const SERVICE_KEY = String.raw`SYSTEM\CurrentControlSet\Services\WinRM`

const codes = ({ warnings }: ConfigPlan): string[] => warnings.map(({ code, path }) => `${code} ${path}`)
const paths = ({ changes }: ConfigPlan): string[] => changes.map(({ action, path }) => `${action} ${path}`)

const given = new Set<number>()

/** A port that nobody has, and that neither the system nor another test gives to anybody. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(30_000, 32_768)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (!isFree || given.has(port)) continue
    given.add(port)
    return port
  }
}

describe('quickConfig', () => {
  it('sets up everything, says so step by step, and has nothing more to do then', async () => {
    const host = new WindowsHost()
    host.startMode = 'Manual'
    host.state = 'Stopped'
    host.categories = [2, 1]
    const { config } = await startWindows(host)
    const port = await freePort()
    const options: QuickConfigOptions = { port, localAccountTokenFilterPolicy: true }

    const plan = await config.quickConfig(options)
    const json = JSON.parse(JSON.stringify(plan)) as unknown
    expect(json).toEqual({ changed: true, changes: plan.changes, warnings: [] })
    expect(plan.changes).toMatchObject([
      { path: 'winrmService.startMode', action: 'set', from: 'Manual', to: 'Auto' },
      { path: 'winrmService.delayedAutoStart', action: 'set', from: false, to: true },
      { path: 'winrmService.state', action: 'set', from: 'Stopped', to: 'Running' },
      { path: 'listeners[*+HTTP]', action: 'add', to: { address: '*', transport: 'HTTP', port } },
      { path: `firewall[WINRM-HTTP-In-TCP-${port}-Domain]`, action: 'add', to: { port, profile: 'Domain' } },
      {
        path: `firewall[WINRM-HTTP-In-TCP-${port}-Private]`,
        action: 'add',
        to: { port, profile: 'Private' },
      },
      { path: 'registry.LocalAccountTokenFilterPolicy', action: 'add', from: null, to: 1 },
    ])
    for (const { description } of plan.changes) expect(description).toMatch(/^[A-Z].*\.$/)
    expect([host.startMode, host.state, host.rules.length]).toEqual(['Manual', 'Stopped', 3])

    const reports: string[] = []
    await plan.apply({
      onProgress: ({ step, of, name, status }) => reports.push(`${step}/${of} ${name}: ${status}`),
    })
    expect(reports.filter((report) => report.endsWith('done'))).toEqual([
      '1/7 let the service WinRM start automatically: done',
      '2/7 delay the start of the service WinRM: done',
      '3/7 start the service WinRM: done',
      '4/7 add listeners[*+HTTP]: done',
      `5/7 add the firewall rule WINRM-HTTP-In-TCP-${port}-Domain: done`,
      `6/7 add the firewall rule WINRM-HTTP-In-TCP-${port}-Private: done`,
      '7/7 give local administrators their rights over the network: done',
    ])
    expect(plan.applied).toEqual(plan.changes)
    expect([host.startMode, host.state]).toEqual(['Auto', 'Running'])
    expect(host.registry.get(SERVICE_KEY, 'DelayedAutostart')).toBe(1)
    expect(host.registry.get(TOKEN_FILTER, 'LocalAccountTokenFilterPolicy')).toBe(1)
    expect(host.rules.slice(3)).toMatchObject([
      {
        profiles: 1,
        enabled: true,
        action: 2,
        protocol: 'TCP',
        ports: [String(port)],
        remoteAddress: ['Any'],
      },
      {
        profiles: 2,
        enabled: true,
        action: 2,
        protocol: 'TCP',
        ports: [String(port)],
        remoteAddress: ['Any'],
      },
    ])
    const listeners = await config.listeners.enumerate().toArray()
    expect(listeners.find(({ address }) => address === '*')).toMatchObject({
      port,
      transport: 'HTTP',
      enabled: true,
    })

    const again = await config.quickConfig(options)
    expect(again).toMatchObject({ changed: false, changes: [], warnings: [] })
  })

  it('leaves alone what is there: the start somebody chose, the port of the listener, the policy nobody asked for', async () => {
    const { host, config } = await startWindows()
    const port = await freePort()
    await config.listeners.create({ address: '*', transport: 'HTTP', port })
    host.rules.push({ id: 'mine', profiles: 0, enabled: true, ports: ['80', `${port}-${port + 1}`] })
    const plan = await config.quickConfig()
    expect(plan).toMatchObject({ changed: false, warnings: [] })
  })

  it("enables WinRM's own rules, one for each profile that a network has", async () => {
    const { host, config } = await startWindows()
    // The default port, on which nobody listens: only the firewall matters here.
    const quickConfig = async (...categories: number[]): Promise<ConfigPlan> => {
      host.categories = categories
      return await config.quickConfig({ port: 5985, skipNetworkProfileCheck: true })
    }
    const ofFirewall = (plan: ConfigPlan): string[] => paths(plan).filter((path) => path.includes('firewall'))
    host.rules.push({ id: 'web', profiles: 2, enabled: false, ports: ['5985'] })
    expect(ofFirewall(await quickConfig(2, 1, 1))).toEqual(['set firewall[WINRM-HTTP-In-TCP].enabled'])
    expect(ofFirewall(await quickConfig(0))).toEqual(['set firewall[WINRM-HTTP-In-TCP-PUBLIC].enabled'])
    expect(ofFirewall(await quickConfig(1, 0))).toEqual([
      'set firewall[WINRM-HTTP-In-TCP].enabled',
      'set firewall[WINRM-HTTP-In-TCP-PUBLIC].enabled',
    ])
    expect(ofFirewall(await quickConfig())).toEqual([])
  })

  it('does not take rules for open that are for another program, direction, protocol or port', async () => {
    const { host, config } = await startWindows()
    const port = await freePort()
    const ports = [String(port)]
    host.rules = [
      { id: 'program', profiles: 0, enabled: true, ports, program: String.raw`C:\web.exe` },
      { id: 'outbound', profiles: 0, enabled: true, ports, direction: 2 },
      { id: 'udp', profiles: 0, enabled: true, ports, protocol: 'UDP' },
      { id: 'other', profiles: 0, enabled: true, ports: [String(port - 1), `${port + 1}-65535`, 'RPC'] },
      { id: 'domain', profiles: 1, enabled: true, ports },
      // The id that the new one would have.
      { id: `winrm-http-in-tcp-${port}-private`, profiles: 2, enabled: false, ports: ['1'] },
    ]
    const plan = await config.quickConfig({ port })
    expect(paths(plan).at(-1)).toBe(`add firewall[WINRM-HTTP-In-TCP-${port}-Private-2]`)
  })

  it('opens a public network to the local subnet only, and only where it is told to', async () => {
    const host = new WindowsHost()
    host.categories = [0]
    const { config } = await startWindows(host)
    const port = await freePort()
    const plan = await config.quickConfig({ port })
    expect(codes(plan)).toEqual(['exposes firewall[Public]'])
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_FORCE_NEEDED' })
    expect(host.rules).toHaveLength(3)
    const told = await config.quickConfig({ port, skipNetworkProfileCheck: true })
    expect(told.warnings).toMatchObject([{ code: 'exposes', needsForce: false }])
    await told.apply()
    expect(host.rules.at(-1)).toMatchObject({ profiles: 4, enabled: true, remoteAddress: ['LocalSubnet'] })
    expect(await config.quickConfig({ port })).toMatchObject({ changed: false, warnings: [] })
  })

  it('says what no rule of its own can change', async () => {
    const host = new WindowsHost()
    host.categories = [2, 1]
    host.allowLocalRules = { Domain: 0 }
    const { config } = await startWindows(host)
    host.rules.push({ id: 'no', profiles: 2, enabled: true, action: 4, ports: ['5985'] })
    const plan = await config.quickConfig({ port: 5985 })
    expect(codes(plan)).toEqual(['policy firewall[Domain]', 'dubious firewall[Private]'])
    expect(plan.warnings.map(({ message }) => message)).toEqual([
      'Group Policy has the firewall ignore local rules in the profile Domain.',
      'The rule no blocks port 5985 in the profile Private, whatever others allow.',
    ])
    expect(paths(plan).at(-1)).toBe('set firewall[WINRM-HTTP-In-TCP].enabled')
  })

  it('never leaves a rule behind that opens more than the port', async () => {
    const host = new WindowsHost()
    host.heedsContext = false
    const { config } = await startWindows(host)
    const port = await freePort()
    const plan = await config.quickConfig({ port })
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_PROTOCOL' })
    expect(host.rules).toHaveLength(3)
    expect(plan.applied.map(({ path }) => path)).toEqual(['listeners[*+HTTP]'])
  })

  it('takes its own listener to another port last, and only where it is told to', async () => {
    const { host, endpoint, config } = await startWindows()
    const [port, other] = [await freePort(), await freePort()]
    await config.listeners.create({ address: '*', transport: 'HTTP', port })
    const through = new WsmanClient({ ...endpoint.clientOptions(), port })
    onTestFinished(() => through.close())
    const plan = await through.config.quickConfig({ port: other })
    expect(paths(plan)).toEqual([
      `add firewall[WINRM-HTTP-In-TCP-${other}-Private]`,
      'set listeners[*+HTTP].port',
    ])
    expect(codes(plan)).toEqual(['disconnects listeners[*+HTTP]'])
    expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_FORCE_NEEDED' })
    await plan.apply({ force: true })
    expect(host.rules.at(-1)).toMatchObject({ ports: [String(other)], enabled: true })
    expect(await config.listeners.get({ address: '*', transport: 'HTTP' })).toMatchObject({ port: other })
  })

  it('passes on what a method of the service returns, in words', async () => {
    const host = new WindowsHost()
    host.state = 'Stopped'
    host.serviceCode = 14
    const { config } = await startWindows(host)
    const plan = await config.quickConfig({ port: await freePort() })
    expect(await rejection(plan.apply())).toMatchObject({
      name: 'WsmanFault',
      reason: 'Win32_Service.StartService returned 14: the service is disabled.',
    })
    expect(plan.applied).toEqual([])
  })

  it('does what it can where classes are missing, and says what it could not', async () => {
    const host = new WindowsHost()
    const { config } = await startWindows(host, { endpoint: { classes: [] } })
    const plan = await config.quickConfig({ port: await freePort(), localAccountTokenFilterPolicy: true })
    expect(codes(plan)).toEqual([
      'unavailable winrmService',
      'unavailable firewall',
      'unavailable registry.LocalAccountTokenFilterPolicy',
    ])
    expect(paths(plan)).toEqual(['add listeners[*+HTTP]'])
  })

  it.each<[QuickConfigOptions, string]>([
    [{ transport: 'FTP' as never }, 'transport must be HTTP or HTTPS'],
    [{ port: 0 }, 'port must be between 1 and 65535'],
    [{ transport: 'HTTPS', hostname: "x'; Remove-Item C:\\" }, 'hostname must be the DNS name of the host'],
    [
      { transport: 'HTTPS', certificateThumbprint: 'abc' },
      'certificateThumbprint must be 40 hexadecimal digits',
    ],
    [{ transport: 'HTTPS', certificateThumbprint: ' ' }, 'certificateThumbprint must not be empty'],
    [{ hostname: 'a' }, 'hostname and certificateThumbprint are for the transport HTTPS.'],
    [{ color: 1 } as never, 'There is no option "color"'],
    [{ skipNetworkProfileCheck: 'yes' as never }, 'skipNetworkProfileCheck must be true or false.'],
    [null as never, 'The options must be an object.'],
  ])('refuses %j before anything is sent', async (options, message) => {
    const { endpoint, config } = await startWindows()
    const error = await rejection(config.quickConfig(options))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_USAGE' })
    expect(String(error)).toContain(message)
    expect(endpoint.requests).toEqual([])
  })
})

describe('quickConfig for HTTPS', () => {
  const DAY = 86_400_000
  const now = Date.now()
  let fit: Issued
  let longer: Issued
  let expired: Issued
  let early: Issued
  let client: Issued
  let other: Issued
  let selfSigned: Issued
  let misnamed: Issued
  beforeAll(async () => {
    const name = 'server01.example.com'
    const made = await Promise.all([
      issue({ name, until: new Date(now + 100 * DAY) }),
      issue({ name, until: new Date(now + 200 * DAY) }),
      issue({ name, from: new Date(now - 20 * DAY), until: new Date(now - 10 * DAY) }),
      issue({ name, from: new Date(now + 10 * DAY), until: new Date(now + 400 * DAY) }),
      issue({ name, serverAuth: false }),
      issue({ name: 'server02.example.com' }),
      issue({ name, selfSigned: true }),
      issue({ name, alternativeName: 'www.example.com' }),
    ])
    ;[fit, longer, expired, early, client, other, selfSigned, misnamed] = made
  })

  const start = async (...certificates: readonly Issued[]) => {
    const host = new WindowsHost()
    host.domain = 'example.com'
    for (const certificate of certificates) store(host.registry, certificate)
    return await startWindows(host, {
      endpoint: { classes: host.classes(), certificates: [fit, longer, selfSigned] },
    })
  }

  it('takes the certificate that fits and is valid longest, and opens its port', async () => {
    const { host, config } = await start(fit, expired, longer, early, client, other, selfSigned)
    const port = await freePort()
    const plan = await config.quickConfig({ transport: 'HTTPS', port })
    expect(plan.warnings).toEqual([])
    expect(plan.changes[0]).toMatchObject({
      path: 'listeners[*+HTTPS]',
      to: { port, hostname: 'server01.example.com', certificateThumbprint: longer.thumbprint },
    })
    await plan.apply()
    expect(await config.listeners.get({ address: '*', transport: 'HTTPS' })).toMatchObject({
      certificateThumbprint: longer.thumbprint,
      enabled: true,
    })
    expect(host.rules.at(-1)).toMatchObject({ ports: [String(port)], enabled: true })
    expect(await config.quickConfig({ transport: 'HTTPS' })).toMatchObject({ changed: false, warnings: [] })
  })

  it('says of each certificate why it does not fit, and opens nothing', async () => {
    const { host, config } = await start(expired, early, client, other, selfSigned, misnamed)
    store(host.registry, fit, false)
    host.registry.set(
      String.raw`SOFTWARE\Microsoft\SystemCertificates\MY\Certificates\00`,
      'Blob',
      Buffer.from('nothing'),
    )
    const plan = await config.quickConfig({ transport: 'HTTPS' })
    expect(plan).toMatchObject({
      changed: false,
      warnings: [{ code: 'unavailable', path: 'listeners[*+HTTPS]' }],
    })
    const [{ message } = { message: '' }] = plan.warnings
    const why = (of: Issued): string =>
      new RegExp(`${of.thumbprint} \\(CN=[^)]*\\): (.*?)(?:;|\\. It must)`).exec(message)?.[1] ?? ''
    expect(why(expired)).toMatch(/^it expired on \d{4}-\d\d-\d\d$/)
    expect(why(early)).toMatch(/^it is not valid before \d{4}-\d\d-\d\d$/)
    expect(why(client)).toBe('it is not for server authentication')
    expect(why(other)).toBe(
      'its common name is not server01.example.com, it is not for the name server01.example.com',
    )
    expect(why(selfSigned)).toBe('it is self-signed')
    expect(why(misnamed)).toBe('it is not for the name server01.example.com')
    expect(why(fit)).toBe('it has no private key')
  })

  it('takes the one it is given, for the name that is in it', async () => {
    const { config } = await start(selfSigned)
    const port = await freePort()
    const plan = await config.quickConfig({
      transport: 'HTTPS',
      port,
      certificateThumbprint: selfSigned.thumbprint.toLowerCase().replace(/../g, '$& '),
    })
    expect(plan.warnings).toEqual([])
    expect(plan.changes[0]).toMatchObject({
      to: { hostname: 'server01.example.com', certificateThumbprint: selfSigned.thumbprint },
    })
    await plan.apply()

    const another = await config.quickConfig({ transport: 'HTTPS', certificateThumbprint: longer.thumbprint })
    expect(codes(another)).toEqual(['dubious listeners[*+HTTPS].certificateThumbprint'])
    expect(paths(another)).toEqual(['set listeners[*+HTTPS].certificateThumbprint'])
    await another.apply()
    expect(await config.listeners.get({ address: '*', transport: 'HTTPS' })).toMatchObject({
      certificateThumbprint: longer.thumbprint,
    })
  })

  it('leaves the choice to the host where the registry cannot be read', async () => {
    const host = new WindowsHost()
    const classes = host.classes().filter(({ name }) => name !== 'StdRegProv')
    const { config } = await startWindows(host, { endpoint: { classes, certificates: [fit] } })
    const port = await freePort()
    const hostname = 'server01.example.com'
    const made = { hostname, certificateThumbprint: fit.thumbprint }
    const given = await config.quickConfig({ transport: 'HTTPS', port, ...made })
    expect(given.warnings).toEqual([])
    expect(given.changes[0]).toMatchObject({ to: made })

    const stranger = await config.quickConfig({ transport: 'HTTPS', port, hostname: 'server02.example.com' })
    expect(codes(stranger)).toEqual(['dubious listeners[*+HTTPS]'])
    expect(await rejection(stranger.apply())).toMatchObject({ name: 'WsmanFault' })
    expect(stranger.applied).toEqual([])

    const plan = await config.quickConfig({ transport: 'HTTPS', port, hostname })
    expect(codes(plan)).toEqual(['dubious listeners[*+HTTPS]'])
    await plan.apply()
    expect(await config.listeners.get({ address: '*', transport: 'HTTPS' })).toMatchObject(made)
    expect(await config.quickConfig({ transport: 'HTTPS' })).toMatchObject({ changed: false, warnings: [] })
  })
})
