import { TOKEN } from '../http/grammar.js'

/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.3). */
export interface Challenge {
  /** As the server wrote it. */
  readonly scheme: string
  /** The single value some schemes carry instead of parameters, such as the base64 of a GSSAPI token. */
  readonly token: string | undefined
  /** Parameters by their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const SEPARATOR = /[\s,]*/y
const SCHEME = new RegExp(`(${TOKEN})(?=[\\s,]|$)[ \\t]*`, 'y')
const PARAMETER = new RegExp(
  `(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))(?=[\\s,]|$)`,
  'y',
)
const TOKEN68 = /([A-Za-z0-9._~+/-]+=*)(?=[\s,]|$)/y

/**
 * Reads the challenges of a `WWW-Authenticate` header, whose several lines are joined with commas. The list ends
 * at what cannot be read, lest something be taken for a scheme that is none.
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const text = header ?? ''
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text) ?? undefined
    if (match) at = pattern.lastIndex
    return match
  }
  const takeParameters = (): Map<string, string> => {
    const parameters = new Map<string, string>()
    for (let match = take(PARAMETER); match; match = take(PARAMETER)) {
      const [, name = '', quoted, bare = ''] = match
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare)
      take(SEPARATOR)
    }
    return parameters
  }

  const challenges: Challenge[] = []
  take(SEPARATOR)
  for (let match = take(SCHEME); match; match = take(SCHEME)) {
    const [, scheme = ''] = match
    const parameters = takeParameters()
    const token = parameters.size === 0 ? take(TOKEN68)?.[1] : undefined
    challenges.push({ scheme, token, parameters })
    take(SEPARATOR)
  }
  return challenges
}
