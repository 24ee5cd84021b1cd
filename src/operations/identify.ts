import { TreeBody } from '../envelope/body-decoders.js'
import { ProtocolError } from '../errors/errors.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { xml } from '../xml/template.js'
import type { Operation } from './operation.js'

/** What a service says about itself (DSP0226 11, MS-WSMV 3.1.4.1.23). */
export interface IdentifyResult {
  /** URI of the protocol version it speaks. */
  readonly protocolVersion: string
  readonly productVendor: string | undefined
  /** For Windows `OS: 10.0.17763 SP: 0.0 Stack: 3.0`; zeros where the caller is anonymous. */
  readonly productVersion: string | undefined
  /** URIs of the authentication profiles it offers; empty where the caller is anonymous. */
  readonly securityProfiles: readonly string[]
}

export function identifyOperation(anonymous: boolean): Operation<IdentifyResult> {
  return {
    name: 'Identify',
    lane: 'call',
    idempotent: true,
    anonymous,
    body: () => xml`<wsmid:Identify xmlns:wsmid="${NS.identity}"/>`,
    decoder: () => new TreeBody(([reply]) => read(reply)),
  }
}

/** OMI answers in the SOAP namespace, so the children are found by their local names. */
function read(reply: XmlElement | undefined): IdentifyResult {
  if (reply?.name.local !== 'IdentifyResponse') throw new ProtocolError('The peer did not answer Identify.')
  const all = (parent: XmlElement, local: string): XmlElement[] =>
    parent.elements.filter(({ name }) => name.local === local)
  const text = (local: string): string | undefined => all(reply, local)[0]?.text.trim()
  return {
    protocolVersion: text('ProtocolVersion') ?? '',
    productVendor: text('ProductVendor'),
    productVersion: text('ProductVersion'),
    securityProfiles: all(reply, 'SecurityProfiles').flatMap((profiles) =>
      all(profiles, 'SecurityProfileName').map((profile) => profile.text.trim()),
    ),
  }
}
