import { internalError, invalidOptions, unknownResource } from './faults.js'
import type { EndpointReply, EndpointRequest, EndpointService } from './message.js'

export interface Route {
  /** The resource URIs that begin with it belong to the service; letter case does not count. */
  readonly prefix: string
  readonly service: EndpointService
  /** Whether requests may come in chunks (MS-WSMV 3.1.4.1.31.8 forbids it for shells). Default true. */
  readonly chunked?: boolean
  /** The options the service knows, in upper case: only these may be marked MustComply. Default: none. */
  readonly options?: ReadonlySet<string>
}

/** Finds the service for a request by its resource URI. */
export class Router {
  readonly #routes: readonly Route[]

  constructor(routes: readonly Route[]) {
    this.#routes = routes
  }

  /**
   * @param chunked whether the request came with chunked transfer encoding
   * @throws EndpointFault where nothing is served under that URI, and whatever the service answers with
   */
  async dispatch(request: EndpointRequest, chunked: boolean): Promise<EndpointReply> {
    const uri = request.resourceUri.toLowerCase()
    const route = this.#routes.find(({ prefix }) => isUnder(uri, prefix.toLowerCase()))
    if (!route) throw unknownResource(request.resourceUri)
    if (chunked && route.chunked === false) {
      throw internalError(50, 'The request is not supported: shells take no chunked transfer encoding.')
    }
    assertOptions(request, route.options)
    return route.service.handle(request)
  }
}

/** Classes know no option, whatever its name (MS-WSMV 3.1.4.1.10; note 52 has Windows more lenient there). */
function assertOptions({ headers }: EndpointRequest, known: ReadonlySet<string> = new Set()): void {
  const unknown = headers.optionList.find(
    ({ name, mustComply }) => mustComply && !known.has(name.toUpperCase()),
  )
  if (unknown) throw invalidOptions('NotSupported', `The option ${unknown.name} cannot be complied with.`)
}

const isUnder = (uri: string, prefix: string): boolean => uri === prefix || uri.startsWith(`${prefix}/`)
