import { readdir, readFile, readlink } from 'node:fs/promises'

/** The text of a file; undefined when it cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

/** The text of a file that holds one value, without the white space around it; undefined when there is none. */
export async function readValue(path: string): Promise<string | undefined> {
  return (await readText(path))?.trim() || undefined
}

/** The names in a directory, sorted; none when it cannot be read. */
export async function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).then(
    (names) => names.sort(),
    () => [],
  )
}

export async function linkTarget(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined)
}

/** Lines of `name: value` or `name=value`, as under /proc and in os-release. Quotes around a value are dropped. */
export function parseFields(text: string, separator: ':' | '='): ReadonlyMap<string, string> {
  const fields = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const at = line.indexOf(separator)
    if (at < 0) return []
    const value = line.slice(at + 1).trim()
    return [[line.slice(0, at).trim(), value.replace(/^(["'])(.*)\1$/, '$2')]]
  })
  return new Map(fields)
}

/** The whole number at the start of a text, such as `1234 kB`. */
export function leadingInteger(text: string | undefined): bigint | undefined {
  const digits = /^-?\d+/.exec(text ?? '')?.[0]
  return digits === undefined ? undefined : BigInt(digits)
}
