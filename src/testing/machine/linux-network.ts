import { hostname, networkInterfaces } from 'node:os'
import { basename } from 'node:path'
import type { EndpointInstance } from '../types.js'
import { addressFacts, caption, macAddress } from './portable-network.js'
import { systemNames, toInstance } from './source.js'
import { leadingInteger, linkTarget, namesIn, readText, readValue } from './system-files.js'

const SYS = '/sys/class/net'
const ARPHRD_ETHER = '1'
const ARPHRD_LOOPBACK = '772'
const IFF_UP = 1

interface Link {
  readonly name: string
  readonly index: number
  readonly type: string | undefined
  readonly mac: string | undefined
  readonly isUp: boolean
  readonly state: string | undefined
  readonly carrier: string | undefined
  readonly megabits: bigint | undefined
  readonly mtu: number | undefined
  readonly driver: string | undefined
  readonly isPhysical: boolean
  readonly isWireless: boolean
}

/** The interfaces of the kernel; like Windows, without the loopback. */
async function readLinks(): Promise<readonly Link[]> {
  const links = await Promise.all((await namesIn(SYS)).map(readLink))
  return links.filter((link) => link !== undefined).sort((a, b) => a.index - b.index)
}

async function readLink(name: string): Promise<Link | undefined> {
  const read = (file: string): Promise<string | undefined> => readValue(`${SYS}/${name}/${file}`)
  const [index, type, mac, flags, state, carrier, speed, mtu, device, driver, wireless] = await Promise.all([
    read('ifindex'),
    read('type'),
    read('address'),
    read('flags'),
    read('operstate'),
    read('carrier'),
    read('speed'),
    read('mtu'),
    linkTarget(`${SYS}/${name}/device`),
    linkTarget(`${SYS}/${name}/device/driver`),
    namesIn(`${SYS}/${name}/wireless`),
  ])
  if (index === undefined || type === ARPHRD_LOOPBACK) return undefined
  const megabits = leadingInteger(speed)
  return {
    name,
    index: Number(index),
    type,
    mac: macAddress(mac),
    isUp: (Number(flags ?? 0) & IFF_UP) !== 0,
    state,
    carrier,
    // -1 where the driver does not know.
    megabits: megabits !== undefined && megabits > 0n ? megabits : undefined,
    mtu: mtu === undefined ? undefined : Number(mtu),
    driver: driver === undefined ? undefined : basename(driver),
    isPhysical: device !== undefined,
    isWireless: wireless.length > 0,
  }
}

/** Instances of Win32_NetworkAdapter. */
export async function readLinuxAdapters(): Promise<readonly EndpointInstance[]> {
  return (await readLinks()).map((link) =>
    toInstance('Win32_NetworkAdapter', {
      ...systemNames(),
      ...adapterType(link),
      Caption: caption(link.index, link.name),
      Description: link.name,
      DeviceID: String(link.index),
      Index: link.index,
      InterfaceIndex: link.index,
      MACAddress: link.mac,
      Name: link.name,
      NetConnectionID: link.name,
      NetConnectionStatus: connectionStatus(link),
      NetEnabled: link.isUp,
      PhysicalAdapter: link.isPhysical,
      ProductName: link.name,
      ServiceName: link.driver,
      Speed: link.megabits === undefined ? undefined : link.megabits * 1_000_000n,
    }),
  )
}

function adapterType({ type, isWireless }: Link): { AdapterType?: string; AdapterTypeID?: number } {
  if (isWireless) return { AdapterType: 'Wireless', AdapterTypeID: 9 }
  return type === ARPHRD_ETHER ? { AdapterType: 'Ethernet 802.3', AdapterTypeID: 0 } : {}
}

/** 2 connected, 0 disconnected, 7 no medium. */
function connectionStatus({ isUp, state, carrier }: Link): number | undefined {
  if (!isUp) return 0
  if (state === 'up' || carrier === '1') return 2
  return carrier === '0' || state === 'down' || state === 'lowerlayerdown' ? 7 : undefined
}

/** Instances of Win32_NetworkAdapterConfiguration. */
export async function readLinuxConfigurations(): Promise<readonly EndpointInstance[]> {
  const [links, routes, resolver, ttl] = await Promise.all([
    readLinks(),
    readDefaultRoutes(),
    readText('/etc/resolv.conf'),
    readValue('/proc/sys/net/ipv4/ip_default_ttl'),
  ])
  const addresses = networkInterfaces()
  const dns = parseResolver(resolver ?? '')
  return links.map((link) => {
    const own = addressFacts(addresses[link.name] ?? [])
    const gateways = routes.filter(({ device }) => device === link.name)
    return toInstance('Win32_NetworkAdapterConfiguration', {
      ...own,
      // The resolver is configured for the whole machine: every adapter that has an address uses it.
      ...(own.IPEnabled ? { ...dns, DNSHostName: hostname() } : {}),
      Caption: caption(link.index, link.name),
      DefaultIPGateway: gateways.length > 0 ? gateways.map(({ gateway }) => gateway) : undefined,
      DefaultTTL: ttl === undefined ? undefined : Number(ttl),
      Description: link.name,
      GatewayCostMetric: costMetrics(gateways),
      Index: link.index,
      InterfaceIndex: link.index,
      MACAddress: link.mac,
      MTU: link.mtu,
      ServiceName: link.driver,
    })
  })
}

/** Linux allows metrics that do not fit the property. */
function costMetrics(gateways: readonly DefaultRoute[]): readonly number[] | undefined {
  const metrics = gateways.map(({ metric }) => metric)
  return metrics.length > 0 && metrics.every((metric) => metric <= 0xffff) ? metrics : undefined
}

export interface DefaultRoute {
  readonly device: string
  readonly gateway: string
  readonly metric: number
}

async function readDefaultRoutes(): Promise<readonly DefaultRoute[]> {
  const [v4, v6] = await Promise.all([readText('/proc/net/route'), readText('/proc/net/ipv6_route')])
  return [...parseRoutes(v4 ?? ''), ...parseIpv6Routes(v6 ?? '')]
}

/** Reads /proc/net/route, where addresses are hexadecimal numbers in the byte order of the machine: little endian. */
export function parseRoutes(text: string): readonly DefaultRoute[] {
  return text.split('\n').flatMap((line): DefaultRoute[] => {
    const [device, destination, gateway, , , , metric, mask] = line.trim().split(/\s+/)
    if (device === undefined || gateway === undefined || destination !== '00000000' || mask !== '00000000')
      return []
    if (!/^[0-9A-F]{8}$/i.test(gateway) || gateway === '00000000') return []
    const bytes = [...Buffer.from(gateway, 'hex')].reverse()
    return [{ device, gateway: bytes.join('.'), metric: Number(metric) }]
  })
}

/** Reads /proc/net/ipv6_route: destination, prefix length, source, its length, gateway, metric, ..., device. */
export function parseIpv6Routes(text: string): readonly DefaultRoute[] {
  return text.split('\n').flatMap((line): DefaultRoute[] => {
    const [destination = '', prefix, , , gateway = '', metric = '', , , , device] = line.trim().split(/\s+/)
    if (device === undefined || prefix !== '00' || !/^0{32}$/.test(destination) || /^0*$/.test(gateway))
      return []
    const groups = gateway.match(/.{4}/g)?.join(':') ?? ''
    // The URL parser knows the short form of an IPv6 address.
    const address = new URL(`http://[${groups}]/`).hostname.slice(1, -1)
    return [{ device, gateway: address, metric: Number.parseInt(metric, 16) }]
  })
}

/** Reads resolv.conf(5). */
export function parseResolver(text: string): {
  readonly DNSServerSearchOrder?: readonly string[]
  readonly DNSDomainSuffixSearchOrder?: readonly string[]
} {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  const servers = lines.flatMap(([keyword, server]) => (keyword === 'nameserver' && server ? [server] : []))
  // The last of several search lists counts.
  const domains = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? []
  return {
    ...(servers.length > 0 ? { DNSServerSearchOrder: servers } : {}),
    ...(domains.length > 0 ? { DNSDomainSuffixSearchOrder: domains } : {}),
  }
}
