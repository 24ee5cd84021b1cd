import http, { type IncomingHttpHeaders } from 'node:http'
import https from 'node:https'
import { parseXml, select, textOf, type PlainElement } from '../../../support/xml-compare.js'

/** An answer, with nothing interpreted. */
export interface RawReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** The message in it, read by a parser the package does not use. */
  readonly xml: PlainElement
}

export interface RawOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly agent?: http.Agent
  readonly chunked?: boolean
}

export const SOAP = 'application/soap+xml;charset=UTF-8'
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** Sends bytes over node:http(s), certificates unchecked. @throws the socket's error */
export function send(url: string, body: string | Buffer, options: RawOptions = {}): Promise<RawReply> {
  const { method = 'POST', agent = false, chunked = false } = options
  const headers = { 'Content-Type': SOAP, ...options.headers }
  return new Promise((resolve, reject) => {
    const settings = { method, agent, headers, rejectUnauthorized: false }
    const request = url.startsWith('https')
      ? https.request(url, settings)
      : http.request(url, { method, agent, headers })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          text,
          get xml() {
            return parseXml(text)
          },
        })
      })
    })
    if (chunked) request.write(body)
    else request.setHeader('Content-Length', Buffer.byteLength(body))
    request.end(chunked ? undefined : body)
  })
}

const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'

export const ACTIONS = {
  get: `${TRANSFER}/Get`,
  put: `${TRANSFER}/Put`,
  create: `${TRANSFER}/Create`,
  delete: `${TRANSFER}/Delete`,
  enumerate: `${ENUMERATION}/Enumerate`,
  pull: `${ENUMERATION}/Pull`,
  release: `${ENUMERATION}/Release`,
} as const

/** The headers of a request by their elements; undefined leaves one out. */
export interface RequestParts {
  readonly to?: string | undefined
  readonly action?: string | undefined
  readonly resourceUri?: string | undefined
  readonly messageId?: string | undefined
  readonly replyTo?: string | undefined
  readonly selectors?: Readonly<Record<string, string>>
  /** More header elements, as XML with the prefixes of the envelope. */
  readonly extra?: string
  /** As XML with the prefixes of the envelope. */
  readonly body?: string
}

/** A request in plain text, so that any rule can be broken. */
export function soap(parts: RequestParts = {}): string {
  const all = {
    to: 'http://127.0.0.1:5985/wsman',
    action: ACTIONS.get,
    resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/config',
    messageId: 'uuid:11111111-2222-3333-4444-555555555555',
    replyTo: ANONYMOUS,
    ...parts,
  }
  const header = (element: string, value: string | undefined): string =>
    value === undefined ? '' : `<${element}>${value}</${element}>`
  const selectors = Object.entries(parts.selectors ?? {}).map(
    ([name, value]) => `<w:Selector Name="${name}">${value}</w:Selector>`,
  )
  return (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    `xmlns:n="${ENUMERATION}" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ` +
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>' +
    header('a:To', all.to) +
    header('a:Action', all.action) +
    header('w:ResourceURI', all.resourceUri) +
    header('a:MessageID', all.messageId) +
    (all.replyTo === undefined ? '' : `<a:ReplyTo><a:Address>${all.replyTo}</a:Address></a:ReplyTo>`) +
    (selectors.length > 0 ? `<w:SelectorSet>${selectors.join('')}</w:SelectorSet>` : '') +
    `${parts.extra ?? ''}</s:Header><s:Body>${parts.body ?? ''}</s:Body></s:Envelope>`
  )
}

/** `n:Enumerate` with what stands in it. */
export const enumerateBody = (content = ''): string => `<n:Enumerate>${content}</n:Enumerate>`

export const pullBody = (context: string, maxElements?: number, more = ''): string =>
  `<n:Pull><n:EnumerationContext>${context}</n:EnumerationContext>${more}` +
  `${maxElements === undefined ? '' : `<n:MaxElements>${maxElements}</n:MaxElements>`}</n:Pull>`

export const wqlFilter = (query: string): string =>
  `<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">${query.replaceAll('<', '&lt;')}</w:Filter>`

/** The text of the first element on the way down; undefined where there is none. */
export function textAt(element: PlainElement, ...path: readonly string[]): string | undefined {
  const [first] = select(element, ...path)
  return first && textOf(first)
}

/** What a fault says, in the parts that clients look at. */
export function faultOf({ status, xml }: RawReply) {
  const fault = ['Body', 'Fault'] as const
  const [wsman] = select(xml, ...fault, 'Detail', 'WSManFault')
  return {
    status,
    code: textAt(xml, ...fault, 'Code', 'Value'),
    subcode: textAt(xml, ...fault, 'Code', 'Subcode', 'Value'),
    detail: textAt(xml, ...fault, 'Detail', 'FaultDetail')
      ?.split('/')
      .at(-1),
    wsmanCode: wsman && Number(wsman.attributes.Code),
  }
}

/** Replaces the texts of elements and the values of attributes that cannot be the same in two messages. */
export function without(element: PlainElement, ...names: readonly string[]): PlainElement {
  const local = element.name.slice(element.name.indexOf('}') + 1)
  const children = names.includes(local)
    ? element.children.map((child) => (typeof child === 'string' ? '…' : child))
    : element.children
  return {
    name: element.name,
    attributes: Object.fromEntries(
      Object.entries(element.attributes).map(([name, value]) => [
        name,
        names.includes(`@${name}`) ? '…' : value,
      ]),
    ),
    children: children.map((child) => (typeof child === 'string' ? child : without(child, ...names))),
  }
}
