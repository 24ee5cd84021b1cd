import { hostname } from 'node:os'
import { basename } from 'node:path'
import type { EndpointInstance } from '../types.js'
import { basePriority } from './os-facts.js'
import { toInstance } from './source.js'
import { leadingInteger, linkTarget, namesIn, parseFields, readText } from './system-files.js'

/** What proc_pid_stat(5) tells that no other file tells. */
export interface ProcessStat {
  readonly command: string
  readonly state: string
  readonly parentId: number
  readonly terminal: number
  readonly faults: bigint
  readonly userTicks: bigint
  readonly kernelTicks: bigint
  readonly niceness: number
  readonly startTicks: bigint
  readonly virtualBytes: bigint
}

/** Reads /proc/<pid>/stat. The command stands in parentheses and may itself contain any character. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  if (open < 0 || close < open || fields.length < 21) return undefined
  /** @param number The number of the field in the manual page; the first one here is 3, the state. */
  const field = (number: number): string => fields[number - 3] ?? '0'
  return {
    command: text.slice(open + 1, close),
    state: field(3),
    parentId: Number(field(4)),
    terminal: Number(field(7)),
    faults: BigInt(field(10)) + BigInt(field(12)),
    userTicks: BigInt(field(14)),
    kernelTicks: BigInt(field(15)),
    niceness: Number(field(19)),
    startTicks: BigInt(field(22)),
    virtualBytes: BigInt(field(23)),
  }
}

/** A running process: what services and Win32_Process both need of it. */
export interface LinuxProcess {
  readonly id: number
  readonly stat: ProcessStat
  /** Undefined for kernel threads, and where the program may not be seen. */
  readonly executable: string | undefined
  readonly name: string
}

/** Processes read at the same time: enough to hide latency, few enough for the limit of open files. */
const BATCH = 32

/** The running processes, by id. One that ends while it is read is left out, as are zombies: Windows lists neither. */
export async function* linuxProcesses(proc = '/proc'): AsyncGenerator<LinuxProcess> {
  const ids = (await namesIn(proc)).filter((name) => /^\d+$/.test(name)).map(Number)
  ids.sort((a, b) => a - b)
  for (let at = 0; at < ids.length; at += BATCH) {
    const batch = await Promise.all(ids.slice(at, at + BATCH).map((id) => readProcess(proc, id)))
    yield* batch.filter((found) => found !== undefined)
  }
}

async function readProcess(proc: string, id: number): Promise<LinuxProcess | undefined> {
  const [text, link] = await Promise.all([readText(`${proc}/${id}/stat`), linkTarget(`${proc}/${id}/exe`)])
  const stat = text === undefined ? undefined : parseStat(text)
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined
  // A program may have been deleted, or never have had a file.
  const executable = link?.startsWith('/memfd:') === true ? undefined : link?.replace(/ \(deleted\)$/, '')
  return { id, stat, executable, name: executable === undefined ? stat.command : basename(executable) }
}

/** Instances of Win32_Process. @param osName The key of Win32_OperatingSystem. */
export async function* readLinuxProcesses(
  osName: () => Promise<string>,
  proc = '/proc',
): AsyncGenerator<EndpointInstance> {
  const boot = await bootTime(proc)
  const system = {
    CSCreationClassName: 'Win32_ComputerSystem',
    CSName: hostname(),
    OSCreationClassName: 'Win32_OperatingSystem',
    OSName: await osName(),
  }
  for await (const found of linuxProcesses(proc)) {
    const details = await readDetails(`${proc}/${found.id}`)
    if (details === undefined) continue
    const { status, io, commandLine, handleCount } = details
    const { stat } = found
    yield toInstance('Win32_Process', {
      ...system,
      Caption: found.name,
      CommandLine: commandLine,
      CreationDate:
        boot === undefined ? undefined : new Date(boot.getTime() + Number(stat.startTicks) * TICK_MS),
      Description: found.name,
      ExecutablePath: found.executable,
      Handle: String(found.id),
      HandleCount: handleCount,
      KernelModeTime: stat.kernelTicks * TICK_100NS,
      Name: found.name,
      PageFaults: Number(BigInt.asUintN(32, stat.faults)),
      PageFileUsage: asNumber(leadingInteger(status.get('VmSwap'))),
      ParentProcessId: stat.parentId,
      PeakVirtualSize: kilobytes(status.get('VmPeak')),
      PeakWorkingSetSize: asNumber(leadingInteger(status.get('VmHWM'))),
      Priority: basePriority(stat.niceness),
      ProcessId: found.id,
      ReadOperationCount: leadingInteger(io.get('syscr')),
      ReadTransferCount: leadingInteger(io.get('rchar')),
      ThreadCount: asNumber(leadingInteger(status.get('Threads'))),
      UserModeTime: stat.userTicks * TICK_100NS,
      VirtualSize: stat.virtualBytes,
      WorkingSetSize: kilobytes(status.get('VmRSS')),
      WriteOperationCount: leadingInteger(io.get('syscw')),
      WriteTransferCount: leadingInteger(io.get('wchar')),
    })
  }
}

/** The kernel counts in USER_HZ, which is 100 on every architecture Node.js runs on. */
const TICK_MS = 10
const TICK_100NS = 100_000n

/** When the machine started. A whole second, but the same one whenever it is asked for. */
export async function bootTime(proc = '/proc'): Promise<Date | undefined> {
  const seconds = /^btime (\d+)$/m.exec((await readText(`${proc}/stat`)) ?? '')?.[1]
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000)
}

/** The numeric id of the user a process runs as. */
export async function ownerId(processId: number, proc = '/proc'): Promise<number | undefined> {
  const status = await readText(`${proc}/${processId}/status`)
  const id = status === undefined ? undefined : parseFields(status, ':').get('Uid')?.split(/\s+/)[1]
  return id === undefined ? undefined : Number(id)
}

interface Details {
  readonly status: ReadonlyMap<string, string>
  /** Empty where only the owner may look. */
  readonly io: ReadonlyMap<string, string>
  readonly commandLine: string | undefined
  readonly handleCount: number | undefined
}

async function readDetails(directory: string): Promise<Details | undefined> {
  const [status, io, commandLine, handles] = await Promise.all([
    readText(`${directory}/status`),
    readText(`${directory}/io`),
    readText(`${directory}/cmdline`),
    namesIn(`${directory}/fd`),
  ])
  if (status === undefined) return undefined
  return {
    status: parseFields(status, ':'),
    io: parseFields(io ?? '', ':'),
    commandLine: joinArguments(commandLine ?? ''),
    handleCount: handles.length > 0 ? handles.length : undefined,
  }
}

/** One line as Windows has it: arguments with white space or quotes in them are quoted. Kernel threads have none. */
export function joinArguments(commandLine: string): string | undefined {
  if (commandLine === '') return undefined
  return commandLine
    .replace(/\0$/, '')
    .split('\0')
    .map((text) => (text === '' || /[\s"]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text))
    .join(' ')
}

function kilobytes(text: string | undefined): bigint | undefined {
  const value = leadingInteger(text)
  return value === undefined ? undefined : value * 1024n
}

function asNumber(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
