import { expect, it } from 'vitest'
import { TreeBuilder, type XmlElement } from '../../../src/xml/element.js'
import { XmlReader } from '../../../src/xml/reader.js'

function read(xml: string): XmlElement {
  const roots: XmlElement[] = []
  const reader = new XmlReader(new TreeBuilder((root) => roots.push(root)))
  reader.write(Buffer.from(xml))
  reader.end()
  const [root] = roots
  if (!root || roots.length > 1) throw new Error(`${roots.length} roots`)
  return root
}

it('an element keeps everything in it, in order, with neighbouring texts joined', () => {
  const root = read('<a>1<![CDATA[2]]>&#51;<b/>4<!-- x -->5<c> 6 </c></a>')
  expect(root.children.map((child) => (typeof child === 'string' ? child : child.name.local))).toEqual([
    '123',
    'b',
    '45',
    'c',
  ])
  expect(root.text).toBe('12345')
  expect(root.elements.map(({ name }) => name.local)).toEqual(['b', 'c'])
})

it('children are found by namespace and name, the first of several', () => {
  const root = read('<r xmlns:p="urn:p"><x>none</x><p:x> one </p:x><p:x>two</p:x></r>')
  expect(root.child('urn:p', 'x')?.text).toBe(' one ')
  expect(root.childText('urn:p', 'x')).toBe('one')
  expect(root.childText('', 'x')).toBe('none')
  expect(root.all('urn:p', 'x').map(({ text }) => text)).toEqual([' one ', 'two'])
  expect([root.child('urn:p', 'y'), root.child('urn:q', 'x'), root.childText('urn:q', 'x')]).toEqual(
    Array(3).fill(undefined),
  )
  expect([root.is('', 'r'), root.is('urn:p', 'r')]).toEqual([true, false])
})

it('attributes without a namespace are told from those with one', () => {
  const root = read('<r xmlns:p="urn:p" p:x="1" x="2" y=""/>')
  expect(root.attribute('x')).toBe('2')
  expect(root.attribute('x', 'urn:p')).toBe('1')
  expect(root.attribute('y')).toBe('')
  expect(root.attribute('z')).toBeUndefined()
  expect(root.attributes.map(({ name }) => name.local)).toEqual(['x', 'x', 'y'])
})
