import type { EndpointClass, EndpointInstance, MethodBody } from 'wsman/testing'

export type RegistryValue = number | string | Uint8Array

type Entry = readonly [name: string, value: RegistryValue]
type Values = Map<string, Entry>

const HKEY_LOCAL_MACHINE = 2147483650
const FILE_NOT_FOUND = 2

/** HKEY_LOCAL_MACHINE: values by the path of their key and their name, letter case aside. */
export class FakeRegistry {
  readonly #keys = new Map<string, Values>()

  set(key: string, name: string, value: RegistryValue): void {
    const values: Values = this.#keys.get(key.toLowerCase()) ?? new Map<string, Entry>()
    this.#keys.set(key.toLowerCase(), values.set(name.toLowerCase(), [name, value]))
  }

  get(key: string, name: string): RegistryValue | undefined {
    return this.#keys.get(key.toLowerCase())?.get(name.toLowerCase())?.[1]
  }

  valueNames(key: string): string[] | undefined {
    const values = this.#keys.get(key.toLowerCase())
    return values && [...values.values()].map(([name]) => name)
  }

  /** The names of the keys right below. */
  keyNames(key: string): string[] | undefined {
    const prefix = `${key.toLowerCase()}\\`
    const below = [...this.#keys.keys()].filter((path) => path.startsWith(prefix))
    const names = new Set(below.map((path) => path.slice(prefix.length).split('\\', 1)[0] ?? ''))
    return names.size === 0 ? undefined : [...names]
  }
}

/** Microsoft's page on StdRegProv: the methods that are used, with their parameters. */
export function registryClass(registry: FakeRegistry): EndpointClass {
  const method = (
    parameters: Readonly<Record<string, 'string' | 'uint32'>>,
    out: Readonly<Record<string, { type: 'string' | 'uint32' | 'uint8'; array?: boolean }>>,
    run: (key: string, name: string, parameters: EndpointInstance) => EndpointInstance | undefined,
  ) => ({
    parameters: {
      hDefKey: 'uint32' as const,
      sSubKeyName: 'string' as const,
      ...parameters,
      ...Object.fromEntries(
        Object.entries(out).map(([name, definition]) => [name, { ...definition, out: true }]),
      ),
    },
    run: (({ parameters: given }) => {
      if (given.hDefKey !== HKEY_LOCAL_MACHINE) throw new Error('Only the machine has values here.')
      const output = run(given.sSubKeyName as string, given.sValueName as string, given)
      return output === undefined ? { ReturnValue: FILE_NOT_FOUND } : { ReturnValue: 0, ...output }
    }) satisfies MethodBody,
  })
  const value = { sValueName: 'string' } as const
  return {
    name: 'StdRegProv',
    namespace: 'root/default',
    singleton: true,
    properties: {},
    instances: [{}],
    methods: {
      EnumKey: method({}, { sNames: { type: 'string', array: true } }, (key) => {
        const sNames = registry.keyNames(key)
        return sNames && { sNames }
      }),
      EnumValues: method({}, { sNames: { type: 'string', array: true } }, (key) => {
        const sNames = registry.valueNames(key)
        return sNames && { sNames }
      }),
      GetDWORDValue: method(value, { uValue: { type: 'uint32' } }, (key, name) => {
        const uValue = registry.get(key, name)
        return typeof uValue === 'number' ? { uValue } : undefined
      }),
      GetBinaryValue: method(value, { uValue: { type: 'uint8', array: true } }, (key, name) => {
        const bytes = registry.get(key, name)
        return bytes instanceof Uint8Array ? { uValue: [...bytes] } : undefined
      }),
      SetDWORDValue: method({ ...value, uValue: 'uint32' }, {}, (key, name, { uValue }) => {
        registry.set(key, name, Number(uValue))
        return {}
      }),
    },
  }
}
