import type { EndpointInstance } from '../types.js'
import type { RunTool } from './run-tool.js'
import { systemNames, toInstance } from './source.js'
import { parseFields } from './system-files.js'

const PROPERTIES =
  'Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID,ExecMainStatus,ExecStart,User,CanStop'

/** The services systemd knows, loaded or only installed; undefined when systemd does not answer. */
export async function readSystemdServices(run: RunTool): Promise<readonly EndpointInstance[] | undefined> {
  const [loaded, installed] = await Promise.all([
    run('systemctl', ['show', '--all', '--type=service', '--no-pager', `--property=${PROPERTIES}`, '*']),
    run('systemctl', ['list-unit-files', '--type=service', '--no-legend', '--no-pager']),
  ])
  if (loaded === undefined) return undefined
  const services = new Map(
    parseUnitFiles(installed ?? '').map((unit) => [unit.get('Id') ?? '', toService(unit)]),
  )
  for (const unit of parseShow(loaded)) {
    const id = unit.get('Id') ?? ''
    // A unit that others merely mention is not installed.
    if (unit.get('LoadState') === 'not-found') services.delete(id)
    else services.set(id, toService(unit))
  }
  return [...services].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service)
}

type Unit = ReadonlyMap<string, string>

/** `systemctl show`: a block of lines for each unit, with an empty line between. */
function parseShow(text: string): readonly Unit[] {
  return text
    .split(/\n\s*\n/)
    .map((block) => parseFields(block, '='))
    .filter((unit) => unit.get('Id')?.endsWith('.service') === true)
}

/** `systemctl list-unit-files`: name and state. Templates (`name@.service`) are no services, aliases are no other ones. */
function parseUnitFiles(text: string): readonly Unit[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', state = ''] = line.trim().split(/\s+/)
    if (!id.endsWith('.service') || id.endsWith('@.service') || state === 'alias') return []
    return [
      new Map([
        ['Id', id],
        ['UnitFileState', state],
        ['ActiveState', 'inactive'],
      ]),
    ]
  })
}

function toService(unit: Unit): EndpointInstance {
  const name = unit.get('Id')?.replace(/\.service$/, '')
  const description = unit.get('Description')
  const state = stateOf(unit)
  const canStop = unit.get('CanStop')
  const isLoaded = unit.has('LoadState')
  return toInstance('Win32_Service', {
    ...systemNames(),
    AcceptStop: canStop === undefined ? undefined : state === 'Running' && canStop === 'yes',
    Caption: description,
    Description: description,
    DisplayName: description ?? name,
    ExitCode: toNumber(unit.get('ExecMainStatus')),
    Name: name,
    PathName: /argv\[\]=(.*?) ;/.exec(unit.get('ExecStart') ?? '')?.[1],
    ProcessId: isLoaded ? toNumber(unit.get('MainPID')) : 0,
    Started: state === 'Running',
    StartMode: startModeOf(unit.get('UnitFileState')),
    // The system manager runs services as root unless told otherwise.
    StartName: isLoaded ? unit.get('User') || 'root' : undefined,
    State: state,
    Status: unit.get('ActiveState') === 'failed' ? 'Error' : 'OK',
  })
}

function stateOf(unit: Unit): string {
  switch (unit.get('ActiveState')) {
    case 'active':
      // A oneshot service stays active after its process has ended.
      return unit.get('SubState') === 'exited' ? 'Stopped' : 'Running'
    case 'reloading':
    case 'refreshing':
      return 'Running'
    case 'activating':
      return 'Start Pending'
    case 'deactivating':
      return 'Stop Pending'
    case 'inactive':
    case 'failed':
      return 'Stopped'
    default:
      return 'Unknown'
  }
}

/** Undefined for generated units, whose file does not say when they start. */
function startModeOf(state: string | undefined): string | undefined {
  switch (state) {
    case 'enabled':
    case 'enabled-runtime':
      return 'Auto'
    case 'masked':
    case 'masked-runtime':
      return 'Disabled'
    case 'disabled':
    case 'static':
    case 'indirect':
    case 'linked':
    case 'linked-runtime':
      return 'Manual'
    default:
      return undefined
  }
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
