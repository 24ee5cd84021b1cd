import { UsageError } from '../../errors/errors.js'
import { ntHash } from './ntlmv2.js'

/** Who authenticates. The NT hash, 32 hexadecimal digits, is as good as the password it was made of. */
export type NtlmCredential =
  | { readonly username: string; readonly password: string }
  | { readonly username: string; readonly ntHash: string }

/** An account as NTLM names it. */
export interface NtlmAccount {
  readonly user: string
  /** Empty where the server is to find out. */
  readonly domain: string
}

/**
 * The account that a user name means: `DOMAIN\user`, `.\user` (of the server itself), `user`, or `user@domain`, which
 * travels whole, for the domain controller to take apart.
 * @param computerName the server's own name, from its challenge
 */
export function accountOf(username: string, computerName: string): NtlmAccount {
  const backslash = username.indexOf('\\')
  if (backslash < 0) return { user: username, domain: '' }
  const domain = username.slice(0, backslash)
  return { user: username.slice(backslash + 1), domain: domain === '.' ? computerName : domain }
}

/** @throws UsageError for a name without a user, or a hash that is none; neither is shown */
export function hashOf(credential: NtlmCredential): Uint8Array {
  if (accountOf(credential.username, '').user === '') {
    throw new UsageError('The user name is empty.', {
      hint: String.raw`Give DOMAIN\user, user@domain, .\user or user; NTLM is not used anonymously.`,
    })
  }
  if ('password' in credential) return ntHash(credential.password)
  if (!/^[0-9a-f]{32}$/i.test(credential.ntHash)) {
    throw new UsageError('The NT hash is not 32 hexadecimal digits.')
  }
  return new Uint8Array(Buffer.from(credential.ntHash, 'hex'))
}
