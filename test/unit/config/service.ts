import {
  startService,
  type Answer,
  type Asked,
  type Script,
  type ScriptedService,
} from '../../support/scripted-service.js'
import { textOf } from '../../support/xml-compare.js'
import { readRecording } from '../../support/recordings.js'

export const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

/** The content of the body of a recorded or printed message. */
export function bodyOf(file: string): string {
  const [, body = ''] = /<s:Body>([\s\S]*)<\/s:Body>/.exec(readRecording(file)) ?? []
  return body.trim()
}

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** What Windows Server said of its configuration. */
export const RECORDED = 'pypsrp/xml/test_wsman_update_envelope_size_500/00-response.xml'

/** Listeners as MS-WSMV 2.2.4.19 has them; no recording shows one. */
export interface ListenerText {
  readonly address?: string
  readonly transport?: string
  readonly port?: number
  readonly hostname?: string
  readonly enabled?: boolean
  readonly thumbprint?: string
  readonly listeningOn?: readonly string[]
  readonly source?: string
}

export function listenerXml({
  address = '*',
  transport = 'HTTP',
  port = 5985,
  hostname = '',
  enabled = true,
  thumbprint = '',
  listeningOn = ['127.0.0.1', '::1'],
  source,
}: ListenerText): string {
  const value = (name: string, text: string | number | boolean): string =>
    `<cfg:${name}>${escapeText(String(text))}</cfg:${name}>`
  return (
    `<cfg:Listener xmlns:cfg="${CONFIG}/listener"${source === undefined ? '' : ` Source="${source}"`} xml:lang="en-US">` +
    value('Address', address) +
    value('Transport', transport) +
    value('Port', port) +
    value('Hostname', hostname) +
    value('Enabled', enabled) +
    value('URLPrefix', 'wsman') +
    value('CertificateThumbprint', thumbprint) +
    listeningOn.map((text) => value('ListeningOn', text)).join('') +
    '</cfg:Listener>'
  )
}

export interface ConfigFacts {
  /** The whole document. Default: a recorded one. */
  readonly config?: string
  /** Asked for every request. */
  readonly listeners?: () => readonly ListenerText[]
  readonly script?: Script
}

/** Says the configuration and takes every change, without doing it; what is not asked for here is a fault. */
export async function startConfig({
  config,
  listeners = () => [{}],
  script,
}: ConfigFacts = {}): Promise<ScriptedService> {
  const document = config ?? bodyOf(RECORDED)
  const uriOf = (request: Asked): string => request.texts('ResourceURI')[0]?.trim() ?? ''
  const part = (request: Asked): Answer => {
    const uri = uriOf(request)
    const section = uri.slice(CONFIG.length + 1)
    if (section === '') return document
    if (section === 'listener') {
      const [address, transport] = request
        .elements('Selector')
        .map((selector) => textOf(selector).toLowerCase())
      const found = listeners().find(
        (listener) =>
          (listener.address ?? '*').toLowerCase() === address &&
          (listener.transport ?? 'HTTP').toLowerCase() === transport,
      )
      return listenerXml(found ?? {})
    }
    const name = section.charAt(0).toUpperCase() + section.slice(1)
    const [, attributes = '', content = ''] =
      new RegExp(`<cfg:${name}( [^>]*)?>([\\s\\S]*)</cfg:${name}>`).exec(document) ?? []
    return `<cfg:${name} xmlns:cfg="${uri}"${attributes}>${content}</cfg:${name}>`
  }
  return await startService({
    Get: part,
    Put: part,
    Delete: '',
    Create: (request) =>
      '<x:ResourceCreated><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>' +
      `<a:ReferenceParameters><w:ResourceURI>${uriOf(request)}</w:ResourceURI>` +
      `<w:SelectorSet>${request
        .elements('Selector')
        .map(
          (selector) =>
            `<w:Selector Name="${selector.attributes.Name ?? ''}">${textOf(selector)}</w:Selector>`,
        )
        .join('')}</w:SelectorSet>` +
      '</a:ReferenceParameters></x:ResourceCreated>',
    Enumerate: () =>
      `<n:EnumerateResponse><n:EnumerationContext/><w:Items>${listeners().map(listenerXml).join('')}</w:Items>` +
      '<w:EndOfSequence/></n:EnumerateResponse>',
    // Who asks for policies may not read the registry.
    EnumValues: { fault: ACCESS_DENIED },
    ...script,
  })
}

const ACCESS_DENIED =
  '<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:AccessDenied</s:Value></s:Subcode></s:Code>' +
  '<s:Reason><s:Text xml:lang="en-US">Access is denied. </s:Text></s:Reason><s:Detail>' +
  '<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="5" Machine="SERVER01">' +
  '<f:Message>Access is denied. </f:Message></f:WSManFault></s:Detail></s:Fault>'
