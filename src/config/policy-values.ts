import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { RemoteRegistry } from './registry.js'
import { isUnavailable } from './wmi-objects.js'

const POLICIES = String.raw`SOFTWARE\Policies\Microsoft\Windows\WinRM`

/**
 * The values of Group Policy in the registry, and the settings they hold (WindowsRemoteManagement.admx and
 * WindowsRemoteShell.admx).
 */
const HELD_BY: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Client: {
    AllowBasic: ['client.auth.basic'],
    AllowCredSSP: ['client.auth.credSsp'],
    AllowDigest: ['client.auth.digest'],
    AllowKerberos: ['client.auth.kerberos'],
    AllowNegotiate: ['client.auth.negotiate'],
    AllowUnencryptedTraffic: ['client.allowUnencrypted'],
    TrustedHosts: ['client.trustedHosts'],
  },
  Service: {
    AllowAutoConfig: ['service.allowRemoteAccess', 'service.ipv4Filter', 'service.ipv6Filter'],
    AllowBasic: ['service.auth.basic'],
    AllowCredSSP: ['service.auth.credSsp'],
    AllowKerberos: ['service.auth.kerberos'],
    AllowNegotiate: ['service.auth.negotiate'],
    AllowUnencryptedTraffic: ['service.allowUnencrypted'],
    CBTHardeningLevelStatus: ['service.auth.cbtHardeningLevel'],
    HttpCompatibilityListener: ['service.enableCompatibilityHttpListener'],
    HttpsCompatibilityListener: ['service.enableCompatibilityHttpsListener'],
  },
  [String.raw`Service\WinRS`]: {
    AllowRemoteShellAccess: ['winrs.allowRemoteShellAccess'],
    IdleTimeout: ['winrs.idleTimeoutMs'],
    MaxConcurrentUsers: ['winrs.maxConcurrentUsers'],
    MaxMemoryPerShellMB: ['winrs.maxMemoryPerShellMb'],
    MaxProcessesPerShell: ['winrs.maxProcessesPerShell'],
    MaxShellsPerUser: ['winrs.maxShellsPerUser'],
  },
}

/**
 * The paths of the settings that Group Policy holds. Who may not read the registry learns of none: the document itself
 * marks most of them, and the host refuses the others.
 */
export async function settingsHeldByPolicy(
  runner: OperationRunner,
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const registry = new RemoteRegistry(runner, options)
  const held = new Set<string>()
  try {
    for (const [key, values] of Object.entries(HELD_BY)) {
      const known = new Map(Object.entries(values).map(([name, paths]) => [name.toLowerCase(), paths]))
      for (const name of await registry.valueNames(`${POLICIES}\\${key}`)) {
        for (const path of known.get(name.toLowerCase()) ?? []) held.add(path)
      }
    }
  } catch (error) {
    if (!isUnavailable(error)) throw error
  }
  return held
}
