import { CommandError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import { CliXmlDecoder } from './clixml.js'
import type { OutputEvent } from './output-collector.js'
import { RecordReader, type PowerShellProgress, type PowerShellRecord } from './powershell-records.js'
import { callPowerShell } from './powershell-script.js'
import type { CommandResult, RunOptions } from './shell-options.js'

/** How a script is run. */
export interface PowerShellOptions extends RunOptions {
  /**
   * Converts the script's output with ConvertTo-Json and parses it: one object as it is, several as an array, none as
   * undefined. The script must write nothing else to its output, so no Write-Host. Default false.
   */
  readonly json?: boolean | undefined
  /** How deep ConvertTo-Json goes; what is deeper becomes text. Default 2, as that of the cmdlet. */
  readonly jsonDepth?: number | undefined
  /** Told how far the script says it has come. */
  readonly onProgress?: ((progress: PowerShellProgress) => void) | undefined
  /** Default `powershell.exe`, which every Windows has; `pwsh.exe` where that is installed. */
  readonly executable?: string | undefined
}

/** What a script left behind. Plain data. */
export interface PowerShellResult<T = unknown> extends CommandResult {
  /** Errors as PowerShell prints them, and what other programs wrote to standard error. */
  readonly stderr: string
  /** What the script wrote to its streams other than the output, in order. */
  readonly records: readonly PowerShellRecord[]
  /** The texts of the error records. */
  readonly errors: readonly string[]
  /** With the option `json`: the output, parsed. */
  readonly json?: T | undefined
}

/** Runs a command line as Shell.run does. */
type Run = (command: string, args: readonly string[], options: RunOptions) => Promise<CommandResult>

/**
 * Runs a script, whose standard error is CLIXML.
 * @throws CommandError with `check` for an exit code other than 0, and for output that is not JSON where `json` is set
 */
export async function runPowerShell<T>(
  run: Run,
  script: string,
  options: PowerShellOptions,
): Promise<PowerShellResult<T>> {
  const { json = false, jsonDepth = 2, onProgress, executable = 'powershell.exe', ...rest } = options
  if (!Number.isInteger(jsonDepth) || jsonDepth < 1 || jsonDepth > 100) {
    throw new UsageError(`jsonDepth must be a whole number from 1 to 100; it is ${String(jsonDepth)}.`)
  }
  const call = callPowerShell(script, {
    executable,
    input: options.input,
    jsonDepth: json ? jsonDepth : undefined,
  })
  const streams = new ScriptStreams(onProgress, options.onOutput)
  const raw = await run(executable, call.args, {
    ...rest,
    input: call.input,
    check: false,
    onOutput: (event) => streams.take(event),
  })
  streams.end()
  const { records, stderr } = streams
  const errors = records.filter(({ stream }) => stream === 'error').map((record) => textOf(record))
  const result = { ...raw, stderr, records, errors }
  if (options.check === true && raw.exitCode !== 0) {
    throw failed(`The script ended with exit code ${raw.exitCode}.`, result)
  }
  // What the script writes is the caller's to know.
  return json ? { ...result, json: parse(result) as T | undefined } : result
}

const textOf = (record: PowerShellRecord): string => ('text' in record ? record.text : '')

/** Takes the output of a script apart while it comes. */
class ScriptStreams {
  readonly records: PowerShellRecord[] = []
  stderr = ''
  readonly #onOutput: ((event: OutputEvent) => void) | undefined
  readonly #reader: RecordReader
  readonly #decoder: CliXmlDecoder

  constructor(
    onProgress: ((progress: PowerShellProgress) => void) | undefined,
    onOutput: ((event: OutputEvent) => void) | undefined,
  ) {
    this.#onOutput = onOutput
    this.#reader = new RecordReader({
      record: (record) => {
        this.records.push(record)
        if (record.stream === 'progress') onProgress?.(record)
      },
      errorText: (text) => this.#error(text),
    })
    this.#decoder = new CliXmlDecoder({
      text: (text) => this.#error(text),
      item: (item) => this.#reader.item(item),
    })
  }

  take(event: OutputEvent): void {
    if (event.stream === 'stderr') this.#decoder.write(event.text)
    else this.#onOutput?.(event)
  }

  end(): void {
    this.#decoder.end()
    this.#reader.end()
  }

  #error(text: string): void {
    this.stderr += text
    this.#onOutput?.({ stream: 'stderr', text })
  }
}

function parse(result: CommandResult): unknown {
  const text = result.stdout.trim()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own error quotes the output, which errors keep to themselves.
    throw failed('The output of the script is not JSON.', result, hintFor('outputNotJson'))
  }
}

function failed(message: string, result: CommandResult, hint?: string): CommandError {
  return new CommandError('ERR_WSMAN_COMMAND', message, {
    ...result,
    operation: 'Shell.Command',
    ...(hint === undefined ? {} : { hint }),
  })
}
