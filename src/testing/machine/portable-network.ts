import { hostname, networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import type { EndpointInstance } from '../types.js'
import { systemNames, toInstance } from './source.js'

/** As Windows writes them: upper case with colons; undefined where an interface has none. */
export function macAddress(address: string | undefined): string | undefined {
  if (address === undefined || !/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(address)) return undefined
  return /^[0:]*$/.test(address) ? undefined : address.toUpperCase()
}

/** Windows numbers the captions of adapters. */
export function caption(index: number, name: string): string {
  return `[${String(index).padStart(8, '0')}] ${name}`
}

/** Addresses and their masks: dotted for IPv4, the length of the prefix for IPv6, as Windows has them. */
export function addressFacts(addresses: readonly NetworkInterfaceInfo[]): {
  readonly IPEnabled: boolean
  readonly IPAddress?: readonly string[]
  readonly IPSubnet?: readonly string[]
} {
  if (addresses.length === 0) return { IPEnabled: false }
  const ordered = [
    ...addresses.filter(({ family }) => family === 'IPv4'),
    ...addresses.filter(({ family }) => family === 'IPv6'),
  ]
  return {
    IPEnabled: true,
    IPAddress: ordered.map(({ address }) => address),
    IPSubnet: ordered.map(({ family, netmask, cidr }) =>
      family === 'IPv4' ? netmask : (cidr?.split('/')[1] ?? netmask),
    ),
  }
}

interface Adapter {
  readonly name: string
  readonly index: number
  readonly interfaceIndex: number | undefined
  readonly mac: string | undefined
  readonly addresses: readonly NetworkInterfaceInfo[]
}

/** The interfaces Node.js sees: those with an address, without the loopback. */
function adapters(): readonly Adapter[] {
  return Object.entries(networkInterfaces())
    .filter(([, addresses = []]) => addresses.some(({ internal }) => !internal))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, addresses = []], position) => ({
      name,
      index: position + 1,
      interfaceIndex: addresses
        .map(({ scopeid }) => scopeid)
        .find((scope) => scope !== undefined && scope > 0),
      mac: addresses.map(({ mac }) => macAddress(mac)).find((mac) => mac !== undefined),
      addresses,
    }))
}

/** Instances of Win32_NetworkAdapter. */
export function portableAdapters(): readonly EndpointInstance[] {
  return adapters().map(({ name, index, interfaceIndex, mac }) =>
    toInstance('Win32_NetworkAdapter', {
      ...systemNames(),
      Caption: caption(index, name),
      Description: name,
      DeviceID: String(index),
      Index: index,
      InterfaceIndex: interfaceIndex,
      MACAddress: mac,
      Name: name,
      NetConnectionID: name,
      ProductName: name,
    }),
  )
}

/** Instances of Win32_NetworkAdapterConfiguration. */
export function portableConfigurations(): readonly EndpointInstance[] {
  return adapters().map(({ name, index, interfaceIndex, mac, addresses }) =>
    toInstance('Win32_NetworkAdapterConfiguration', {
      ...addressFacts(addresses),
      Caption: caption(index, name),
      Description: name,
      DNSHostName: hostname(),
      Index: index,
      InterfaceIndex: interfaceIndex,
      MACAddress: mac,
    }),
  )
}
