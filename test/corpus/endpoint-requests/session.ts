import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { shared } from '../../support/shared.js'
import {
  elementsOf,
  localName,
  parseXml,
  select,
  textOf,
  type PlainElement,
} from '../../support/xml-compare.js'
import {
  basic,
  faultOf,
  send,
  soap,
  type RawReply,
  type RequestParts,
} from '../../unit/testing/support/raw-client.js'

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const SELECTOR_FILTER = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'

/** Elements by which a reply names what later requests are about. */
export const NAMING = ['ShellId', 'CommandId', 'EnumerationContext'] as const
export type Naming = (typeof NAMING)[number]

/** What an answer is, in the parts that are compared. */
export interface Answer {
  readonly status: number
  readonly xml: PlainElement
  /** The name of the request it answers. */
  readonly messageId?: string | undefined
}

/** One conversation: what the recorded names stand for in it. */
export class Session {
  readonly #url: string
  readonly #ids = new Map<string, string>()
  readonly #shells = new Set<string>()

  constructor(url: string) {
    this.#url = url
  }

  /** Sends a recorded request with our names in the place of the recorded ones. */
  async replay(file: string): Promise<Answer> {
    const bytes = readFileSync(shared('corpus', file))
    if (file.endsWith('.bin')) {
      const wide = isWide(bytes)
      return {
        ...(await this.#send(bytes, wide)),
        messageId: messageIdIn(wide ? bytes.toString('utf16le') : ''),
      }
    }
    let text = bytes.toString('utf8')
    for (const [theirs, ours] of this.#ids) text = text.replaceAll(theirs, ours)
    if (text.includes(`${SHELL}/Receive<`)) await this.#commandEnded()
    const declaresWide = /^\s*<\?xml[^>]*encoding="utf-16"/i.test(text)
    const encoded = declaresWide ? Buffer.from(`\uFEFF${text}`, 'utf16le') : Buffer.from(text)
    return { ...(await this.#send(encoded, declaresWide)), messageId: messageIdIn(text) }
  }

  async ask(parts: RequestParts): Promise<Answer> {
    const answer = await this.#send(Buffer.from(soap(parts)), false)
    expect(answer.status, 'what goes before').toBe(200)
    return answer
  }

  /** From now on this recorded name stands for that of ours. */
  learn(theirs: string | undefined, ours: string | undefined): void {
    if (theirs && ours) this.#ids.set(theirs.trim(), ours.trim())
  }

  /** What a recorded name stands for. */
  own(theirs: string): string {
    return this.#ids.get(theirs) ?? ''
  }

  /** The names that both the recorded answer and ours tell. */
  learnFrom(recorded: PlainElement, ours: PlainElement): void {
    for (const name of NAMING) this.learn(find(recorded, name), find(ours, name))
    this.#shells.add(find(ours, 'ShellId') ?? '')
  }

  async openShell(...theirs: readonly string[]): Promise<void> {
    const body = `<r:Shell xmlns:r="${SHELL}"><r:InputStreams>stdin</r:InputStreams><r:OutputStreams>stdout stderr</r:OutputStreams></r:Shell>`
    const create = 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Create'
    const { xml } = await this.ask({ action: create, resourceUri: `${SHELL}/cmd`, body })
    const shellId = find(xml, 'ShellId') ?? ''
    for (const name of theirs) this.learn(name, shellId)
    this.#shells.add(shellId)
  }

  async start(shell: string, command: string, theirs: string): Promise<void> {
    const { xml } = await this.ask({
      action: `${SHELL}/Command`,
      resourceUri: `${SHELL}/cmd`,
      selectors: { ShellId: this.own(shell) },
      body: `<r:CommandLine xmlns:r="${SHELL}"><r:Command>${command}</r:Command></r:CommandLine>`,
    })
    this.learn(theirs, find(xml, 'CommandId'))
  }

  async enumerate(resourceUri: string, theirs: string): Promise<void> {
    const { xml } = await this.ask({
      action: `${ENUMERATION}/Enumerate`,
      resourceUri,
      body: '<n:Enumerate/>',
    })
    this.learn(theirs, find(xml, 'EnumerationContext'))
  }

  async pull(resourceUri: string, theirs: string): Promise<void> {
    const body = `<n:Pull><n:EnumerationContext>${this.own(theirs)}</n:EnumerationContext></n:Pull>`
    const { xml } = await this.ask({ action: `${ENUMERATION}/Pull`, resourceUri, body })
    this.learn(theirs, find(xml, 'EnumerationContext'))
  }

  /** What is left of a command that has ended comes in one reply, as it did when it was recorded. */
  async #commandEnded(): Promise<void> {
    for (;;) {
      const states = await Promise.all([...this.#shells].map((shellId) => this.#commandStates(shellId)))
      if (states.flat().every((state) => state === 'Done')) return
    }
  }

  async #commandStates(shellId: string): Promise<readonly string[]> {
    const body =
      '<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements>' +
      `<w:Filter Dialect="${SELECTOR_FILTER}"><w:SelectorSet><w:Selector Name="ShellId">${shellId}</w:Selector></w:SelectorSet></w:Filter></n:Enumerate>`
    const parts = { action: `${ENUMERATION}/Enumerate`, resourceUri: `${SHELL}/Command`, body }
    const { xml } = await this.#send(Buffer.from(soap(parts)), false)
    return select(xml, 'Body', 'EnumerateResponse', 'Items', 'Command', 'CommandState').map(textOf)
  }

  async #send(body: Buffer, wide: boolean): Promise<Answer> {
    const charset = wide ? 'UTF-16' : 'UTF-8'
    const reply: RawReply = await send(this.#url, body, {
      headers: {
        Authorization: basic('vagrant', 'secret'),
        'Content-Type': `application/soap+xml;charset=${charset}`,
      },
    })
    expect(reply.headers['content-type']).toBe(`application/soap+xml;charset=${charset}`)
    return {
      status: reply.status,
      xml: parseXml(wide ? reply.body.toString('utf16le').slice(1) : reply.text),
    }
  }
}

const messageIdIn = (text: string): string | undefined =>
  /<(?:\w+:)?MessageID[^>]*>\s*([^<]*?)\s*</.exec(text)?.[1]
const isWide = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === 0xfe

/** The text of the first element of that name, wherever it is. */
function find(element: PlainElement, name: string): string | undefined {
  if (localName(element) === name) return textOf(element)
  for (const child of elementsOf(element)) {
    const found = find(child, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The texts of all elements inside, by the names on the way to them; of many with one way the first. */
export function textsIn(element: PlainElement, at = ''): ReadonlyMap<string, string> {
  const texts = elementsOf(element).flatMap((child): (readonly [string, string])[] => {
    const path = `${at}/${child.name}`
    return [[path, textOf(child).trim()], ...textsIn(child, path)]
  })
  return new Map(texts.reverse())
}

/** Faults without what is worded differently: prefixes are those of the sender. */
export function faultIn({ status, xml }: Answer) {
  const { code, subcode, wsmanCode } = faultOf({ status, xml } as RawReply)
  return { code: withoutPrefix(code), subcode: withoutPrefix(subcode), wsmanCode }
}

const withoutPrefix = (name: string | undefined): string | undefined => name?.trim().replace(/^.*:/, '')
