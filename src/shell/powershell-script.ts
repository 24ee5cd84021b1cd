import { UsageError } from '../errors/errors.js'

/** What cmd takes (8,191 characters), without the `cmd.exe /C "…"` that the service puts around it. */
const MAX_COMMAND_LINE = 8191 - 64

export interface ScriptOptions {
  readonly executable: string
  readonly input: string | Uint8Array | undefined
  /** ConvertTo-Json to this depth; undefined for the output as PowerShell formats it. */
  readonly jsonDepth: number | undefined
}

/** How a script is handed to PowerShell. */
export interface PowerShellCall {
  readonly args: readonly string[]
  readonly input: string | Uint8Array | undefined
}

/**
 * The script goes on the command line where it fits. Otherwise a small one there reads it from the first line of the
 * input; PowerShell takes its whole input for the pipeline before that, so what follows is `$input` either way.
 */
export function callPowerShell(
  script: string,
  { executable, input, jsonDepth }: ScriptOptions,
): PowerShellCall {
  if (script.trim() === '') throw new UsageError('A script must not be empty.')
  const text = jsonDepth === undefined ? script : asJson(script, jsonDepth, input !== undefined)
  const args = encoded(text)
  if ([executable, ...args].join(' ').length <= MAX_COMMAND_LINE) return { args, input }
  return { args: encoded(BOOTSTRAP), input: prepend(Buffer.from(text).toString('base64'), input) }
}

function encoded(script: string): string[] {
  const text = Buffer.from(script, 'utf16le').toString('base64')
  return ['-NoProfile', '-NonInteractive', '-EncodedCommand', text]
}

function prepend(line: string, input: string | Uint8Array | undefined): string | Uint8Array {
  if (typeof input === 'object') return Buffer.concat([Buffer.from(`${line}\n`), input])
  return `${line}\n${input ?? ''}`
}

/**
 * PowerShell exits with 1 where the last statement of what it was given failed, so the statement that asks for it
 * joins the script; a script of named blocks cannot take one.
 */
const BOOTSTRAP = `
$wsmanInput = @($input)
$wsmanText = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($wsmanInput[0]))
try { $wsmanScript = [ScriptBlock]::Create($wsmanText + "\`nif (-not \`$?) { exit 1 }") }
catch { $wsmanScript = [ScriptBlock]::Create($wsmanText) }
$wsmanInput | Select-Object -Skip 1 | . $wsmanScript
`.trim()

/**
 * One object is converted as it is and several as an array: piped to ConvertTo-Json, an array of one would be no
 * array. Windows PowerShell 5.1 converts some arrays to an object of `value` and `Count` unless the type data that add
 * Count go. What was written before `exit` or `throw` is converted too. The input is not touched where there is none:
 * PowerShell would wait for its end.
 */
function asJson(script: string, depth: number, hasInput: boolean): string {
  return `
$wsmanOutput = New-Object Collections.ArrayList
$wsmanOk = $true
$wsmanText = ${literal(script)}
try { $wsmanScript = [ScriptBlock]::Create($wsmanText + "\`n\`$wsmanOk = \`$?") }
catch { $wsmanScript = [ScriptBlock]::Create($wsmanText) }
try { ${hasInput ? '$input | ' : ''}. $wsmanScript | ForEach-Object { $null = $wsmanOutput.Add($_) } }
finally {
  Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue
  if ($wsmanOutput.Count -eq 1) { ConvertTo-Json -InputObject $wsmanOutput[0] -Compress -Depth ${depth} }
  elseif ($wsmanOutput.Count) { ConvertTo-Json -InputObject $wsmanOutput.ToArray() -Compress -Depth ${depth} }
}
if (-not $wsmanOk) { exit 1 }
`.trim()
}

/** A literal string. PowerShell takes typographic quotes for plain ones, too. */
function literal(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
}
