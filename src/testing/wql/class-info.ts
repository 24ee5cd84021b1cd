import type { CimType, PropertyDefinition } from '../types.js'
import { fold } from './case-folding.js'

/** What queries need to know about the class of an instance. An `EndpointClass` is one. */
export interface WqlClassInfo {
  readonly name: string
  readonly superclass?: string
  /** Inherited properties included. */
  readonly properties: Readonly<Record<string, CimType | PropertyDefinition>>
  /**
   * The superclass of any class by name, so that ISA finds more distant ancestors and those of embedded instances.
   * Default: only the superclass given here is known.
   */
  readonly superclassOf?: (className: string) => string | undefined
}

export interface KnownProperty {
  /** As the class spells it. */
  readonly name: string
  readonly type: CimType
  readonly array: boolean
}

/** The properties by folded name. */
export function propertiesOf({ properties }: WqlClassInfo): ReadonlyMap<string, KnownProperty> {
  return new Map(
    Object.entries(properties).map(([name, definition]) => {
      const { type, array = false } = typeof definition === 'string' ? { type: definition } : definition
      return [fold(name), { name, type, array }]
    }),
  )
}

/** Whether the class called `className` is `ancestor` or derives from it. */
export function isA(info: WqlClassInfo, className: string, ancestor: string): boolean {
  const wanted = fold(ancestor)
  // A loop in what the user declared must not become one here.
  const seen = new Set<string>()
  let current: string | undefined = className
  while (current !== undefined && !seen.has(fold(current))) {
    if (fold(current) === wanted) return true
    seen.add(fold(current))
    current =
      info.superclassOf?.(current) ?? (fold(current) === fold(info.name) ? info.superclass : undefined)
  }
  return false
}
