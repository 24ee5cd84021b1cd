import { UsageError } from '../errors/errors.js'

/**
 * The text of a value that is written as text.
 * @param what names the value in the error
 * @throws UsageError for what has no text of its own, NaN and infinities included
 */
export function scalarText(what: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value)) return String(value)
  const shown = typeof value === 'number' || value == null ? String(value) : `of type ${typeof value}`
  throw new UsageError(`${what} cannot be written: it is ${shown}.`)
}
