import type { RawValue } from '../envelope/instance.js'
import { WsmanError } from '../errors/wsman-error.js'

/** An out parameter that is an array: one element for each value, so one value looks like no array at all. */
export function texts(value: RawValue | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  const items = Array.isArray(value) ? value : [value]
  return items.filter((item) => typeof item === 'string')
}

/** @param meaning what is known about the code, where something is */
export function methodFailed(method: string, code: number, host: string, meaning?: string): WsmanError {
  const detail = meaning === undefined ? '' : `: ${meaning}`
  return new WsmanError('ERR_WSMAN_METHOD', `${method} returned ${code}${detail}.`, { host })
}
