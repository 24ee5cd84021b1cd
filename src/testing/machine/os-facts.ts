import { cpus, freemem, hostname, machine, release, totalmem, type, uptime } from 'node:os'
import type { Facts } from './source.js'

/** CIM_OperatingSystem.OSType, for the systems it has a value for. */
const OS_TYPES: ReadonlyMap<string, number> = new Map([
  ['Darwin', 2],
  ['AIX', 9],
  ['Windows_NT', 18],
  ['SunOS', 30],
  ['Linux', 36],
  ['FreeBSD', 42],
])

const ARCHITECTURES: readonly (readonly [pattern: RegExp, bits: string, system: string | undefined])[] = [
  [/^(?:x86_64|amd64)$/, '64-bit', 'x64-based PC'],
  [/^(?:aarch64|arm64)$/, '64-bit', 'ARM64-based PC'],
  [/^i[3-6]86$/, '32-bit', 'X86-based PC'],
  [/64|s390x/, '64-bit', undefined],
]

/** Names the operating system where nothing better is known. */
export function kernelName(): string {
  return `${type()} ${release()}`
}

/** What Node.js knows about any operating system, as properties of Win32_OperatingSystem. */
export function operatingSystemFacts(): Facts<'Win32_OperatingSystem'> {
  const name = kernelName()
  const [, bits] = architecture()
  return {
    Caption: name,
    CSCreationClassName: 'Win32_ComputerSystem',
    CSName: hostname(),
    CurrentTimeZone: timeZoneMinutes(),
    FreePhysicalMemory: kilobytes(freemem()),
    LastBootUpTime: new Date(Date.now() - uptime() * 1000),
    LocalDateTime: new Date(),
    Name: name,
    OSArchitecture: bits,
    OSType: OS_TYPES.get(type()),
    Primary: true,
    TotalVisibleMemorySize: kilobytes(totalmem()),
    Version: release(),
  }
}

/** What Node.js knows about any computer, as properties of Win32_ComputerSystem. */
export function computerSystemFacts(): Facts<'Win32_ComputerSystem'> {
  const [, , system] = architecture()
  return {
    Caption: hostname(),
    CurrentTimeZone: timeZoneMinutes(),
    DNSHostName: hostname(),
    Name: hostname(),
    // Empty where the system does not show its processors.
    NumberOfLogicalProcessors: cpus().length || undefined,
    SystemType: system,
    TotalPhysicalMemory: BigInt(totalmem()),
  }
}

/** The base priority of the Windows priority class that Node.js equates with a niceness (`os.constants.priority`). */
export function basePriority(niceness: number): number {
  const REALTIME = 24
  if (niceness <= -20) return REALTIME
  if (niceness <= -14) return 13
  if (niceness <= -7) return 10
  if (niceness < 10) return 8
  return niceness < 19 ? 6 : 4
}

export function kilobytes(bytes: number): bigint {
  return BigInt(Math.floor(bytes / 1024))
}

/** East of Greenwich is positive. */
function timeZoneMinutes(): number {
  return 0 - new Date().getTimezoneOffset()
}

function architecture(): readonly [
  pattern: RegExp | undefined,
  bits: string | undefined,
  system: string | undefined,
] {
  return ARCHITECTURES.find(([pattern]) => pattern.test(machine())) ?? [undefined, undefined, undefined]
}
