import { afterAll, beforeAll } from 'vitest'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { select, textOf, type PlainElement } from '../../../support/xml-compare.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  pullBody,
  send,
  soap,
  textAt,
  type RawReply,
  type RequestParts,
} from './raw-client.js'

export const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi'
export const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2'

export interface Page {
  readonly reply: RawReply
  readonly context: string
  readonly items: readonly PlainElement[]
  readonly ended: boolean
}

/** An endpoint for the tests of one file, with users alice and bob over HTTP, and ways to ask it. */
export class ClassEndpoint {
  endpoint: Endpoint | undefined

  constructor(options: EndpointOptions) {
    beforeAll(async () => {
      this.endpoint = await startEndpoint({
        users: [
          { username: 'alice', password: 'secret' },
          { username: 'bob', password: 'secret' },
        ],
        ...options,
        settings: {
          ...options.settings,
          service: { auth: { basic: true }, allowUnencrypted: true, ...options.settings?.service },
        },
      })
    })
    afterAll(() => this.endpoint?.close())
  }

  ask(parts: RequestParts, username = 'alice'): Promise<RawReply> {
    return send(this.endpoint?.url ?? '', soap(parts), {
      headers: { Authorization: basic(username, 'secret') },
    })
  }

  get(resourceUri: string, selectors: Readonly<Record<string, string>>, extra = ''): Promise<RawReply> {
    return this.ask({ resourceUri, selectors, extra })
  }

  async enumerate(resourceUri: string, content = '', parts: RequestParts = {}): Promise<Page> {
    const body = enumerateBody(content)
    return page(await this.ask({ action: ACTIONS.enumerate, resourceUri, body, ...parts }), 'Enumerate')
  }

  async pull(
    resourceUri: string,
    context: string,
    maxElements?: number,
    { more, username, ...parts }: RequestParts & { more?: string; username?: string } = {},
  ): Promise<Page> {
    const body = pullBody(context, maxElements, more)
    return page(await this.ask({ action: ACTIONS.pull, resourceUri, body, ...parts }, username), 'Pull')
  }

  release(resourceUri: string, context: string, username?: string): Promise<RawReply> {
    const body = `<n:Release><n:EnumerationContext>${context}</n:EnumerationContext></n:Release>`
    return this.ask({ action: ACTIONS.release, resourceUri, body }, username)
  }

  /** All items of an enumeration with the usual pages. */
  async all(resourceUri: string, content = ''): Promise<readonly PlainElement[]> {
    const first = await this.enumerate(
      resourceUri,
      `<w:OptimizeEnumeration/><w:MaxElements>20</w:MaxElements>${content}`,
    )
    const items = [...first.items]
    let last = first
    while (!last.ended) {
      last = await this.pull(resourceUri, last.context, 20)
      items.push(...last.items)
    }
    return items
  }
}

function page(reply: RawReply, verb: string): Page {
  const path = ['Body', `${verb}Response`] as const
  return {
    reply,
    context: reply.status === 200 ? (textAt(reply.xml, ...path, 'EnumerationContext') ?? '') : '',
    items:
      reply.status === 200 ? select(reply.xml, ...path, 'Items').flatMap((items) => children(items)) : [],
    ended: reply.status !== 200 || select(reply.xml, ...path, 'EndOfSequence').length > 0,
  }
}

const children = (element: PlainElement): PlainElement[] =>
  element.children.filter((child) => typeof child !== 'string')

/** The texts of an instance's properties, by name; null for `xsi:nil`, arrays where a name repeats. */
export function properties(instance: PlainElement | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const child of instance ? children(instance) : []) {
    const name = child.name.slice(child.name.indexOf('}') + 1)
    const isNil = child.attributes['{http://www.w3.org/2001/XMLSchema-instance}nil'] === 'true'
    const value = isNil ? null : children(child).length > 0 ? properties(child) : textOf(child)
    const earlier = values[name]
    values[name] =
      name in values ? [...(Array.isArray(earlier) ? (earlier as unknown[]) : [earlier]), value] : value
  }
  return values
}
