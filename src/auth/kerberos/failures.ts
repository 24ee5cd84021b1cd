import { AuthenticationError } from '../../errors/errors.js'
import { GSS_S, GssapiError, routineError } from './gssapi-status.js'

/** Why Kerberos did not succeed, as far as a program may want to act on it. */
export type KerberosFailure =
  | 'noTicket'
  | 'ticketExpired'
  | 'wrongPassword'
  | 'unknownUser'
  | 'accountDisabled'
  | 'passwordExpired'
  | 'wrongPrincipal'
  | 'noKey'
  | 'unknownService'
  | 'wrongServiceKey'
  | 'clockSkew'
  | 'kdcUnreachable'
  | 'unknownRealm'
  | 'noEncryptionType'
  | 'replay'
  | 'channelBinding'
  | 'notMutual'
  | 'notDelegated'
  /** A credential may have been refused; Windows does not say what was wrong. */
  | 'refused'
  | 'other'

/** What is known about a failure: the library's own words are terse. */
export interface KnownFailure {
  readonly failure: KerberosFailure
  readonly means: string
  readonly hint: string
  readonly retryable?: boolean
}

const NO_TICKET: KnownFailure = {
  failure: 'noTicket',
  means: 'there is no Kerberos ticket',
  hint: 'Run kinit, or give username with password, a keytab, or a ccache. KRB5CCNAME names the cache that is used by default.',
}
const EXPIRED: KnownFailure = {
  failure: 'ticketExpired',
  means: 'the Kerberos ticket has expired',
  hint: 'Run kinit again (or kinit -R while it can be renewed), or give a password or keytab.',
}
const WRONG_PASSWORD: KnownFailure = {
  failure: 'wrongPassword',
  means: 'the KDC refused the password or key',
  hint: 'Check the password, or make the keytab anew after a change of password. It is not tried again, so that the account is not locked out.',
}
const WRONG_PRINCIPAL: KnownFailure = {
  failure: 'wrongPrincipal',
  means: 'the credential belongs to somebody else than the username that was asked for',
  hint: 'Run kinit for that user, name the right ccache or keytab, or leave username out. klist shows whose tickets there are.',
}
const NO_KEY: KnownFailure = {
  failure: 'noKey',
  means: 'the keytab cannot be read, or holds no key for the principal',
  hint: 'Check the path, its permissions and the names in it with klist -k.',
}
const WRONG_SERVICE_KEY: KnownFailure = {
  failure: 'wrongServiceKey',
  means: 'the service cannot decrypt the ticket that the KDC issued for it',
  hint: 'The service principal name is registered for another account, twice, or for an old key. On the domain: setspn -Q HTTP/<host> and setspn -X.',
}
const SKEW: KnownFailure = {
  failure: 'clockSkew',
  means: 'the clocks differ too much',
  hint: 'The clocks of this machine, the KDC and the host must agree within five minutes: synchronise them (chronyc makestep, w32tm /resync).',
}
const UNREACHABLE: KnownFailure = {
  failure: 'kdcUnreachable',
  means: 'no KDC of the realm answers',
  hint: 'Check the network (port 88, TCP and UDP) and the kdc entries of the realm in krb5.conf, or its _kerberos._tcp records in DNS.',
  retryable: true,
}
const UNKNOWN_REALM: KnownFailure = {
  failure: 'unknownRealm',
  means: 'the Kerberos realm is not known on this machine',
  hint: 'Give realm in upper case (EXAMPLE.COM), or set default_realm and the kdc of the realm in krb5.conf.',
}
const REVOKED: KnownFailure = {
  failure: 'accountDisabled',
  means: 'the account is disabled, expired or locked',
  hint: 'Ask the administrators of the domain.',
}

/** Base of the codes in krb5_err.et; their names are those of krb5.h. */
const KRB5 = -1765328384
/** Base of the codes in gssapi_err_krb5.et. */
const K5G = 39756032

const KNOWN: ReadonlyMap<number, KnownFailure> = new Map([
  [KRB5 + 1, REVOKED], // KRB5KDC_ERR_NAME_EXP
  [
    KRB5 + 6, // KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN
    {
      failure: 'unknownUser',
      means: 'the KDC does not know the user',
      hint: 'Check username and realm: user@EXAMPLE.COM, with the realm that the account is in.',
    },
  ],
  [
    KRB5 + 7, // KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN
    {
      failure: 'unknownService',
      means: 'the KDC does not know the service',
      hint: "Use the host's full DNS name, not its address or an alias; or register the name on the domain: setspn -S HTTP/<host> <account>; or set the option spn to a name that is registered.",
    },
  ],
  [
    KRB5 + 14, // KRB5KDC_ERR_ETYPE_NOSUPP
    {
      failure: 'noEncryptionType',
      means: 'the KDC, the service and this machine share no encryption type',
      hint: 'Enable AES for the account (msDS-SupportedEncryptionTypes); RC4 needs allow_rc4 or allow_weak_crypto in krb5.conf.',
    },
  ],
  [KRB5 + 18, REVOKED], // KRB5KDC_ERR_CLIENT_REVOKED
  [
    KRB5 + 23, // KRB5KDC_ERR_KEY_EXP
    {
      failure: 'passwordExpired',
      means: 'the password has expired',
      hint: 'Change it: kpasswd, or on a Windows machine of the domain.',
    },
  ],
  [KRB5 + 24, WRONG_PASSWORD], // KRB5KDC_ERR_PREAUTH_FAILED
  [KRB5 + 31, WRONG_SERVICE_KEY], // KRB5KRB_AP_ERR_BAD_INTEGRITY
  [KRB5 + 32, EXPIRED], // KRB5KRB_AP_ERR_TKT_EXPIRED
  [KRB5 + 33, SKEW], // KRB5KRB_AP_ERR_TKT_NYV
  [KRB5 + 34, { failure: 'replay', means: 'the token was used before', hint: 'Connect again.' }], // KRB5KRB_AP_ERR_REPEAT
  [KRB5 + 35, WRONG_SERVICE_KEY], // KRB5KRB_AP_ERR_NOT_US
  [KRB5 + 37, SKEW], // KRB5KRB_AP_ERR_SKEW
  [KRB5 + 41, WRONG_SERVICE_KEY], // KRB5KRB_AP_ERR_MODIFIED
  [KRB5 + 44, WRONG_SERVICE_KEY], // KRB5KRB_AP_ERR_BADKEYVER
  [KRB5 + 45, WRONG_SERVICE_KEY], // KRB5KRB_AP_ERR_NOKEY
  [KRB5 + 141, NO_TICKET], // KRB5_CC_NOTFOUND
  [KRB5 + 154, UNKNOWN_REALM], // KRB5_REALM_UNKNOWN
  [KRB5 + 156, UNREACHABLE], // KRB5_KDC_UNREACH
  [KRB5 + 181, NO_KEY], // KRB5_KT_NOTFOUND
  [KRB5 + 195, NO_TICKET], // KRB5_FCC_NOFILE
  [KRB5 + 220, UNREACHABLE], // KRB5_REALM_CANT_RESOLVE
  [KRB5 + 224, UNKNOWN_REALM], // KRB5_CONFIG_NODEFREALM
  [K5G + 0, WRONG_PRINCIPAL], // KG_CCACHE_NOMATCH
  [K5G + 1, NO_KEY], // KG_KEYTAB_NOMATCH
  [K5G + 2, NO_TICKET], // KG_TGT_MISSING
  [K5G + 12, NO_TICKET], // KG_EMPTY_CCACHE
])

const BY_MAJOR: ReadonlyMap<number, KnownFailure> = new Map([
  [
    GSS_S.BAD_BINDINGS,
    {
      failure: 'channelBinding',
      means: 'the channel binding is missing or not the right one',
      hint: 'Something between the client and the service ends the TLS connection with another certificate.',
    },
  ],
  [GSS_S.NO_CRED, NO_TICKET],
  [GSS_S.CREDENTIALS_EXPIRED, EXPIRED],
  [GSS_S.CONTEXT_EXPIRED, { ...EXPIRED, hint: 'Connect again.', retryable: true }],
])

/** What is known of each failure, once; for the documentation. */
export const KERBEROS_FAILURES: ReadonlySet<KnownFailure> = new Set([...KNOWN.values(), ...BY_MAJOR.values()])

/** Failures that mean a credential was refused. The others mean that Kerberos is not possible; another scheme may be. */
export const REFUSALS: ReadonlySet<KerberosFailure> = new Set([
  'wrongPassword',
  'accountDisabled',
  'passwordExpired',
  'channelBinding',
  'replay',
  'refused',
])

/** Kerberos did not succeed. */
export class KerberosError extends AuthenticationError {
  readonly failure: KerberosFailure

  constructor(
    failure: KerberosFailure,
    message: string,
    context: { hint?: string; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(REFUSALS.has(failure) ? 'ERR_WSMAN_UNAUTHORIZED' : 'ERR_WSMAN_SCHEME_NOT_OFFERED', message, context)
    this.failure = failure
  }

  protected override details(): Record<string, unknown> {
    return { ...super.details(), failure: this.failure }
  }
}

/**
 * Puts what GSSAPI said into plain words.
 * @param doing what was under way, `getting a ticket for HTTP/server01`
 * @param meanings where a code means something else than usually, by what it usually means
 */
export function kerberosError(
  error: GssapiError,
  doing: string,
  meanings: Partial<Record<KerberosFailure, keyof typeof IN_PLACE>> = {},
): KerberosError {
  const usual = KNOWN.get(error.minor) ?? BY_MAJOR.get(routineError(error.major))
  if (usual === undefined)
    return new KerberosError('other', `Kerberos failed ${doing} (${error.message}).`, { cause: error })
  const instead = meanings[usual.failure]
  const { failure, means, ...context } = instead === undefined ? usual : IN_PLACE[instead]
  return new KerberosError(failure, `Kerberos failed ${doing}: ${means} (${error.message}).`, {
    ...context,
    cause: error,
  })
}

const IN_PLACE = { wrongPassword: WRONG_PASSWORD, noKey: NO_KEY }
