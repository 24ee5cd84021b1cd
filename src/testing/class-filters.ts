import { readSelectors } from '../envelope/selectors.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { RegisteredClass } from './registered-class.js'
import { ownSelectors } from './class-uri.js'
import type { Found } from './instance-finder.js'
import { isScalar } from './cim-value-writer.js'
import { EndpointFault } from './message.js'
import { memberOf } from './wql/values.js'

/** The filter dialects for classes (MS-WSMV 3.1.4.1.13). */
export const DIALECT = {
  wql: 'http://schemas.microsoft.com/wbem/wsman/1/WQL',
  selector: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter',
  association: 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter',
} as const

/** What stands in the filter where no dialect is named. */
const XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116'

export interface Filter {
  readonly dialect: string
  readonly element: XmlElement
}

/** `w:Filter` and `n:Filter` mean the same. */
export function filterOf(enumerate: XmlElement): Filter | undefined {
  const element = enumerate.child(NS.wsman, 'Filter') ?? enumerate.child(NS.enumeration, 'Filter')
  return element && { dialect: element.attribute('Dialect') ?? XPATH, element }
}

/**
 * Reads a selector filter as a test: every named property must have its value, whatever the letter case.
 * @throws EndpointFault for what such a filter may not name
 */
export function selectorFilter({ element }: Filter, registered: RegisteredClass): (found: Found) => boolean {
  const set = element.child(NS.wsman, 'SelectorSet')
  if (!set) throw cannotProcessFilter('A selector filter holds a SelectorSet.')
  const names = set.all(NS.wsman, 'Selector').map((entry) => entry.attribute('Name')?.toLowerCase())
  if (new Set(names).size < names.length) throw cannotProcessFilter('A selector comes twice.')
  const tests = ownSelectors(readSelectors(set)).map(([name, value]) => {
    const property = registered.properties.find((entry) => entry.name.toLowerCase() === name.toLowerCase())
    if (!property) throw cannotProcessFilter(`${registered.name} has no property ${name}.`)
    if (property.array || property.type === 'datetime' || property.type === 'reference') {
      throw cannotProcessFilter(`${name} is an array, a datetime or a reference.`)
    }
    if (typeof value === 'object' || /["']/.test(String(value))) {
      throw cannotProcessFilter(`The value of ${name} holds a quotation mark or a reference.`)
    }
    return [property.name, String(value).toLowerCase()] as const
  })
  return ({ instance }) =>
    tests.every(([name, wanted]) => {
      const actual = memberOf(instance, name)
      return isScalar(actual) && String(actual).toLowerCase() === wanted
    })
}

export function cannotProcessFilter(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'n:CannotProcessFilter',
    wsmanCode: 0x8033801a,
  })
}

export function dialectNotAvailable(dialect: string): EndpointFault {
  return new EndpointFault(`Classes cannot be filtered in the dialect ${dialect}.`, {
    code: 'Sender',
    subcode: 'n:FilterDialectRequestedUnavailable',
    wsmanCode: 0x80338019,
  })
}
