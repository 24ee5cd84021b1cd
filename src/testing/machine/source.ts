import { hostname } from 'node:os'
import type { EndpointClass, EndpointInstance, EndpointValue } from '../types.js'
import { DEFINITIONS, type MachineClassName, type PropertyNameOf } from './definitions.js'

/** Reads the instances of a class from the machine, anew each time. */
export type Reader = Extract<EndpointClass['instances'], () => unknown>

export interface ProcessOwner {
  readonly Domain: string | null
  readonly User: string | null
}

/** Where the facts about a machine come from; one for each kind of system. */
export interface MachineSource {
  readonly read: Readonly<Record<MachineClassName, Reader>>
  /** Undefined when there is no such process. */
  readonly ownerOf: (processId: number) => Promise<ProcessOwner | undefined>
}

/** What a source knows of an instance. What it does not know it leaves out, or sets to undefined. */
export type Facts<C extends MachineClassName> = Partial<Record<PropertyNameOf<C>, EndpointValue | undefined>>

/** An instance with every declared property: null where the machine told nothing. */
export function toInstance<C extends MachineClassName>(className: C, facts: Facts<C>): EndpointInstance {
  const known = new Map<string, EndpointValue | undefined>(Object.entries(facts))
  const names = Object.keys(DEFINITIONS[className].properties)
  return Object.fromEntries(
    names.map((name) => [name, name === 'CreationClassName' ? className : (known.get(name) ?? null)]),
  )
}

/** The properties by which services, disks and adapters name the computer they belong to. */
export function systemNames(): { readonly SystemCreationClassName: string; readonly SystemName: string } {
  return { SystemCreationClassName: 'Win32_ComputerSystem', SystemName: hostname() }
}
