import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { formatDuration } from '../util/duration.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'
import { filterElement, type FilterExpression } from './filters.js'
import type { Operation } from './operation.js'
import { PageBody, type ItemDecoderFactory, type Page } from './page-body.js'

/** What the items of an enumeration are (MS-WSMV 3.1.4.1.17). */
export type EnumerationMode = 'object' | 'epr' | 'objectAndEpr'

export interface EnumerateRequest {
  readonly resource: ResourceLocator
  readonly mode: EnumerationMode
  /** First items already in the reply to Enumerate (MS-WSMV 3.1.4.1.16). */
  readonly optimize: boolean
  readonly maxElements: number
  readonly filter?: FilterExpression | undefined
  /** How long the service is asked to keep the enumeration (DSP0226 8.2). */
  readonly expiresMs?: number | undefined
}

const MODES: Readonly<Record<EnumerationMode, string>> = {
  object: 'EnumerateObject',
  epr: 'EnumerateEPR',
  objectAndEpr: 'EnumerateObjectAndEPR',
}

/**
 * WS-Enumeration Enumerate (MS-WSMV 3.1.4.8). Expires stands first, as the schema of WS-Enumeration wants it; the rest is
 * in the order of Windows' own client.
 */
export function enumerateOperation<T>(
  request: EnumerateRequest,
  items: ItemDecoderFactory<T>,
): Operation<Page<T>> {
  const { resource, mode, optimize, maxElements, filter, expiresMs } = request
  const children: readonly ElementTree[] = [
    ...(expiresMs === undefined ? [] : [element(NS.enumeration, 'Expires', formatDuration(expiresMs))]),
    ...(optimize
      ? [element(NS.wsman, 'OptimizeEnumeration'), element(NS.wsman, 'MaxElements', String(maxElements))]
      : []),
    ...(mode === 'object' ? [] : [element(NS.wsman, 'EnumerationMode', MODES[mode])]),
    ...(filter ? [filterElement(filter)] : []),
  ]
  return {
    name: 'Enumerate',
    action: ACTION.enumerate,
    resource,
    lane: 'call',
    idempotent: true,
    body: [element(NS.enumeration, 'Enumerate', children)],
    decoder: () => new PageBody('EnumerateResponse', items),
  }
}

export interface PullRequest {
  readonly resource: ResourceLocator
  readonly context: string
  readonly maxElements: number
  readonly maxTimeMs?: number | undefined
}

/** WS-Enumeration Pull (MS-WSMV 3.1.4.9). The items of a lost reply are gone, so it is never sent twice. */
export function pullOperation<T>(request: PullRequest, items: ItemDecoderFactory<T>): Operation<Page<T>> {
  const { resource, context, maxElements, maxTimeMs } = request
  const children: readonly ElementTree[] = [
    element(NS.enumeration, 'EnumerationContext', context),
    ...(maxTimeMs === undefined ? [] : [element(NS.enumeration, 'MaxTime', formatDuration(maxTimeMs))]),
    element(NS.enumeration, 'MaxElements', String(maxElements)),
  ]
  return {
    name: 'Pull',
    action: ACTION.pull,
    resource,
    lane: 'poll',
    idempotent: false,
    body: [element(NS.enumeration, 'Pull', children)],
    decoder: () => new PageBody('PullResponse', items),
  }
}

/** WS-Enumeration Release (MS-WSMV 3.1.4.10). */
export function releaseOperation(resource: ResourceLocator, context: string): Operation<void> {
  return {
    name: 'Release',
    action: ACTION.release,
    resource,
    lane: 'control',
    idempotent: true,
    body: [element(NS.enumeration, 'Release', [element(NS.enumeration, 'EnumerationContext', context)])],
    decoder: () => new TreeBody(() => undefined),
  }
}
