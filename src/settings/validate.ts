import { UsageError } from '../errors/errors.js'
import { AddressFilter } from './address-filter.js'
import type { DocumentTable, PartialModel, SettingGroup, SettingRow, SettingTable } from './rows.js'
import { parseSddl } from './sddl/parse.js'
import { CONFIG_TABLE, type Settings } from './table.js'
import { TrustedHosts } from './trusted-hosts.js'

/** One thing that is wrong with a model, or dubious. */
export interface SettingProblem {
  /** `client.networkDelayMs` */
  readonly path: string
  readonly message: string
  /** An error is refused; a warning is taken, and does not do what it seems to. */
  readonly severity: 'error' | 'warning'
}

/** What ranges and patterns cannot express; each throws a UsageError. */
const CHECKS: Readonly<Record<string, (text: string) => unknown>> = {
  'client.trustedHosts': (text) => new TrustedHosts(text),
  'service.rootSddl': parseSddl,
  'service.ipv4Filter': (text) => new AddressFilter(text, 'IPv4'),
  'service.ipv6Filter': (text) => new AddressFilter(text, 'IPv6'),
  'plugin.resources.security.sddl': (text) => (text === '' ? undefined : parseSddl(text)),
}

/** What stands beyond the limits of a value that is valid. */
const WARNINGS: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  'protocol.maxEnvelopeSizeKb': (value) =>
    Number(value) > 1_039_440 ? 'above 1039440 is not supported by Windows' : undefined,
  'client.trustedHosts': (value) =>
    String(value).trim() === '*' ? "'*' lets any host pose as the one that is meant" : undefined,
  'service.rootSddl': (value) =>
    parseSddl(String(value)).dacl === undefined
      ? 'without an access list (D:) it lets everybody in'
      : undefined,
}

/** What is wrong with the members that are given; members that are left out are not missed. */
export function validateSettings(model: PartialModel<Settings>): SettingProblem[] {
  return validateGroup(CONFIG_SECTIONS, model, '')
}

/** Like `validateSettings`, for one section. */
export function validateSection(section: keyof Settings, model: unknown): SettingProblem[] {
  return validateGroup(CONFIG_TABLE[section], model, `${section}.`)
}

/** @throws UsageError naming the first member of the section that is wrong */
export function assertSection(section: keyof Settings, model: unknown): void {
  const problem = validateSection(section, model).find(({ severity }) => severity === 'error')
  if (problem) throw new UsageError(problem.message)
}

/** The same for what a table describes that is no section: `listener.port must be between 1 and 65535.` */
export function assertMembers(table: SettingTable, members: unknown, name: string): void {
  const problem = validateGroup(table, members, `${name}.`).find(({ severity }) => severity === 'error')
  if (problem) throw new UsageError(problem.message)
}

/** The same for what holds lists: `plugin.quotas.maxShells must be between 1 and 2147483647.` */
export function assertDocument(table: DocumentTable, members: unknown, path: string): void {
  if (typeof members !== 'object' || members === null) throw new UsageError(`${path} must be an object.`)
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    const here = `${path}.${name}`
    if (entry === undefined) {
      throw new UsageError(`${here} is no setting; ${path} has ${Object.keys(table).join(', ')}.`)
    }
    if (value === undefined) continue
    if ('items' in entry) {
      if (!Array.isArray(value)) throw new UsageError(`${here} must be a list.`)
      for (const [index, item] of value.entries()) assertDocument(entry.items, item, `${here}[${index}]`)
    } else if ('members' in entry) assertDocument(entry.members, value, here)
    else assertRow(entry, here, value)
  }
}

function assertRow(row: SettingRow, path: string, value: unknown): void {
  const problem = validateRow(row, path, value).find(({ severity }) => severity === 'error')
  if (problem) throw new UsageError(problem.message)
}

const CONFIG_SECTIONS: SettingTable = Object.fromEntries(
  Object.entries(CONFIG_TABLE).map(([name, members]): [string, SettingGroup] => [
    name,
    { wire: name, members },
  ]),
)

function validateGroup(table: SettingTable, model: unknown, prefix: string): SettingProblem[] {
  const self = prefix.slice(0, -1) || 'settings'
  if (typeof model !== 'object' || model === null || Array.isArray(model)) {
    return [problem(self, `${self} must be an object.`)]
  }
  return Object.entries(model).flatMap(([name, value]: [string, unknown]): SettingProblem[] => {
    const path = prefix + name
    const entry = Object.hasOwn(table, name) ? table[name] : undefined
    if (entry === undefined) {
      return [problem(path, `${path} is no setting; ${self} has ${Object.keys(table).join(', ')}.`)]
    }
    if (value === undefined) return []
    return 'members' in entry
      ? validateGroup(entry.members, value, `${path}.`)
      : validateRow(entry, path, value)
  })
}

function validateRow(row: SettingRow, path: string, value: unknown): SettingProblem[] {
  const demand = demandOn(row, value)
  if (demand !== undefined) return [problem(path, `${path} must be ${demand}.`)]
  const complaint = complaintAbout(path, value)
  if (complaint !== undefined) return [problem(path, complaint)]
  const warning = WARNINGS[path]?.(value)
  return warning === undefined ? [] : [{ path, message: `${path}: ${warning}.`, severity: 'warning' }]
}

/** @returns what the value would have to be, where it is not */
function demandOn(row: SettingRow, value: unknown): string | undefined {
  switch (row.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'integer': {
      const range = `between ${row.min} and ${row.max}`
      if (typeof value !== 'number' || !Number.isInteger(value)) return `an integer ${range}`
      return value >= row.min && value <= row.max ? undefined : range
    }
    case 'choice':
      return row.choices.some((choice) => choice === value) ? undefined : `one of ${row.choices.join(', ')}`
    case 'text':
      if (typeof value !== 'string') return 'text'
      return row.pattern?.test(value) === false
        ? (row.form ?? `text that matches ${row.pattern.source}`)
        : undefined
  }
}

function complaintAbout(path: string, value: unknown): string | undefined {
  try {
    // Places in lists do not matter: `plugin.resources[0].security[1].sddl`.
    CHECKS[path.replace(/\[\d+\]/g, '')]?.(String(value))
    return undefined
  } catch (error) {
    if (error instanceof UsageError)
      return error.message.includes(path) ? error.message : `${path}: ${error.message}`
    throw error
  }
}

function problem(path: string, message: string): SettingProblem {
  return { path, message, severity: 'error' }
}
