import { hostname } from 'node:os'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  decodeSecurityDescriptor,
  formatSddl,
  WsmanClient,
  type ConfigPlan,
  type GrantAccessOptions,
  type GrantWmiAccessOptions,
} from 'wsman'
import { startEndpoint } from 'wsman/testing'
import { rejection } from '../support/scripted-service.js'
import { WindowsHost } from '../support/windows-host/host.js'
import { standInForPowerShell } from '../support/windows-host/powershell.js'
import { startWindows } from '../support/windows-host/start.js'

const BOB = 'S-1-5-21-1-2-3-1001'
/** The descriptor of WinRM alone; plug-ins have tests of their own. */
const ROOT_ONLY = { plugins: [] } as const

const codes = ({ warnings }: ConfigPlan): string[] => warnings.map(({ code, path }) => `${code} ${path}`)
const paths = ({ changes }: ConfigPlan): string[] => changes.map(({ action, path }) => `${action} ${path}`)

describe('accounts', () => {
  it.each([
    ['bob', BOB],
    ['BOB', BOB],
    [String.raw`.\bob`, BOB],
    [String.raw`SERVER01\bob`, BOB],
    [String.raw`example\bob`, 'S-1-5-21-7-8-9-1200'],
    [String.raw`BUILTIN\Administrators`, 'BA'],
    ["Utilisateurs de l'accès", 'RM'],
    ['s-1-5-32-580', 'RM'],
    ['S-1-5-21-99-98-97-1100', 'S-1-5-21-99-98-97-1100'],
  ])('%s is %s', async (account, sid) => {
    const { config } = await startWindows()
    const plan = await config.grantAccess({ account, rights: ['GW'], ...ROOT_ONLY })
    // The rights of administrators cover it already.
    if (sid === 'BA') expect(plan.changed).toBe(false)
    else expect(plan.changes).toMatchObject([{ to: expect.stringContaining(`(A;;GW;;;${sid})`) as string }])
  })

  it('that nobody knows are told with their name', async () => {
    const { config } = await startWindows()
    const error = await rejection(config.grantAccess({ account: 'alice' }))
    expect(error).toMatchObject({
      name: 'UsageError',
      code: 'ERR_WSMAN_ACCOUNT_NOT_FOUND',
      message: '127.0.0.1 knows no account "alice".',
      hint: String.raw`A name alone is one of the machine; one of a domain is DOMAIN\name.`,
    })
    expect(await rejection(config.revokeAccess({ account: String.raw`OTHER\bob` }))).toMatchObject({
      code: 'ERR_WSMAN_ACCOUNT_NOT_FOUND',
    })
  })

  it('that are several are told with their SIDs', async () => {
    const { host, config } = await startWindows()
    host.accounts.push({ kind: 'Win32_Group', domain: host.machine, name: 'Bob', sid: 'S-1-5-21-1-2-3-1009' })
    expect(await rejection(config.grantWmiAccess({ account: 'bob' }))).toMatchObject({
      code: 'ERR_WSMAN_ACCOUNT_AMBIGUOUS',
      message: String.raw`"bob" may be any of SERVER01\bob (S-1-5-21-1-2-3-1001), SERVER01\Bob (S-1-5-21-1-2-3-1009).`,
    })
  })

  it.each<[GrantAccessOptions & GrantWmiAccessOptions, string]>([
    [{ account: '' }, 'account must be the name or the SID'],
    [{ account: 'bob\n' }, 'account must be the name or the SID'],
    [{ account: 'bob@example.com' }, 'WMI cannot look up "bob@example.com".'],
    [{ account: 'S-1-5-x' }, '"S-1-5-x" is no SID in full.'],
    [{ account: String.raw`A\B\c` }, 'account must be name'],
    [{ account: 'bob', rights: [] }, 'rights must be a list of'],
    [{ account: 'bob', rights: ['GX', 'XX' as never] as never }, 'rights must be a list of'],
    [{ account: 'bob', color: 1 } as never, 'There is no option "color"'],
    [undefined as never, 'The options must be an object.'],
  ])('and options such as %j are refused before anything is sent', async (options, message) => {
    const { endpoint, config } = await startWindows()
    for (const plan of [() => config.grantAccess(options), () => config.grantWmiAccess(options)]) {
      expect(await rejection(plan())).toMatchObject({
        code: 'ERR_WSMAN_USAGE',
        message: expect.stringContaining(message) as string,
      })
    }
    expect(endpoint.requests).toEqual([])
  })

  it('have options of their own', async () => {
    const { config } = await startWindows()
    const account = 'bob'
    await Promise.all(
      [
        [
          config.grantAccess({ account, through: 'magic' as never }),
          "through must be 'descriptors' or 'group'.",
        ],
        [config.grantAccess({ account, plugins: [''] }), 'plugins must be a list of names of plug-ins.'],
        [config.grantWmiAccess({ account, namespace: '../x' }), 'namespace must be the path of a namespace'],
        [config.grantWmiAccess({ account, inherit: 1 as never }), 'inherit must be true or false.'],
        [config.revokeAccess({ account, namespaces: ['a b'] }), 'namespaces must be a list of'],
      ].map(async ([promise, message]) => {
        expect(String(await rejection(promise as Promise<unknown>))).toContain(message)
      }),
    )
  })
})

async function startWithBob() {
  const host = new WindowsHost()
  const users = [
    { username: 'admin', password: 'secret', domain: host.machine },
    { username: 'bob', password: 'secret', domain: host.machine, groups: [] },
  ]
  const settings = { service: { auth: { basic: true }, allowUnencrypted: true } }
  const { endpoint, config } = await startWindows(host, {
    endpoint: { users, settings, classes: host.classes() },
  })
  const sid = endpoint.accounts.find(({ username }) => username === 'bob')?.sid ?? ''
  host.accounts = host.accounts.map((account) =>
    account.domain === host.machine && account.name === 'bob' ? { ...account, sid } : account,
  )
  const bob = new WsmanClient(endpoint.clientOptions('bob'))
  onTestFinished(() => bob.close())
  return { host, config, bob, sid }
}

describe('access to WinRM', () => {
  it('is what an account has from then on, and has no longer after that', async () => {
    const { config, bob, sid } = await startWithBob()
    const denied = { name: 'WsmanFault', wsmanCode: 5 }
    expect(await rejection(bob.get('winrm/config'))).toMatchObject(denied)

    const grant = await config.grantAccess({ account: 'bob', ...ROOT_ONLY })
    expect(grant).toMatchObject({
      changed: true,
      warnings: [],
      changes: [
        {
          path: 'service.rootSddl',
          action: 'set',
          description: String.raw`SERVER01\bob gets the rights GR, GX to WinRM.`,
        },
      ],
    })
    await grant.apply()
    const { service } = await config.get()
    expect(service.rootSddl).toContain(`(A;;GXGR;;;${sid})`)
    expect(await bob.get('winrm/config')).toHaveProperty('Service')
    expect(await rejection(bob.delete('winrm/config/listener?Address=*+Transport=HTTP'))).toMatchObject(
      denied,
    )
    expect(await config.grantAccess({ account: 'bob', ...ROOT_ONLY })).toMatchObject({
      changed: false,
      warnings: [],
    })

    const more = await config.grantAccess({ account: 'bob', rights: ['GW'], ...ROOT_ONLY })
    await more.apply()
    expect((await config.get()).service.rootSddl).toContain(`(A;;GXGWGR;;;${sid})`)

    const revoke = await config.revokeAccess({ account: 'bob', ...ROOT_ONLY })
    expect(codes(revoke)).toEqual([])
    await revoke.apply()
    expect(await rejection(bob.get('winrm/config'))).toMatchObject(denied)
    expect(await config.revokeAccess({ account: 'bob', ...ROOT_ONLY })).toMatchObject({ changed: false })
  })

  it('is not taken from whoever may be this client, unless that is forced', async () => {
    const { config } = await startWindows()
    for (const account of ['Administrators', 'S-1-5-32-544']) {
      const plan = await config.revokeAccess({ account, ...ROOT_ONLY })
      expect(codes(plan)).toEqual(['disconnects service.rootSddl'])
      expect(await rejection(plan.apply())).toMatchObject({ code: 'ERR_WSMAN_FORCE_NEEDED' })
    }
    const own = await config.grantAccess({ account: 'admin', rights: ['GA'], ...ROOT_ONLY })
    await own.apply()
    const revoke = await config.revokeAccess({ account: 'admin', ...ROOT_ONLY })
    expect(codes(revoke)).toEqual(['disconnects service.rootSddl'])
    const forced = await config.revokeAccess({ account: 'Administrators', ...ROOT_ONLY })
    await forced.apply({ force: true })
    // The warning was right.
    expect(await rejection(config.get())).toMatchObject({ name: 'WsmanFault', wsmanCode: 5 })
  })

  it('takes nothing from whoever got it between plan and apply', async () => {
    const { config } = await startWindows()
    const accounts = ['bob', 'Operators', String.raw`EXAMPLE\bob`]
    const plans = await Promise.all(accounts.map((account) => config.grantAccess({ account, ...ROOT_ONLY })))
    for (const plan of plans) await plan.apply()
    const { rootSddl } = (await config.get()).service
    for (const sid of [BOB, 'S-1-5-21-1-2-3-1002', 'S-1-5-21-7-8-9-1200']) {
      expect(rootSddl).toContain(`(A;;GXGR;;;${sid})`)
    }
  })

  it('says what an entry that denies makes of it', async () => {
    const rootSddl = `O:NSG:BAD:P(D;;GX;;;${BOB})(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)`
    const { config } = await startWindows(new WindowsHost(), {
      endpoint: { settings: { service: { auth: { basic: true }, allowUnencrypted: true, rootSddl } } },
    })
    const plan = await config.grantAccess({ account: 'bob', ...ROOT_ONLY })
    expect(codes(plan)).toEqual(['dubious service.rootSddl'])
    expect(plan.changes[0]?.to).toBe(
      `O:NSG:BAD:P(D;;GX;;;${BOB})(A;;GA;;;BA)(A;;GXGR;;;${BOB})S:P(AU;FA;GA;;;WD)`,
    )
  })

  it('is not changed where Group Policy holds the descriptor', async () => {
    const { config } = await startWindows(new WindowsHost(), {
      endpoint: {
        settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
        policy: { service: { rootSddl: 'O:NSG:BAD:P(A;;GA;;;BA)' } },
      },
    })
    const plan = await config.grantAccess({ account: 'bob', ...ROOT_ONLY })
    expect(plan.changed).toBe(false)
    expect(codes(plan)).toEqual(['policy service.rootSddl'])
  })

  it('leaves out plug-ins that the host does not have', async () => {
    const { config } = await startWindows()
    const plan = await config.grantAccess({ account: 'bob', plugins: ['No such plug-in'] })
    expect(codes(plan)).toEqual(['unavailable plugins[No such plug-in]'])
    expect(paths(plan)).toEqual(['set service.rootSddl'])
  })
})

it('is given and taken by name at an endpoint as it comes', async () => {
  const users = [
    { username: 'alice', password: 'secret' },
    { username: 'bob', password: 'secret', groups: [] },
    { username: 'carol', password: 'secret', groups: ['Remote Management Users'] },
  ]
  const endpoint = await startEndpoint({ users })
  onTestFinished(() => endpoint.close())
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => {
    const client = new WsmanClient(endpoint.clientOptions(name))
    onTestFinished(() => client.close())
    return client
  }) as [WsmanClient, WsmanClient, WsmanClient]
  const denied = { name: 'WsmanFault', wsmanCode: 5 }
  for (const [client, account] of [
    [bob, 'bob'],
    [carol, 'Remote Management Users'],
  ] as const) {
    expect(await rejection(client.config.get())).toMatchObject(denied)
    await (await alice.config.grantAccess({ account })).apply()
    expect(await client.config.get()).toHaveProperty('service.rootSddl')
    expect(await alice.config.grantAccess({ account })).toMatchObject({ changed: false })
  }
  const plan = await alice.config.revokeAccess({ account: String.raw`.\BOB` })
  await plan.apply()
  expect(await rejection(bob.config.get())).toMatchObject(denied)
  expect(await alice.config.revokeAccess({ account: 'bob', through: 'group' })).toMatchObject({
    changed: false,
  })
  const through = await alice.config.revokeAccess({ account: 'carol', through: 'group' })
  expect(paths(through)).toEqual([`remove groups[Remote Management Users].members[${hostname()}\\carol]`])
})

describe('access through a group', () => {
  const GROUP = "Utilisateurs de l'accès"
  const through = 'group'

  it('is a membership, which a script changes in the words of the host', async () => {
    const { scripts } = standInForPowerShell()
    const { host, config } = await startWindows()
    // What the scripts say is what becomes of the members.
    host.members = () =>
      [...scripts().matchAll(/Invoke\('(Add|Remove)', 'WinNT:\/\/(S-[\d-]+)'\)/g)].reduce<string[]>(
        (sids, [, method, sid = '']) =>
          method === 'Add' ? [...sids, sid] : sids.filter((one) => one !== sid),
        [],
      )
    const plan = await config.grantAccess({ account: 'bob', through, ...ROOT_ONLY })
    expect(plan).toMatchObject({
      warnings: [],
      changes: [
        {
          path: String.raw`groups[${GROUP}].members[SERVER01\bob]`,
          action: 'add',
          from: null,
          to: String.raw`SERVER01\bob`,
          description: String.raw`SERVER01\bob becomes a member of the group ${GROUP}.`,
        },
      ],
    })
    await plan.apply()
    expect(scripts()).toBe(
      [
        "$ErrorActionPreference = 'Stop'",
        "$group = [ADSI]'WinNT://./Utilisateurs de l''accès,group'",
        `$group.psbase.Invoke('Add', 'WinNT://${BOB}')`,
      ].join('\n'),
    )
    expect(await config.grantAccess({ account: 'bob', through, ...ROOT_ONLY })).toMatchObject({
      changed: false,
    })
    const domain = await config.grantAccess({ account: String.raw`EXAMPLE\bob`, through, ...ROOT_ONLY })
    await domain.apply()
    expect(host.members(GROUP)).toEqual([BOB, 'S-1-5-21-7-8-9-1200'])

    const revoke = await config.revokeAccess({ account: 'bob', through, ...ROOT_ONLY })
    expect(codes(revoke)).toEqual([])
    await revoke.apply()
    expect(host.members(GROUP)).toEqual(['S-1-5-21-7-8-9-1200'])
    expect(await config.revokeAccess({ account: 'bob', through, ...ROOT_ONLY })).toMatchObject({
      changed: false,
    })
  })

  it('falls back on the group of older hosts, and says where there is none', async () => {
    const { host, config } = await startWindows()
    host.accounts = host.accounts.map((account) =>
      account.sid === 'S-1-5-32-580'
        ? { ...account, name: 'WinRMRemoteWMIUsers__', sid: 'S-1-5-21-1-2-3-1000' }
        : account,
    )
    const old = await config.grantAccess({ account: 'bob', through, ...ROOT_ONLY })
    expect(paths(old)).toEqual([String.raw`add groups[WinRMRemoteWMIUsers__].members[SERVER01\bob]`])
    host.accounts = host.accounts.filter(({ name }) => name !== 'WinRMRemoteWMIUsers__')
    const none = await config.grantAccess({ account: 'bob', through, ...ROOT_ONLY })
    expect(none.changed).toBe(false)
    expect(codes(none)).toEqual(['unavailable groups'])
  })

  it('is not taken from whoever may be this client, unless that is forced', async () => {
    const { host, config } = await startWindows()
    host.members = () => ['S-1-5-21-1-2-3-1000']
    const plan = await config.revokeAccess({ account: 'admin', through, ...ROOT_ONLY })
    expect(codes(plan)).toEqual([String.raw`disconnects groups[${GROUP}].members[SERVER01\admin]`])
  })
})

describe('access to WMI', () => {
  const PLUGIN = { name: 'WMI Provider' }
  const denied = { name: 'WsmanFault', wsmanCode: 5 }

  it('is that to its plug-in, and not to WinRM as a whole', async () => {
    const { config, bob, sid } = await startWithBob()
    const { resources } = await config.plugins.get(PLUGIN)
    const sddl = 'O:NSG:BAD:P(A;;GA;;;BA)'
    const guarded = resources.map((resource) => ({
      ...resource,
      security: [{ uri: resource.resourceUri, exactMatch: false, sddl }],
    }))
    await config.plugins.update(PLUGIN, { resources: guarded })
    const read = () => bob.cim.getInstance('Win32_Service', { Name: 'WinRM' })
    expect(await rejection(read())).toMatchObject(denied)

    const plan = await config.grantWmiAccess({ account: 'bob' })
    expect(paths(plan)).toEqual([
      ...resources.map(
        ({ resourceUri }) => `set plugins[WMI Provider].resources[${resourceUri}].security.sddl`,
      ),
      'set namespaces[root/cimv2].security',
    ])
    await plan.apply()
    expect(await read()).toMatchObject({ State: 'Running' })
    expect(await rejection(bob.get('winrm/config'))).toMatchObject(denied)
    const [first] = (await config.plugins.get(PLUGIN)).resources
    expect(first?.security).toMatchObject([{ sddl: `${sddl}(A;;GXGR;;;${sid})` }])
    expect(await config.grantWmiAccess({ account: 'bob' })).toMatchObject({ changed: false, warnings: [] })

    const revoke = await config.revokeAccess({ account: 'bob', namespaces: ['root/cimv2'] })
    await revoke.apply()
    expect(await rejection(read())).toMatchObject(denied)
  })

  it('is a matter of RootSDDL where the plug-in has no descriptor, which is said and not changed', async () => {
    const { config } = await startWindows()
    const plan = await config.grantWmiAccess({ account: 'bob' })
    expect(plan.warnings).toMatchObject([
      {
        code: 'dubious',
        path: 'plugins[WMI Provider]',
        message: expect.stringContaining('RootSDDL') as string,
      },
    ])
    expect(paths(plan)).toEqual(['set namespaces[root/cimv2].security'])
  })
})

describe('access to a WMI namespace', () => {
  const sddlOf = (host: WindowsHost): string =>
    formatSddl(decodeSecurityDescriptor(host.namespaces.get('root/cimv2') ?? new Uint8Array()))
  const NAMESPACE = 'namespaces[root/cimv2].security'
  const before = 'O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CIID;CCDCRP;;;AU)'
  const own = (plan: ConfigPlan): ConfigPlan['changes'] =>
    plan.changes.filter(({ path }) => path.startsWith('namespaces'))

  it('is an entry before the inherited ones, for reading it from afar', async () => {
    const { host, config } = await startWindows()
    expect(sddlOf(host)).toBe(before)
    const plan = await config.grantWmiAccess({ account: 'bob' })
    const after = `O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;;CCWP;;;${BOB})(A;CIID;CCDCRP;;;AU)`
    expect(own(plan)).toEqual([
      {
        path: NAMESPACE,
        action: 'set',
        from: before,
        to: after,
        description: String.raw`SERVER01\bob gets the rights enableAccount, remoteEnable to the WMI namespace root/cimv2.`,
      },
    ])
    await plan.apply()
    expect(sddlOf(host)).toBe(after)
    expect(own(await config.grantWmiAccess({ account: 'bob', namespace: String.raw`root\cimv2` }))).toEqual(
      [],
    )

    const more = await config.grantWmiAccess({ account: 'bob', rights: ['executeMethods'], inherit: true })
    await more.apply()
    expect(sddlOf(host)).toContain(`(A;;CCWP;;;${BOB})(A;CI;DC;;;${BOB})`)

    const revoke = await config.revokeAccess({ account: 'bob', namespaces: ['root/cimv2'], ...ROOT_ONLY })
    await revoke.apply()
    expect(sddlOf(host)).toBe(before)
  })

  it('that is inherited stays, which is said', async () => {
    const { config } = await startWindows()
    const plan = await config.revokeAccess({ account: 'S-1-5-11', namespaces: ['root/cimv2'], ...ROOT_ONLY })
    expect(own(plan)).toEqual([])
    expect(codes(plan)).toEqual([`dubious ${NAMESPACE}`])
  })

  it('is told where it cannot be had', async () => {
    const { config } = await startWindows()
    const plan = await config.grantWmiAccess({ account: 'bob', namespace: 'root/nowhere' })
    expect(own(plan)).toEqual([])
    expect(codes(plan)).toContain('unavailable namespaces[root/nowhere].security')
  })
})
