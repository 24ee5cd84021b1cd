import { SaxesParser } from 'saxes'
import type { XmlLimits } from '../../../src/xml/guard.js'
import { XmlReader } from '../../../src/xml/reader.js'
import type { XmlName } from '../../../src/xml/scope.js'
import type { Vocabulary } from '../../../src/xml/vocabulary.js'
import { qualified } from '../../support/xml-compare.js'

/** An event as text: `<{namespace}name key=value`, `>` for an end, and text in quotes, neighbours joined. */
export type Event = string

/** Reads a document that arrives in the given pieces. */
export function readPieces(
  pieces: Iterable<Uint8Array>,
  limits: Partial<XmlLimits> = {},
  vocabulary?: Vocabulary,
): Event[] {
  const events: Event[] = []
  let pending = ''
  const flush = (): void => {
    if (pending !== '') events.push(JSON.stringify(pending))
    pending = ''
  }
  const reader = new XmlReader(
    {
      startElement: (name, attributes) => {
        flush()
        const list = attributes.map((entry) => ` ${nameOf(entry.name)}=${entry.value}`)
        events.push(`<${nameOf(name)}${list.join('')}`)
      },
      endElement: () => {
        flush()
        events.push('>')
      },
      text: (text) => {
        pending += text
      },
      expectsAlike: () => true,
    },
    limits,
    vocabulary,
  )
  for (const piece of pieces) reader.write(piece)
  reader.end()
  return events
}

/** The events that the tokenizer gives alone, with its own namespaces. */
export function tokenized(xml: string): Event[] | 'refused' {
  const events: Event[] = []
  let pending = ''
  const flush = (): void => {
    if (pending !== '') events.push(JSON.stringify(pending))
    pending = ''
  }
  let depth = 0
  const parser = new SaxesParser({ xmlns: true })
  parser.on('opentag', (tag) => {
    flush()
    depth += 1
    const attributes = Object.values(tag.attributes).filter(
      ({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'),
    )
    const list = attributes.map(({ uri, local, value }) => ` ${qualified(uri, local)}=${value}`)
    events.push(`<${qualified(tag.uri, tag.local)}${list.join('')}`)
  })
  parser.on('closetag', () => {
    flush()
    depth -= 1
    events.push('>')
  })
  const text = (value: string): void => {
    // White space around the root is no text of the document.
    if (depth > 0) pending += value
  }
  parser.on('text', text)
  parser.on('cdata', text)
  try {
    parser.write(xml).close()
    return events
  } catch {
    return 'refused'
  }
}

export function readAll(source: string | Uint8Array, limits: Partial<XmlLimits> = {}): Event[] {
  return readPieces([typeof source === 'string' ? Buffer.from(source) : source], limits)
}

/** The pieces of a document that is cut after every `size` bytes. */
export function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

const nameOf = ({ namespace, local }: XmlName): string => qualified(namespace, local)
