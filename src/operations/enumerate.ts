import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { formatDuration } from '../util/duration.js'
import { NS } from '../xml/namespaces.js'
import { xml, type Xml } from '../xml/template.js'
import { filterXml, type FilterExpression } from './filters.js'
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
  return {
    name: 'Enumerate',
    action: ACTION.enumerate,
    resource: request.resource,
    lane: 'call',
    idempotent: true,
    body: () => enumerateXml(request),
    decoder: () => new PageBody('EnumerateResponse', items),
  }
}

function enumerateXml({ mode, optimize, maxElements, filter, expiresMs }: EnumerateRequest): Xml {
  const children: Xml[] = []
  if (expiresMs !== undefined) children.push(xml`<n:Expires>${formatDuration(expiresMs)}</n:Expires>`)
  if (optimize) {
    children.push(xml`<w:OptimizeEnumeration/>`, xml`<w:MaxElements>${String(maxElements)}</w:MaxElements>`)
  }
  if (mode !== 'object') children.push(xml`<w:EnumerationMode>${MODES[mode]}</w:EnumerationMode>`)
  if (filter) children.push(filterXml(filter))
  return xml`<n:Enumerate xmlns:n="${NS.enumeration}">${children}</n:Enumerate>`
}

export interface PullRequest {
  readonly resource: ResourceLocator
  readonly context: string
  readonly maxElements: number
  readonly maxTimeMs?: number | undefined
}

/** WS-Enumeration Pull (MS-WSMV 3.1.4.9). The items of a lost reply are gone, so it is never sent twice. */
export function pullOperation<T>(request: PullRequest, items: ItemDecoderFactory<T>): Operation<Page<T>> {
  return {
    name: 'Pull',
    action: ACTION.pull,
    resource: request.resource,
    lane: 'poll',
    idempotent: false,
    body: () => pullXml(request),
    decoder: () => new PageBody('PullResponse', items),
  }
}

function pullXml({ context, maxElements, maxTimeMs }: PullRequest): Xml {
  const children = [contextXml(context)]
  if (maxTimeMs !== undefined) children.push(xml`<n:MaxTime>${formatDuration(maxTimeMs)}</n:MaxTime>`)
  children.push(xml`<n:MaxElements>${String(maxElements)}</n:MaxElements>`)
  return xml`<n:Pull xmlns:n="${NS.enumeration}">${children}</n:Pull>`
}

const contextXml = (context: string): Xml => xml`<n:EnumerationContext>${context}</n:EnumerationContext>`

/** WS-Enumeration Release (MS-WSMV 3.1.4.10). */
export function releaseOperation(resource: ResourceLocator, context: string): Operation<void> {
  return {
    name: 'Release',
    action: ACTION.release,
    resource,
    lane: 'control',
    idempotent: true,
    body: () => xml`<n:Release xmlns:n="${NS.enumeration}">${contextXml(context)}</n:Release>`,
    decoder: () => new TreeBody(() => undefined),
  }
}
