import type { ReceivedHeaders } from '../envelope/headers.js'
import type { XmlElement } from '../xml/element.js'
import type { XmlName } from '../xml/scope.js'
import type { ElementTree } from '../xml/writer.js'

/** The account a request was authenticated as. */
export interface EndpointPrincipal {
  readonly username: string
  readonly domain: string
}

/** A request that was authenticated, read and found to have acceptable headers. */
export interface EndpointRequest {
  readonly action: string
  readonly resourceUri: string
  readonly headers: ReceivedHeaders
  /** The elements inside `s:Body`. */
  readonly body: readonly XmlElement[]
  readonly principal: EndpointPrincipal
  readonly clientIp: string
  /** The URL the request came to, for references in replies. */
  readonly url: string
  /** The HTTP header. */
  readonly cookie?: string | undefined
  /** What was asked for, cut to MaxTimeoutms. */
  readonly operationTimeoutMs: number
  /** What was asked for, cut to MaxEnvelopeSizekb; in octets. */
  readonly maxEnvelopeSize: number
  /** Aborted when the connection is lost or the endpoint closes. */
  readonly signal: AbortSignal
  /**
   * For whoever leaves something open behind the reply: from then on the request counts among the operations of its
   * plug-in until what this returns is called. Absent where there is no plug-in.
   */
  readonly leaveOpen?: () => () => void
}

/** What a service answers with; the envelope around it is written in one place. */
export interface EndpointReply {
  readonly action: string
  /** Text is XML already written, which may use the prefixes that the envelope declares for this action. */
  readonly body: readonly ElementTree[] | string
  /** The path of a fragment, which the reply repeats in its header (DSP0226 7.7). */
  readonly fragment?: string
  /** HTTP headers of the reply. */
  readonly httpHeaders?: Readonly<Record<string, string>>
}

/** One resource of the endpoint: configuration, classes, shells. */
export interface EndpointService {
  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply
}

/** The parts of a fault as Windows writes it (MS-WSMV 2.2.4.43). */
export interface EndpointFaultParts {
  readonly code: 'Sender' | 'Receiver' | 'MustUnderstand'
  /** Prefix and name: `w:InvalidSelectors`, `a:DestinationUnreachable`, `n:InvalidEnumerationContext`. */
  readonly subcode?: string
  readonly wsmanCode?: number
  /** General words for `wsmanCode`; the message of the fault says what happened this time. Default: from the table of codes. */
  readonly reason?: string
  /** The last part of `…/faultDetail/InvalidValue`. */
  readonly faultDetail?: string
  /** The provider whose words the message is; `nested` puts them into a WSManFault of the provider's own. */
  readonly provider?: { readonly name: string; readonly path: string; readonly nested?: boolean }
  /** Name of the header that was not understood. */
  readonly notUnderstood?: XmlName
}

/** Thrown by a service to answer with a fault. */
export class EndpointFault extends Error {
  override readonly name = 'EndpointFault'

  constructor(
    message: string,
    readonly parts: EndpointFaultParts,
  ) {
    super(message)
  }
}
