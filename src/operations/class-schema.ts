import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import { readClasses, type CimClass } from '../envelope/cim-class.js'
import type { OptionSet } from '../envelope/options.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { ProtocolError } from '../errors/errors.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import type { Operation } from './operation.js'
import type { ItemDecoderFactory } from './page-body.js'

/** Where services keep the definitions of classes in CIM-XML (MS-WSMV 3.1.4.1.34.3.1, DSP0227 15.4). */
const CLASS_SCHEMA_URI = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*'

/** Inherited properties have types, too, and qualifiers say which are keys (DSP0227 15.8). */
export const CLASS_SCHEMA_OPTIONS: OptionSet = {
  IncludeInheritedElements: { value: true, type: 'xs:boolean' },
  IncludeQualifiers: { value: true, type: 'xs:boolean' },
}

/** @param className undefined for all classes of the namespace */
export function classSchemaResource(namespace: string, className?: string): ResourceLocator {
  return {
    resourceUri: CLASS_SCHEMA_URI,
    selectors: { __cimnamespace: namespace, ...(className === undefined ? {} : { ClassName: className }) },
  }
}

/** GetClass (MS-WSMV 3.1.4.1.38). Windows 8, Windows Server 2012 and later know it. */
export function getClassOperation(namespace: string, className: string): Operation<CimClass> {
  return {
    name: 'GetClass',
    action: ACTION.get,
    resource: classSchemaResource(namespace, className),
    lane: 'call',
    idempotent: true,
    options: CLASS_SCHEMA_OPTIONS,
    body: [],
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
