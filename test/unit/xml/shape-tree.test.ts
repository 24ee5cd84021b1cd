import { describe, expect, it, vi } from 'vitest'
import { ShapeTree } from '../../../src/xml/shape-tree.js'

const anything = (): undefined => undefined

describe('the steps of a structure', () => {
  it('lead to the same place where they were gone before, and nowhere else', () => {
    const { root } = new ShapeTree(anything)
    const place = root.to('<', 'ns', 'a', 'p').to('@', 'ns', 'b')
    expect(root.to('<', 'ns', 'a', 'p').to('@', 'ns', 'b')).toBe(place)
    const first = root.to('<', 'ns', 'a', 'p')
    const others = [
      root,
      first,
      place.to('>'),
      first.to('<', 'ns', 'b'),
      first.to('@', 'ns', 'c'),
      first.to('@', 'other', 'b'),
      first.to('@', 'ns', 'b', 'p'),
      first.to('@', '', 'b'),
      root.to('<', 'ns', 'a').to('@', 'ns', 'b'),
    ]
    expect(new Set([place, ...others]).size).toBe(others.length + 1)
    expect(first.to('@', 'ns', 'c')).toBe(others[4])
    expect(first.to('@', 'other', 'b')).toBe(others[5])
  })

  it('are checked when they are new, and not taken where that throws', () => {
    const check = vi.fn((_mark: string, namespace: string) => {
      if (namespace === 'bad') throw new Error(namespace)
    })
    const { root } = new ShapeTree(check)
    expect(() => root.to('xmlns', 'bad')).toThrow('bad')
    expect(() => root.to('xmlns', 'bad')).toThrow('bad')
    root.to('<', 'good', 'a', 'p')
    root.to('<', 'good', 'a', 'p')
    expect(() => root.to('xmlns', 'bad')).toThrow('bad')
    const bad = ['xmlns', 'bad', '', '']
    expect(check.mock.calls).toEqual([bad, bad, ['<', 'good', 'a', 'p'], bad])
  })

  it('are forgotten when there are very many', () => {
    const tree = new ShapeTree(anything)
    const first = tree.root.to('<', '', 'first')
    for (let count = 0; count < 8000; count++) tree.root.to('<', '', `n${count}`)
    expect(tree.root.to('<', '', 'first')).toBe(first)
    for (let count = 0; count < 8000; count++) tree.root.to('<', '', `again${count}`)
    expect(tree.root.to('<', '', 'first')).not.toBe(first)
  })
})
