import fc from 'fast-check'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import type { RawValue } from '../../../src/envelope/instance.js'
import { sorted, type PlainElement, type PlainNode } from '../../support/xml-compare.js'
import { xmlText as text } from '../../support/xml-text.js'

const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
const CIM = 'http://schemas.dmtf.org/wbem/wscim/1/common'
const XSI = 'http://www.w3.org/2001/XMLSchema-instance'
export const CLASS = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/CIM_Thing'

/** A value as it stands on the wire. */
export type Wire =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nil'; readonly as: 'true' | '1' }
  | { readonly kind: 'time'; readonly wrapper: string; readonly text: string }
  | {
      readonly kind: 'reference'
      readonly reference: WireReference
      readonly form: 'direct' | 'inside' | 'old'
    }
  | { readonly kind: 'instance'; readonly properties: readonly WireProperty[] }

export interface WireProperty {
  readonly name: string
  readonly namespace: string
  readonly typed: boolean
  readonly value: Wire
}

interface WireReference {
  readonly address: string
  readonly resourceUri: string
  readonly selectors: readonly (readonly [name: string, value: string | WireReference])[]
}

/** Of addresses, URIs and times, white space around is the sender's layout. */
const token = text.map((value) => value.trim())
/** Of selectors, white space with a line break is. */
const key = text.map((value) => value.replace(/^\s+|\s+$/g, ' '))

const name = fc.oneof(
  fc.constantFrom('Name', 'Name', 'Id', '__proto__', 'constructor', 'toString', 'Größe', 'Datetime', 'Time'),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,5}$/),
)

const { reference } = fc.letrec<{ reference: WireReference; selector: string | WireReference }>((tie) => ({
  reference: fc.record({
    address: token,
    resourceUri: token,
    selectors: fc.array(fc.tuple(text, tie('selector')), { maxLength: 3 }),
  }),
  selector: fc.oneof({ depthSize: 'small', maxDepth: 2 }, key, tie('reference')),
}))

const { property } = fc.letrec<{ value: Wire; property: WireProperty }>((tie) => ({
  property: fc.record({
    name,
    namespace: fc.constantFrom(CLASS, CLASS, CLASS, 'urn:foreign'),
    typed: fc.boolean(),
    value: tie('value'),
  }),
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.record({ kind: fc.constant('text' as const), text }),
    fc.record({ kind: fc.constant('nil' as const), as: fc.constantFrom('true' as const, '1' as const) }),
    fc.record({
      kind: fc.constant('time' as const),
      wrapper: fc.constantFrom('Datetime', 'Interval', 'Date', 'Time', 'CIM_DateTime'),
      text: token,
    }),
    fc.record({
      kind: fc.constant('reference' as const),
      reference,
      form: fc.constantFrom('direct' as const, 'inside' as const, 'old' as const),
    }),
    fc.record({
      kind: fc.constant('instance' as const),
      properties: fc.array(tie('property'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}))

export const wireInstance: fc.Arbitrary<readonly WireProperty[]> = fc.array(property, {
  minLength: 1,
  maxLength: 6,
})

const element = (
  namespace: string,
  local: string,
  children: readonly PlainNode[] | string = [],
  attributes: Readonly<Record<string, string>> = {},
): PlainElement => ({
  name: namespace === '' ? local : `{${namespace}}${local}`,
  attributes: sorted(Object.entries(attributes)),
  children: (typeof children === 'string' ? [children] : children).filter((child) => child !== ''),
})

export const instanceElement = (local: string, properties: readonly WireProperty[]): PlainElement =>
  element(CLASS, local, properties.map(propertyElement))

function propertyElement({ name: local, namespace, typed, value }: WireProperty): PlainElement {
  const type = typed ? { [`{${XSI}}type`]: 'p:any_Type' } : {}
  switch (value.kind) {
    case 'text':
      return element(namespace, local, value.text, type)
    case 'nil':
      return element(namespace, local, [], { ...type, [`{${XSI}}nil`]: value.as })
    case 'time':
      return element(namespace, local, [element(CIM, value.wrapper, value.text)], type)
    case 'instance':
      return element(namespace, local, value.properties.map(propertyElement), type)
    case 'reference':
      return element(namespace, local, referenceElements(value.reference, value.form), type)
  }
}

function referenceElements(
  { address, resourceUri, selectors }: WireReference,
  form: 'direct' | 'inside' | 'old',
): readonly PlainElement[] {
  const parts = [
    element(ADDRESSING, 'Address', address),
    element(ADDRESSING, form === 'old' ? 'ReferenceProperties' : 'ReferenceParameters', [
      element(WSMAN, 'ResourceURI', resourceUri),
      ...(selectors.length > 0
        ? [
            element(
              WSMAN,
              'SelectorSet',
              selectors.map(([key, value]) => selectorElement(key, value)),
            ),
          ]
        : []),
    ]),
  ]
  return form === 'inside' ? [element(ADDRESSING, 'EndpointReference', parts)] : parts
}

function selectorElement(key: string, value: string | WireReference): PlainElement {
  const inside = typeof value === 'string' ? value : referenceElements(value, 'inside')
  return element(WSMAN, 'Selector', inside, { Name: key })
}

/** What the package must make of it: repeated properties are lists, in the order of the wire. */
export function expectedValue(properties: readonly WireProperty[]): RawValue {
  const values = new Map<string, RawValue[]>()
  for (const { name: local, value } of properties) {
    values.set(local, [...(values.get(local) ?? []), rawValue(value)])
  }
  // `Object.fromEntries` makes own properties of all names, `__proto__` included.
  return Object.fromEntries(
    [...values].map(([local, list]) => [local, list.length === 1 ? (list[0] ?? null) : list]),
  )
}

function rawValue(value: Wire): RawValue {
  switch (value.kind) {
    case 'text':
    case 'time':
      return value.text
    case 'nil':
      return null
    case 'instance':
      return expectedValue(value.properties)
    case 'reference':
      return expectedReference(value.reference)
  }
}

function expectedReference({ address, resourceUri, selectors }: WireReference): EndpointReference {
  const entries = selectors.map(
    ([key, value]) => [key, typeof value === 'string' ? value : expectedReference(value)] as const,
  )
  return new EndpointReference(resourceUri, Object.fromEntries(entries), address)
}
