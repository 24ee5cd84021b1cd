import { ACTION } from '../../envelope/actions.js'
import { NS } from '../../xml/namespaces.js'
import type { XmlElement } from '../../xml/element.js'
import { dialectNotAvailable, filterOf } from '../class-filters.js'
import { invalidKeys, resourceNotFound } from '../class-faults.js'
import type { ClassRegistry } from '../class-registry.js'
import { cimNamespace, DMTF_NAMESPACE, ownSelectors } from '../class-uri.js'
import type { EnumerationItem } from '../enumeration-context.js'
import type { Enumerations } from '../enumerations.js'
import { actionNotSupported, fragmentsNotSupported, unsupportedFeature } from '../faults.js'
import { findClass } from '../instance-finder.js'
import type { EndpointReply, EndpointRequest, EndpointService } from '../message.js'
import type { RegisteredClass } from '../registered-class.js'
import { classXml, type ClassDetails } from './class-xml.js'

const OPTIONS = {
  qualifiers: 'INCLUDEQUALIFIERS',
  classOrigin: 'INCLUDECLASSORIGIN',
  inherited: 'INCLUDEINHERITEDELEMENTS',
  hierarchy: 'INCLUDEINHERITANCEHIERARCHY',
} as const satisfies Record<keyof ClassDetails, string>
const SUBCLASSES = 'INCLUDESUBCLASSES'
/** Microsoft's own clients send the options with this before their names, too. */
const WMI_CONTEXT = 'WMI:'

const KNOWN_OPTIONS = [...Object.values(OPTIONS), SUBCLASSES]

/** The options that may be marked MustComply, in upper case. */
export const CLASS_SCHEMA_OPTIONS: ReadonlySet<string> = new Set(
  KNOWN_OPTIONS.flatMap((name) => [name, WMI_CONTEXT + name]),
)

/** The definitions of classes in CIM-XML (MS-WSMV 3.1.4.1.38, DSP0227 15): GetClass and the enumeration of classes. */
export class ClassSchemaService implements EndpointService {
  readonly #registry: ClassRegistry
  readonly #enumerations: Enumerations

  constructor(registry: ClassRegistry, enumerations: Enumerations) {
    this.#registry = registry
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    if (request.headers.fragment !== undefined) throw fragmentsNotSupported()
    switch (request.action) {
      case ACTION.get:
        return this.#get(request)
      case ACTION.enumerate:
        return this.#enumerations.enumerate(request, (enumerate) => this.#items(request, enumerate))
      case ACTION.pull:
        return this.#enumerations.pull(request)
      case ACTION.release:
        return this.#enumerations.release(request)
      default:
        throw actionNotSupported(request.action)
    }
  }

  #get(request: EndpointRequest): EndpointReply {
    const { namespace, className } = addressOf(request)
    if (className === '') throw invalidKeys('The selector ClassName is missing.')
    const registered = findClass(this.#registry, { namespace, className })
    return { action: `${ACTION.get}Response`, body: classXml(registered, detailsOf(request)) }
  }

  /**
   * The classes below the one that is named, or all of the namespace. Only the next below are meant where the client says
   * so in IncludeSubClasses: Microsoft's own, which shows all of them, does not send it.
   */
  #items(request: EndpointRequest, enumerate: XmlElement): Iterable<EnumerationItem> {
    assertPlain(enumerate)
    const { namespace, className } = addressOf(request)
    const tree = new ClassTree(this.#registry.all(namespace))
    if (tree.isEmpty) throw resourceNotFound(`There is no namespace ${namespace}.`)
    const top = className === '' ? undefined : findClass(this.#registry, { namespace, className })
    const isDeep = optionOf(request, SUBCLASSES) ?? true
    return itemsOf(tree.below(top, isDeep), detailsOf(request))
  }
}

class ClassTree {
  readonly #classes: readonly RegisteredClass[]

  constructor(classes: readonly RegisteredClass[]) {
    this.#classes = classes
  }

  get isEmpty(): boolean {
    return this.#classes.length === 0
  }

  /** @param top undefined for what stands above all of them */
  *below(top: RegisteredClass | undefined, isDeep: boolean): Generator<RegisteredClass> {
    for (const registered of this.#classes) {
      if (registered.superclass !== top) continue
      yield registered
      if (isDeep) yield* this.below(registered, isDeep)
    }
  }
}

function* itemsOf(classes: Iterable<RegisteredClass>, details: ClassDetails): Generator<EnumerationItem> {
  for (const registered of classes) {
    const object = (): string => classXml(registered, details)
    yield { object, reference: object }
  }
}

/** Classes have no references that could be enumerated (MS-WSMV 3.1.4.1.17), and are told apart by one selector. */
function assertPlain(enumerate: XmlElement): void {
  const mode = enumerate.childText(NS.wsman, 'EnumerationMode') ?? 'EnumerateObject'
  if (mode !== 'EnumerateObject') {
    throw unsupportedFeature(
      'EnumerationMode',
      0x80338086,
      `Classes cannot be enumerated in the mode ${mode}.`,
    )
  }
  const filter = filterOf(enumerate)
  if (filter) throw dialectNotAvailable(filter.dialect)
}

interface SchemaAddress {
  readonly namespace: string
  /** Empty where none is named. */
  readonly className: string
}

/** @throws EndpointFault for selectors that say something else */
function addressOf({ headers }: EndpointRequest): SchemaAddress {
  const { selectors } = headers
  let className = ''
  for (const [name, value] of ownSelectors(selectors)) {
    if (name.toLowerCase() !== 'classname' || typeof value === 'object') {
      throw invalidKeys(`${name} is no selector of class definitions.`)
    }
    className = String(value).trim()
  }
  return { namespace: cimNamespace(selectors) ?? DMTF_NAMESPACE, className }
}

function detailsOf(request: EndpointRequest): ClassDetails {
  const asked = (name: keyof ClassDetails): boolean => optionOf(request, OPTIONS[name]) ?? false
  return {
    qualifiers: asked('qualifiers'),
    classOrigin: asked('classOrigin'),
    inherited: asked('inherited'),
    hierarchy: asked('hierarchy'),
  }
}

/** An option without a value is switched on. */
function optionOf({ headers }: EndpointRequest, wanted: string): boolean | undefined {
  const found = headers.optionList.find(({ name }) => {
    const upper = name.toUpperCase()
    return upper === wanted || upper === WMI_CONTEXT + wanted
  })
  return found && !/^(?:false|0)$/i.test(found.value?.trim() ?? '')
}
