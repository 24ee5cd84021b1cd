import { ANONYMOUS } from '../envelope/actions.js'
import { newUuid } from '../envelope/encoder.js'
import { escapeAttribute, escapeText } from '../xml/escape.js'
import { NS } from '../xml/namespaces.js'
import { element, writeXml } from '../xml/writer.js'
import { printable } from './printable.js'
import type { EndpointReply } from './message.js'

/** The namespaces of an envelope by their prefixes, in the order of Windows' replies. */
const PREFIXES = {
  s: NS.soap,
  a: NS.addressing,
  x: NS.transfer,
  e: NS.eventing,
  n: NS.enumeration,
  w: NS.wsman,
  rsp: NS.shell,
  p: NS.microsoft,
} as const
type Prefix = keyof typeof PREFIXES

/** What Windows declares on the envelope of a reply, whether the reply uses it or not. */
const DECLARED: ReadonlyMap<string, readonly Prefix[]> = new Map<string, readonly Prefix[]>([
  [`${NS.transfer}/GetResponse`, ['s', 'a', 'x', 'w', 'p']],
  [`${NS.transfer}/PutResponse`, ['s', 'a', 'x', 'w', 'p']],
  [`${NS.transfer}/CreateResponse`, ['s', 'a', 'x', 'w', 'rsp', 'p']],
  [`${NS.enumeration}/EnumerateResponse`, ['s', 'a', 'n', 'w', 'p']],
  [`${NS.enumeration}/PullResponse`, ['s', 'a', 'n', 'w', 'p']],
  [`${NS.shell}/CommandResponse`, ['s', 'a', 'x', 'w', 'rsp', 'p']],
  [`${NS.shell}/ConnectResponse`, ['s', 'a', 'x', 'w', 'rsp', 'p']],
  [`${NS.shell}/SendResponse`, ['s', 'a', 'x', 'w', 'rsp', 'p']],
  [`${NS.shell}/SignalResponse`, ['s', 'a', 'x', 'w', 'rsp', 'p']],
  [`${NS.shell}/ReceiveResponse`, ['s', 'a', 'w', 'rsp', 'p']],
])
const DECLARED_ELSE: readonly Prefix[] = ['s', 'a', 'w', 'p']
const DECLARED_IN_FAULTS: readonly Prefix[] = ['s', 'a', 'x', 'e', 'n', 'w', 'p']

/** Writes the whole message that answers a request, as Windows lays it out. */
export function writeReply(reply: EndpointReply, relatesTo: string | undefined): string {
  const declared = DECLARED.get(reply.action) ?? DECLARED_ELSE
  const fragment =
    reply.fragment === undefined
      ? ''
      : `<w:FragmentTransfer s:mustUnderstand="true">${escapeText(reply.fragment)}</w:FragmentTransfer>`
  return envelope(declared, headers(reply.action, relatesTo, fragment), bodyOf(reply, declared))
}

/** Writes the message around a fault that is already written. `extra` are headers of the fault's own. */
export function writeFaultReply(
  fault: { readonly action: string; readonly body: string; readonly extra: string },
  relatesTo: string | undefined,
): string {
  return envelope(DECLARED_IN_FAULTS, headers(fault.action, relatesTo, fault.extra), fault.body)
}

/** Identify is answered without headers (DSP0226 11). */
export function writeBareReply(body: string): string {
  return `<s:Envelope xmlns:s="${NS.soap}"><s:Header/><s:Body>${body}</s:Body></s:Envelope>`
}

function envelope(declared: readonly Prefix[], header: string, body: string): string {
  const declarations = declared.map((prefix) => ` xmlns:${prefix}="${escapeAttribute(PREFIXES[prefix])}"`)
  return `<s:Envelope xml:lang="en-US"${declarations.join('')}><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
}

function headers(action: string, relatesTo: string | undefined, extra: string): string {
  const relation =
    relatesTo === undefined ? '' : `<a:RelatesTo>${escapeText(printable(relatesTo))}</a:RelatesTo>`
  return `<a:Action>${escapeText(action)}</a:Action><a:MessageID>${newUuid()}</a:MessageID><a:To>${ANONYMOUS}</a:To>${relation}${extra}`
}

function bodyOf({ body }: EndpointReply, declared: readonly Prefix[]): string {
  if (typeof body === 'string') return body
  if (body.length === 0) return ''
  const declares = declared.map((prefix) => PREFIXES[prefix]).slice(1)
  const written = writeXml(element(NS.soap, 'Body', body, [], declares))
  // Its start tag only repeats what the envelope declares.
  return written.slice(written.indexOf('>') + 1, -'</s:Body>'.length)
}
