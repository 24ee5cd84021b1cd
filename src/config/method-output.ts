import type { RawValue } from '../envelope/instance.js'
import { faultByCode } from '../errors/fault-codes.js'
import { WsmanFault } from '../errors/fault.js'
import { faultHint } from '../errors/fault-hints.js'

/** An out parameter that is an array: one element for each value, so one value looks like no array at all. */
export function texts(value: RawValue | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  const items = Array.isArray(value) ? value : [value]
  return items.filter((item) => typeof item === 'string')
}

/**
 * What a method returned where it did not fail by a fault: a Win32 error or HRESULT, as a fault would carry it, unless
 * the method has a meaning of its own for it.
 */
export function methodFailed(method: string, code: number, host: string, meaning?: string): WsmanFault {
  if (meaning !== undefined) {
    return new WsmanFault(
      { faultCode: 'Receiver', reason: `${method} returned ${code}: ${meaning}.` },
      { host },
    )
  }
  const known = faultByCode(code)
  const reason = `${method} returned ${code}.`
  const parts = {
    faultCode: 'Receiver',
    wsmanCode: code,
    wsmanName: known?.name,
    reason,
    detail: known?.description,
  }
  const hint = faultHint(parts)
  return new WsmanFault(parts, { host, ...(hint === undefined ? {} : { hint }) })
}
