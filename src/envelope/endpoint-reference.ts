import { brand, hasBrand } from '../errors/brand.js'
import { ANONYMOUS } from './actions.js'

/** What a selector may hold. */
export type SelectorValue = string | number | boolean | bigint | EndpointReference

/** Selectors by name. Services compare names and values without regard to case (MS-WSMV 3.1.4.1.2). */
export type Selectors = Readonly<Record<string, SelectorValue>>

/** Names a resource: what `create` and EPR enumerations return, and what can be passed wherever a resource goes. */
export class EndpointReference {
  static {
    brand(this, 'EndpointReference')
  }

  /** The resource URI (`w:ResourceURI`). */
  readonly resourceUri: string
  /** What singles out one instance, by name. */
  readonly selectors: Selectors
  /** Where the resource is reached (`a:Address`). Default: where this message came from. */
  readonly address: string

  constructor(resourceUri: string, selectors: Selectors = {}, address: string = ANONYMOUS) {
    this.resourceUri = resourceUri
    this.selectors = selectors
    this.address = address
  }

  /** The reference that an object with its parts stands for: what `JSON.parse` makes of a stored one. */
  static from(parts: {
    readonly resourceUri: string
    readonly selectors?: Selectors
    readonly address?: string
  }): EndpointReference {
    return new EndpointReference(parts.resourceUri, parts.selectors, parts.address)
  }

  /** Without the address where that is the default; a bigint becomes decimal text, which is what travels. */
  toJSON(): Record<string, unknown> {
    const selectors = Object.entries(this.selectors).map(
      ([name, value]) => [name, typeof value === 'bigint' ? String(value) : value] as const,
    )
    return {
      resourceUri: this.resourceUri,
      selectors: Object.fromEntries(selectors),
      ...(this.address === ANONYMOUS ? {} : { address: this.address }),
    }
  }
}

/** Whether `value` is an EndpointReference, whichever build of the package made it. */
export function isEndpointReference(value: unknown): value is EndpointReference {
  return hasBrand(value, 'EndpointReference')
}
