/**
 * What hosts are: operating system, hardware, disks, services. Many hosts are asked side by side, and one that does not
 * answer is a line in the report.
 *
 *     WSMAN_HOST=server01 WSMAN_USERNAME=… WSMAN_PASSWORD=… npx tsx examples/inventory.ts server02 server03
 */
import { createLimiter, isWsmanError, wql, type CimDateTime, type WsmanClient } from 'wsman'
import { withClient } from './connect.js'

interface OperatingSystem {
  readonly Caption: string | null
  readonly Version: string | null
  readonly LastBootUpTime: CimDateTime | null
}
interface ComputerSystem {
  readonly Name: string
  readonly Manufacturer: string | null
  readonly Model: string | null
  readonly NumberOfLogicalProcessors: number | null
  /** Bytes. */
  readonly TotalPhysicalMemory: bigint | null
}
interface Disk {
  readonly DeviceID: string
  /** Bytes. */
  readonly Size: bigint | null
  readonly FreeSpace: bigint | null
}
interface Service {
  readonly Name: string
  readonly State: string | null
  readonly StartMode: string | null
}

/** Requests that may be under way at a time, on all hosts together. */
const limiter = createLimiter(16)
const typed = { typed: true } as const

async function inventory({ cim }: WsmanClient): Promise<string[]> {
  const [[system], [computer], disks, services] = await Promise.all([
    cim.enumerateInstances<OperatingSystem>('Win32_OperatingSystem', typed).toArray(),
    cim.enumerateInstances<ComputerSystem>('Win32_ComputerSystem', typed).toArray(),
    // Local disks only.
    cim
      .query<Disk>(wql`SELECT DeviceID, Size, FreeSpace FROM Win32_LogicalDisk WHERE DriveType = ${3}`, typed)
      .toArray(),
    cim.query<Service>(wql`SELECT Name, State, StartMode FROM Win32_Service`, typed).toArray(),
  ])
  const running = services.filter(({ State }) => State === 'Running')
  const stopped = services.filter(({ State, StartMode }) => StartMode === 'Auto' && State === 'Stopped')
  const model = [computer?.Manufacturer, computer?.Model].filter(Boolean).join(' ') || 'unknown hardware'
  const processors = computer?.NumberOfLogicalProcessors ?? 0
  return [
    `${system?.Caption ?? 'unknown system'} ${system?.Version ?? ''} (${computer?.Name ?? ''})`,
    `  system    ${model}, ${count(processors, 'processor')}, ${gib(computer?.TotalPhysicalMemory)} GiB`,
    `  running   since ${system?.LastBootUpTime?.toDate().toISOString() ?? 'unknown'}`,
    ...disks.map(
      ({ DeviceID, Size, FreeSpace }) => `  disk      ${DeviceID} ${gib(FreeSpace)} of ${gib(Size)} GiB free`,
    ),
    `  services  ${running.length} running, ${count(stopped.length, 'automatic one')} stopped`,
    ...stopped.slice(0, 5).map(({ Name }) => `            ${Name}`),
  ]
}

const gib = (bytes: bigint | null | undefined): string => (Number(bytes ?? 0n) / 2 ** 30).toFixed(1)
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

await withClient(
  async (first) => {
    const others = process.argv.slice(2).map((host) => first.withHost(host))
    const clients = [first, ...others]
    try {
      const answers = await Promise.all(
        clients.map(async (client) => {
          try {
            console.log(`${client.host}: ${(await inventory(client)).join('\n')}`)
            return true
          } catch (error) {
            if (!isWsmanError(error)) throw error
            console.log(`${client.host}: ${error.message} ${error.hint ?? ''}`.trimEnd())
            return false
          }
        }),
      )
      console.log(`${answers.filter(Boolean).length} of ${clients.length} hosts answered.`)
    } finally {
      await Promise.all(others.map((client) => client.close()))
    }
  },
  { limiter },
)
