import fc from 'fast-check'
import { EndpointReference, type SelectorValue } from '../../../src/envelope/endpoint-reference.js'
import { encodeRequest, type RequestHeaders } from '../../../src/envelope/encoder.js'
import { writeInEnvelope } from '../../../src/envelope/envelope-trees.js'
import { instanceTree, type Properties, type PropertyValue } from '../../../src/envelope/instance-encoder.js'
import type { OptionSet, OptionValue } from '../../../src/envelope/options.js'
import { joined, qualified, sorted, type PlainElement, type PlainNode } from '../../support/xml-compare.js'
import { xmlText as text } from '../../support/xml-text.js'

// Namespaces by hand: a wrong one in the package must not pass for right here.
const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
const MICROSOFT = 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd'
const CIM = 'http://schemas.dmtf.org/wbem/wscim/1/common'
const XSI = 'http://www.w3.org/2001/XMLSchema-instance'
const XML = 'http://www.w3.org/XML/1998/namespace'

/** A whole request in the caller's terms. */
export interface RequestModel {
  readonly headers: RequestHeaders
  readonly messageId: string
  readonly body: { readonly name: string; readonly namespace: string; readonly properties: Properties }
}

export const write = ({ headers, messageId, body }: RequestModel): string =>
  encodeRequest(
    headers,
    messageId,
    writeInEnvelope([instanceTree(body.name, body.namespace, body.properties)]),
  )

/** Names that both editions of XML 1.0 allow, because the other parsers know the older one. */
const name = fc.oneof(
  fc.constantFrom(
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'Größe', '名前', 'a.b-c', '_', 'Datetime'],
  ),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/),
)

/** Namespaces of resources, those of the protocol among them. */
const namespace = fc.oneof(
  fc.constantFrom(SOAP, WSMAN, MICROSOFT, CIM, XSI, 'urn:x', 'urn:x?a=1&b="<\'>'),
  text.filter((uri) => uri.trim() !== '').map((uri) => `urn:${uri.replace(/[\x86\x87\t\n\r]/g, '')}`),
)

/** `Object.fromEntries` makes own properties of all names, `__proto__` included. */
const record = <K extends string, V>(
  key: fc.Arbitrary<K>,
  value: fc.Arbitrary<V>,
  maxLength: number,
): fc.Arbitrary<Record<string, V>> =>
  fc
    .array(fc.tuple(key, value), { maxLength })
    .map((entries) => Object.fromEntries(entries) as Record<string, V>)

const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.bigInt(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
)

const { reference } = fc.letrec<{ reference: EndpointReference; selector: SelectorValue }>((tie) => ({
  reference: fc
    .tuple(text, record(text, tie('selector'), 3), fc.option(text, { nil: undefined }))
    .map(([uri, selectors, address]) => new EndpointReference(uri, selectors, address)),
  selector: fc.oneof({ depthSize: 'small', maxDepth: 3 }, scalar, tie('reference')),
}))

const selectors = record(text, fc.oneof({ weight: 3, arbitrary: scalar }, reference), 4)

const optionValue: fc.Arbitrary<OptionValue> = fc.oneof(
  scalar,
  fc.constant(null),
  fc.record(
    { value: fc.oneof(scalar, fc.constant(null)), type: text, mustComply: fc.boolean() },
    { requiredKeys: ['value'] },
  ),
)

const options: fc.Arbitrary<OptionSet> = record(
  text,
  fc.oneof(optionValue, fc.array(optionValue, { maxLength: 3 })),
  4,
)

const date = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
})

const { properties } = fc.letrec<{ value: PropertyValue; properties: Record<string, PropertyValue> }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      scalar,
      fc.constant(null),
      date,
      reference,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('properties'),
    ),
    properties: record(name, tie('value'), 4),
  }),
)

export const requestModel: fc.Arbitrary<RequestModel> = fc.record({
  headers: fc.record(
    {
      to: text,
      action: text,
      resource: fc.record(
        { resourceUri: text, selectors, fragment: text },
        { requiredKeys: ['resourceUri'] },
      ),
      maxEnvelopeSize: fc.integer({ min: 1 }),
      operationTimeoutMs: fc.integer({ min: 0, max: 0xffffffff }),
      locale: text,
      dataLocale: text,
      sessionId: text,
      options,
    },
    {
      requiredKeys: [
        'to',
        'action',
        'resource',
        'maxEnvelopeSize',
        'operationTimeoutMs',
        'locale',
        'dataLocale',
      ],
    },
  ),
  messageId: text,
  body: fc.record({ name, namespace, properties }),
})

type Attributes = Readonly<Record<string, string>>

const node = (
  uri: string,
  local: string,
  children: readonly PlainNode[] | string = [],
  attributes: Attributes = {},
): PlainElement => ({
  name: qualified(uri, local),
  attributes: sorted(Object.entries(attributes)),
  children: joined(typeof children === 'string' ? [children] : children),
})

const must = (value: boolean): Attributes => ({ [`{${SOAP}}mustUnderstand`]: String(value) })
const NIL: Attributes = { [`{${XSI}}nil`]: 'true' }

/** What a parser must find in the request (MS-WSMV 3.1.4.1, DSP0226 5 and 6). */
export function expectedTree({ headers, messageId, body }: RequestModel): PlainElement {
  const { resource, sessionId, options: given = {} } = headers
  const address = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
  const language = (tag: string): Attributes => ({ [`{${XML}}lang`]: tag, ...must(false) })
  const optionNodes = Object.entries(given).flatMap(([key, value]) =>
    (Array.isArray(value) ? (value as readonly OptionValue[]) : [value as OptionValue]).map((one) =>
      optionNode(key, one),
    ),
  )
  return node(SOAP, 'Envelope', [
    node(SOAP, 'Header', [
      node(ADDRESSING, 'To', headers.to),
      node(WSMAN, 'ResourceURI', resource.resourceUri, must(true)),
      node(ADDRESSING, 'ReplyTo', [node(ADDRESSING, 'Address', address, must(true))]),
      node(ADDRESSING, 'Action', headers.action, must(true)),
      node(WSMAN, 'MaxEnvelopeSize', String(headers.maxEnvelopeSize), must(true)),
      node(ADDRESSING, 'MessageID', messageId),
      node(WSMAN, 'Locale', [], language(headers.locale)),
      ...(sessionId === undefined
        ? []
        : [
            node(MICROSOFT, 'DataLocale', [], language(headers.dataLocale)),
            node(MICROSOFT, 'SessionId', sessionId, must(false)),
          ]),
      ...selectorNodes(resource.selectors ?? {}),
      ...(optionNodes.length > 0
        ? [node(WSMAN, 'OptionSet', optionNodes, optionNodes.some(mustComply) ? must(true) : {})]
        : []),
      ...(resource.fragment === undefined
        ? []
        : [node(WSMAN, 'FragmentTransfer', resource.fragment, must(true))]),
      node(WSMAN, 'OperationTimeout', `PT${(headers.operationTimeoutMs / 1000).toFixed(3)}S`),
    ]),
    node(SOAP, 'Body', [instanceNode(body.name, body.namespace, body.properties)]),
  ])
}

const mustComply = ({ attributes }: PlainElement): boolean => attributes.MustComply === 'true'

function optionNode(key: string, given: OptionValue): PlainElement {
  const { value, type, mustComply } = typeof given === 'object' && given !== null ? given : { value: given }
  return node(WSMAN, 'Option', value === null ? [] : String(value), {
    Name: key,
    ...(type === undefined ? {} : { Type: type }),
    ...(mustComply === undefined ? {} : { MustComply: String(mustComply) }),
    ...(value === null ? NIL : {}),
  })
}

function selectorNodes(given: Readonly<Record<string, SelectorValue>>): readonly PlainElement[] {
  const nodes = Object.entries(given).map(([key, value]) =>
    node(
      WSMAN,
      'Selector',
      value instanceof EndpointReference
        ? [node(ADDRESSING, 'EndpointReference', referenceNodes(value))]
        : String(value),
      { Name: key },
    ),
  )
  return nodes.length > 0 ? [node(WSMAN, 'SelectorSet', nodes)] : []
}

const referenceNodes = (given: EndpointReference): readonly PlainElement[] => [
  node(ADDRESSING, 'Address', given.address),
  node(ADDRESSING, 'ReferenceParameters', [
    node(WSMAN, 'ResourceURI', given.resourceUri),
    ...selectorNodes(given.selectors),
  ]),
]

function instanceNode(local: string, uri: string, given: Properties): PlainElement {
  return node(
    uri,
    local,
    Object.entries(given).flatMap(([key, value]) =>
      value === undefined ? [] : propertyNodes(key, uri, value),
    ),
  )
}

function propertyNodes(local: string, uri: string, value: PropertyValue): readonly PlainElement[] {
  if (Array.isArray(value))
    return (value as readonly PropertyValue[]).flatMap((item) => propertyNodes(local, uri, item))
  if (value === null) return [node(uri, local, [], NIL)]
  if (value instanceof Date) return [node(uri, local, [node(CIM, 'Datetime', value.toISOString())])]
  if (value instanceof EndpointReference) return [node(uri, local, referenceNodes(value))]
  if (typeof value === 'object') return [instanceNode(local, uri, value as Properties)]
  return [node(uri, local, Object.is(value, -0) ? '-0' : String(value))]
}
