import { describe, expect, it, vi } from 'vitest'
import { ShapeTree } from '../../../src/xml/shape-tree.js'

describe('the steps of a structure', () => {
  it('lead to the same place where they were gone before, and nowhere else', () => {
    const tree = new ShapeTree()
    const place = tree.root.to('a').to('b')
    expect(tree.root.to('a').to('b')).toBe(place)
    const others = [tree.root, tree.root.to('a'), tree.root.to('b'), tree.root.to('a').to('c'), place.to('b')]
    for (const other of others) expect(other).not.toBe(place)
    expect(tree.root.to('a').to('c')).toBe(others[3])
  })

  it('are checked when they are new, and not taken where that throws', () => {
    const tree = new ShapeTree()
    const check = vi.fn((token: string) => {
      if (token === 'bad') throw new Error(token)
    })
    expect(() => tree.root.to('bad', check)).toThrow('bad')
    expect(() => tree.root.to('bad', check)).toThrow('bad')
    tree.root.to('good', check)
    tree.root.to('good', check)
    expect(check.mock.calls).toEqual([['bad'], ['bad'], ['good']])
  })

  it('are forgotten when there are very many', () => {
    const tree = new ShapeTree()
    const first = tree.root.to('first')
    for (let count = 0; count < 8000; count++) tree.root.to(String(count))
    expect(tree.root.to('first')).toBe(first)
    for (let count = 0; count < 8000; count++) tree.root.to(`again ${count}`)
    expect(tree.root.to('first')).not.toBe(first)
  })
})
