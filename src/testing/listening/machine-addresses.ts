import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { AddressFilter } from '../../settings/address-filter.js'
import type { ServiceSettings } from '../../settings/table.js'

/** An address of this machine. */
export interface MachineAddress {
  readonly address: string
  /** What to bind: the address with its zone, where it needs one. */
  readonly host: string
  /** Hardware address of the adapter, as `MAC:` of a listener writes it. */
  readonly mac: string
}

/** Every address of every adapter. */
export function machineAddresses(): readonly MachineAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([adapter, entries = []]) =>
    entries.map(({ address, mac, family, scopeid }) => ({
      address,
      host: family === 'IPv6' && scopeid !== 0 ? `${address}%${adapter}` : address,
      mac: mac.replaceAll(':', '-').toUpperCase(),
    })),
  )
}

export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** Whether the settings let the service listen there at all (MS-WSMV 2.2.4.36, note 83). */
export function isServed(address: string, service: ServiceSettings): boolean {
  if (!service.allowRemoteAccess && !isLoopback(address)) return false
  return isIPv4(address)
    ? new AddressFilter(service.ipv4Filter, 'IPv4').matches(address)
    : new AddressFilter(service.ipv6Filter, 'IPv6').matches(address)
}

/** Whether the settings leave no address out. */
export function servesEverything({ allowRemoteAccess, ipv4Filter, ipv6Filter }: ServiceSettings): boolean {
  return allowRemoteAccess && [ipv4Filter, ipv6Filter].every((filter) => filter.trim() === '*')
}
