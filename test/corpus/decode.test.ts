import fc from 'fast-check'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TreeBuilder, type XmlElement } from '../../src/xml/element.js'
import { XmlReader } from '../../src/xml/reader.js'
import { writeXml, type ElementTree } from '../../src/xml/writer.js'
import { recordedMessages, type RecordedMessage } from '../support/recordings.js'
import { describeWithShared, hasPythonModule, requirePeer, shared, systemPython } from '../support/shared.js'
import { joined, parseXml, qualified, sorted, type PlainElement } from '../support/xml-compare.js'

/** Reads a document in pieces of the given sizes, over and over. */
function read(bytes: Buffer, sizes: readonly number[] = [bytes.length]): XmlElement {
  let root: XmlElement | undefined
  const reader = new XmlReader(new TreeBuilder((element) => (root = element)))
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    reader.write(bytes.subarray(start, start + size))
    start += size
  }
  reader.end()
  if (!root) throw new Error('The reader found no element.')
  return root
}

function plain({ name, attributes, children }: XmlElement): PlainElement {
  return {
    name: qualified(name.namespace, name.local),
    attributes: sorted(
      attributes.map((attribute) => [
        qualified(attribute.name.namespace, attribute.name.local),
        attribute.value,
      ]),
    ),
    children: joined(children.map((child) => (typeof child === 'string' ? child : plain(child)))),
  }
}

/** What was read, as the writer takes it, with the prefixes it had. */
function toTree({ name, attributes, children }: XmlElement): ElementTree {
  return {
    name: name.local,
    namespace: name.namespace,
    prefix: name.prefix,
    attributes: attributes.map(({ name: { local, namespace }, value }) => ({
      name: local,
      value,
      ...(namespace === '' ? {} : { namespace }),
    })),
    children: children.map((child) => (typeof child === 'string' ? child : toTree(child))),
  }
}

const bytesOf = ({ file }: RecordedMessage): Buffer => readFileSync(shared('corpus', file))

/** Well-formed, and yet refused: SOAP forbids it (SOAP 1.2 part 1, section 5). */
const hasDocumentType = (message: RecordedMessage): boolean => /^<!DOCTYPE/m.test(bytesOf(message).toString())

const withoutDeclaration = (xml: string): string => xml.replace(/^\uFEFF?\s*<\?xml[^>]*\?>\s*/, '')

const describePython = requirePeer('Python', () => hasPythonModule('xml.etree.ElementTree'))

function canonical(documents: readonly string[]): readonly unknown[] {
  const script = fileURLToPath(new URL('c14n.py', import.meta.url))
  const { stdout, stderr } = spawnSync(systemPython, [script], {
    input: JSON.stringify(documents),
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as readonly unknown[]
}

describeWithShared('corpus', 'every recorded message', () => {
  const messages = recordedMessages().filter(({ file }) => file.endsWith('.xml'))
  const wellFormed = messages.filter((message) => message.wellFormed && !hasDocumentType(message))
  const refused = messages.filter((message) => !message.wellFormed || hasDocumentType(message))
  const sources = [...new Set(wellFormed.map(({ source }) => source))]

  it('is looked at', () => {
    expect(wellFormed.length).toBeGreaterThan(800)
    expect(refused.length).toBeGreaterThan(20)
    expect(messages.filter(hasDocumentType).map(({ file }) => file)).toEqual(['winrm4j/raw/win12.xml'])
  })

  describe.each(sources)('of %s', (source) => {
    const own = wellFormed.filter((message) => message.source === source)

    it('is read, and written back, without losing or changing anything', () => {
      for (const message of own) {
        const bytes = bytesOf(message)
        const expected = parseXml(bytes.toString())
        const element = read(bytes)
        expect(plain(element), message.file).toEqual(expected)
        expect(parseXml(writeXml(toTree(element))), message.file).toEqual(expected)
      }
    })

    it('is the same however it is cut into pieces', () => {
      const samples = own.map(bytesOf).map((bytes) => ({ bytes, whole: plain(read(bytes)) }))
      fc.assert(
        fc.property(
          fc.constantFrom(...samples),
          fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
          ({ bytes, whole }, sizes) => {
            expect(plain(read(bytes, sizes))).toEqual(whole)
          },
        ),
        { numRuns: 20 },
      )
    })
  })

  describePython('in the canonical form that Python gives it', () => {
    it('is written back as it was', () => {
      const texts = wellFormed.map((message) => bytesOf(message).toString().trim())
      const written = texts.map((text) => writeXml(toTree(read(Buffer.from(text)))))
      expect(canonical(written)).toEqual(canonical(texts.map(withoutDeclaration)))
    })
  })

  it.each(refused.map((message) => [message.file, message] as const))('is refused: %s', (_, message) => {
    expect(() => read(bytesOf(message))).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_WSMAN_MALFORMED_XML' }),
    )
  })
})
