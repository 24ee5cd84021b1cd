import { ACTION } from '../../envelope/actions.js'
import type { XmlElement } from '../../xml/element.js'
import { writeXml, type ElementTree } from '../../xml/writer.js'
import type { EnumerationItem } from '../enumeration-context.js'
import type { Enumerations } from '../enumerations.js'
import { actionNotSupported } from '../faults.js'
import type { EndpointReply, EndpointRequest } from '../message.js'
import { assertNoFilter, assertObjectMode } from './item-requests.js'

type Answer = EndpointReply | Promise<EndpointReply>

/** What a request can ask of configuration that consists of items. */
export interface ItemActions {
  get(request: EndpointRequest): Answer
  put(request: EndpointRequest): Answer
  create(request: EndpointRequest): Answer
  delete(request: EndpointRequest): Answer
  /** @param enumerate the body of the request */
  items(enumerate: XmlElement): Iterable<EnumerationItem>
  /** Any other action. Default: it is not supported. */
  other?(request: EndpointRequest): Answer
}

export function answerItemRequest(
  request: EndpointRequest,
  actions: ItemActions,
  enumerations: Enumerations,
): Answer {
  switch (request.action) {
    case ACTION.get:
      return actions.get(request)
    case ACTION.put:
      return actions.put(request)
    case ACTION.create:
      return actions.create(request)
    case ACTION.delete:
      return actions.delete(request)
    case ACTION.enumerate:
      return enumerations.enumerate(request, (enumerate) => {
        assertNoFilter(enumerate)
        return actions.items(enumerate)
      })
    case ACTION.pull:
      return enumerations.pull(request)
    case ACTION.release:
      return enumerations.release(request)
    default:
      if (actions.other) return actions.other(request)
      throw actionNotSupported(request.action)
  }
}

/** Items that are enumerated as objects only. */
export function objectsOnly<T>(
  enumerate: XmlElement,
  items: readonly T[],
  write: (item: T) => ElementTree,
): EnumerationItem[] {
  assertObjectMode(enumerate)
  // References were refused.
  return items.map((item) => ({ object: () => writeXml(write(item)), reference: () => '' }))
}

/** @param reference the content of the reference to what was made */
export const created = (reference: string): EndpointReply =>
  replyTo(ACTION.create, `<x:ResourceCreated>${reference}</x:ResourceCreated>`)

export const replyTo = (action: string, body: EndpointReply['body']): EndpointReply => ({
  action: `${action}Response`,
  body,
})
