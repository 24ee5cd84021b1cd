import { UsageError } from '../errors/errors.js'

/** @throws UsageError for what is given and is no positive number */
export function assertPositive(name: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return
  throw new UsageError(`${name} must be a positive number; it is ${String(value)}.`)
}
