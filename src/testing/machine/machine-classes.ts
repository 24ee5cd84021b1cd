import { platform } from 'node:os'
import type { EndpointClass, EndpointInstance, MethodCall } from '../types.js'
import { DEFINITIONS, type MachineClassName } from './definitions.js'
import { linuxSource } from './linux.js'
import { portableSource } from './portable.js'
import type { MachineSource } from './source.js'
import { windowsSource } from './windows.js'

/**
 * A few classes of `root/cimv2` about the machine the endpoint runs on. Every value is read when it is asked for; what
 * the machine does not tell is null. Nothing can be changed through them.
 */
export function machineClasses(source: MachineSource = machineSource()): readonly EndpointClass[] {
  return CLASS_NAMES.map((name) => ({
    name,
    superclass: DEFINITIONS[name].superclass,
    properties: DEFINITIONS[name].properties,
    instances: source.read[name],
    singleton: SINGLETONS.has(name),
    ...(name === 'Win32_Process'
      ? { methods: { GetOwner: { ...GET_OWNER, run: (call: MethodCall) => getOwner(source, call) } } }
      : {}),
  }))
}

const GET_OWNER = {
  static: false,
  parameters: { User: { type: 'string', out: true }, Domain: { type: 'string', out: true } },
} as const

const CLASS_NAMES = Object.keys(DEFINITIONS) as readonly MachineClassName[]
/** Windows marks them so: Get needs no selectors. */
const SINGLETONS: ReadonlySet<MachineClassName> = new Set(['Win32_OperatingSystem', 'Win32_ComputerSystem'])

function machineSource(): MachineSource {
  switch (platform()) {
    case 'linux':
    case 'android':
      return linuxSource()
    case 'win32':
      return windowsSource()
    default:
      return portableSource()
  }
}

/** Values Win32_Process.GetOwner returns. */
const SUCCESS = 0
const PATH_NOT_FOUND = 9
const INVALID_PARAMETER = 21

async function getOwner(source: MachineSource, { instance }: MethodCall): Promise<EndpointInstance> {
  const processId = Number(instance?.Handle ?? Number.NaN)
  if (!Number.isInteger(processId)) return { ReturnValue: INVALID_PARAMETER }
  const owner = await source.ownerOf(processId)
  return owner === undefined ? { ReturnValue: PATH_NOT_FOUND } : { ReturnValue: SUCCESS, ...owner }
}
