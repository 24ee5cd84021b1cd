import { brand, hasBrand } from './brand.js'
import { WsmanError, type ErrorContext } from './wsman-error.js'

/** The parts of a SOAP fault, as the service sent them. */
export interface FaultParts {
  /** `Code` of WSManFault, `error_Code` of MSFT_WmiError, or the Win32 code: MS-WSMV 2.2.4.43. */
  readonly wsmanCode?: number | undefined
  /** The symbolic name of `wsmanCode`, where it is known: `ERROR_WSMAN_QUOTA_MAX_SHELLS`. */
  readonly wsmanName?: string | undefined
  /** Local name of the SOAP 1.2 code: `Sender`, `Receiver`, `MustUnderstand`, … */
  readonly faultCode: string
  /** Local name of the SOAP subcode: `InvalidSelectors`, `TimedOut`, … */
  readonly subcode?: string | undefined
  /** `s:Reason/s:Text`, in the language the service chose. */
  readonly reason: string
  /** The innermost message of the fault's detail. */
  readonly detail?: string | undefined
  /** `w:FaultDetail`, a URI that narrows the subcode. */
  readonly faultDetail?: string | undefined
  /** The machine that raised the fault. */
  readonly machine?: string | undefined
  /** The provider that raised the fault, where it names one. */
  readonly provider?: string | undefined
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
  readonly reason: string
  readonly detail: string | undefined
  readonly faultDetail: string | undefined
  readonly machine: string | undefined
  readonly provider: string | undefined
  readonly notUnderstood: readonly string[]
  readonly status: number | undefined

  constructor(parts: FaultParts, context: ErrorContext = {}) {
    super('ERR_WSMAN_FAULT', faultMessage(parts), context)
    this.wsmanCode = parts.wsmanCode
    this.wsmanName = parts.wsmanName
    this.faultCode = parts.faultCode
    this.subcode = parts.subcode
    this.reason = parts.reason
    this.detail = parts.detail
    this.faultDetail = parts.faultDetail
    this.machine = parts.machine
    this.provider = parts.provider
    this.notUnderstood = parts.notUnderstood ?? []
    this.status = parts.status
  }

  protected override details(): Record<string, unknown> {
    return {
      wsmanCode: this.wsmanCode,
      wsmanName: this.wsmanName,
      faultCode: this.faultCode,
      subcode: this.subcode,
      reason: this.reason,
      detail: this.detail,
      faultDetail: this.faultDetail,
      machine: this.machine,
      provider: this.provider,
      notUnderstood: this.notUnderstood.length > 0 ? this.notUnderstood : undefined,
      status: this.status,
    }
  }
}

function faultMessage(parts: FaultParts): string {
  const text = (parts.detail ?? parts.reason).trim() || `${parts.faultCode} fault without a reason`
  const code = parts.wsmanName ?? parts.wsmanCode?.toString() ?? parts.subcode
  return code === undefined ? text : `${text} (${code})`
}

/**
 * Whether `error` is a fault, and, with `nameOrCode`, whether it is that one.
 * @param nameOrCode a name such as `ERROR_WSMAN_QUOTA_MAX_SHELLS`, or a numeric code
 */
export function isWsmanFault(error: unknown, nameOrCode?: string | number): error is WsmanFault {
  if (!hasBrand(error, 'WsmanFault')) return false
  const fault = error as WsmanFault
  return nameOrCode === undefined || fault.wsmanName === nameOrCode || fault.wsmanCode === nameOrCode
}
