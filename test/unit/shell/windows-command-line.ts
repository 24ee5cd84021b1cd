/**
 * What Windows makes of a command line, after the documentation of cmd (`cmd /?`, `set /?`) and of CommandLineToArgvW.
 * Written for the tests, without a look at how the package quotes.
 */

/**
 * Percent expansion of a line that is typed or passed with /c: variables that do not exist stay as they are.
 * `%NAME:~m,n%` cuts, `%NAME:search=replace%` replaces; neither minds carets or quotes.
 */
export function expandPercent(line: string, environment: Readonly<Record<string, string>>): string {
  const valueOf = (name: string): string | undefined =>
    Object.entries(environment).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  let result = ''
  let rest = line
  for (;;) {
    const start = rest.indexOf('%')
    if (start < 0) return result + rest
    result += rest.slice(0, start)
    rest = rest.slice(start)
    const [whole = '', name = '', modifier] = /^%([^%:]*)(?::([^%]*))?%/.exec(rest) ?? []
    const value = name === '' ? undefined : valueOf(name)
    const expanded = value === undefined ? undefined : modify(value, modifier)
    if (expanded === undefined) {
      // Nothing to expand here: the next percent may begin another one.
      result += '%'
      rest = rest.slice(1)
    } else {
      result += expanded
      rest = rest.slice(whole.length)
    }
  }
}

function modify(value: string, modifier: string | undefined): string | undefined {
  if (modifier === undefined) return value
  const cut = /^~(-?\d+)?(?:,(-?\d+))?$/.exec(modifier)
  if (cut) {
    const from = Number(cut[1] ?? 0)
    const start = from < 0 ? Math.max(0, value.length + from) : from
    const length = cut[2] === undefined ? value.length : Number(cut[2])
    return value.slice(start, length < 0 ? value.length + length : start + length)
  }
  const equals = modifier.indexOf('=', 1)
  if (equals < 0 || modifier.startsWith('~')) return undefined
  const [search, replacement] = [modifier.slice(0, equals), modifier.slice(equals + 1)]
  return value.replaceAll(new RegExp(search.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), () => replacement)
}

export interface CmdResult {
  /** What the program gets as its command line. */
  readonly line: string
  /** Characters that cmd would have acted upon: pipes, redirections, separators, groups. */
  readonly acted: string
}

/** Quotes switch the meaning of everything but percent off; outside of them a caret takes it from one character. */
export function parseCmd(line: string): CmdResult {
  let quoted = false
  let out = ''
  let acted = ''
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (character === '"') quoted = !quoted
    else if (!quoted && character === '^') {
      index += 1
      out += line.charAt(index)
      continue
    } else if (!quoted && '&|<>()'.includes(character)) acted += character
    out += character
  }
  return { line: out, acted }
}

/** The arguments of a program, after the rules of CommandLineToArgvW for all but the first. */
export function splitArguments(line: string): string[] {
  const found: string[] = []
  let index = 0
  for (;;) {
    while (line.charAt(index) === ' ' || line.charAt(index) === '\t') index += 1
    if (index >= line.length) return found
    let argument = ''
    let quoted = false
    for (; index < line.length; index++) {
      const character = line.charAt(index)
      if (!quoted && (character === ' ' || character === '\t')) break
      if (character === '\\') {
        let count = 1
        while (line.charAt(index + count) === '\\') count += 1
        const beforeQuote = line.charAt(index + count) === '"'
        if (!beforeQuote) {
          argument += '\\'.repeat(count)
          index += count - 1
        } else {
          argument += '\\'.repeat(Math.floor(count / 2))
          if (count % 2 === 1) {
            argument += '"'
            index += count
          } else index += count - 1
        }
      } else if (character === '"') {
        // Two quotes inside of quotes are one that stays.
        if (quoted && line.charAt(index + 1) === '"') {
          argument += '"'
          index += 1
        }
        quoted = !quoted
      } else argument += character
    }
    found.push(argument)
  }
}
