import type { CimType, EndpointInstance, EndpointValue, PropertyDefinition } from '../types.js'
import { DEFINITIONS, type MachineClassName } from './definitions.js'
import { runTool, type RunTool } from './run-tool.js'
import type { MachineSource, ProcessOwner, Reader } from './source.js'

const TIMEOUT_MS = 60_000

/** Windows: its own WMI, asked through PowerShell. */
export function windowsSource(run: RunTool = runTool): MachineSource {
  const reader =
    (className: MachineClassName): Reader =>
    async () =>
      parseInstances(className, await runPowerShell(run, queryScript(className)))
  return {
    read: {
      Win32_OperatingSystem: reader('Win32_OperatingSystem'),
      Win32_ComputerSystem: reader('Win32_ComputerSystem'),
      Win32_Process: reader('Win32_Process'),
      Win32_Service: reader('Win32_Service'),
      Win32_LogicalDisk: reader('Win32_LogicalDisk'),
      Win32_NetworkAdapter: reader('Win32_NetworkAdapter'),
      Win32_NetworkAdapterConfiguration: reader('Win32_NetworkAdapterConfiguration'),
    },
    ownerOf: async (processId) => parseOwner(await runPowerShell(run, ownerScript(processId))),
  }
}

/**
 * 64-bit numbers and moments travel as text: JSON numbers would lose digits, and the dates of ConvertTo-Json differ
 * between versions of PowerShell.
 */
function queryScript(className: MachineClassName): string {
  const names = Object.keys(DEFINITIONS[className].properties)
    .map((name) => `'${name}'`)
    .join(',')
  return `
    $names = ${names}
    $rows = @(Get-CimInstance -ClassName ${className} -Property $names | ForEach-Object {
      $row = [ordered]@{}
      foreach ($name in $names) {
        $value = $_.$name
        if ($value -is [datetime]) { $value = $value.ToUniversalTime().ToString('o') }
        elseif ($value -is [uint64] -or $value -is [int64]) { $value = $value.ToString() }
        $row[$name] = $value
      }
      [pscustomobject]$row
    })
    ConvertTo-Json -InputObject $rows -Compress -Depth 3`
}

function ownerScript(processId: number): string {
  return `
    $process = Get-CimInstance -ClassName Win32_Process -Filter 'ProcessId = ${Math.trunc(processId)}'
    if ($process) {
      $owner = Invoke-CimMethod -InputObject $process -MethodName GetOwner
      ConvertTo-Json -InputObject @{ Domain = $owner.Domain; User = $owner.User } -Compress
    }`
}

async function runPowerShell(run: RunTool, script: string): Promise<string> {
  const command = `$ErrorActionPreference = 'Stop'; [Console]::OutputEncoding = [Text.Encoding]::UTF8; ${script}`
  const encoded = Buffer.from(command, 'utf16le').toString('base64')
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded]
  const output = await run('powershell.exe', args, TIMEOUT_MS)
  if (output === undefined) throw new Error('PowerShell did not answer a question about this machine')
  return output.replace(/^\uFEFF/, '').trim()
}

/** @param json What `queryScript` prints. Values that do not fit the declared type are null. */
export function parseInstances(className: MachineClassName, json: string): readonly EndpointInstance[] {
  const properties: Readonly<Record<string, CimType | PropertyDefinition>> = DEFINITIONS[className].properties
  const rows: unknown = json === '' ? [] : JSON.parse(json)
  return (Array.isArray(rows) ? rows : [rows]).filter(isObject).map((row) =>
    Object.fromEntries(
      Object.entries(properties).map(([name, definition]) => {
        const { type, array = false } = typeof definition === 'string' ? { type: definition } : definition
        const value = row[name]
        return [name, array ? toArray(value, type) : toValue(value, type)]
      }),
    ),
  )
}

export function parseOwner(json: string): ProcessOwner | undefined {
  const owner: unknown = json === '' ? undefined : JSON.parse(json)
  if (!isObject(owner)) return undefined
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return { Domain: text(owner.Domain), User: text(owner.User) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function toArray(value: unknown, type: CimType): EndpointValue {
  if (value === null || value === undefined) return null
  return (Array.isArray(value) ? value : [value]).map((item: unknown) => toValue(item, type))
}

function toValue(value: unknown, type: CimType): EndpointValue {
  switch (type) {
    case 'uint64':
    case 'sint64':
      return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : null
    case 'datetime': {
      const date = new Date(typeof value === 'string' ? value : Number.NaN)
      return Number.isNaN(date.getTime()) ? null : date
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'string':
      return typeof value === 'string' ? value : null
    default:
      return typeof value === 'number' ? value : null
  }
}
