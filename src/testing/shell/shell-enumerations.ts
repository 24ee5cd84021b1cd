import { randomUUID } from 'node:crypto'
import { ACTION } from '../../envelope/actions.js'
import type { EndpointReference } from '../../envelope/endpoint-reference.js'
import { referenceChildren } from '../../envelope/selectors.js'
import type { Settings } from '../../settings/table.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { element, writeXml, type ElementTree } from '../../xml/writer.js'
import type { EndpointReply, EndpointRequest } from '../message.js'
import { MAX_DELAY_MS } from './changes.js'
import * as faults from './shell-faults.js'

/** A shell as it stands in a list. */
export interface ShellItem {
  readonly tree: ElementTree
  readonly reference: EndpointReference
}

interface Context {
  readonly owner: string
  readonly rest: ElementTree[]
  readonly timer: NodeJS.Timeout
}

/** Octets of a reply that are not items. */
const ENVELOPE_OVERHEAD = 4096
const SELECTOR_FILTER = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter'

/** The lists of shells and of commands that are being read (MS-WSMV 3.1.4.8.2 and 3.1.4.9.2). */
export class ShellEnumerations {
  readonly #settings: Settings
  readonly #contexts = new Map<string, Context>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** @throws EndpointFault for a filter: there is none for shells */
  enumerateShells(request: EndpointRequest, owner: string, shells: readonly ShellItem[]): EndpointReply {
    const enumerate = theElement(request, 'Enumerate')
    if (filterOf(enumerate)) throw faults.filteringNotSupported()
    const mode = enumerate.childText(NS.wsman, 'EnumerationMode')
    return this.#start(
      request,
      owner,
      enumerate,
      shells.map((shell) => present(shell, mode)),
    )
  }

  /** @throws EndpointFault without a selector filter that names the shell, or where references are asked for */
  enumerateCommands(
    request: EndpointRequest,
    owner: string,
    commandsOf: (shellId: string) => readonly ElementTree[],
  ): EndpointReply {
    const enumerate = theElement(request, 'Enumerate')
    if (enumerate.child(NS.wsman, 'EnumerationMode')) throw faults.commandReferencesNotSupported()
    return this.#start(request, owner, enumerate, commandsOf(filteredShellId(enumerate)))
  }

  /** @throws EndpointFault for a context that ended, expired or belongs to another user */
  pull(request: EndpointRequest, owner: string): EndpointReply {
    const pull = theElement(request, 'Pull')
    const { rest } = this.#take(pull, owner)
    const batch = this.#batch(rest, maxElements(pull.childText(NS.enumeration, 'MaxElements')), request)
    return {
      action: `${ACTION.pull}Response`,
      body: [
        element(NS.enumeration, 'PullResponse', [
          ...(rest.length > 0 ? [this.#keep(owner, rest)] : []),
          element(NS.enumeration, 'Items', batch),
          ...(rest.length > 0 ? [] : [element(NS.enumeration, 'EndOfSequence')]),
        ]),
      ],
    }
  }

  release(request: EndpointRequest, owner: string): EndpointReply {
    this.#take(theElement(request, 'Release'), owner)
    return { action: `${ACTION.release}Response`, body: [] }
  }

  close(): void {
    for (const { timer } of this.#contexts.values()) clearTimeout(timer)
    this.#contexts.clear()
  }

  #start(
    request: EndpointRequest,
    owner: string,
    enumerate: XmlElement,
    items: readonly ElementTree[],
  ): EndpointReply {
    const rest = [...items]
    const optimized = enumerate.child(NS.wsman, 'OptimizeEnumeration') !== undefined
    const batch = optimized
      ? this.#batch(rest, maxElements(enumerate.childText(NS.wsman, 'MaxElements')), request)
      : []
    const ended = optimized && rest.length === 0
    return {
      action: `${ACTION.enumerate}Response`,
      body: [
        element(NS.enumeration, 'EnumerateResponse', [
          ended ? element(NS.enumeration, 'EnumerationContext') : this.#keep(owner, rest),
          ...(optimized ? [element(NS.wsman, 'Items', batch)] : []),
          ...(ended ? [element(NS.wsman, 'EndOfSequence')] : []),
        ]),
      ],
    }
  }

  /** Takes the items of one reply off the list: one at least, and no more than fit. */
  #batch(rest: ElementTree[], wanted: number, request: EndpointRequest): ElementTree[] {
    const most = Math.min(wanted, this.#settings.protocol.maxBatchItems)
    let room = request.maxEnvelopeSize - ENVELOPE_OVERHEAD
    let count = 0
    for (const item of rest.slice(0, most)) {
      room -= Buffer.byteLength(writeXml(item))
      if (room < 0 && count > 0) break
      count += 1
    }
    return rest.splice(0, count)
  }

  #keep(owner: string, rest: ElementTree[]): ElementTree {
    const id = `uuid:${randomUUID().toUpperCase()}`
    const lifetimeMs = Math.min(this.#settings.service.enumerationTimeoutMs, MAX_DELAY_MS)
    const timer = setTimeout(() => this.#contexts.delete(id), lifetimeMs)
    this.#contexts.set(id, { owner, rest, timer: timer.unref() })
    return element(NS.enumeration, 'EnumerationContext', id)
  }

  #take(body: XmlElement, owner: string): Context {
    const id = body.childText(NS.enumeration, 'EnumerationContext') ?? ''
    const context = this.#contexts.get(id)
    if (context?.owner !== owner) throw faults.invalidEnumerationContext()
    clearTimeout(context.timer)
    this.#contexts.delete(id)
    return context
  }
}

function theElement(request: EndpointRequest, name: string): XmlElement {
  const [body] = request.body
  if (!body?.is(NS.enumeration, name)) throw faults.invalidElement(body?.name.local ?? 'Body')
  return body
}

function filterOf(enumerate: XmlElement): XmlElement | undefined {
  return enumerate.child(NS.wsman, 'Filter') ?? enumerate.child(NS.enumeration, 'Filter')
}

function filteredShellId(enumerate: XmlElement): string {
  const filter = filterOf(enumerate)
  if (filter?.attribute('Dialect') !== SELECTOR_FILTER) throw faults.shellFilterExpected()
  const selectors = filter.child(NS.wsman, 'SelectorSet')?.all(NS.wsman, 'Selector') ?? []
  const shellId = selectors.find((selector) => selector.attribute('Name')?.toLowerCase() === 'shellid')
  if (!shellId) throw faults.shellFilterExpected()
  return shellId.text.trim()
}

/** DSP0226 8.7: objects, references, or both. */
function present({ tree, reference }: ShellItem, mode: string | undefined): ElementTree {
  if (mode === undefined) return tree
  const epr = element(NS.addressing, 'EndpointReference', referenceChildren(reference))
  if (mode === 'EnumerateEPR') return epr
  if (mode === 'EnumerateObjectAndEPR') return element(NS.wsman, 'Item', [tree, epr])
  throw faults.invalidElement('EnumerationMode')
}

/** WS-Enumeration 3.2: one where the client does not say. */
function maxElements(text: string | undefined): number {
  const count = Number(text ?? 1)
  if (!Number.isInteger(count) || count < 1) throw faults.invalidElement('MaxElements')
  return count
}
