import { hostname, platform } from 'node:os'
import { basename } from 'node:path'
import type { EndpointInstance } from '../types.js'
import { DRIVES, spaceOf } from './disks.js'
import { basePriority, computerSystemFacts, kernelName, operatingSystemFacts } from './os-facts.js'
import { portableAdapters, portableConfigurations } from './portable-network.js'
import { runTool, type RunTool } from './run-tool.js'
import { systemNames, toInstance, type MachineSource, type ProcessOwner } from './source.js'

/**
 * macOS and every other system with the tools of POSIX: what Node.js and `ps`, `mount`, `launchctl`, `sw_vers` and
 * `sysctl` tell. A tool that is missing tells nothing.
 */
export function portableSource(run: RunTool = runTool, system = platform()): MachineSource {
  const isMac = system === 'darwin'
  return {
    read: {
      Win32_OperatingSystem: () => readOperatingSystem(run, isMac),
      Win32_ComputerSystem: () => readComputerSystem(run, isMac),
      Win32_Process: () => readProcesses(run),
      Win32_Service: () => readServices(run, isMac),
      Win32_LogicalDisk: () => readDisks(run),
      Win32_NetworkAdapter: portableAdapters,
      Win32_NetworkAdapterConfiguration: portableConfigurations,
    },
    ownerOf: (processId) => readOwner(run, processId),
  }
}

async function readOperatingSystem(run: RunTool, isMac: boolean): Promise<readonly EndpointInstance[]> {
  const facts = operatingSystemFacts()
  const processes = await readProcesses(run)
  const counted = { ...facts, NumberOfProcesses: processes.length > 0 ? processes.length : undefined }
  if (!isMac) return [toInstance('Win32_OperatingSystem', counted)]
  const [product, version, build] = await Promise.all(
    ['-productName', '-productVersion', '-buildVersion'].map(async (option) =>
      (await run('sw_vers', [option]))?.trim(),
    ),
  )
  const caption = product === undefined || version === undefined ? {} : { Caption: `${product} ${version}` }
  return [toInstance('Win32_OperatingSystem', { ...counted, ...caption, BuildNumber: build })]
}

async function readComputerSystem(run: RunTool, isMac: boolean): Promise<readonly EndpointInstance[]> {
  const model = isMac ? await run('sysctl', ['-n', 'hw.model']) : undefined
  return [toInstance('Win32_ComputerSystem', { ...computerSystemFacts(), Model: model?.trim() || undefined })]
}

const PS_LINE =
  /^\s*(\d+)\s+(\d+)\s+(-?\d+|-)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/

async function readProcesses(run: RunTool): Promise<readonly EndpointInstance[]> {
  const columns = ['pid', 'ppid', 'nice', 'rss', 'vsz', 'stat', 'lstart', 'comm']
  const [list, commands] = await Promise.all([
    run('ps', ['-A', '-ww', ...columns.flatMap((column) => ['-o', `${column}=`])]),
    run('ps', ['-A', '-ww', '-o', 'pid=', '-o', 'args=']),
  ])
  const commandLines = new Map(
    (commands ?? '').split('\n').map((line) => {
      const [, id = '', text = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
      return [id, text.trim()]
    }),
  )
  const system = {
    CSCreationClassName: 'Win32_ComputerSystem',
    CSName: hostname(),
    OSCreationClassName: 'Win32_OperatingSystem',
    OSName: kernelName(),
  }
  return (list ?? '').split('\n').flatMap((line) => {
    const [, id = '', parent, nice, resident, virtual, state, started, command = ''] =
      PS_LINE.exec(line) ?? []
    const commandLine = commandLines.get(id)
    // What only one of the two lists shows has ended meanwhile, each `ps` itself to begin with; Z has ended too.
    if (commandLine === undefined || state?.startsWith('Z') !== false) return []
    const path = command.trim()
    const name = path.startsWith('/') ? basename(path) : path
    return [
      toInstance('Win32_Process', {
        ...system,
        Caption: name,
        CommandLine: commandLine || undefined,
        CreationDate: new Date(started ?? ''),
        Description: name,
        ExecutablePath: path.startsWith('/') ? path : undefined,
        Handle: id,
        Name: name,
        ParentProcessId: Number(parent),
        Priority: nice === '-' ? undefined : basePriority(Number(nice)),
        ProcessId: Number(id),
        VirtualSize: BigInt(virtual ?? 0) * 1024n,
        WorkingSetSize: BigInt(resident ?? 0) * 1024n,
      }),
    ]
  })
}

async function readOwner(run: RunTool, processId: number): Promise<ProcessOwner | undefined> {
  const user = (await run('ps', ['-o', 'user=', '-p', String(processId)]))?.trim()
  return user === undefined || user === '' ? undefined : { Domain: hostname(), User: user }
}

/** `launchctl list`: process id or a dash, exit status or signal of the last run, label. */
async function readServices(run: RunTool, isMac: boolean): Promise<readonly EndpointInstance[]> {
  const list = isMac ? await run('launchctl', ['list']) : undefined
  return (list ?? '').split('\n').flatMap((line) => {
    const [id, status, name] = line.split('\t')
    if (id === undefined || status === undefined || name === undefined || name === 'Label') return []
    const isRunning = /^\d+$/.test(id)
    return [
      toInstance('Win32_Service', {
        ...systemNames(),
        DisplayName: name,
        ExitCode: /^\d+$/.test(status) ? Number(status) : undefined,
        Name: name,
        ProcessId: isRunning ? Number(id) : 0,
        Started: isRunning,
        State: isRunning ? 'Running' : 'Stopped',
        Status: 'OK',
      }),
    ]
  })
}

/** `source on point (type, options)` on macOS and the BSDs, `source on point type type (options)` elsewhere. */
const MOUNT_LINE = /^(.+?) on (.+?)(?: type (\S+))? \(([^)]*)\)$/
const NETWORK = /^(?:nfs|smbfs|afpfs|webdav|cifs)/

async function readDisks(run: RunTool): Promise<readonly EndpointInstance[]> {
  const mounts = ((await run('mount', [])) ?? '').split('\n').flatMap((line) => {
    const [, source = '', point = '', typed, list = ''] = MOUNT_LINE.exec(line) ?? []
    const [first = '', ...rest] = list.split(',').map((option) => option.trim())
    const type = typed ?? first
    const options = typed === undefined ? rest : [first, ...rest]
    const isDisk = point === '/' || source.startsWith('/dev/') || NETWORK.test(type)
    return isDisk ? [{ source, point, type, options }] : []
  })
  const disks = await Promise.all(
    mounts.map(async ({ source, point, type, options }) => {
      const space = await spaceOf(point)
      if (space === 'gone') return undefined
      const isRemote = NETWORK.test(type)
      return toInstance('Win32_LogicalDisk', {
        ...systemNames(),
        ...(isRemote ? DRIVES.network : DRIVES.local),
        ...space,
        Access: options.includes('read-only') || options.includes('ro') ? 1 : 3,
        Caption: point,
        DeviceID: point,
        FileSystem: type,
        Name: point,
        ProviderName: isRemote ? source : undefined,
      })
    }),
  )
  return disks.filter((disk) => disk !== undefined)
}
