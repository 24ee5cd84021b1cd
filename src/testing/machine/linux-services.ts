import { stat } from 'node:fs/promises'
import type { EndpointInstance } from '../types.js'
import { joinArguments, linuxProcesses, type LinuxProcess } from './linux-processes.js'
import { readSystemdServices } from './linux-systemd.js'
import type { RunTool } from './run-tool.js'
import { systemNames, toInstance } from './source.js'
import { namesIn, readText, readValue } from './system-files.js'

/**
 * Services from systemd where it runs; elsewhere the scripts in /etc/init.d, and the daemons that are running without
 * one, as in containers.
 * @param root Where the file system starts.
 */
export async function readLinuxServices(run: RunTool, root = ''): Promise<readonly EndpointInstance[]> {
  const hasSystemd = await stat(`${root}/run/systemd/system`).then(
    (found) => found.isDirectory(),
    () => false,
  )
  const units = hasSystemd ? await readSystemdServices(run) : undefined
  if (units !== undefined) return units
  const processes: LinuxProcess[] = []
  for await (const found of linuxProcesses(`${root}/proc`)) processes.push(found)
  const scripts = await readScripts(root)
  const running = await Promise.all(scripts.map((script) => findProcess(script, processes, root)))
  const services = new Map(
    scripts.map((script, index) => [script.name, fromScript(script, running[index])] as const),
  )
  const known = new Set(running.map((found) => found?.id))
  for (const daemon of processes.filter(isDaemon)) {
    if (known.has(daemon.id) || services.has(daemon.name)) continue
    services.set(daemon.name, await fromDaemon(daemon, root))
  }
  return [...services.values()]
}

interface InitScript {
  readonly name: string
  readonly title: string | undefined
  readonly description: string | undefined
  readonly startsAtBoot: boolean
  /** Files that hold the process id, the likely ones included. */
  readonly pidFiles: readonly string[]
  readonly daemon: string | undefined
  /** Whether the script itself says how to find its process, so that finding none means stopped. */
  readonly namesProcess: boolean
}

async function readScripts(root: string): Promise<readonly InitScript[]> {
  const startLinks = await Promise.all(
    ['rcS.d', 'rc2.d', 'rc3.d', 'rc4.d', 'rc5.d'].map((level) => namesIn(`${root}/etc/${level}`)),
  )
  // Where OpenRC runs, run levels have other names and no numbers.
  const openRc = await Promise.all(
    ['sysinit', 'boot', 'default'].map((level) => namesIn(`${root}/etc/runlevels/${level}`)),
  )
  const atBoot = new Set([
    ...startLinks
      .flat()
      .filter((link) => /^S\d\d/.test(link))
      .map((link) => link.slice(3)),
    ...openRc.flat(),
  ])
  const names = (await namesIn(`${root}/etc/init.d`)).filter(
    (name) => !/^(?:README|skeleton|functions)/.test(name),
  )
  const scripts = await Promise.all(
    names.map(async (name) => {
      const text = await readText(`${root}/etc/init.d/${name}`)
      return text === undefined ? undefined : parseScript(name, text, atBoot.has(name))
    }),
  )
  return scripts.filter((script) => script !== undefined)
}

/** Reads the LSB header and the assignments that lead to the process. Values with variables in them say nothing. */
export function parseScript(name: string, text: string, startsAtBoot: boolean): InitScript {
  const header = (field: string): string | undefined =>
    new RegExp(`^#\\s*${field}:[ \\t]*(\\S.*?)\\s*$`, 'm').exec(text)?.[1]
  const assigned = (variable: string): string | undefined =>
    new RegExp(`^\\s*${variable}=["']?(/[^\\s"'$]+)["']?\\s*$`, 'mi').exec(text)?.[1]
  const pidFile = assigned('PIDFILE')
  const daemon = assigned('DAEMON') ?? assigned('command')
  return {
    name,
    title: header('Short-Description'),
    description: header('Description'),
    startsAtBoot,
    pidFiles: [...(pidFile === undefined ? [] : [pidFile]), `/run/${name}.pid`, `/run/${name}/${name}.pid`],
    daemon,
    namesProcess: pidFile !== undefined || daemon !== undefined,
  }
}

async function findProcess(
  script: InitScript,
  processes: readonly LinuxProcess[],
  root: string,
): Promise<LinuxProcess | undefined> {
  const ids = await Promise.all(script.pidFiles.map((file) => readValue(`${root}${file}`)))
  return (
    processes.find(({ id }) => ids.includes(String(id))) ??
    processes.find(({ executable }) => executable !== undefined && executable === script.daemon)
  )
}

function fromScript(script: InitScript, running: LinuxProcess | undefined): EndpointInstance {
  const state = running !== undefined ? 'Running' : script.namesProcess ? 'Stopped' : 'Unknown'
  return toInstance('Win32_Service', {
    ...systemNames(),
    Caption: script.title,
    Description: script.description ?? script.title,
    DisplayName: script.title ?? script.name,
    Name: script.name,
    PathName: script.daemon,
    ProcessId: running?.id ?? (state === 'Stopped' ? 0 : undefined),
    Started: state === 'Unknown' ? undefined : state === 'Running',
    StartMode: script.startsAtBoot ? 'Auto' : 'Manual',
    State: state,
    Status: state === 'Unknown' ? 'Unknown' : 'OK',
  })
}

/** A child of the first process, or that process itself, without a terminal. Threads of the kernel have no memory. */
function isDaemon({ id, stat }: LinuxProcess): boolean {
  return (id === 1 || stat.parentId === 1) && stat.terminal === 0 && stat.virtualBytes > 0n
}

async function fromDaemon({ id, name, executable }: LinuxProcess, root: string): Promise<EndpointInstance> {
  const commandLine = await readText(`${root}/proc/${id}/cmdline`)
  return toInstance('Win32_Service', {
    ...systemNames(),
    DisplayName: name,
    Name: name,
    PathName: joinArguments(commandLine ?? '') ?? executable,
    ProcessId: id,
    Started: true,
    State: 'Running',
    Status: 'OK',
  })
}
