import { describe, expect, it } from 'vitest'
import { XmlReader } from '../../../src/xml/reader.js'
import { NamespaceScope, type XmlName } from '../../../src/xml/scope.js'
import { readAll } from './events.js'

describe('namespaces in force', () => {
  it('follow the nearest declaration of a prefix', () => {
    const xml =
      '<p:a xmlns:p="one"><p:b xmlns:p="two"><p:c/></p:b><p:d/><p:e xmlns:p="three"/><p:f p:x="1"/></p:a>'
    expect(readAll(xml).filter((event) => event !== '>')).toEqual([
      '<{one}a',
      '<{two}b',
      '<{two}c',
      '<{one}d',
      '<{three}e',
      '<{one}f {one}x=1',
    ])
  })

  it('hold for the element that declares them, attributes before the declaration included', () => {
    expect(readAll('<p:a p:x="1" xmlns:p="u"/>')).toEqual(['<{u}a {u}x=1', '>'])
  })

  it('give the default to elements and never to attributes', () => {
    expect(readAll('<a xmlns="u" x="1"><b y="2"/></a>')).toEqual(['<{u}a x=1', '<{u}b y=2', '>', '>'])
  })

  it('end with the default switched off', () => {
    expect(readAll('<a xmlns="u"><b xmlns=""><c/></b><d/></a>')).toEqual([
      '<{u}a',
      '<b',
      '<c',
      '>',
      '>',
      '<{u}d',
      '>',
      '>',
    ])
  })

  it('know xml without a declaration', () => {
    expect(readAll('<a xml:lang="de"/>')).toEqual(['<a {http://www.w3.org/XML/1998/namespace}lang=de', '>'])
  })

  it('differ between siblings that declare the same prefix differently, however often', () => {
    const siblings = Array.from({ length: 300 }, (_, index) => `<p:b xmlns:p="u${index % 100}" p:x="1"/>`)
    const names = readAll(`<a xmlns:r="r">${siblings.join('')}</a>`).filter((event) => event.startsWith('<{'))
    expect(names).toEqual(
      Array.from({ length: 300 }, (_, index) => `<{u${index % 100}}b {u${index % 100}}x=1`),
    )
  })

  it('are not confused by a declaration whose text looks like two', () => {
    const xml = '<a xmlns:r="r"><p:b xmlns:p="u&#10;xmlns:q=v"/><q:c xmlns:p="u" xmlns:q="v"/></a>'
    expect(readAll(xml)).toEqual(['<a', '<{u\nxmlns:q=v}b', '>', '<{v}c', '>', '>'])
  })

  it('do not leak from one document into the next', () => {
    expect(readAll('<p:a xmlns:p="one"/>')).toEqual(['<{one}a', '>'])
    expect(() => readAll('<p:a/>')).toThrow('p:a')
    expect(readAll('<p:a xmlns:p="two"/>')).toEqual(['<{two}a', '>'])
  })
})

describe('names', () => {
  it('are one object for all equal elements under one declaration', () => {
    const names: XmlName[] = []
    const reader = new XmlReader({
      startElement: (name) => names.push(name),
      endElement: () => undefined,
      text: () => undefined,
    })
    const items = '<p:item xmlns:p="u"><p:Name/></p:item>'.repeat(3)
    reader.write(Buffer.from(`<r:a xmlns:r="r">${items}</r:a>`))
    reader.end()
    const [, item, name, secondItem, secondName, thirdItem, thirdName] = names
    expect(item).toEqual({ local: 'item', namespace: 'u', prefix: 'p' })
    expect(name).toEqual({ local: 'Name', namespace: 'u', prefix: 'p' })
    expect([secondItem, thirdItem]).toEqual([item, item])
    expect(secondItem).toBe(item)
    expect([secondName === name, thirdName === name]).toEqual([true, true])
  })

  it('keep apart what one qualified name means for an element and for an attribute', () => {
    const scope = NamespaceScope.root.extend({ xmlns: 'u' })
    expect(scope.elementName('x')).toEqual({ local: 'x', namespace: 'u', prefix: '' })
    expect(scope.attributeName('x')).toEqual({ local: 'x', namespace: '', prefix: '' })
  })

  it('stay right when a peer sends more of them than are kept', () => {
    const scope = NamespaceScope.root.extend({ 'xmlns:p': 'u' })
    for (let index = 0; index < 10_000; index++) {
      expect(scope.elementName(`p:n${index}`).local).toBe(`n${index}`)
    }
    expect(scope.elementName('p:n9999')).toEqual({ local: 'n9999', namespace: 'u', prefix: 'p' })
  })

  it('are not learned by the scope that outlives the document', () => {
    expect(NamespaceScope.root.elementName('seen')).not.toBe(NamespaceScope.root.elementName('seen'))
    expect(NamespaceScope.root.extend({ xmlns: 'u' })).not.toBe(NamespaceScope.root.extend({ xmlns: 'u' }))
  })
})
