import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { element, writeXml } from '../../../src/xml/writer.js'
import { readAll } from './events.js'

const XML = 'http://www.w3.org/XML/1998/namespace'
const XMLNS = 'http://www.w3.org/2000/xmlns/'

describe('a declaration that Namespaces in XML forbids is refused:', () => {
  it.each([
    ['another namespace for xml', '<a xmlns:xml="urn:x"/>'],
    ['any for xmlns', '<a xmlns:xmlns="urn:x"/>'],
    ['its own for xmlns', `<a xmlns:xmlns="${XMLNS}"/>`],
    ['that of xml for another prefix', `<a xmlns:p="${XML}"/>`],
    ['that of xmlns for another prefix', `<a xmlns:p="${XMLNS}"/>`],
    ['that of xml as default', `<a xmlns="${XML}"/>`],
    ['that of xmlns as default', `<a xmlns="${XMLNS}"/>`],
    ['none for a prefix', '<a xmlns:p=""/>'],
    ['one for no prefix', '<a xmlns:="urn:x"/>'],
    ['one for a prefix with a colon', '<a xmlns:p:q="urn:x"/>'],
  ])('%s', (_, xml) => {
    expect(() => readAll(xml)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_WSMAN_MALFORMED_XML' }) as Error,
    )
  })

  it.each([
    ['that of xml for xml', `<a xmlns:xml="${XML}"/>`, ['<a', '>']],
    ['none as default', '<a xmlns="u"><b xmlns=""/></a>', ['<{u}a', '<b', '>', '>']],
  ])('but not %s', (_, xml, events) => {
    expect(readAll(xml)).toEqual(events)
  })
})

it('nothing is written in the namespace of declarations', () => {
  const trees = [
    element(XMLNS, 'a'),
    element('', 'a', [], [{ namespace: XMLNS, name: 'p', value: 'urn:x' }]),
    element('', 'a', [element(XMLNS, 'p')]),
  ]
  for (const tree of trees) expect(() => writeXml(tree)).toThrow(UsageError)
})
