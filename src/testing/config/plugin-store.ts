import type { StoredPlugin } from './plugin-documents.js'
import { DEFAULT_PLUGINS } from './plugin-defaults.js'

export type PluginResource = StoredPlugin['resources'][number]
export type ResourceSecurity = PluginResource['security'][number]

/** What answers a resource URI. */
export interface PluginMatch {
  readonly plugin: StoredPlugin
  readonly resource: PluginResource
}

/** The table of plug-ins (MS-WSMV 3.1.1, Plugins and ResourceSecurity). */
export class PluginStore {
  readonly #plugins = new Map<string, StoredPlugin>()

  constructor() {
    this.restore()
  }

  get all(): readonly StoredPlugin[] {
    return [...this.#plugins.values()]
  }

  /** @param name letter case does not count */
  find(name: string): StoredPlugin | undefined {
    return this.#plugins.get(name.toLowerCase())
  }

  /** Makes a plug-in, or replaces the one of this name. */
  set(plugin: StoredPlugin): void {
    this.#plugins.set(plugin.name.toLowerCase(), plugin)
  }

  delete({ name }: StoredPlugin): void {
    this.#plugins.delete(name.toLowerCase())
  }

  /** What came with Windows, as it came; nothing else. */
  restore(): void {
    this.#plugins.clear()
    for (const plugin of DEFAULT_PLUGINS) this.set(plugin)
  }

  /** The plug-in that answers a URI: the one that names it exactly, else most of it (MS-WSMV 3.1.4.1.34.1). */
  match(resourceUri: string): PluginMatch | undefined {
    const matches = this.all.flatMap((plugin) => plugin.resources.map((resource) => ({ plugin, resource })))
    return best(matches, resourceUri, ({ resource }) => ({ ...resource, uri: resource.resourceUri }))
  }

  /** The descriptor that guards a URI; undefined where RootSDDL does. */
  securityOf(resourceUri: string): ResourceSecurity | undefined {
    const all = this.all.flatMap(({ resources }) => resources.flatMap(({ security }) => security))
    const guards = all.filter(({ uri, sddl }) => uri !== '' && sddl !== '')
    return best(guards, resourceUri, (security) => security)
  }

  /** Whether requests for a URI are requests for a shell (MS-WSMV 3.1.4.1.28). */
  isShell(resourceUri: string): boolean {
    const capabilities = this.match(resourceUri)?.resource.capabilities ?? []
    return capabilities.some(({ type }) => type === 'Shell')
  }
}

interface Scope {
  readonly uri: string
  readonly exactMatch: boolean
}

function best<T>(candidates: readonly T[], uri: string, scopeOf: (one: T) => Scope): T | undefined {
  const wanted = uri.toLowerCase()
  const weightOf = (one: T): number => {
    const scope = scopeOf(one)
    const own = scope.uri.toLowerCase()
    if (scope.exactMatch) return own === wanted ? Infinity : -1
    return wanted.startsWith(own) ? own.length : -1
  }
  const [first] = candidates.toSorted((one, other) => weightOf(other) - weightOf(one))
  return first !== undefined && weightOf(first) >= 0 ? first : undefined
}
