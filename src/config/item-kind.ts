import type { ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import type { PartialModel } from '../settings/rows.js'
import type { XmlElement } from '../xml/element.js'
import type { ElementTree } from '../xml/writer.js'
import type { SettingDifference } from './differences.js'

/** How one kind of item is named, checked, read and written. */
export interface ItemKind<Item extends object, Key extends object> {
  /** As messages call it: `listener`. */
  readonly what: string
  /** As plans call all of them: `listeners`. */
  readonly plural: string
  readonly resourceUri: string
  /** Selectors in the order of the specification, each with the member of the key it comes from. */
  readonly selectors: readonly (readonly [selector: string, member: keyof Key & string])[]
  /** Members that are written and never shown. */
  readonly secrets: readonly string[]
  readonly read: (document: XmlElement) => Item
  /** @throws UsageError for members that are malformed or out of range */
  readonly validate: (members: PartialModel<Item>) => void
  /** @throws UsageError for what cannot be made, because it is malformed or lacks something */
  readonly validateNew: (item: PartialModel<Item> & Key) => void
  /** What would change; secrets cannot be read and so never differ. */
  readonly differences: (
    read: XmlElement,
    changes: PartialModel<Item>,
    prefix: string,
  ) => readonly SettingDifference[]
  readonly create: (item: PartialModel<Item> & Key) => ElementTree
  readonly rewrite: (read: XmlElement, changes: PartialModel<Item>) => ElementTree
}

/** @throws UsageError where a part of the key is missing */
export function locateItem<Item extends object, Key extends object>(
  kind: ItemKind<Item, Key>,
  key: Key,
): ResourceLocator {
  const entries = keyOf(kind, key).map(([selector, , value]) => [selector, value] as const)
  return { resourceUri: kind.resourceUri, selectors: Object.fromEntries(entries) }
}

/** A copy without members that must not be shown; what the model knows about its origin stays behind. */
export function withoutMembers<Model extends object, Name extends keyof Model & string>(
  model: Model,
  ...names: readonly Name[]
): Omit<Model, Name> {
  const hidden: readonly string[] = names
  const entries = Object.entries(model).filter(([name]) => !hidden.includes(name))
  return Object.fromEntries(entries) as Omit<Model, Name>
}

/** The item as a plan calls it: `listeners[*+HTTPS]`. */
export function pathOfItem<Item extends object, Key extends object>(
  kind: ItemKind<Item, Key>,
  key: Key,
): string {
  return `${kind.plural}[${keyOf(kind, key)
    .map(([, , value]) => value)
    .join('+')}]`
}

/** Whether two keys name the same item; services compare them without regard to case (MS-WSMV 3.1.4.1.2). */
export function isSameItem<Item extends object, Key extends object>(
  kind: ItemKind<Item, Key>,
  one: Key,
  other: Key,
): boolean {
  return pathOfItem(kind, one).toLowerCase() === pathOfItem(kind, other).toLowerCase()
}

function keyOf<Item extends object, Key extends object>(
  { selectors, what }: ItemKind<Item, Key>,
  key: Key,
): readonly (readonly [selector: string, member: string, value: string])[] {
  const members = new Map<string, unknown>(Object.entries(key))
  return selectors.map(([selector, member]) => {
    const value = members.get(member)
    if (typeof value === 'string' && value !== '') return [selector, member, value]
    throw new UsageError(`A ${what} is named by ${selectors.map(([, name]) => name).join(', ')}.`)
  })
}
