import { CONNECTION_SITUATIONS } from './connection-situations.js'
import { SERVICE_SITUATIONS } from './service-situations.js'

/**
 * The situations this package recognises by itself, with their hints. The hints of faults are in `fault-hints.ts` and
 * those of Kerberos with its failures; `docs/errors.md` is generated from all three.
 */
export const SITUATIONS = { ...CONNECTION_SITUATIONS, ...SERVICE_SITUATIONS }

/** A situation with a hint of its own. */
export type SituationName = keyof typeof SITUATIONS

type HoleIn<Text extends string> = Text extends `${string}{{${infer Name}}}${infer Rest}`
  ? Name | HoleIn<Rest>
  : never

/** What a hint leaves open. */
type Values<Name extends SituationName> = [HoleIn<(typeof SITUATIONS)[Name]['hint']>] extends [never]
  ? []
  : [values: Readonly<Record<HoleIn<(typeof SITUATIONS)[Name]['hint']>, string>>]

/** What to change in a situation, and where. */
export function hintFor<Name extends SituationName>(name: Name, ...[values]: Values<Name>): string {
  const given: Readonly<Record<string, string>> = values ?? {}
  return SITUATIONS[name].hint.replace(/\{\{(\w+)\}\}/g, (hole, key: string) => given[key] ?? hole)
}
