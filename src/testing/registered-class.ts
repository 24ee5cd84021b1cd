import { UsageError } from '../errors/errors.js'
import type { InstanceStore } from './instance-store.js'
import type {
  CimType,
  EndpointClass,
  EndpointQualifiers,
  MethodBody,
  MethodDefinition,
  ParameterDefinition,
  PropertyDefinition,
  ValueDefinition,
} from './types.js'
import type { WqlClassInfo } from './wql/class-info.js'

/** Where a property or method of a class comes from. */
interface Origin {
  /** The class that has it first. */
  readonly origin: string
  /** The class that declares it as it is: the class itself, or the nearest above it. */
  readonly declaredBy: string
}

/** A property with all its facts, its name as the class spells it. */
export interface RegisteredProperty extends PropertyDefinition, Origin {
  readonly name: string
}

export interface RegisteredParameter extends ParameterDefinition {
  readonly name: string
  readonly in: boolean
  readonly out: boolean
}

export interface RegisteredMethod extends Origin {
  readonly name: string
  readonly run: MethodBody
  readonly returns: CimType | 'void'
  /** Undefined where nobody said: it is called either way. */
  readonly isStatic: boolean | undefined
  /** Undefined where nobody declared any. */
  readonly parameters: readonly RegisteredParameter[] | undefined
  readonly qualifiers: EndpointQualifiers
}

/** A class with what it inherits. */
export interface RegisteredClass {
  readonly definition: EndpointClass
  readonly name: string
  /** With slashes: `root/cimv2`. */
  readonly namespace: string
  readonly superclass: RegisteredClass | undefined
  /** Its instances tie others together: it has references to two of them, or says so. */
  readonly isAssociation: boolean
  /** Inherited ones included, in the order of Windows' replies: by name, without letter case. */
  readonly properties: readonly RegisteredProperty[]
  readonly keys: readonly RegisteredProperty[]
  readonly store: InstanceStore
  /** Inherited ones included, by name in lower case. */
  readonly methods: ReadonlyMap<string, RegisteredMethod>
  /** What queries need to know. */
  readonly info: WqlClassInfo
}

/** Those that follow from the definition, and those that are given. */
export function classQualifiers({ definition, isAssociation }: RegisteredClass): EndpointQualifiers {
  return {
    ...(definition.abstract === true ? { abstract: true } : {}),
    ...(isAssociation ? { association: true } : {}),
    ...definition.qualifiers,
  }
}

/** The properties of a class, by name in lower case, on top of those it inherits. */
export function resolveProperties(
  { name: className, properties }: EndpointClass,
  inherited: readonly RegisteredProperty[] = [],
): ReadonlyMap<string, RegisteredProperty> {
  const resolved = new Map(inherited.map((property) => [property.name.toLowerCase(), property]))
  for (const [name, given] of Object.entries(properties)) {
    const facts = inFull(given)
    assertValue(facts, `The property ${name} of ${className}`)
    const origin = resolved.get(name.toLowerCase())?.origin ?? className
    resolved.set(name.toLowerCase(), { ...facts, name, origin, declaredBy: className })
  }
  return resolved
}

/** The methods of a class, by name in lower case, on top of those it inherits. */
export function resolveMethods(
  { name: className, methods = {} }: EndpointClass,
  inherited: ReadonlyMap<string, RegisteredMethod> = new Map(),
): ReadonlyMap<string, RegisteredMethod> {
  const own = Object.entries(methods).map(([name, given]): readonly [string, RegisteredMethod] => {
    const definition: MethodDefinition = typeof given === 'function' ? { run: given } : given
    const { run, returns = 'uint32', parameters, qualifiers = {} } = definition
    return [
      name.toLowerCase(),
      {
        name,
        run,
        returns,
        isStatic: definition.static,
        parameters: parameters && resolveParameters(parameters, `${className}.${name}`),
        qualifiers,
        origin: inherited.get(name.toLowerCase())?.origin ?? className,
        declaredBy: className,
      },
    ]
  })
  return new Map([...inherited, ...own])
}

function resolveParameters(
  parameters: NonNullable<MethodDefinition['parameters']>,
  method: string,
): readonly RegisteredParameter[] {
  return Object.entries(parameters).map(([name, given]) => {
    const facts: ParameterDefinition = inFull(given)
    const { out = false, in: goesIn = !out } = facts
    const what = `The parameter ${name} of ${method}`
    assertValue(facts, what)
    if (!goesIn && !out) throw new UsageError(`${what} goes neither in nor out.`)
    return { ...facts, name, in: goesIn, out }
  })
}

function inFull<T extends ValueDefinition>(given: CimType | T): T | { readonly type: CimType } {
  return typeof given === 'string' ? { type: given } : given
}

function assertValue({ type, refersTo, embedded }: ValueDefinition, what: string): void {
  if (refersTo !== undefined && type !== 'reference') {
    throw new UsageError(`${what} has refersTo, which is for references.`)
  }
  if (embedded !== undefined && type !== 'string') {
    throw new UsageError(`${what} has embedded, which is for strings: CIM declares embedded instances so.`)
  }
}
