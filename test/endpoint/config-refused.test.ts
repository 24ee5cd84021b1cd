import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError, WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { CONFIG_TABLE } from '../../src/settings/table.js'
import { nest, rowsOf, TABLES, wrongValues, type PlacedRow } from '../support/settings-rows.js'

let endpoint: Endpoint
let client: WsmanClient
beforeAll(async () => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
  })
  client = new WsmanClient(endpoint.clientOptions())
})
afterAll(async () => {
  await client.close()
  await endpoint.close()
})

/** Paths of lists name the place in them: `plugin.resources[0].exactMatch`. */
const shownPath = (path: string): RegExp => new RegExp(path.replaceAll('.', String.raw`(\[0\])?\.`))

/** What the message must say is allowed. */
const demandOf = ({ row }: PlacedRow): readonly string[] => {
  if (row.type === 'integer') return [String(row.min), String(row.max)]
  if (row.type === 'choice') return row.choices
  return row.type === 'boolean' ? ['true or false'] : []
}

async function assertRefused(
  placed: PlacedRow,
  value: unknown,
  attempt: () => Promise<unknown>,
): Promise<void> {
  const error: unknown = await attempt().then(
    () => 'nothing was refused',
    (reason: unknown) => reason,
  )
  const about = `${placed.path} ${String(value)}`
  expect(error, about).toBeInstanceOf(UsageError)
  const { message, code } = error as UsageError
  expect(code).toBe('ERR_WSMAN_USAGE')
  // What is no text, or none at all, names no item.
  if (placed.row.key && (typeof value !== 'string' || value === '') && message.includes(' is named by ')) {
    expect(message, about).toContain(placed.names.at(-1))
    return
  }
  expect(message, about).toMatch(shownPath(placed.path))
  for (const demand of demandOf(placed)) expect(message, about).toContain(demand)
}

const named = (placed: PlacedRow): readonly [string, PlacedRow] => [placed.path, placed]
const wrongIn = (name: string): PlacedRow[] =>
  rowsOf(TABLES[name] ?? {}, name).filter((one) => wrongValues(one).length > 0)

/** What an item is named by. */
const LISTENER = { address: '*', transport: 'HTTP' }
const MAPPING = { issuer: 'ab'.repeat(20), subject: '*', uri: '*' }
const PLUGIN = { name: 'Mine' }

describe('nothing is sent of a value that its setting cannot have:', () => {
  const sections = Object.keys(CONFIG_TABLE) as (keyof typeof CONFIG_TABLE)[]
  it.each(
    sections.flatMap((section) => wrongIn(section).map((placed) => [placed.path, section, placed] as const)),
  )('%s', async (_, section, placed) => {
    for (const value of wrongValues(placed)) {
      const model = nest(CONFIG_TABLE[section], placed.names, value)
      await assertRefused(placed, value, () => client.config[section].update(model))
      await assertRefused(placed, value, () => client.config.plan({ [section]: model }))
    }
    expect(endpoint.requests).toEqual([])
  })

  it.each(wrongIn('listener').map(named))('%s', async (_, placed) => {
    for (const value of wrongValues(placed)) {
      const model = nest(TABLES.listener ?? {}, placed.names, value)
      const { listeners } = client.config
      if (!placed.row.key) await assertRefused(placed, value, () => listeners.update(LISTENER, model))
      await assertRefused(placed, value, () => listeners.create({ ...LISTENER, ...model }))
      await assertRefused(placed, value, () => client.config.plan({ listeners: [{ ...LISTENER, ...model }] }))
    }
    expect(endpoint.requests).toEqual([])
  })

  it.each(wrongIn('certMapping').map(named))('%s', async (_, placed) => {
    for (const value of wrongValues(placed)) {
      const model = nest(TABLES.certMapping ?? {}, placed.names, value)
      const item = { ...MAPPING, userName: 'a', password: 'b', ...model }
      const { certMappings } = client.config
      if (!placed.row.key) await assertRefused(placed, value, () => certMappings.update(MAPPING, model))
      await assertRefused(placed, value, () => certMappings.create(item))
      await assertRefused(placed, value, () => client.config.plan({ certMappings: [item] }))
    }
    expect(endpoint.requests).toEqual([])
  })

  it.each(wrongIn('plugin').map(named))('%s', async (_, placed) => {
    for (const value of wrongValues(placed)) {
      const model = nest(TABLES.plugin ?? {}, placed.names, value)
      const item = { ...PLUGIN, filename: 'mine.dll', resources: [], ...model }
      const { plugins } = client.config
      if (!placed.row.key) await assertRefused(placed, value, () => plugins.update(PLUGIN, model))
      await assertRefused(placed, value, () => plugins.create(item))
      await assertRefused(placed, value, () => client.config.plan({ plugins: [item] }))
    }
    expect(endpoint.requests).toEqual([])
  })
})

describe('an option of the client that cannot be', () => {
  it.each(['client', 'protocol'] as const)('of %s makes no client', (section) => {
    for (const placed of wrongIn(section)) {
      for (const value of wrongValues(placed)) {
        const settings = { [section]: nest(CONFIG_TABLE[section], placed.names, value) }
        expect(
          () => new WsmanClient({ host: 'server01', settings }),
          `${placed.path} ${String(value)}`,
        ).toThrow(shownPath(placed.path))
      }
    }
  })
})
