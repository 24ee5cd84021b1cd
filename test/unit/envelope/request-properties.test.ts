import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { TreeBuilder, type XmlElement } from '../../../src/xml/element.js'
import { XmlReader } from '../../../src/xml/reader.js'
import { hasPythonModule, requirePeer, systemPython } from '../../support/shared.js'
import { joined, parseXml, qualified, sorted, type PlainElement } from '../../support/xml-compare.js'
import { expectedTree, requestModel, write, type RequestModel } from './request-model.js'

function ownReader(xml: string): PlainElement {
  let root: XmlElement | undefined
  const reader = new XmlReader(new TreeBuilder((element) => (root = element)))
  reader.write(Buffer.from(xml))
  reader.end()
  if (!root) throw new Error('no root element')
  return plain(root)
}

const plain = ({ name, attributes, children }: XmlElement): PlainElement => ({
  name: qualified(name.namespace, name.local),
  attributes: sorted(
    attributes.map((entry) => [qualified(entry.name.namespace, entry.name.local), entry.value]),
  ),
  children: joined(children.map((child) => (typeof child === 'string' ? child : plain(child)))),
})

describe('any request', () => {
  it('is read by the package’s reader as it was meant', () => {
    fc.assert(
      fc.property(requestModel, (model) => {
        expect(ownReader(write(model))).toEqual(expectedTree(model))
      }),
      { numRuns: 300 },
    )
  })

  it('is read by another parser as it was meant', () => {
    fc.assert(
      fc.property(requestModel, (model) => {
        expect(parseXml(write(model))).toEqual(expectedTree(model))
      }),
      { numRuns: 150 },
    )
  })

  it('is the same text each time, whatever was written in between', () => {
    fc.assert(
      fc.property(fc.array(requestModel, { minLength: 2, maxLength: 5 }), (models) => {
        const first = models.map(write)
        expect(models.map(write)).toEqual(first)
      }),
      { numRuns: 40 },
    )
  })

  const forbidden = fc.oneof(
    fc.constantFrom('\u0000', '\u0001', '\u0008', '\u000B', '\u001F', '\uFFFE', '\uFFFF', '\uD800', '\uDFFF'),
    fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)),
  )
  /** Every place where a caller's text ends up. */
  const PLACES: Readonly<Record<string, (model: RequestModel, text: string) => RequestModel>> = {
    to: (model, to) => ({ ...model, headers: { ...model.headers, to } }),
    action: (model, action) => ({ ...model, headers: { ...model.headers, action } }),
    messageId: (model, messageId) => ({ ...model, messageId }),
    locale: (model, locale) => ({ ...model, headers: { ...model.headers, locale } }),
    dataLocale: (model, dataLocale) => ({
      ...model,
      headers: { ...model.headers, dataLocale, sessionId: 'x' },
    }),
    sessionId: (model, sessionId) => ({ ...model, headers: { ...model.headers, sessionId } }),
    resourceUri: (model, resourceUri) => resource(model, { resourceUri }),
    fragment: (model, fragment) => resource(model, { fragment }),
    'name of a selector': (model, text) => resource(model, { selectors: { [text]: 'x' } }),
    selector: (model, text) => resource(model, { selectors: { Name: text } }),
    'name of an option': (model, text) => withOption(model, { [text]: 'x' }),
    option: (model, text) => withOption(model, { Name: ['x', text] }),
    'type of an option': (model, type) => withOption(model, { Name: { value: 'x', type } }),
    property: (model, text) => properties(model, { Name: text }),
    'property of a property': (model, text) => properties(model, { Name: [{ In: text }] }),
    'name of a property': (model, text) => properties(model, { [text]: 'x' }),
    'namespace of the body': (model, text) => ({ ...model, body: { ...model.body, namespace: text } }),
    'name of the body': (model, text) => ({ ...model, body: { ...model.body, name: text } }),
  }
  const resource = (
    model: RequestModel,
    changes: Partial<RequestModel['headers']['resource']>,
  ): RequestModel => ({
    ...model,
    headers: { ...model.headers, resource: { ...model.headers.resource, ...changes } },
  })
  const withOption = (model: RequestModel, options: RequestModel['headers']['options']): RequestModel => ({
    ...model,
    headers: { ...model.headers, options },
  })
  const properties = (model: RequestModel, given: RequestModel['body']['properties']): RequestModel => ({
    ...model,
    body: { ...model.body, properties: given },
  })

  it.each(Object.entries(PLACES))('is refused where XML cannot carry what is in it: %s', (_, put) => {
    const around = fc.constantFrom('', 'a', '😀', '&<>')
    fc.assert(
      fc.property(requestModel, around, forbidden, (model, text, character) => {
        expect(() => write(put(model, `${text}${character}a`))).toThrow(UsageError)
      }),
      { numRuns: 20 },
    )
  })
})

const describePython = requirePeer('Python', () => hasPythonModule('xml.etree.ElementTree'))

describePython('any request, by Python’s xml.etree', () => {
  it('is read as it was meant', () => {
    const seed = Date.now()
    const models = fc.sample(requestModel, { numRuns: 1000, seed })
    const script = fileURLToPath(new URL('etree.py', import.meta.url))
    const { stdout, stderr } = spawnSync(systemPython, [script], {
      input: JSON.stringify(models.map(write)),
      maxBuffer: 1 << 28,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    const trees = JSON.parse(stdout) as readonly unknown[]
    expect(trees).toHaveLength(models.length)
    models.forEach((model, index) => {
      expect(trees[index], `request ${index} of seed ${seed}: ${write(model)}`).toEqual(expectedTree(model))
    })
  })
})
