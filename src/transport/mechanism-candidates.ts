import { isIP } from 'node:net'
import { tlsServerEndPoint } from '../auth/channel-binding.js'
import { KerberosInitiator } from '../auth/kerberos/gssapi-context.js'
import { NtlmInitiator } from '../auth/ntlm/initiator.js'
import type { InitiatorOptions } from '../auth/security-context.js'
import type { Candidate } from '../auth/spnego/initiator.js'
import { OID } from '../auth/spnego/oids.js'
import { AuthenticationError, PolicyError } from '../errors/errors.js'
import type { ChannelFacts } from './authenticator.js'
import type { UserPassword } from './credentials.js'
import type { KerberosSource } from './kerberos-source.js'

/** The service principal to ask tickets for, where it differs from `HTTP/<host>`. */
export interface SpnOptions {
  /** Default `HTTP`. */
  readonly service?: string | undefined
  /** Default: the host of the client. */
  readonly host?: string | undefined
  /** Default: none, as SPNs of WinRM have it. */
  readonly port?: number | undefined
}

/** What the schemes need to know besides the credential. */
export interface SchemeSurroundings {
  readonly spn: SpnOptions
  /** @throws PolicyError where the host is not trusted with NTLM, which cannot prove who it is */
  readonly allowNtlm: () => void
}

/** What binds a mechanism to the service and to the TLS below it. */
export function initiatorOptions(channel: ChannelFacts, spn: SpnOptions): InitiatorOptions {
  const { host, peerCertificate } = channel
  return {
    target: { service: spn.service ?? 'HTTP', host: spn.host ?? host, port: spn.port },
    channelBinding: peerCertificate && tlsServerEndPoint(peerCertificate),
  }
}

/** What Negotiate chooses from: Kerberos where this credential can have a ticket, else NTLM. */
export function negotiateCandidates(
  credential: UserPassword,
  kerberos: KerberosSource,
  options: InitiatorOptions,
  { allowNtlm }: SchemeSurroundings,
): Candidate[] {
  const obstacle = obstacleToKerberos(credential, kerberos, options.target.host)
  const { username, password } = credential
  return [
    kerberosCandidate(kerberos, options, { username, password, obstacle }),
    {
      name: 'NTLM',
      oids: [OID.ntlm],
      create: (fallbackReason) => {
        permit(allowNtlm, fallbackReason)
        return newNtlm(credential, options)
      },
    },
  ]
}

/**
 * Kerberos as something to choose.
 * @param given what to get tickets with, in place of what the options say; and why that is not possible, if it is not
 */
export function kerberosCandidate(
  source: KerberosSource,
  options: InitiatorOptions,
  given?: { readonly username: string; readonly password: string; readonly obstacle: string | undefined },
): Candidate {
  return {
    name: 'Kerberos',
    oids: [OID.kerberos, OID.microsoftKerberos],
    create: async () => {
      if (given?.obstacle !== undefined) {
        throw new AuthenticationError('ERR_WSMAN_SCHEME_NOT_OFFERED', given.obstacle)
      }
      const credential = await source.read(given)
      return new KerberosInitiator({ ...options, credential, delegate: source.delegate })
    },
  }
}

/** NTLM by itself. */
export function newNtlm(
  { username, password, ntHash }: UserPassword,
  options: InitiatorOptions,
): NtlmInitiator {
  const credential = ntHash === undefined ? { username, password } : { username, ntHash }
  return new NtlmInitiator({ ...options, credential })
}

/** Local accounts, addresses and hashes have no tickets; asking for some would only cost time, or a failed logon. */
function obstacleToKerberos(
  { username, ntHash }: UserPassword,
  { realm }: KerberosSource,
  host: string,
): string | undefined {
  if (ntHash !== undefined) return 'an NT hash was given in place of the password.'
  if (username.startsWith('.\\')) return `${username} is a local account of the host.`
  if (realm === undefined && !/[\\@]/.test(username)) return `${username} names no domain or realm.`
  return isIP(host) === 0 ? undefined : `tickets are issued for names, and ${host} is an address.`
}

/** A refusal of NTLM says why it came to NTLM at all. */
function permit(allowNtlm: () => void, fallbackReason: string | undefined): void {
  try {
    allowNtlm()
  } catch (error) {
    if (!(error instanceof PolicyError) || fallbackReason === undefined) throw error
    const { host, hint } = error
    throw new PolicyError('ERR_WSMAN_HOST_NOT_TRUSTED', `${error.message} ${fallbackReason}`, {
      ...(host === undefined ? {} : { host }),
      ...(hint === undefined ? {} : { hint }),
    })
  }
}
