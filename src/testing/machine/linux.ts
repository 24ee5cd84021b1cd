import { freemem, hostname, totalmem } from 'node:os'
import type { EndpointInstance } from '../types.js'
import { readLinuxDisks } from './linux-disks.js'
import { readLinuxAdapters, readLinuxConfigurations } from './linux-network.js'
import { bootTime, linuxProcesses, ownerId, readLinuxProcesses } from './linux-processes.js'
import { readLinuxServices } from './linux-services.js'
import { computerSystemFacts, kernelName, kilobytes, operatingSystemFacts } from './os-facts.js'
import { runTool, type RunTool } from './run-tool.js'
import { toInstance, type MachineSource, type ProcessOwner } from './source.js'
import { leadingInteger, parseFields, readText, readValue } from './system-files.js'

/** Linux with or without systemd, in containers too: /proc, /sys, /etc and `systemctl`. */
export function linuxSource(run: RunTool = runTool): MachineSource {
  return {
    read: {
      Win32_OperatingSystem: readOperatingSystem,
      Win32_ComputerSystem: readComputerSystem,
      Win32_Process: () => readLinuxProcesses(distribution),
      Win32_Service: () => readLinuxServices(run),
      Win32_LogicalDisk: readLinuxDisks,
      Win32_NetworkAdapter: readLinuxAdapters,
      Win32_NetworkAdapterConfiguration: readLinuxConfigurations,
    },
    ownerOf: (processId) => readOwner(run, processId),
  }
}

/** The name of the distribution (os-release(5)), or of the kernel where there is none. */
async function distribution(): Promise<string> {
  const release = (await readText('/etc/os-release')) ?? (await readText('/usr/lib/os-release')) ?? ''
  return parseFields(release, '=').get('PRETTY_NAME') ?? kernelName()
}

async function readOperatingSystem(): Promise<readonly EndpointInstance[]> {
  const facts = operatingSystemFacts()
  const [name, boot, memory] = await Promise.all([distribution(), bootTime(), readText('/proc/meminfo')])
  const fields = parseFields(memory ?? '', ':')
  const swapTotal = leadingInteger(fields.get('SwapTotal'))
  const swapFree = leadingInteger(fields.get('SwapFree'))
  const free = kilobytes(freemem())
  let processes = 0
  for await (const { id } of linuxProcesses()) processes += id > 0 ? 1 : 0
  return [
    toInstance('Win32_OperatingSystem', {
      ...facts,
      Caption: name,
      FreePhysicalMemory: free,
      FreeSpaceInPagingFiles: swapFree,
      FreeVirtualMemory: swapFree === undefined ? undefined : free + swapFree,
      LastBootUpTime: boot ?? facts.LastBootUpTime,
      Name: name,
      NumberOfProcesses: processes,
      SizeStoredInPagingFiles: swapTotal,
      TotalVirtualMemorySize: swapTotal === undefined ? undefined : kilobytes(totalmem()) + swapTotal,
    }),
  ]
}

async function readComputerSystem(): Promise<readonly EndpointInstance[]> {
  const dmi = (file: string): Promise<string | undefined> => readValue(`/sys/class/dmi/id/${file}`)
  const [Manufacturer, Model, SystemFamily, SystemSKUNumber, processors] = await Promise.all([
    dmi('sys_vendor'),
    dmi('product_name'),
    dmi('product_family'),
    dmi('product_sku'),
    readText('/proc/cpuinfo'),
  ])
  return [
    toInstance('Win32_ComputerSystem', {
      ...computerSystemFacts(),
      ...parseProcessors(processors ?? ''),
      Manufacturer,
      Model,
      SystemFamily,
      SystemSKUNumber,
    }),
  ]
}

/** Reads /proc/cpuinfo: how many sockets are filled, and on x86 whether a hypervisor says it is there. */
export function parseProcessors(text: string): { NumberOfProcessors?: number; HypervisorPresent?: boolean } {
  const sockets = new Set([...text.matchAll(/^physical id\s*: (\d+)$/gm)].map(([, id]) => id))
  const flags = /^flags\s*: (.*)$/m.exec(text)?.[1]
  return {
    ...(sockets.size > 0 ? { NumberOfProcessors: sockets.size } : {}),
    ...(flags === undefined ? {} : { HypervisorPresent: flags.split(' ').includes('hypervisor') }),
  }
}

/** The name of the user, from /etc/passwd or wherever else the system keeps accounts; the number where it has none. */
async function readOwner(run: RunTool, processId: number): Promise<ProcessOwner | undefined> {
  const id = await ownerId(processId)
  if (id === undefined) return undefined
  const user =
    findUser((await readText('/etc/passwd')) ?? '', id) ??
    findUser((await run('getent', ['passwd', String(id)])) ?? '', id)
  return { Domain: hostname(), User: user ?? String(id) }
}

function findUser(passwd: string, id: number): string | undefined {
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , number]) => number === String(id))?.[0]
}
