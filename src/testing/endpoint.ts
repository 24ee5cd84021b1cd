import os from 'node:os'
import { CLASS_SCHEMA_URI } from '../envelope/cim-class.js'
import { UsageError } from '../errors/errors.js'
import { NS } from '../xml/namespaces.js'
import type { Settings } from '../settings/table.js'
import { CertificateAuthorities } from './access/certificate-authorities.js'
import { Authorization } from './access/authorization.js'
import { SecurityPrincipals, type EndpointAccount } from './access/security-principals.js'
import { Accounts, basicScheme, type Account, type AuthenticationScheme } from './authentication.js'
import { makeCertificate } from './certificate.js'
import { certificateScheme } from './client-certificate.js'
import { ClassRegistry } from './class-registry.js'
import { ClassService } from './class-service.js'
import { DMTF, WMI } from './class-uri.js'
import { CertMappingService } from './config/cert-mapping-service.js'
import { CertMappingStore } from './config/cert-mapping-store.js'
import { ConfigService } from './config/config-service.js'
import { ListenerService } from './config/listener-service.js'
import { PluginSecurityService } from './config/plugin-security-service.js'
import { PluginService } from './config/plugin-service.js'
import { PluginStore } from './config/plugin-store.js'
import { LiveSettings } from './config/live-settings.js'
import {
  resolveListeners,
  resolvePolicy,
  resolveSettings,
  resolveUsers,
  type EndpointOptions,
  type ResolvedListener,
} from './endpoint-options.js'
import { Enumerations } from './enumerations.js'
import { handshakeSchemes, type HandshakeParts } from './negotiate.js'
import { CertificateStore } from './listening/certificate-store.js'
import { ListenerSet, type ManagedListener } from './listening/listener-set.js'
import { isLoopback } from './listening/machine-addresses.js'
import type { ListenerSpec } from './listening/open-listener.js'
import { hardwareClasses } from './hardware/hardware-classes.js'
import { accountClasses } from './machine/account-classes.js'
import { machineClasses } from './machine/machine-classes.js'
import { PluginRoutes } from './plugin-routes.js'
import { OperationQuota } from './operation-quota.js'
import { RequestLog, type LoggedRequest } from './request-log.js'
import { RequestPipeline } from './request-pipeline.js'
import { Router } from './router.js'
import { CLASS_SCHEMA_OPTIONS, ClassSchemaService } from './schema/class-schema-service.js'
import { Script } from './script.js'
import { SHELL_OPTIONS } from './shell/shell-requests.js'
import { ShellService, type OpenShell } from './shell/shell-service.js'

/** A listener that is open. */
export interface EndpointListener {
  readonly transport: 'HTTP' | 'HTTPS'
  readonly address: string
  /** The port that was bound. */
  readonly port: number
  readonly urlPrefix: string
  /** Where clients reach it: `http://127.0.0.1:49153/wsman`. */
  readonly url: string
  /** SHA-256 of the certificate, for `tls.fingerprint256`; HTTPS only. */
  readonly fingerprint256?: string
}

/** The schemes that a user name and a password are enough for. */
export type ClientScheme = 'basic' | 'negotiate' | 'ntlm' | 'credssp'

/** What `clientOptions` may be asked for. */
export interface ClientChoice {
  /** Default: that of the first listener. */
  readonly transport?: 'http' | 'https'
  /** Default: `basic` where the settings allow it, else `negotiate`. */
  readonly scheme?: ClientScheme
}

/** Options that make `new WsmanClient(...)` talk to the endpoint. */
export interface EndpointClientOptions {
  readonly host: string
  readonly port: number
  readonly transport: 'http' | 'https'
  readonly urlPrefix: string
  readonly auth: { readonly scheme: ClientScheme; readonly username: string; readonly password: string }
  readonly tls?: { readonly fingerprint256: string }
  readonly settings: {
    readonly client: {
      readonly allowUnencrypted: boolean
      readonly trustedHosts: string
      readonly auth?: { readonly credSsp: boolean }
    }
  }
}

/** A WS-Management service for tests, on loopback unless told otherwise. */
export interface Endpoint {
  /** Those that are open now: clients may change them. */
  readonly listeners: readonly EndpointListener[]
  /** The URL of the first listener. */
  readonly url: string
  /** The requests that arrived, oldest first; the newest ten thousand are kept. */
  readonly requests: readonly LoggedRequest[]
  /** The shells that are open, with the processes of their commands. */
  readonly shells: readonly OpenShell[]
  /** The accounts with their SIDs, for security descriptors. */
  readonly accounts: readonly EndpointAccount[]
  /**
   * Options for a client.
   * @param username default: the first user
   * @throws UsageError for a user or transport the endpoint does not have
   */
  clientOptions(username?: string, choice?: ClientChoice): EndpointClientOptions
  /** Cuts every connection and ends every process of its shells; resolves when they are gone. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a WS-Management service that answers as WinRM does, with real local processes in its shells.
 * @throws UsageError for options that make no sense; whatever binding the port fails with
 */
export async function startEndpoint(options: EndpointOptions = {}): Promise<Endpoint> {
  const machine = os.hostname()
  const accounts = resolveUsers(options.users, machine)
  const settings = new LiveSettings(resolveSettings(options.settings), resolvePolicy(options.policy))
  const wanted = resolveListeners(options.listeners)
  const quota = new OperationQuota(settings)
  const enumerations = new Enumerations(settings, quota)
  const { affinityCookie = false } = options
  const shells = new ShellService({ settings, machine, enumerations, quota, affinityCookie })
  const principals = new SecurityPrincipals(accounts, machine)
  const registry = new ClassRegistry(
    options.classes ?? [
      ...machineClasses(),
      ...hardwareClasses(),
      ...accountClasses(principals.accounts, machine),
    ],
  )
  const classes = new ClassService(registry, enumerations)
  const certificates = new CertificateStore()
  for (const tls of options.certificates ?? []) certificates.add(tls)
  const loopbackOnly = wanted.every(({ address }) => isLoopback(address))
  const listeners = new ListenerSet({
    settings,
    certificates,
    loopbackOnly,
    compatibilityPorts: { http: 80, https: 443, ...options.compatibilityPorts },
    handler: (request, facts) => pipeline.handle(request, facts),
    limits: () => ({
      maxRequestBytes: settings.protocol.maxEnvelopeSizeKb * 1024,
      retrievalTimeoutMs: settings.service.maxPacketRetrievalTimeSeconds * 1000,
    }),
  })
  const known = new Accounts(accounts, machine)
  const mappings = new CertMappingStore(authoritiesOf(options), known)
  const plugins = new PluginStore()
  const config = new ConfigService({
    settings,
    plugins: new PluginService(plugins, enumerations),
    security: new PluginSecurityService(plugins),
    restore: async () => {
      mappings.clear()
      for (const listener of listeners.local) await listeners.remove(listener)
    },
    certMappings: new CertMappingService(mappings, enumerations),
    listeners: new ListenerService({
      listeners,
      certificates,
      settings,
      enumerations,
      machine,
      loopbackOnly,
    }),
  })
  const ownIdentity = once(() => makeCertificate(machine))
  const log = new RequestLog()
  const pipeline: RequestPipeline = new RequestPipeline({
    settings,
    machine,
    log,
    script: new Script(options.script ?? []),
    authorization: new Authorization(settings, principals, plugins),
    schemes: schemesOf({
      accounts: known,
      mappings,
      settings,
      machine,
      keytab: options.keytab,
      identity: () => certificates.find(settings.service.certificateThumbprint) ?? ownIdentity(),
    }),
    router: new Router({
      plugins: new PluginRoutes(plugins),
      own: [
        { prefix: NS.shell, service: shells, chunked: false, options: SHELL_OPTIONS },
        { prefix: NS.config, service: config },
      ],
      classes: [
        { prefix: WMI, service: classes },
        { prefix: DMTF, service: classes },
        {
          prefix: CLASS_SCHEMA_URI,
          service: new ClassSchemaService(registry, enumerations),
          options: CLASS_SCHEMA_OPTIONS,
        },
      ],
    }),
  })
  const close = async (): Promise<void> => {
    enumerations.close()
    await Promise.all([shells.close(), listeners.close()])
  }
  try {
    for (const listener of wanted) await listeners.add(await specOf(listener, certificates))
    await listeners.openCompatibility()
  } catch (error) {
    await close()
    throw error
  }
  return new RunningEndpoint({ listeners, accounts, principals, log, shells, close, settings })
}

async function specOf(
  { address, tls, ...listener }: ResolvedListener,
  certificates: CertificateStore,
): Promise<ListenerSpec> {
  const shown =
    listener.transport === 'HTTPS' ? (tls ?? (await makeCertificate(listener.hostname))) : undefined
  return {
    ...listener,
    address: address === '*' ? '*' : `IP:${address}`,
    enabled: true,
    certificateThumbprint: shown ? certificates.add(shown) : '',
  }
}

function schemesOf({
  mappings,
  ...parts
}: HandshakeParts & { readonly mappings: CertMappingStore }): readonly AuthenticationScheme[] {
  const { accounts, settings } = parts
  return [
    ...handshakeSchemes(parts),
    basicScheme(accounts, settings),
    certificateScheme(accounts, mappings, settings),
  ]
}

/** Listeners take certificates of those only that they name, and so the machine knows them. */
function authoritiesOf({ authorities = [], listeners = [] }: EndpointOptions): CertificateAuthorities {
  return new CertificateAuthorities([...authorities, ...listeners.flatMap(({ tls }) => tls?.ca ?? [])])
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

interface RunningParts {
  readonly listeners: ListenerSet
  readonly accounts: readonly Account[]
  readonly principals: SecurityPrincipals
  readonly log: RequestLog
  readonly shells: ShellService
  readonly close: () => Promise<void>
  readonly settings: Settings
}

class RunningEndpoint implements Endpoint {
  /** Holds passwords: private, so that nothing prints them. */
  readonly #parts: RunningParts
  #closed: Promise<void> | undefined

  constructor(parts: RunningParts) {
    this.#parts = parts
  }

  get listeners(): readonly EndpointListener[] {
    return this.#parts.listeners.all.filter(({ sockets }) => sockets.hosts.length > 0).map(shown)
  }

  get url(): string {
    return this.listeners[0]?.url ?? ''
  }

  get requests(): readonly LoggedRequest[] {
    return this.#parts.log.entries
  }

  get shells(): readonly OpenShell[] {
    return this.#parts.shells.list()
  }

  get accounts(): readonly EndpointAccount[] {
    return this.#parts.principals.accounts
  }

  clientOptions(
    username?: string,
    {
      transport,
      scheme = this.#parts.settings.service.auth.basic ? 'basic' : 'negotiate',
    }: ClientChoice = {},
  ): EndpointClientOptions {
    const listener = this.listeners.find(
      (candidate) => transport === undefined || candidate.transport.toLowerCase() === transport,
    )
    if (!listener) throw new UsageError(`The endpoint has no listener for ${transport ?? ''}.`)
    const account = this.#account(username)
    const host = loopbackOf(listener.address)
    const encrypted = listener.fingerprint256 !== undefined
    return {
      host,
      port: listener.port,
      transport: encrypted ? 'https' : 'http',
      urlPrefix: listener.urlPrefix,
      auth: { scheme, username: account.username, password: account.password },
      ...(listener.fingerprint256 === undefined ? {} : { tls: { fingerprint256: listener.fingerprint256 } }),
      settings: {
        client: {
          allowUnencrypted: !encrypted && scheme === 'basic',
          trustedHosts: encrypted ? '' : trusted(host),
          ...(scheme === 'credssp' ? { auth: { credSsp: true } } : {}),
        },
      },
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#parts.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #account(username: string | undefined): Account {
    const { accounts } = this.#parts
    const account =
      username === undefined
        ? accounts[0]
        : accounts.find((candidate) => candidate.username.toLowerCase() === username.toLowerCase())
    if (account) return account
    throw new UsageError(
      username === undefined ? 'The endpoint has no user.' : `The endpoint has no user ${username}.`,
    )
  }
}

function shown({ spec, sockets }: ManagedListener): EndpointListener {
  const { transport, urlPrefix } = spec
  const { port, fingerprints } = sockets
  const address = spec.address.startsWith('MAC:')
    ? (sockets.hosts[0] ?? '')
    : spec.address.replace(/^IP:/, '')
  const url = `${transport.toLowerCase()}://${urlHost(address)}:${port}/${urlPrefix}`
  const pin = fingerprints ? { fingerprint256: fingerprints.fingerprint256 } : {}
  return { transport, address, port, urlPrefix, url, ...pin }
}

const loopbackOf = (address: string): string =>
  address === '*' || address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
const urlHost = (address: string): string => bracketed(loopbackOf(address))
/** Loopback addresses need not be listed. */
const trusted = (host: string): string => (/^127\.|^::1$/.test(host) ? '' : bracketed(host))
