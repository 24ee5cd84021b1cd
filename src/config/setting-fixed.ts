import { UsageError } from '../errors/errors.js'
import type { SettingDifference } from './differences.js'
import type { FixedReason } from './fixed-settings.js'

const REASONS: Readonly<Record<FixedReason, string>> = {
  readOnly: 'is read-only',
  deprecated: 'has had no effect since version 2.0 and takes no other value',
  policy: 'is set by Group Policy on the host, and can be changed there only',
}

/** Why a setting stays as it is. */
export function fixedMessage(path: string, reason: FixedReason): string {
  return `${path} ${REASONS[reason]}.`
}

/** @throws UsageError for the first of the settings that the host would not let be changed */
export function assertChangeable(differences: readonly SettingDifference[], host: string): void {
  for (const { path, fixed } of differences) {
    if (fixed === undefined) continue
    throw new UsageError(fixedMessage(path, fixed), { code: 'ERR_WSMAN_SETTING_FIXED', host })
  }
}
