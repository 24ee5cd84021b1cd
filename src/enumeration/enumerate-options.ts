import type { CimInstance } from '../envelope/cim-value.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import type { Instance } from '../envelope/instance.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { UsageError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { EnumerationMode } from '../operations/enumerate.js'
import type { FilterExpression } from '../operations/filters.js'
import {
  decodeObjects,
  decodeObjectsAndReferences,
  decodeReferences,
  type ObjectAndReference,
} from '../operations/item-decoders.js'
import type { OperationRunner } from '../operations/operation.js'
import type { ItemDecoderFactory } from '../operations/page-body.js'
import { assertPositive } from '../util/numbers.js'
import { Enumeration } from './enumeration.js'

export interface EnumerateOptions<
  Mode extends EnumerationMode = EnumerationMode,
  Typed extends boolean = boolean,
> extends CallOptions {
  /** What the service selects by, as made by `` wql`…` ``, `associatorsOf` and the like. */
  readonly filter?: FilterExpression | undefined
  /** What the items are. Default `object`. */
  readonly mode?: Mode | undefined
  /**
   * Most items in one reply. Default, and at most: `settings.protocol.maxBatchItems`, 32000, which leaves it to the size
   * of the envelope.
   */
  readonly maxElements?: number | undefined
  /** Ask for the first items together with the enumeration. Default true. */
  readonly optimize?: boolean | undefined
  /** Pages asked for while the caller works on the one before: 0 or 1. Default 1. */
  readonly prefetch?: 0 | 1 | undefined
  /** How long the service may gather items for one reply, in milliseconds. */
  readonly maxTimeMs?: number | undefined
  /** How long the service is asked to keep the enumeration, in milliseconds (DSP0226 8.2). Windows goes by its own limit. */
  readonly expiresMs?: number | undefined
  /**
   * Values follow the types of CIM: what `xsi:type` says, else what the definition of the class says, which is asked for
   * once, else text. Default false.
   */
  readonly typed?: Typed | undefined
}

/** What an enumeration of each mode gives. */
export type ItemOf<Mode extends EnumerationMode, Typed extends boolean = false> = {
  object: Typed extends true ? CimInstance : Instance
  epr: EndpointReference
  objectAndEpr: ObjectAndReference<Typed extends true ? CimInstance : Instance>
}[Mode]

/** Gives the instances of a page their types, in place. */
export type Refinement = (instances: Instance[], options: CallOptions) => Promise<unknown>

const DECODERS: { readonly [Mode in EnumerationMode]: ItemDecoderFactory<ItemOf<Mode>> } = {
  object: decodeObjects,
  epr: decodeReferences,
  objectAndEpr: decodeObjectsAndReferences,
}

/**
 * @param refine for instances that are to have types
 * @throws UsageError for options out of range
 */
export function createEnumeration<Mode extends EnumerationMode>(
  runner: OperationRunner,
  resource: ResourceLocator,
  options: EnumerateOptions<Mode>,
  refine?: Refinement,
): Enumeration<ItemOf<Mode>> {
  // The default of the type parameter is the default of the option.
  const mode = options.mode ?? ('object' as Mode)
  if (!Object.hasOwn(DECODERS, mode)) {
    throw new UsageError(
      `mode must be one of ${Object.keys(DECODERS).join(', ')}; it is ${JSON.stringify(mode)}.`,
    )
  }
  const { maxElements } = options
  if (maxElements !== undefined && (!Number.isInteger(maxElements) || maxElements < 1)) {
    throw new UsageError(`maxElements must be an integer of at least 1; it is ${maxElements}.`)
  }
  assertPositive('maxTimeMs', options.maxTimeMs)
  assertPositive('expiresMs', options.expiresMs)
  const prefetch = options.prefetch ?? 1
  if (![0, 1].includes(prefetch)) throw new UsageError(`prefetch must be 0 or 1; it is ${prefetch}.`)
  return new Enumeration<ItemOf<Mode>>(runner, {
    resource,
    mode,
    maxElements,
    prefetch,
    optimize: options.optimize ?? true,
    filter: options.filter,
    maxTimeMs: options.maxTimeMs,
    expiresMs: options.expiresMs,
    items: DECODERS[mode],
    options,
    refine: refine && ((items, call) => refineItems(mode, items, refine, call)),
  })
}

async function refineItems<Mode extends EnumerationMode>(
  mode: Mode,
  items: ItemOf<Mode>[],
  refine: Refinement,
  options: CallOptions,
): Promise<ItemOf<Mode>[]> {
  if (mode === 'object') await refine(items as Instance[], options)
  if (mode === 'objectAndEpr') {
    await refine(
      (items as ObjectAndReference[]).map(({ object }) => object),
      options,
    )
  }
  return items
}
