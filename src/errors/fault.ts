import { brand, hasBrand } from './brand.js'
import { faultByName, matchesFault } from './fault-codes.js'
import { WsmanError, type ErrorContext } from './wsman-error.js'

/** The parts of a SOAP fault, as the service sent them. */
export interface FaultParts {
  /**
   * `Code` of WSManFault (MS-WSMV 2.2.4.43), or the HRESULT or Win32 error of a CIM error such as MSFT_WmiError;
   * unsigned. Absent where a service sends neither.
   */
  readonly wsmanCode?: number | undefined
  /** The symbolic name of `wsmanCode`, where it is known: `ERROR_WSMAN_QUOTA_MAX_SHELLS`. */
  readonly wsmanName?: string | undefined
  /** Local name of the SOAP 1.2 code: `Sender`, `Receiver`, `MustUnderstand`, …; `Unknown` where there is none. */
  readonly faultCode: string
  /** Local name of the innermost SOAP subcode: `InvalidSelectors`, `TimedOut`, … */
  readonly subcode?: string | undefined
  /** All subcodes, the outermost first, where they are nested: SOAP 1.2 part 1, 5.4.1. */
  readonly subcodes?: readonly string[] | undefined
  /** `s:Reason/s:Text`, in the language of the request where the service sent it; empty where there is none. */
  readonly reason: string
  /** The innermost message of the fault's detail. Where the detail has a form of its own, the text in it. */
  readonly detail?: string | undefined
  /** `w:FaultDetail`, a URI that narrows the subcode. */
  readonly faultDetail?: string | undefined
  /** The machine that raised the fault. */
  readonly machine?: string | undefined
  /** The provider that raised the fault, where it names one. */
  readonly provider?: string | undefined
  /** `CIMStatusCode` of a CIM error: 1 failed, 2 access denied, 6 not found, … (DSP0200) */
  readonly cimStatusCode?: number | undefined
  /** `MessageID` of a CIM error: `HRESULT 0x803381a6`, `OMI:MI_Result:12`, … */
  readonly messageId?: string | undefined
  /** Names of the headers the service did not understand: SOAP 1.2 part 1, 5.4.8. */
  readonly notUnderstood?: readonly string[] | undefined
  /** The HTTP status the fault came with. */
  readonly status?: number | undefined
}

/** The service answered with a SOAP fault. */
export class WsmanFault extends WsmanError implements FaultParts {
  static {
    brand(this, 'WsmanFault')
  }
  override readonly name = 'WsmanFault'
  readonly wsmanCode: number | undefined
  readonly wsmanName: string | undefined
  readonly faultCode: string
  readonly subcode: string | undefined
  readonly subcodes: readonly string[]
  readonly reason: string
  readonly detail: string | undefined
  readonly faultDetail: string | undefined
  readonly machine: string | undefined
  readonly provider: string | undefined
  readonly cimStatusCode: number | undefined
  readonly messageId: string | undefined
  readonly notUnderstood: readonly string[]
  readonly status: number | undefined

  constructor(parts: FaultParts, context: ErrorContext = {}) {
    super('ERR_WSMAN_FAULT', faultMessage(parts), context)
    this.wsmanCode = parts.wsmanCode
    this.wsmanName = parts.wsmanName
    this.faultCode = parts.faultCode
    this.subcode = parts.subcode
    this.subcodes = parts.subcodes ?? (parts.subcode === undefined ? [] : [parts.subcode])
    this.reason = parts.reason
    this.detail = parts.detail
    this.faultDetail = parts.faultDetail
    this.machine = parts.machine
    this.provider = parts.provider
    this.cimStatusCode = parts.cimStatusCode
    this.messageId = parts.messageId
    this.notUnderstood = parts.notUnderstood ?? []
    this.status = parts.status
  }

  protected override details(): Record<string, unknown> {
    return {
      wsmanCode: this.wsmanCode,
      wsmanName: this.wsmanName,
      faultCode: this.faultCode,
      subcode: this.subcode,
      subcodes: this.subcodes.length > 1 ? this.subcodes : undefined,
      reason: this.reason,
      detail: this.detail,
      faultDetail: this.faultDetail,
      machine: this.machine,
      provider: this.provider,
      cimStatusCode: this.cimStatusCode,
      messageId: this.messageId,
      notUnderstood: this.notUnderstood.length > 0 ? this.notUnderstood : undefined,
      status: this.status,
    }
  }
}

function faultMessage(parts: FaultParts): string {
  const text = faultText(parts) || `${parts.faultCode} fault without a reason`
  const code = parts.wsmanName ?? parts.wsmanCode?.toString() ?? parts.subcode
  return code === undefined ? text : `${text} (${code})`
}

/** Windows says all in the detail and general words in the reason; the detail of others adds to the reason. */
function faultText({ reason, detail = '', wsmanCode }: FaultParts): string {
  const [said, added] = [reason.trim(), detail.trim()]
  if (added !== '' && (wsmanCode !== undefined || added.includes(said))) return added
  return said.includes(added) ? said : `${said} ${added}`
}

/**
 * Whether `error` is a fault, and, with `nameOrCode`, whether it is that one. A Win32 error is the same one plain (5)
 * and as an HRESULT (0x80070005), an HRESULT the same one signed and unsigned.
 * @param nameOrCode a name such as `ERROR_WSMAN_QUOTA_MAX_SHELLS`, or a numeric code
 */
export function isWsmanFault(error: unknown, nameOrCode?: string | number): error is WsmanFault {
  if (!hasBrand(error, 'WsmanFault')) return false
  if (nameOrCode === undefined) return true
  const { wsmanCode, wsmanName } = error as WsmanFault
  if (typeof nameOrCode === 'number') return matchesFault(wsmanCode, nameOrCode)
  const named = faultByName(nameOrCode)
  return wsmanName === nameOrCode || (named !== undefined && matchesFault(wsmanCode, named.code))
}
