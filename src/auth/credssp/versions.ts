import { AuthenticationError } from '../../errors/errors.js'
import { malformed } from './der-fields.js'
import type { CredSspVersion } from './key-binding.js'

/** The versions one side speaks. */
export interface VersionRange {
  readonly min: CredSspVersion
  readonly max: CredSspVersion
}

export const LOWEST: CredSspVersion = 2
export const HIGHEST: CredSspVersion = 6

/**
 * The version that both sides understand; a peer that is newer than we are speaks ours as well (MS-CSSP 2.2.1).
 * @param agreed the version agreed on before: a peer does not change its mind
 * @throws ProtocolError for what is no version
 * @throws AuthenticationError for one that we do not take any more
 */
export function agreeOnVersion(received: number, range: VersionRange, agreed: number | undefined): number {
  if (received < LOWEST) throw malformed(`is of version ${received}`)
  const version = Math.min(received, range.max)
  if (agreed !== undefined && version !== agreed) throw malformed('changes the version')
  if (version >= range.min) return version
  throw new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `The peer speaks version ${received} of CredSSP; version ${range.min} is the lowest that is taken.`,
    {
      hint: 'Versions below 5 let someone in between use the credentials (CVE-2018-0886). Windows speaks 5 or 6 since its updates of March 2018: install them on the peer.',
    },
  )
}

/** Which versions know `errorCode` (MS-CSSP 2.2.1). */
export const knowsErrorCode = (version: number): boolean => version === 3 || version === 4 || version === 6
