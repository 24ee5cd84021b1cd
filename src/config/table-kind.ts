import { UsageError } from '../errors/errors.js'
import type { SettingTable } from '../settings/rows.js'
import { differencesOf } from './differences.js'
import type { ItemKind } from './item-kind.js'
import { newDocument, type Changes } from '../settings/rewrite-document.js'
import { writableDocument } from './writable-document.js'

interface TableKind<Item extends object, Key extends object> extends Pick<
  ItemKind<Item, Key>,
  'what' | 'plural' | 'resourceUri' | 'selectors' | 'secrets' | 'read' | 'validate' | 'validateNew'
> {
  /** The element: `Listener`. */
  readonly wire: string
  readonly table: SettingTable
  /** Elements that are read and never written. */
  readonly readOnly: readonly string[]
}

/** A kind whose items are the elements of a table. */
export function tableKind<Item extends object, Key extends object>(
  parts: TableKind<Item, Key>,
): ItemKind<Item, Key> {
  const { wire, table, resourceUri, selectors, secrets, readOnly } = parts
  const keys: ReadonlySet<string> = new Set(selectors.map(([, member]) => member))
  /** Keys stand in the selectors alone, as in MS-WSMV 4.2.3. */
  const withoutKeys = (members: object): Changes =>
    Object.fromEntries(Object.entries(members).filter(([name]) => !keys.has(name)))
  return {
    ...parts,
    differences: (read, changes, prefix) => {
      const shown = Object.entries(withoutKeys(changes)).filter(([name]) => !secrets.includes(name))
      return differencesOf(read, table, Object.fromEntries(shown), prefix)
    },
    create: (item) => newDocument(wire, resourceUri, table, withoutKeys(item)),
    rewrite: (read, changes) => {
      const hidden = secrets.flatMap((name) => (name in changes ? [] : [table[name]?.wire ?? name]))
      const { children = [], ...root } = writableDocument(read, table, withoutKeys(changes))
      const left = [...readOnly, ...hidden].map((name) => name.toLowerCase())
      const kept = children.filter(
        (child) => typeof child === 'string' || !left.includes(child.name.toLowerCase()),
      )
      return { ...root, children: kept }
    },
  }
}

/** @throws UsageError where a member is missing that the host has no default for */
export function assertGiven(what: string, item: object, names: readonly string[]): void {
  const given = new Set(Object.entries(item).flatMap(([name, value]) => (value === undefined ? [] : [name])))
  const missing = names.filter((name) => !given.has(name))
  if (missing.length > 0) throw new UsageError(`A new ${what} needs ${missing.join(', ')}.`)
}
