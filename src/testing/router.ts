import { internalError, invalidOptions, unknownResource } from './faults.js'
import type { EndpointReply, EndpointRequest, EndpointService } from './message.js'
import type { ReleaseOperation } from './operation-quota.js'
import type { PluginMatch } from './config/plugin-store.js'
import type { PluginRoutes } from './plugin-routes.js'

export interface Route {
  /** The resource URIs that begin with it belong to the service; letter case does not count. */
  readonly prefix: string
  readonly service: EndpointService
  /** Whether requests may come in chunks (MS-WSMV 3.1.4.1.31.8 forbids it for shells). Default true. */
  readonly chunked?: boolean
  /** The options the service knows, in upper case: only these may be marked MustComply. Default: none. */
  readonly options?: ReadonlySet<string>
}

export interface RouterParts {
  /** What the service answers itself. */
  readonly own: readonly Route[]
  /** What stands behind the plug-in for classes. */
  readonly classes: readonly Route[]
  readonly plugins: PluginRoutes
}

/** Finds the service for a request by its resource URI. */
export class Router {
  readonly #parts: RouterParts

  constructor(parts: RouterParts) {
    this.#parts = parts
  }

  /**
   * @param chunked whether the request came with chunked transfer encoding
   * @throws EndpointFault where nothing is served under that URI, and whatever the service answers with
   */
  async dispatch(request: EndpointRequest, chunked: boolean): Promise<EndpointReply> {
    const { own, classes, plugins } = this.#parts
    const route = routeOf(own, request)
    if (route) {
      if (chunked && route.chunked === false) {
        throw internalError(50, 'The request is not supported: shells take no chunked transfer encoding.')
      }
      assertOptions(request, route.options)
      return route.service.handle(request)
    }
    const match = plugins.match(request.resourceUri)
    if (!match) throw unknownResource(request.resourceUri)
    plugins.assertServed(request, match)
    const behind = routeOf(classes, request)
    if (!behind) throw unknownResource(request.resourceUri)
    if (match.resource.supportsOptions) assertOptions(request, behind.options)
    return this.#count(request, match, (counted) => behind.service.handle(counted))
  }

  /** Counts the request among the operations of the plug-in, until it is answered or what it left open ends. */
  async #count(
    request: EndpointRequest,
    match: PluginMatch,
    serve: (request: EndpointRequest) => Promise<EndpointReply> | EndpointReply,
  ): Promise<EndpointReply> {
    const operation = this.#parts.plugins.take(request, match)
    const held = new Set([operation])
    const leaveOpen = (): ReleaseOperation => {
      held.clear()
      return operation
    }
    try {
      return await serve({ ...request, leaveOpen })
    } finally {
      for (const release of held) release()
    }
  }
}

const routeOf = (routes: readonly Route[], { resourceUri }: EndpointRequest): Route | undefined =>
  routes.find(({ prefix }) => isUnder(resourceUri.toLowerCase(), prefix.toLowerCase()))

/** Classes know no option, whatever its name (MS-WSMV 3.1.4.1.10; note 52 has Windows more lenient there). */
function assertOptions({ headers }: EndpointRequest, known: ReadonlySet<string> = new Set()): void {
  const unknown = headers.optionList.find(
    ({ name, mustComply }) => mustComply && !known.has(name.toUpperCase()),
  )
  if (unknown) throw invalidOptions('NotSupported', `The option ${unknown.name} cannot be complied with.`)
}

const isUnder = (uri: string, prefix: string): boolean => uri === prefix || uri.startsWith(`${prefix}/`)
