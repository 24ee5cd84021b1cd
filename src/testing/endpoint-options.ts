import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { UsageError } from '../errors/errors.js'
import { resolveSection } from '../settings/defaults.js'
import { LISTENER_TABLE } from '../settings/listener-table.js'
import type { PartialModel } from '../settings/rows.js'
import type { Settings } from '../settings/table.js'
import { validateSettings } from '../settings/validate.js'
import type { Account } from './authentication.js'
import type { EndpointTls } from './certificate.js'
import { resolveGroups } from './access/security-principals.js'
import { certificateTest, type UserCertificate } from './client-certificate.js'
import type { ScriptEntry } from './script.js'
import type { EndpointClass } from './types.js'

/** A local account that may authenticate. */
export interface EndpointUser {
  readonly username: string
  readonly password: string
  /** Default: the name of the machine. */
  readonly domain?: string
  /** The client certificate that names the account over HTTPS, where `settings.service.auth.certificate` is on. */
  readonly certificate?: UserCertificate
  /**
   * The groups it belongs to, by name (`Remote Management Users`), letters (`RM`) or SID: with `service.rootSddl` they
   * decide what it may do. Default: `Administrators`.
   */
  readonly groups?: readonly string[]
}

/** An address and port to listen on. */
export interface EndpointListenerOptions {
  /** Default `HTTP`. */
  readonly transport?: 'HTTP' | 'HTTPS'
  /** An IP address, or `*` for every address of the machine. Default `127.0.0.1`. */
  readonly address?: string
  /** 0 lets the system choose. Default 0. */
  readonly port?: number
  /** Path without slashes at its ends. Default `wsman`. */
  readonly urlPrefix?: string
  /** The name of the machine as winrm/config/listener shows it. Default: empty for HTTP, `localhost` for HTTPS. */
  readonly hostname?: string
  /** For HTTPS. Default: a certificate is made for `hostname`, `localhost` and the loopback addresses. */
  readonly tls?: EndpointTls
}

/** What the endpoint is to be. Everything has a default. */
export interface EndpointOptions {
  /** Default: HTTP on 127.0.0.1 and a free port. */
  readonly listeners?: readonly EndpointListenerOptions[]
  /** Default: one account whose password is drawn at random; `clientOptions()` knows it. */
  readonly users?: readonly EndpointUser[]
  /**
   * What winrm/config says of this machine, and what the endpoint obeys. The defaults are those of Windows, where
   * neither Basic nor unencrypted messages are accepted.
   */
  readonly settings?: PartialModel<Settings>
  /**
   * Settings as Group Policy has them: they win over `settings`, are shown with `Source="GPO"`, and no client can change
   * them. Default none.
   */
  readonly policy?: PartialModel<Settings>
  /**
   * Certificates of the machine besides those of its listeners: clients may make listeners that show them, and
   * `service.certificateThumbprint` names the one that CredSSP shows. Default none.
   */
  readonly certificates?: readonly EndpointTls[]
  /**
   * Certificates in PEM of those whom the machine trusts to sign client certificates, besides the `tls.ca` of its
   * listeners: certificate mappings name one of them as `Issuer`. Default none.
   */
  readonly authorities?: readonly (string | Buffer)[]
  /**
   * The ports that EnableCompatibilityHttpListener and EnableCompatibilityHttpsListener open. Default 80 and 443, which
   * most systems give to privileged programs only.
   */
  readonly compatibilityPorts?: { readonly http?: number; readonly https?: number }
  /**
   * Path of a keytab with the keys of `HTTP/<host>`. With it and a Kerberos library on the machine, Kerberos is accepted.
   */
  readonly keytab?: string
  /** Default: classes that describe this machine, and sensors that are made up (`hardwareClasses`). */
  readonly classes?: readonly EndpointClass[]
  /**
   * Whether the endpoint behaves like one server of a farm: the reply that tells of a new shell sets a cookie
   * `MS-WSMAN`, and requests to the shell are refused that do not bring it back. Default false.
   */
  readonly affinityCookie?: boolean
  /** Delays, faults and cut connections. The first entry whose turn it is applies. */
  readonly script?: readonly ScriptEntry[]
}

export type ResolvedListener = Required<Omit<EndpointListenerOptions, 'tls'>> & {
  readonly tls: EndpointTls | undefined
}

/** @throws UsageError for a listener that cannot be opened */
export function resolveListeners(
  given: readonly EndpointListenerOptions[] = [{}],
): readonly ResolvedListener[] {
  if (given.length === 0) throw new UsageError('listeners must name at least one listener.')
  const resolved = given.map((options, index) => resolveListener(options, `listeners[${index}]`))
  const keys = resolved.map(({ address, transport }) => `${address} ${transport}`)
  if (new Set(keys).size < keys.length) {
    throw new UsageError(
      'Two listeners have the same address and transport, which are the key of a listener.',
    )
  }
  return resolved
}

function resolveListener(options: EndpointListenerOptions, name: string): ResolvedListener {
  const { transport = 'HTTP', address = '127.0.0.1', port = 0, urlPrefix = 'wsman', tls } = options
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new UsageError(`${name}.${what}`)
  }
  const known: readonly string[] = LISTENER_TABLE.transport.choices
  demand(known.includes(transport), 'transport must be HTTP or HTTPS.')
  demand(address === '*' || isIP(address) !== 0, 'address must be an IP address or *.')
  demand(Number.isInteger(port) && port >= 0 && port <= 65_535, 'port must be between 0 and 65535.')
  demand(LISTENER_TABLE.urlPrefix.pattern?.test(urlPrefix) ?? true, 'urlPrefix must be a path like wsman.')
  demand(tls === undefined || transport === 'HTTPS', 'tls is for HTTPS.')
  const hostname = options.hostname ?? (transport === 'HTTPS' ? 'localhost' : '')
  return { transport, address, port, urlPrefix, hostname, tls }
}

/** @throws UsageError for accounts that could not be told apart */
export function resolveUsers(
  given: readonly EndpointUser[] | undefined,
  machine: string,
): readonly Account[] {
  if (given === undefined) {
    return [
      {
        username: 'user',
        password: randomBytes(18).toString('base64url'),
        domain: machine,
        groups: resolveGroups(undefined, ''),
      },
    ]
  }
  const accounts = given.map(({ username, password, domain = machine, certificate, groups }, index) => {
    if (!/^[^\\@:\s][^\\@:]*$/.test(username)) {
      throw new UsageError(`users[${index}].username must be a name without \\, @ and a colon.`)
    }
    const account = { username, password, domain, groups: resolveGroups(groups, `users[${index}].groups`) }
    if (!certificate) return account
    return { ...account, isNamedBy: certificateTest(certificate, `users[${index}].certificate`) }
  })
  const names = accounts.map(({ username, domain }) => `${domain}\\${username}`.toLowerCase())
  if (new Set(names).size < names.length) throw new UsageError('Two users have the same name.')
  return accounts
}

/** @throws UsageError naming the setting that is wrong */
export function resolveSettings(given: PartialModel<Settings> = {}): Settings {
  return {
    protocol: resolveSection('protocol', given.protocol),
    client: resolveSection('client', given.client),
    service: resolveSection('service', given.service),
    winrs: resolveSection('winrs', given.winrs),
  }
}

/** @throws UsageError naming the setting that is wrong */
export function resolvePolicy(given: PartialModel<Settings> = {}): PartialModel<Settings> {
  const wrong = validateSettings(given).find(({ severity }) => severity === 'error')
  if (wrong) throw new UsageError(wrong.message)
  return given
}
