import { AuthenticationError } from '../../errors/errors.js'
import { hintFor } from '../../errors/situations.js'

/** The codes that servers send in `errorCode` (MS-ERREF 2.3.1). */
export const NT_STATUS = {
  logonFailure: 0xc000006d,
  notSupported: 0xc00000bb,
  timeDifference: 0xc0000133,
} as const

interface Meaning {
  readonly name: string
  readonly meaning: string
}

const status = (name: string, meaning: string): Meaning => ({ name, meaning })

const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [0xc0000022, status('STATUS_ACCESS_DENIED', 'the account may not log on here')],
  [0xc000005e, status('STATUS_NO_LOGON_SERVERS', 'the service reached no domain controller')],
  [0xc0000064, status('STATUS_NO_SUCH_USER', 'the account does not exist')],
  [0xc000006a, status('STATUS_WRONG_PASSWORD', 'the password is wrong')],
  [NT_STATUS.logonFailure, status('STATUS_LOGON_FAILURE', 'the user name or the password is wrong')],
  [0xc000006e, status('STATUS_ACCOUNT_RESTRICTION', 'a restriction of the account forbids the logon')],
  [0xc000006f, status('STATUS_INVALID_LOGON_HOURS', 'the account may not log on at this time')],
  [0xc0000070, status('STATUS_INVALID_WORKSTATION', 'the account may not log on from this computer')],
  [0xc0000071, status('STATUS_PASSWORD_EXPIRED', 'the password has expired')],
  [0xc0000072, status('STATUS_ACCOUNT_DISABLED', 'the account is disabled')],
  [
    NT_STATUS.notSupported,
    status('STATUS_NOT_SUPPORTED', 'the service does not speak this version of CredSSP'),
  ],
  [NT_STATUS.timeDifference, status('STATUS_TIME_DIFFERENCE_AT_DC', 'the clocks differ too much')],
  [0xc000015b, status('STATUS_LOGON_TYPE_NOT_GRANTED', 'the account may not log on over the network')],
  [0xc0000193, status('STATUS_ACCOUNT_EXPIRED', 'the account has expired')],
  [0xc0000224, status('STATUS_PASSWORD_MUST_CHANGE', 'the password must be changed before the first logon')],
  [0xc0000234, status('STATUS_ACCOUNT_LOCKED_OUT', 'the account is locked out')],
  [
    0xc0000413,
    status('STATUS_AUTHENTICATION_FIREWALL_FAILED', 'the account may not authenticate to this computer'),
  ],
])

/** The peer refused, and said why by an NTSTATUS. */
export function refusedWith(errorCode: number): AuthenticationError {
  const code = `0x${errorCode.toString(16).toUpperCase().padStart(8, '0')}`
  const known = MEANINGS.get(errorCode)
  const reason = known ? `${known.meaning} (${known.name}, ${code})` : `NTSTATUS ${code}`
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `CredSSP was refused: ${reason}.`, {
    ...(errorCode === NT_STATUS.timeDifference ? { hint: hintFor('domainClockSkew') } : {}),
  })
}
