import { CONFIG_DOCUMENT } from '../settings/parse.js'
import { getDocumentOperation, putDocumentOperation } from '../operations/document.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { PartialModel } from '../settings/rows.js'
import type { Settings } from '../settings/table.js'
import type { XmlElement } from '../xml/element.js'
import { differencesOf, type SettingDifference } from './differences.js'
import type { PlanStep, PlanWarning } from './plan.js'
import { SECTIONS, type SectionName } from './resources.js'
import type { Changes } from '../settings/rewrite-document.js'
import { writableDocument } from './writable-document.js'
import { fixedMessage } from './setting-fixed.js'

/** What becomes of one section. */
export interface SectionPlan {
  readonly name: SectionName
  /** The values that will be put; nested as the section is. */
  readonly values: Changes
  readonly step: PlanStep | undefined
  readonly warnings: readonly PlanWarning[]
}

/** Compares one section of the document with what was asked for. */
export function planSection(
  runner: OperationRunner,
  config: XmlElement,
  name: SectionName,
  desired: PartialModel<Settings>,
  isHeld: (path: string) => boolean,
): SectionPlan {
  const differences = sectionDifferences(config, name, desired, isHeld)
  const free = differences.filter(({ fixed }) => fixed === undefined)
  const warnings = differences.flatMap(({ path, fixed }) =>
    fixed ? [{ code: fixed, path, message: fixedMessage(path, fixed), needsForce: false }] : [],
  )
  const values = nested(free, name)
  if (free.length === 0) return { name, values, step: undefined, warnings }
  const changes = free.map(({ path, from, to }) => ({ path, action: 'set', from, to }) as const)
  const run = (options: CallOptions): Promise<unknown> => putSection(runner, name, values, options)
  return { name, values, step: { name: `change ${name}`, changes, run }, warnings }
}

/** In the document of the whole configuration the protocol stands at the top and the others one level below. */
export function sectionDifferences(
  config: XmlElement,
  name: SectionName,
  desired: PartialModel<Settings>,
  isHeld?: (path: string) => boolean,
): readonly SettingDifference[] {
  const wanted = { ...desired[name] }
  if (name === 'protocol') return differencesOf(config, CONFIG_DOCUMENT, wanted, 'protocol.', isHeld)
  return differencesOf(config, CONFIG_DOCUMENT, { [name]: wanted }, '', isHeld)
}

/** Reads the section anew, because another one may have written in between. */
export async function putSection(
  runner: OperationRunner,
  name: SectionName,
  values: Changes,
  options: CallOptions,
): Promise<XmlElement | undefined> {
  const { uri, table } = SECTIONS[name]
  const read = await runner.run(getDocumentOperation({ resourceUri: uri }), options)
  const document = writableDocument(read, table, values)
  return await runner.run(putDocumentOperation({ resourceUri: uri }, document), options)
}

/** `service.auth.basic` becomes `{ auth: { basic } }`. */
function nested(differences: readonly SettingDifference[], section: string): Changes {
  const root: Record<string, unknown> = {}
  for (const { path, to } of differences) {
    const [, ...names] = path.split('.')
    let level = root
    for (const name of names.slice(0, -1)) level = (level[name] ??= {}) as Record<string, unknown>
    level[names.at(-1) ?? section] = to
  }
  return root
}
