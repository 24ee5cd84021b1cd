import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DesiredConfig, DesiredListener } from '../../../src/config/plan-config.js'
import type { SettingRow, SettingTable } from '../../../src/settings/rows.js'
import { CONFIG_TABLE } from '../../../src/settings/table.js'
import { ConfigStore, type StoredListener } from '../../support/config-store.js'
import { connect } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'

/** Values of texts whose meaning is checked, by the path of their element. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  TrustedHosts: ['', '*', 'server01,*.example.com', '<local>'],
  RootSDDL: ['O:NSG:BAD:P(A;;GA;;;BA)', 'O:NSG:BAD:P(A;;GRGW;;;S-1-5-21-1-2-3-4)(D;;GX;;;AN)'],
  IPv4Filter: ['', '*', '10.0.0.1-10.0.0.9,10.1.0.0-10.1.0.0'],
  IPv6Filter: ['', '*', '::1-::2'],
  URLPrefix: ['wsman', 'a/b_1'],
  CertificateThumbprint: ['', '0123456789abcdef0123456789abcdef01234567'],
}

function valueOf(row: SettingRow): fc.Arbitrary<unknown> {
  switch (row.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.constantFrom(row.min, row.max), fc.integer({ min: row.min, max: row.max }))
    case 'choice':
      return fc.constantFrom(...row.choices)
    case 'text':
      return fc.constantFrom(...(TEXTS[row.wire] ?? []))
  }
}

function modelOf(table: SettingTable): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.entries(table).map(
    ([name, entry]) => [name, 'members' in entry ? modelOf(entry.members) : valueOf(entry)] as const,
  )
  return fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true })
}

const listener: fc.Arbitrary<StoredListener> = fc
  .record({
    address: fc.constantFrom('*', 'IP:10.0.0.1', 'IP:10.0.0.2'),
    transport: fc.constantFrom('HTTP', 'HTTPS'),
    port: fc.integer({ min: 1, max: 65_535 }),
    hostname: fc.constantFrom('', 'server01', 'a & b <c>'),
    enabled: fc.boolean(),
    thumbprint: fc.stringMatching(/^[0-9A-F]{40}$/),
  })
  .map((one) => (one.transport === 'HTTPS' ? one : { ...one, thumbprint: '' }))
const listeners = fc.uniqueArray(listener, {
  selector: ({ address, transport }) => address + transport,
  maxLength: 4,
})

const wanted = fc.record({
  listener,
  ensure: fc.constantFrom('present', 'absent', undefined),
  members: fc.subarray(['port', 'hostname', 'enabled'] as const),
})

const circumstances = fc.record({
  settings: fc.record(
    {
      protocol: modelOf(CONFIG_TABLE.protocol),
      client: modelOf(CONFIG_TABLE.client),
      service: modelOf(CONFIG_TABLE.service),
      winrs: modelOf(CONFIG_TABLE.winrs),
    },
    { requiredKeys: [] },
  ),
  present: listeners,
  wanted: fc.uniqueArray(wanted, {
    selector: ({ listener: { address, transport } }) => address + transport,
    maxLength: 4,
  }),
  held: fc.subarray([
    'Config.Service.MaxConnections',
    'Config.Client.Auth.Basic',
    'Config.Winrs.IdleTimeout',
  ]),
})

/** What since 2.0 nobody can change. */
const FIXED = [
  'Config.MaxProviderRequests',
  'Config.Service.MaxConcurrentOperations',
  'Config.Winrs.MaxShellRunTime',
]

/** The values of a model by the path of their element. */
function flatten(table: SettingTable, model: object, path: string): (readonly [string, string])[] {
  return Object.entries(model).flatMap(([name, value]: [string, unknown]) => {
    const entry = table[name]
    if (entry === undefined) throw new Error(`There is no ${name}.`)
    const here = `${path}.${entry.wire}`
    if ('members' in entry) return flatten(entry.members, value as object, here)
    return [[here, String(value)] as const]
  })
}

const SECTIONS: Readonly<Record<keyof typeof CONFIG_TABLE, string>> = {
  protocol: 'Config',
  client: 'Config.Client',
  service: 'Config.Service',
  winrs: 'Config.Winrs',
}

describeWithShared('corpus', 'any configuration', () => {
  it('is there once its plan is applied, with nothing else changed, and then a plan is empty', async () => {
    const { store, service } = await ConfigStore.start()
    const { config } = connect(service)
    await fc.assert(
      fc.asyncProperty(circumstances, async ({ settings, present, wanted: items, held }) => {
        store.reset({ listeners: present, held })
        const expected = new Map(store.values)
        for (const [name, path] of Object.entries(SECTIONS)) {
          const section = name as keyof typeof CONFIG_TABLE
          for (const [key, value] of flatten(CONFIG_TABLE[section], settings[section] ?? {}, path)) {
            if (!FIXED.includes(key) && !held.some((one) => one === key)) expected.set(key, value)
          }
        }
        const kept = new Map(present.map((one) => [one.address + one.transport, one]))
        const desiredListeners = items.map(({ listener: given, ensure, members }): DesiredListener => {
          const { address, transport, thumbprint } = given
          const key = address + transport
          const before = kept.get(key)
          const chosen = Object.fromEntries(members.map((member) => [member, given[member]]))
          const port = transport === 'HTTPS' ? 5986 : 5985
          const made = { address, transport, port, hostname: '', enabled: true, thumbprint: '' }
          if (ensure === 'absent') kept.delete(key)
          else kept.set(key, { ...(before ?? made), ...chosen, ...(thumbprint ? { thumbprint } : {}) })
          return {
            address,
            transport: transport,
            ...chosen,
            ...(thumbprint ? { certificateThumbprint: thumbprint } : {}),
            ...(ensure === undefined ? {} : { ensure }),
          }
        })

        const desired: DesiredConfig = { ...settings, listeners: desiredListeners }
        const plan = await config.plan(desired)
        const writes = service.requests.length
        await plan.apply({ force: true })
        expect(plan.applied).toEqual(plan.changes)
        expect(Object.fromEntries(store.values)).toEqual(Object.fromEntries(expected))
        const byKey = (one: { address: string; transport: string }): string => one.address + one.transport
        const sorted = (all: typeof present) => [...all].sort((a, b) => (byKey(a) < byKey(b) ? -1 : 1))
        expect(sorted(store.listeners)).toEqual(sorted([...kept.values()]))
        if (!plan.changed) expect(service.requests).toHaveLength(writes)

        const again = await config.plan(desired)
        expect(again.changes).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})
