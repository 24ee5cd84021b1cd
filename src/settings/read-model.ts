import type { XmlElement } from '../xml/element.js'
import type { DocumentTable, ModelOf, SettingRow } from './rows.js'

/** Who set a value: Group Policy, a listener kept for compatibility, or somebody on the machine. */
export type SettingSource = 'policy' | 'compatibility' | 'local'

/** What the attribute `Source` says; no recording shows it, `winrm get winrm/config` prints it. */
const SOURCES: Readonly<Record<string, SettingSource>> = { gpo: 'policy', compatibility: 'compatibility' }

const sourcesOf = new WeakMap<object, ReadonlyMap<string, SettingSource>>()

/**
 * The typed model of a document. What the document lacks is absent; what the table lacks stands in the document alone.
 * Services do not agree on letter case, nor on the namespaces of parts: local names decide.
 * @param malformed what to do with a text that is no value of its row; what it returns stands in the model
 */
export function readModel<Table extends DocumentTable>(
  read: XmlElement,
  table: Table,
  malformed: (row: SettingRow, text: string, path: readonly string[]) => unknown = () => undefined,
): ModelOf<Table> {
  return readMembers(read, table, malformed, []) as ModelOf<Table>
}

/**
 * Who set a member of a model that was read: `sourceOf(remote.service, 'allowUnencrypted')` is `'policy'` where Group
 * Policy holds it, so that nobody else can change it. Copies of a model do not know.
 */
export function sourceOf<Model extends object>(model: Model, member: keyof Model & string): SettingSource {
  return sourcesOf.get(model)?.get(member) ?? 'local'
}

/** Who set what an element holds, as the element itself says. */
export function sourceOfElement(element: XmlElement): SettingSource | undefined {
  return SOURCES[element.attribute('Source')?.trim().toLowerCase() ?? '']
}

/** @returns undefined where the text is no value of the row */
export function readValue(row: SettingRow, text: string): string | number | boolean | undefined {
  const trimmed = text.trim()
  switch (row.type) {
    case 'boolean':
      return /^(?:true|1)$/i.test(trimmed) ? true : /^(?:false|0)$/i.test(trimmed) ? false : undefined
    case 'integer':
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : undefined
    case 'choice':
      return row.choices.find((choice) => choice.toLowerCase() === trimmed.toLowerCase()) ?? trimmed
    case 'text':
      return trimmed
  }
}

/** Whether an element is the one that a table calls so. */
export const isNamed = ({ name }: XmlElement, wire: string): boolean =>
  name.local.toLowerCase() === wire.toLowerCase()

type Malformed = NonNullable<Parameters<typeof readModel>[2]>

function readMembers(
  read: XmlElement,
  table: DocumentTable,
  malformed: Malformed,
  path: readonly string[],
): object {
  const sources = new Map<string, SettingSource>()
  const inherited = sourceOfElement(read)
  const members = Object.entries(table).flatMap(([name, entry]): [string, unknown][] => {
    const here = [...path, name]
    if ('items' in entry) {
      const holder = entry.wire === undefined ? read : childNamed(read, entry.wire)
      const items = holder?.elements.filter((child) => isNamed(child, entry.item)) ?? []
      return holder ? [[name, items.map((item) => readMembers(item, entry.items, malformed, here))]] : []
    }
    const child = 'type' in entry && entry.attribute ? undefined : childNamed(read, entry.wire)
    const source = (child && sourceOfElement(child)) ?? inherited
    if (source) sources.set(name, source)
    if ('members' in entry) return child ? [[name, readMembers(child, entry.members, malformed, here)]] : []
    const text = entry.attribute ? attributeNamed(read, entry.wire) : child?.text
    return text === undefined ? [] : [[name, readValue(entry, text) ?? malformed(entry, text, here)]]
  })
  const model = Object.fromEntries(members)
  sourcesOf.set(model, sources)
  return model
}

const childNamed = (read: XmlElement, wire: string): XmlElement | undefined =>
  read.elements.find((child) => isNamed(child, wire))

const attributeNamed = (read: XmlElement, wire: string): string | undefined =>
  read.attributes.find(({ name }) => name.local.toLowerCase() === wire.toLowerCase())?.value
