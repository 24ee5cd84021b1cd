import { UsageError } from '../errors/errors.js'
import {
  createDocumentOperation,
  getDocumentOperation,
  putDocumentOperation,
} from '../operations/document.js'
import { deleteOperation } from '../operations/transfer.js'
import type { OperationRunner } from '../operations/operation.js'
import type { PartialModel } from '../settings/rows.js'
import type { XmlElement } from '../xml/element.js'
import { isHeldByPolicy } from './writable-document.js'
import { isSameItem, locateItem, pathOfItem, type ItemKind } from './item-kind.js'
import type { JsonValue, PlanStep, PlanWarning } from './plan.js'
import { fixedMessage } from './setting-fixed.js'

/** An item as it should be. Members that are left out stay as they are. */
export type DesiredItem<Item extends object, Key extends object> = Key &
  PartialModel<Item> & {
    /** `absent` takes it away. Default `present`: it is made where it is missing. Nothing is taken away unless asked. */
    readonly ensure?: 'present' | 'absent' | undefined
  }

/** What becomes of one item. */
export interface ItemStep<Item extends object> extends PlanStep {
  readonly kind: 'add' | 'set' | 'remove'
  readonly before: Item | undefined
  readonly after: Item | undefined
}

export interface ItemPlan<Item extends object> {
  readonly steps: readonly ItemStep<Item>[]
  readonly warnings: readonly PlanWarning[]
}

/** @throws UsageError for an item that is malformed, or asked for twice */
export function assertDesired<Item extends object, Key extends object>(
  kind: ItemKind<Item, Key>,
  desired: readonly DesiredItem<Item, Key>[],
): void {
  if (!isList(desired)) throw new UsageError(`${kind.plural} must be a list.`)
  for (const [index, wanted] of desired.entries()) {
    const { ensure, ...members }: { readonly ensure?: string | undefined } = wanted
    locateItem(kind, wanted)
    kind.validate(members)
    if (!['present', 'absent', undefined].includes(ensure)) {
      throw new UsageError(`${kind.plural}[${index}].ensure must be 'present' or 'absent'.`)
    }
    if (desired.slice(0, index).some((other) => isSameItem<Item, Key>(kind, other, wanted))) {
      throw new UsageError(`${pathOfItem<Item, Key>(kind, wanted)} is asked for twice.`)
    }
  }
}

/** Compares what is there with what was asked for. */
export function planItems<Item extends object, Key extends object>(
  runner: OperationRunner,
  kind: ItemKind<Item, Key>,
  current: readonly XmlElement[],
  desired: readonly DesiredItem<Item, Key>[],
): ItemPlan<Item> {
  const steps: ItemStep<Item>[] = []
  const warnings: PlanWarning[] = []
  for (const wanted of desired) {
    const { ensure = 'present', ...rest } = wanted
    // Without `ensure` it is an item with its key.
    const members = rest as unknown as PartialModel<Item> & Key
    const path = pathOfItem<Item, Key>(kind, wanted)
    const found = current.find((document) =>
      isSameItem<Item, Key>(kind, kind.read(document) as unknown as Key, wanted),
    )
    const isHeld = found !== undefined && isHeldByPolicy(found)
    const { step, fixed } = planItem(runner, kind, { path, found, members, ensure })
    warnings.push(...(isHeld && step ? [held(path)] : fixed))
    if (step && !isHeld) steps.push(step)
  }
  return { steps, warnings }
}

interface Wanted<Item extends object, Key extends object> {
  readonly path: string
  readonly found: XmlElement | undefined
  readonly members: PartialModel<Item> & Key
  readonly ensure: 'present' | 'absent'
}

function planItem<Item extends object, Key extends object>(
  runner: OperationRunner,
  kind: ItemKind<Item, Key>,
  { path, found, members, ensure }: Wanted<Item, Key>,
): { readonly step?: ItemStep<Item>; readonly fixed: readonly PlanWarning[] } {
  const resource = locateItem<Item, Key>(kind, members)
  const before = found && kind.read(found)
  if (ensure === 'absent') {
    if (!found) return { fixed: [] }
    const change = { path, action: 'remove', from: shown(kind, before), to: null } as const
    const run: PlanStep['run'] = (options) => runner.run(deleteOperation(resource), options)
    const name = `remove ${path}`
    return { fixed: [], step: { kind: 'remove', name, changes: [change], before, after: undefined, run } }
  }
  if (!found) {
    kind.validateNew(members)
    const change = { path, action: 'add', from: null, to: shown(kind, members) } as const
    const run: PlanStep['run'] = (options) =>
      runner.run(createDocumentOperation(resource, kind.create(members)), options)
    const after = members as unknown as Item
    return {
      fixed: [],
      step: { kind: 'add', name: `add ${path}`, changes: [change], before, after, run },
    }
  }
  const differences = kind.differences(found, members, `${path}.`)
  const fixed = differences.flatMap(({ path: setting, fixed }) =>
    fixed ? [{ code: fixed, path: setting, message: fixedMessage(setting, fixed), needsForce: false }] : [],
  )
  const free = differences.filter((difference) => difference.fixed === undefined)
  if (free.length === 0) return { fixed }
  const blocked = new Set(differences.flatMap(({ path, fixed }) => (fixed ? [path] : [])))
  const changes = free.map(({ path, from, to }) => ({ path, action: 'set', from, to }) as const)
  const values = Object.fromEntries(
    Object.entries(members).filter(([name]) => !blocked.has(`${path}.${name}`)),
  ) as unknown as PartialModel<Item>
  const run: PlanStep['run'] = async (options) => {
    const read = await runner.run(getDocumentOperation(resource), options)
    await runner.run(putDocumentOperation(resource, kind.rewrite(read, values)), options)
  }
  const after = { ...kind.read(found), ...values }
  return { fixed, step: { kind: 'set', name: `change ${path}`, changes, before, after, run } }
}

const held = (path: string): PlanWarning => ({
  code: 'policy',
  path,
  message: fixedMessage(path, 'policy'),
  needsForce: false,
})

/** Array.isArray would make the items anything at all. */
const isList = (value: unknown): boolean => Array.isArray(value)

/** As JSON, without secrets. */
function shown<Item extends object, Key extends object>(
  { secrets }: ItemKind<Item, Key>,
  item: object | undefined,
): JsonValue {
  const entries = Object.entries(item ?? {}).filter(
    ([name, value]) => value !== undefined && !secrets.includes(name),
  )
  const json: Record<string, JsonValue> = Object.fromEntries(entries)
  return json
}
