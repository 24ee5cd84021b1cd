import { faultByCode } from '../errors/fault-codes.js'
import type { FaultParts } from '../errors/fault.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { readFaultDetail, type FaultDetail } from './fault-detail.js'
import type { ReceivedHeaders } from './headers.js'

/**
 * Reads `s:Fault` (SOAP 1.2 part 1, 5.4) with the details that WinRM, WMI and other services put into it. Every part
 * may be missing, also all of them.
 * @param locale the language of the request: where the reason comes in several, that one is taken
 */
export function readFault(
  fault: XmlElement,
  headers: ReceivedHeaders,
  locale: string | undefined,
): FaultParts {
  if (fault.name.namespace === NS.soap11) return readOldFault(fault)
  const code = fault.child(NS.soap, 'Code')
  return {
    faultCode: localPart(code?.childText(NS.soap, 'Value')) ?? 'Unknown',
    ...subcodesOf(code),
    reason: reasonOf(fault.child(NS.soap, 'Reason'), locale),
    ...explained(readFaultDetail(fault.child(NS.soap, 'Detail'))),
    notUnderstood: headers.elements
      .filter((element) => element.is(NS.soap, 'NotUnderstood'))
      .map((element) => element.attribute('qname') ?? ''),
  }
}

/** What SOAP 1.2 calls the codes of SOAP 1.1. */
const OLD_CODES: ReadonlyMap<string, string> = new Map([
  ['Client', 'Sender'],
  ['Server', 'Receiver'],
])

/** A peer that speaks SOAP 1.1 only answers SOAP 1.2 with this (SOAP 1.2 part 1, appendix A). Points narrow the code. */
function readOldFault(fault: XmlElement): FaultParts {
  const [code = '', ...narrower] = (localPart(fault.childText('', 'faultcode')) ?? '').split('.')
  return {
    faultCode: OLD_CODES.get(code) ?? (code || 'Unknown'),
    subcode: narrower.at(-1),
    reason: fault.childText('', 'faultstring') ?? '',
    ...explained(readFaultDetail(fault.child('', 'detail'))),
  }
}

function explained(detail: FaultDetail): FaultDetail & Pick<FaultParts, 'wsmanName'> {
  const { wsmanCode } = detail
  return { ...detail, wsmanName: wsmanCode === undefined ? undefined : faultByCode(wsmanCode)?.name }
}

function subcodesOf(code: XmlElement | undefined): Pick<FaultParts, 'subcode' | 'subcodes'> {
  const all: string[] = []
  for (let inner = code?.child(NS.soap, 'Subcode'); inner; inner = inner.child(NS.soap, 'Subcode')) {
    const name = localPart(inner.childText(NS.soap, 'Value'))
    if (name !== undefined) all.push(name)
  }
  return { subcode: all.at(-1), ...(all.length > 1 ? { subcodes: all } : {}) }
}

/** `de-AT` asks for `de-AT`, else for any `de`, else for what comes first. */
function reasonOf(reason: XmlElement | undefined, locale: string | undefined): string {
  const texts = (reason?.all(NS.soap, 'Text') ?? [])
    .map((element) => ({ text: element.text.trim(), language: element.attribute('lang', NS.xml) ?? '' }))
    .filter(({ text }) => text !== '')
  const same = (one: string, other = ''): boolean => one.toLowerCase() === other.toLowerCase()
  const primary = (tag = ''): string => tag.split('-')[0] ?? ''
  const best =
    texts.find(({ language }) => language !== '' && same(language, locale)) ??
    texts.find(({ language }) => language !== '' && same(primary(language), primary(locale))) ??
    texts[0]
  return best?.text ?? ''
}

/** The prefix of a qualified name is the sender's choice. */
function localPart(qname: string | undefined): string | undefined {
  return qname?.slice(qname.indexOf(':') + 1) || undefined
}
