import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import { CLASS_SCHEMA_URI, readClasses, type CimClass } from '../envelope/cim-class.js'
import type { OptionSet } from '../envelope/options.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { ProtocolError } from '../errors/errors.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import type { Operation } from './operation.js'
import type { ItemDecoderFactory } from './page-body.js'

const YES = { value: true, type: 'xs:boolean' } as const
/** Inherited properties have types, too, and qualifiers say which are keys (DSP0227 15.8). */
const DETAILS: OptionSet = { IncludeInheritedElements: YES, IncludeQualifiers: YES }

/** Of an enumeration: classes that are derived from others are wanted as well as those at the top. */
export const ALL_CLASSES_OPTIONS: OptionSet = { ...DETAILS, IncludeSubClasses: YES }

/**
 * A class, or what an enumeration lists the classes below of. The empty name stands for all classes of the namespace:
 * Microsoft's own client sends it.
 */
export function classSchemaResource(namespace: string, className = ''): ResourceLocator {
  return { resourceUri: CLASS_SCHEMA_URI, selectors: { __cimnamespace: namespace, ClassName: className } }
}

/** GetClass (MS-WSMV 3.1.4.1.38). Windows 8, Windows Server 2012 and later know it. */
export function getClassOperation(namespace: string, className: string): Operation<CimClass> {
  return {
    name: 'GetClass',
    action: ACTION.get,
    resource: classSchemaResource(namespace, className),
    lane: 'call',
    idempotent: true,
    options: DETAILS,
    decoder: () =>
      new TreeBody((elements) =>
        chosen(
          elements.flatMap((element) => inside(element, namespace)),
          className,
        ),
      ),
  }
}

/** Some services send the classes above it as well. */
function chosen(classes: readonly CimClass[], className: string): CimClass {
  const wanted = className.toLowerCase()
  const found = classes.find(({ name }) => name.toLowerCase() === wanted)
  if (found) return found
  throw new ProtocolError(`The service did not answer with the class ${className}.`)
}

/** The items of an enumeration of the classes of a namespace. */
export const decodeClasses =
  (namespace: string): ItemDecoderFactory<CimClass> =>
  (deliver) =>
    new TreeBuilder((root) => {
      for (const definition of inside(root, namespace)) deliver(definition)
    })

function inside(element: XmlElement, namespace: string): readonly CimClass[] {
  const classes = readClasses(element, namespace)
  if (classes.length > 0) return classes
  throw new ProtocolError(`<${element.name.local}> holds no CLASS of CIM-XML.`)
}
