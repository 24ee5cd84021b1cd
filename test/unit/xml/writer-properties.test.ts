import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NS, prefixFor } from '../../../src/xml/namespaces.js'
import { writeXml, type ElementTree } from '../../../src/xml/writer.js'
import { joined, parseXml, qualified, type PlainElement } from '../../support/xml-compare.js'
import { anyTree } from '../../support/xml-trees.js'
import { readAll } from './events.js'

/** What a reader must find. */
function expected({
  name: local,
  namespace: uri,
  attributes: list = [],
  children = [],
}: ElementTree): PlainElement {
  return {
    name: qualified(uri, local),
    attributes: Object.fromEntries(
      list.map((entry) => [qualified(entry.namespace ?? '', entry.name), entry.value]),
    ),
    children: joined(children.map((child) => (typeof child === 'string' ? child : expected(child)))),
  }
}

/** The same in the form of the package's own reader's events. */
function events(tree: PlainElement): string[] {
  const list = Object.entries(tree.attributes).map(([key, value]) => ` ${key}=${value}`)
  const inside = tree.children.flatMap((child) =>
    typeof child === 'string' ? [JSON.stringify(child)] : events(child),
  )
  return [`<${tree.name}${list.join('')}`, ...inside, '>']
}

describe('any tree', () => {
  it('is read by another parser as it was written', () => {
    fc.assert(
      fc.property(anyTree, (given) => {
        expect(parseXml(writeXml(given))).toEqual(expected(given))
      }),
      { numRuns: 400 },
    )
  })

  it('is read as it was written when it is the body of an envelope', () => {
    fc.assert(
      fc.property(anyTree, (given) => {
        const declares = [NS.addressing, NS.wsman, NS.microsoft]
        const whole: ElementTree = { name: 'Envelope', namespace: NS.soap, children: [given], declares }
        expect(parseXml(writeXml(whole)).children).toEqual([expected(given)])
      }),
      { numRuns: 400 },
    )
  })

  it('is read by the reader as it was written', () => {
    fc.assert(
      fc.property(anyTree, (given) => {
        expect(readAll(writeXml(given))).toEqual(events(expected(given)))
      }),
      { numRuns: 400 },
    )
  })

  it('is written the same again, however many others came between', () => {
    fc.assert(
      fc.property(fc.array(anyTree, { minLength: 2, maxLength: 6 }), (trees) => {
        const first = trees.map(writeXml)
        expect(trees.map(writeXml)).toEqual(first)
      }),
      { numRuns: 200 },
    )
  })
})

describe('trees of similar shapes', () => {
  /** Few names, few namespaces, texts that look like structure: as many near misses as can be had. */
  const near = fc.constantFrom('', '.', '>', '<a', '@x ', ' ', '"', 'v')
  const { similar } = fc.letrec<{ similar: ElementTree; child: ElementTree | string }>((tie) => ({
    similar: fc.record({
      name: fc.constantFrom('a', 'ab', 'a.', 'a-'),
      namespace: fc.constantFrom('', 'u', 'u.', 'u>', 'u@x ', 'u%20', 'u ', 'u"'),
      attributes: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'xy', 'x.'), value: near }), {
        maxLength: 2,
        selector: (entry) => entry.name,
      }),
      children: fc.array(tie('child'), { maxLength: 3 }),
    }),
    child: fc.oneof({ depthSize: 'small' }, near, tie('similar')),
  }))

  it('never take each other for themselves', () => {
    fc.assert(
      fc.property(fc.array(similar, { minLength: 1, maxLength: 30 }), (trees) => {
        for (const given of trees) expect(parseXml(writeXml(given))).toEqual(expected(given))
      }),
      { numRuns: 150 },
    )
  })

  it('keep their own values when more shapes came than are remembered', () => {
    const shape = (index: number, value: string): ElementTree => ({
      name: `n${index}`,
      namespace: 'urn:x',
      children: [value],
    })
    for (let index = 0; index < 600; index++) {
      expect(writeXml(shape(index, `v${index}`))).toBe(`<p:n${index} xmlns:p="urn:x">v${index}</p:n${index}>`)
    }
    expect(writeXml(shape(0, 'again'))).toBe('<p:n0 xmlns:p="urn:x">again</p:n0>')
  })

  it('are written however long the description of their shape is', () => {
    const children = Array.from({ length: 2000 }, (_, index) => ({
      name: 'item',
      namespace: 'urn:x',
      children: [`v${index}`],
    }))
    const given: ElementTree = { name: 'list', namespace: 'urn:x', children }
    for (const round of [1, 2]) {
      const { children: read } = parseXml(writeXml(given))
      expect(read.length, `round ${round}`).toBe(2000)
      expect(read[1999]).toEqual({ name: '{urn:x}item', attributes: {}, children: ['v1999'] })
    }
  })
})

it('has a prefix for each namespace, and one for those of resources', () => {
  const prefixes = Object.values(NS)
    .filter((uri) => uri !== NS.xmlns && uri !== NS.microsoft)
    .map(prefixFor)
  expect(new Set(prefixes).size).toBe(prefixes.length)
  expect(prefixFor('urn:unknown')).toBe('p')
})
