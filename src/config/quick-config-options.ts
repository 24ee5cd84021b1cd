import { UsageError } from '../errors/errors.js'
import { LISTENER_KIND } from './listener-kind.js'

/** What a host is to be set up for. */
export interface QuickConfigOptions {
  /** Default `HTTP`. */
  readonly transport?: 'HTTP' | 'HTTPS' | undefined
  /** Default: the port of the listener that is there, else the one that the host has by itself: 5985 or 5986. */
  readonly port?: number | undefined
  /** For HTTPS: the name that clients use, which the certificate must be for. Default: the full name of the host. */
  readonly hostname?: string | undefined
  /**
   * For HTTPS: the certificate, by its SHA-1 thumbprint. Default: the one of the host's that fits and is valid longest.
   * Required for a self-signed one, which is never chosen by itself.
   */
  readonly certificateThumbprint?: string | undefined
  /**
   * Open the firewall on public networks, too: for the local subnet. Without it, `winrm quickconfig` refuses such a host;
   * so does a plan unless it is forced, and so does the script. Default false.
   */
  readonly skipNetworkProfileCheck?: boolean | undefined
  /**
   * Give local administrators all their rights over the network (`LocalAccountTokenFilterPolicy`), so that whoever has the
   * password of one can administer the host from afar. Never done unless asked for. Default false.
   */
  readonly localAccountTokenFilterPolicy?: boolean | undefined
}

/** The options, checked. */
export interface ResolvedQuickConfig {
  readonly transport: 'HTTP' | 'HTTPS'
  readonly port: number | undefined
  readonly hostname: string | undefined
  /** 40 hexadecimal digits in capitals. */
  readonly certificateThumbprint: string | undefined
  readonly skipNetworkProfileCheck: boolean
  readonly localAccountTokenFilterPolicy: boolean
}

/** What a host has by itself since 2.0 (MS-WSMV 2.2.4.8). */
export const DEFAULT_PORTS = { HTTP: 5985, HTTPS: 5986 } as const

const KNOWN: Readonly<Record<keyof QuickConfigOptions, true>> = {
  transport: true,
  port: true,
  hostname: true,
  certificateThumbprint: true,
  skipNetworkProfileCheck: true,
  localAccountTokenFilterPolicy: true,
}

/** @throws UsageError for options that are unknown, malformed or contradict each other */
export function resolveQuickConfig(given: QuickConfigOptions): ResolvedQuickConfig {
  assertOptions(given, KNOWN, ['skipNetworkProfileCheck', 'localAccountTokenFilterPolicy'])
  const { port, hostname, certificateThumbprint } = given
  const transport = transportOf(given.transport)
  const members = { port, hostname, certificateThumbprint }
  LISTENER_KIND.validate(
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)),
  )
  if (hostname !== undefined && !/^(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*$/.test(hostname)) {
    throw new UsageError(`hostname must be the DNS name of the host; it is ${JSON.stringify(hostname)}.`)
  }
  if (transport === 'HTTP' && (hostname ?? certificateThumbprint) !== undefined) {
    throw new UsageError('hostname and certificateThumbprint are for the transport HTTPS.')
  }
  if (certificateThumbprint?.trim() === '') throw new UsageError('certificateThumbprint must not be empty.')
  return {
    transport,
    port,
    hostname,
    certificateThumbprint: certificateThumbprint?.replace(/\s/g, '').toUpperCase(),
    skipNetworkProfileCheck: given.skipNetworkProfileCheck ?? false,
    localAccountTokenFilterPolicy: given.localAccountTokenFilterPolicy ?? false,
  }
}

function transportOf(given: unknown = 'HTTP'): 'HTTP' | 'HTTPS' {
  const transport = typeof given === 'string' ? given.toUpperCase() : given
  if (transport === 'HTTP' || transport === 'HTTPS') return transport
  throw new UsageError(`transport must be HTTP or HTTPS; it is ${JSON.stringify(given)}.`)
}

/**
 * @param flags those that must be true or false where they are given
 * @throws UsageError for what is no object, and for an option that is unknown or no flag
 */
export function assertOptions<Options extends object>(
  given: Options,
  known: Readonly<Record<keyof Options & string, true>>,
  flags: readonly (keyof Options & string)[],
): void {
  if (typeof given !== 'object' || (given as unknown) === null) {
    throw new UsageError('The options must be an object.')
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no option ${JSON.stringify(unknown)}; there are ${Object.keys(known).join(', ')}.`,
    )
  }
  const wrong = flags.find((name) => !['boolean', 'undefined'].includes(typeof given[name]))
  if (wrong !== undefined) throw new UsageError(`${wrong} must be true or false.`)
}
