import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { NS } from '../../../src/xml/namespaces.js'
import { element, writeXml } from '../../../src/xml/writer.js'
import { readAll } from './events.js'

describe('a namespace that looks like markup', () => {
  const REFERENCES = [
    'urn:&#65;',
    'urn:&lt;',
    'urn:&amp;',
    'urn:a&b;c',
    'urn:&',
    'urn:<x>"\'',
    'urn:&#x41;&#x42;',
  ]
  // A builder may take these for documents, or look at them without end.
  const DOCUMENTS = [
    '<x/>',
    ' <x>',
    '{"a":1}',
    ' [1]',
    '---',
    '#---',
    '# x',
    '%',
    ' '.repeat(200),
    '#'.repeat(200),
  ]

  it.each([...REFERENCES, ...DOCUMENTS])('%s is read as it was given', (namespace) => {
    const inner = element(namespace, 'b', [], [{ namespace, name: 'c', value: 'd' }])
    expect(readAll(writeXml(element('', 'a', [inner])))).toEqual([
      '<a',
      `<{${namespace}}b {${namespace}}c=d`,
      '>',
      '>',
    ])
    const declared = { ...element(NS.soap, 'a', [element(namespace, 'b')]), declares: [namespace] }
    expect(readAll(writeXml(declared))[1]).toBe(`<{${namespace}}b`)
  })
})

it('a declaration leaves the prefix of the element alone, and those beside it', () => {
  const tree = {
    ...element('urn:own', 'a', [element('urn:first', 'b'), element('urn:second', 'c')]),
    prefix: 'w',
    declares: [NS.wsman, 'urn:first', 'urn:second', 'urn:own'],
  }
  expect(readAll(writeXml(tree))).toEqual(['<{urn:own}a', '<{urn:first}b', '>', '<{urn:second}c', '>', '>'])
})

// A reader makes blanks of them (XML 1.0, 3.3.3), so the namespace would be another one.
it.each(['\t', '\n', '\r'])('a namespace that holds %j is refused', (character) => {
  const written = (): string => writeXml(element(`urn:${character}x`, 'a'))
  expect(written).toThrow(UsageError)
})
