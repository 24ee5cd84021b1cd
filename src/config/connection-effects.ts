import { isIPv4 } from 'node:net'
import { AddressFilter } from '../settings/address-filter.js'
import type { PartialModel } from '../settings/rows.js'
import type { ListenerSettings, ServiceSettings } from '../settings/table.js'
import { SCHEME_SWITCHES } from '../transport/policy.js'
import type { ConnectionFacts } from '../transport/types.js'
import { bareThumbprint } from './differences.js'
import { isSameItem, pathOfItem } from './item-kind.js'
import { LISTENER_KIND } from './listener-kind.js'
import type { PlanChange, PlanWarning } from './plan.js'

/** A listener with what becomes of it; undefined for one that is taken away. */
export interface ListenerFate {
  readonly before: ListenerSettings | undefined
  readonly after: ListenerSettings | undefined
}

interface Connection extends ConnectionFacts {
  /** The addresses the host may have been reached at; none where that cannot be known. */
  readonly addresses: readonly string[]
}

const disconnects = (path: string, message: string): PlanWarning => ({
  code: 'disconnects',
  path,
  message: `${message} This connection would be cut off.`,
  needsForce: true,
})

/** Ways in which new settings of the service end the connection they are sent through. */
export function serviceEffects(
  connection: Connection,
  before: PartialModel<ServiceSettings>,
  changes: PartialModel<ServiceSettings>,
  listeners: readonly ListenerSettings[],
): readonly PlanWarning[] {
  const { scheme, sealed, secure, port } = connection
  const warnings: PlanWarning[] = []
  const name = scheme === 'none' || scheme === 'digest' ? undefined : SCHEME_SWITCHES[scheme]
  if (name !== undefined && name !== 'digest' && changes.auth?.[name] === false) {
    warnings.push(disconnects(`service.auth.${name}`, `This client authenticates with ${scheme}.`))
  }
  if (changes.allowUnencrypted === false && !secure && !sealed) {
    warnings.push(
      disconnects('service.allowUnencrypted', `This client sends plaintext, with ${scheme} over HTTP.`),
    )
  }
  if (changes.allowRemoteAccess === false) {
    warnings.push(disconnects('service.allowRemoteAccess', 'No other machine could reach the service.'))
  }
  const compatibility = secure ? 'enableCompatibilityHttpsListener' : 'enableCompatibilityHttpListener'
  const isOurs = port === (secure ? 443 : 80) && !listeners.some((listener) => listener.port === port)
  if (changes[compatibility] === false && before[compatibility] === true && isOurs) {
    warnings.push(disconnects(`service.${compatibility}`, `This client uses port ${port}.`))
  }
  return [...warnings, ...filterEffects(connection, changes, listeners)]
}

function filterEffects(
  connection: Connection,
  changes: PartialModel<ServiceSettings>,
  listeners: readonly ListenerSettings[],
): readonly PlanWarning[] {
  const used =
    connection.addresses.length > 0
      ? connection.addresses
      : listeners.filter((listener) => serves(listener, connection)).flatMap(({ listeningOn }) => listeningOn)
  if (used.length === 0) return []
  const filterOf = (address: string) => (isIPv4(address) ? 'ipv4Filter' : 'ipv6Filter')
  const isLost = (address: string): boolean => {
    const filter = changes[filterOf(address)]
    return (
      filter !== undefined && !new AddressFilter(filter, isIPv4(address) ? 'IPv4' : 'IPv6').matches(address)
    )
  }
  // Where the address in use is known, one that is lost is one too many; else some must be left.
  const isCut = connection.addresses.length > 0 ? used.some(isLost) : used.every(isLost)
  const [lost] = used.filter(isLost)
  if (!isCut || lost === undefined) return []
  const path = `service.${filterOf(lost)}`
  return [disconnects(path, `The filter leaves out ${lost}, which this client uses.`)]
}

/** Whether requests of this connection may come in through the listener. */
export function serves(listener: ListenerSettings, connection: Connection): boolean {
  const { secure, port, addresses } = connection
  const path = connection.path.replace(/^\/+/, '').split('?', 1)[0]
  return (
    listener.enabled &&
    listener.transport.toUpperCase() === (secure ? 'HTTPS' : 'HTTP') &&
    listener.port === port &&
    listener.urlPrefix.toLowerCase() === path?.toLowerCase() &&
    (addresses.length === 0 ||
      listener.listeningOn.length === 0 ||
      addresses.some((address) => listener.listeningOn.includes(address)))
  )
}

/**
 * Ways in which changes of listeners end the connection. Where no listener fits it, as behind a forwarded port, every
 * one of its transport may be the one.
 */
export function listenerEffects(
  connection: Connection,
  current: readonly ListenerSettings[],
  fates: readonly ListenerFate[],
): readonly PlanWarning[] {
  const fitting = current.filter((listener) => serves(listener, connection))
  const asSeen = (listener: ListenerSettings): Connection =>
    fitting.length > 0
      ? connection
      : { ...connection, port: listener.port, path: listener.urlPrefix, addresses: [] }
  const mayServe = (listener: ListenerSettings): boolean => serves(listener, asSeen(listener))
  const ours = current.filter(mayServe)
  const untouched = ours.filter((listener) => !fates.some(({ before }) => before && isSame(before, listener)))
  if (untouched.length > 0) return []
  return fates.flatMap(({ before, after }): readonly PlanWarning[] => {
    if (!before || !ours.some((listener) => isSame(before, listener))) return []
    const path = pathOfItem(LISTENER_KIND, before)
    if (!after) return [disconnects(path, 'The listener that this client uses would be gone.')]
    if (!serves(after, asSeen(before))) {
      return [disconnects(path, 'The listener that this client uses would no longer serve it.')]
    }
    const isNewCertificate =
      bareThumbprint(after.certificateThumbprint) !== bareThumbprint(before.certificateThumbprint)
    if (!connection.pinned || !isNewCertificate) return []
    return [disconnects(`${path}.certificateThumbprint`, 'This client accepts one certificate only.')]
  })
}

/** Whoever is let in by a certificate needs its mapping; which one that is, the host alone knows. */
export function mappingEffects(
  { scheme }: ConnectionFacts,
  steps: readonly { readonly kind: string; readonly changes: readonly PlanChange[] }[],
): readonly PlanWarning[] {
  if (scheme !== 'certificate') return []
  return steps
    .filter(({ kind }) => kind !== 'add')
    .flatMap(({ kind, changes }) =>
      changes.filter(({ path, to }) => kind === 'remove' || (path.endsWith('.enabled') && to === false)),
    )
    .map(({ path }) => disconnects(path, 'This client is let in by a certificate, perhaps by this mapping.'))
}

/** Two listeners cannot have one port and hostname, whatever their addresses (WinRM configuration page). */
export function listenerConflicts(
  listeners: readonly ListenerSettings[],
  isNew: (listener: ListenerSettings) => boolean,
): readonly PlanWarning[] {
  const enabled = listeners.filter((listener) => listener.enabled)
  return enabled.flatMap((one, index) =>
    enabled.slice(index + 1).flatMap((other): readonly PlanWarning[] => {
      const isConflict =
        one.port === other.port && one.hostname.toLowerCase() === other.hostname.toLowerCase()
      if (!isConflict || (!isNew(one) && !isNew(other))) return []
      const path = pathOfItem(LISTENER_KIND, isNew(other) ? other : one)
      const rival = pathOfItem(LISTENER_KIND, isNew(other) ? one : other)
      const name = one.hostname === '' ? 'no hostname' : `the hostname ${one.hostname}`
      const message = `${path} and ${rival} would both have port ${one.port} and ${name}.`
      return [{ code: 'conflict', path, message, needsForce: true }]
    }),
  )
}

const isSame = (one: ListenerSettings, other: ListenerSettings): boolean =>
  isSameItem(LISTENER_KIND, one, other)
