import { UsageError } from '../errors/errors.js'

/** A command line as it is sent: cmd joins its parts. */
export interface CommandLine {
  readonly command: string
  readonly args: readonly string[]
  /** Both, as the service joins them. */
  readonly text: string
}

/**
 * @param args quoted where needed; without them `command` is the whole line
 * @throws UsageError for an empty command, and for what no command line can hold
 */
export function toCommandLine(command: string, args: readonly string[] | undefined): CommandLine {
  if (command.trim() === '') throw new UsageError('A command must not be empty.')
  if (!args) return { command, args: [], text: command }
  const quoted = args.map(quoteArgument)
  const program = quoteArgument(command)
  return { command: program, args: quoted, text: [program, ...quoted].join(' ') }
}

/** What neither cmd nor a program's argument parsing gives a meaning. */
const PLAIN = /^[\w\-.,:/\\=+@~#{}[\]*?$]+$/

/**
 * What cmd acts on outside of quotes, and what follows a percent sign: a caret does not stop the expansion of
 * `%name%` or `%name:a=b%`, which comes first, but one behind the sign makes the name that of no variable.
 */
const ESCAPED = /[()%!^"<>&|;, \t]|(?<=%)[^]/g

/**
 * Quotes one argument so that cmd hands it to the program as it is.
 * @throws UsageError for line breaks and NUL, which no command line can hold
 */
export function quoteArgument(argument: string): string {
  if (/[\r\n\0]/.test(argument)) {
    throw new UsageError('An argument holds a line break or NUL, which cmd cannot pass on.', {
      hint: 'Send it through `input`, or run the command with runPowerShell.',
    })
  }
  if (PLAIN.test(argument)) return argument
  const quoted = `"${escapeForProgram(argument)}"`
  // Inside quotes cmd leaves everything alone but quotes and percent signs, which may meet another one in the next
  // argument; with those, every special character is escaped one by one and cmd never sees a quote.
  return /["%]/.test(argument) ? quoted.replace(ESCAPED, '^$&') : quoted
}

/** Backslashes count only before a quote, where they come doubled (the rules of CommandLineToArgvW). */
function escapeForProgram(argument: string): string {
  return argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')
}
