import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'

/** Parts of Node.js, whose insides are not this package's to hide: the buffers of a stream hold what goes through it. */
const FOREIGN = [EventEmitter, EventTarget, Promise] as const

/**
 * What is handed to the program as data, and printed nowhere: the command line and the output of a command that failed;
 * streams, which hold what has not gone through them yet; what an endpoint for tests was sent.
 */
const DATA: Readonly<Record<string, readonly string[]>> = {
  CommandError: ['command', 'stdout', 'stderr'],
  RemoteCommand: ['stdin', 'stdout', 'stderr'],
  RunningEndpoint: ['requests'],
}

const dataOf = (value: object): readonly string[] | undefined => {
  const { constructor } = value as { readonly constructor?: { readonly name: string } }
  return DATA[constructor?.name ?? '']
}

/** As templates and concatenation do it. */
const asText: (value: unknown) => string = String

/** As a program prints it that prints anything. */
export const printed = (value: object): readonly string[] => {
  const texts = [inspect(value, EVERYTHING), JSON.stringify(value, withBigints), asText(value)]
  if (value instanceof Error) texts.push(value.stack ?? '')
  return dataOf(value)
    ? texts
    : [...texts, inspect(value, { ...EVERYTHING, getters: true, customInspect: false })]
}

const EVERYTHING = { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null } as const

const withBigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value

/** What a structured clone keeps of a value; nothing where there is none. */
export function cloned(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return undefined
  }
}

/** Every text and every buffer that can be reached by property, getters of classes included. */
export function* leaves(value: unknown, seen = new Set<unknown>()): Generator<string | Uint8Array> {
  if (typeof value === 'string' || value instanceof Uint8Array) yield value
  else if (typeof value === 'object' && value !== null && !seen.has(value)) {
    const isExhibit = seen.size === 0
    seen.add(value)
    if (value instanceof Map || value instanceof Set) for (const item of value) yield* leaves(item, seen)
    if (!isExhibit && FOREIGN.some((foreign) => value instanceof foreign)) return
    for (const key of keysOf(value)) yield* leaves(read(value, key), seen)
  }
}

const BUILT_IN: ReadonlySet<unknown> = new Set(
  [Object, Array, Error, EventEmitter].map(({ prototype }) => prototype as unknown),
)

/** Its own, and those of its classes. */
function keysOf(value: object): ReadonlySet<string | symbol> {
  const data = dataOf(value) ?? []
  const keys = new Set<string | symbol>()
  for (let level: object | null = value; level && !BUILT_IN.has(level);) {
    for (const key of Reflect.ownKeys(level)) if (!data.includes(String(key))) keys.add(key)
    level = Object.getPrototypeOf(level) as object | null
  }
  return keys
}

function read(value: object, key: string | symbol): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}
