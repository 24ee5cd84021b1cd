import { UsageError } from '../errors/errors.js'

/** What neither cmd nor a program's argument parsing gives a meaning. */
const PLAIN = /^[\w\-.,:/\\=+@~#{}[\]*?$]+$/

/** What cmd acts on outside of quotes. */
const META = /[()%!^"<>&|;, \t]/g

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
  // Inside quotes cmd leaves everything alone but quotes and %variables%; with those, every special character is
  // escaped one by one and cmd never sees a quote.
  return /"|%[^%]+%/.test(argument) ? quoted.replace(META, '^$&') : quoted
}

/** Backslashes count only before a quote, where they come doubled (the rules of CommandLineToArgvW). */
function escapeForProgram(argument: string): string {
  return argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')
}
