import { isIP } from 'node:net'
import { tlsServerEndPoint } from '../auth/channel-binding.js'
import { KerberosInitiator } from '../auth/kerberos/gssapi-context.js'
import { NtlmInitiator } from '../auth/ntlm/initiator.js'
import type { InitiatorOptions } from '../auth/security-context.js'
import { SpnegoInitiator, type Candidate } from '../auth/spnego/initiator.js'
import { OID } from '../auth/spnego/oids.js'
import { AuthenticationError } from '../errors/errors.js'
import type { ChannelFacts } from './authenticator.js'
import type { PasswordSource, UserPassword } from './credentials.js'
import type { HandshakeScheme } from './handshake.js'
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

const NEGOTIATE_HINT =
  'Choose another auth.scheme, or on the host: winrm set winrm/config/service/auth @{Negotiate="true"}'
const KERBEROS_HINT =
  'Choose another auth.scheme, or on the host: winrm set winrm/config/service/auth @{Kerberos="true"}'

/** NTLM without SPNEGO around it, which Windows takes after `Negotiate`. */
export function ntlmScheme(source: PasswordSource, surroundings: SchemeSurroundings): HandshakeScheme {
  let latest: UserPassword | undefined
  return {
    names: ['Negotiate', 'NTLM'],
    protocol: () => 'SPNEGO',
    notOfferedHint: NEGOTIATE_HINT,
    async newContext(channel) {
      surroundings.allowNtlm()
      latest = await source.read(channel.host)
      return newNtlm(latest, initiatorOptions(channel, surroundings.spn))
    },
    refused: (host, offered, cause) => refuse(source, latest, host, offered, cause),
  }
}

/** SPNEGO: Kerberos where a ticket is to be had, else NTLM. */
export function negotiateScheme(
  source: PasswordSource,
  kerberos: KerberosSource,
  surroundings: SchemeSurroundings,
): HandshakeScheme {
  let latest: UserPassword | undefined
  return {
    names: ['Negotiate'],
    protocol: () => 'SPNEGO',
    notOfferedHint: NEGOTIATE_HINT,
    async newContext(channel) {
      const credential = (latest = await source.read(channel.host))
      const options = initiatorOptions(channel, surroundings.spn)
      return newNegotiate(credential, kerberos, options, surroundings.allowNtlm)
    },
    refused: (host, offered, cause) => refuse(source, latest, host, offered, cause),
  }
}

/** Kerberos, by its own name where the service offers that, else within SPNEGO. */
export function kerberosScheme(kerberos: KerberosSource, { spn }: SchemeSurroundings): HandshakeScheme {
  return {
    names: ['Kerberos', 'Negotiate'],
    protocol: (name) => (name === 'Kerberos' ? 'Kerberos' : 'SPNEGO'),
    notOfferedHint: KERBEROS_HINT,
    async newContext(channel, name) {
      const candidate = kerberosCandidate(kerberos, initiatorOptions(channel, spn))
      return name === 'Kerberos' ? await candidate.create(undefined) : new SpnegoInitiator([candidate])
    },
    refused: (host, offered, cause) => cause ?? refusedTicket(host, offered),
  }
}

/** A new negotiation with what is possible for this user name: local accounts have no Kerberos. */
export function newNegotiate(
  credential: UserPassword,
  kerberos: KerberosSource,
  options: InitiatorOptions,
  allowNtlm: () => void,
): SpnegoInitiator {
  const ntlm: Candidate = {
    name: 'NTLM',
    oids: [OID.ntlm],
    create: () => {
      allowNtlm()
      return newNtlm(credential, options)
    },
  }
  const isLocal = !/[\\@]/.test(credential.username) || credential.username.startsWith('.\\')
  const hasTicket = credential.ntHash === undefined && !isLocal && isIP(options.target.host) === 0
  return new SpnegoInitiator(hasTicket ? [kerberosCandidate(kerberos, options), ntlm] : [ntlm])
}

function kerberosCandidate(source: KerberosSource, options: InitiatorOptions): Candidate {
  return {
    name: 'Kerberos',
    oids: [OID.kerberos, OID.microsoftKerberos],
    create: async () =>
      new KerberosInitiator({ ...options, credential: await source.read(), delegate: source.delegate }),
  }
}

function newNtlm({ username, password, ntHash }: UserPassword, options: InitiatorOptions): NtlmInitiator {
  const credential = ntHash === undefined ? { username, password } : { username, ntHash }
  return new NtlmInitiator({ ...options, credential })
}

/** @internal */
export function initiatorOptions(channel: ChannelFacts, spn: SpnOptions): InitiatorOptions {
  const { host, peerCertificate } = channel
  return {
    target: { service: spn.service ?? 'HTTP', host: spn.host ?? host, port: spn.port },
    channelBinding: peerCertificate && tlsServerEndPoint(peerCertificate),
  }
}

/** Only a credential that was refused is not tried again; Kerberos may also fail for reasons of its own. */
function refuse(
  source: PasswordSource,
  credential: UserPassword | undefined,
  host: string,
  offered: readonly string[],
  cause: AuthenticationError | undefined,
): AuthenticationError {
  if (!credential || (cause && cause.code !== 'ERR_WSMAN_UNAUTHORIZED'))
    return cause ?? refusedTicket(host, offered)
  return source.refuse(credential, host, offered, cause)
}

function refusedTicket(host: string, offered: readonly string[]): AuthenticationError {
  return new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', `${host} refused the Kerberos ticket.`, {
    host,
    offered,
    hint: 'The service may run under another account than its SPN says, or its clock may differ; setspn -Q shows whose SPN it is.',
  })
}
