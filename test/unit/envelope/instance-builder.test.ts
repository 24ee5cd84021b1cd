import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InstanceBuilder, InstanceLayout } from '../../../src/envelope/instance-builder.js'
import type { RawValue } from '../../../src/envelope/instance.js'

type Properties = readonly (readonly [string, RawValue])[]

function build(layout: InstanceLayout, properties: Properties): object {
  const builder = new InstanceBuilder(layout)
  for (const [name, value] of properties) builder.add(name, value)
  return builder.finish()
}

/** What should come of it: entries in order, values of one name together where the first of them stands. */
function entriesOf(properties: Properties): [string, RawValue][] {
  const all = new Map<string, RawValue[]>()
  for (const [name, value] of properties) all.set(name, [...(all.get(name) ?? []), value])
  return [...all].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? null)])
}

const usual: Properties = Array.from({ length: 40 }, (_, index) => [`Property${index}`, `value ${index}`])

describe('instances of one class', () => {
  it.each([
    ['the same properties', usual],
    ['other values', usual.map(([name], index) => [name, index % 2 === 0 ? null : 'other'] as const)],
    ['one less at the end', usual.slice(0, -1)],
    ['one less at the beginning', usual.slice(1)],
    ['one less in between', usual.filter((_, index) => index !== 20)],
    ['one more at the end', [...usual, ['More', 'x'] as const]],
    ['one more in between', usual.toSpliced(7, 0, ['More', 'x'])],
    ['another order', usual.toReversed()],
    ['none', []],
    ['an array', usual.toSpliced(7, 0, ['Property6', 'second'], ['Property6', 'third'])],
    ['an array at the end', [...usual, ['Property39', 'second'] as const]],
    ['an array whose values stand apart', [...usual, ['Property3', 'second'] as const]],
    ['an array at the beginning', [['Property0', 'first'] as const, ...usual]],
    ['a name that objects treat in their own way', [...usual.slice(0, 3), ['__proto__', 'x'] as const]],
  ])('hold what came, in its order: %s', (_, properties) => {
    const layout = new InstanceLayout()
    build(layout, usual)
    build(layout, usual)
    for (let turn = 0; turn < 3; turn++) {
      const instance = build(layout, properties)
      expect(Object.entries(instance)).toEqual(entriesOf(properties))
      expect(Object.getPrototypeOf(instance)).toBe(Object.prototype)
      expect(Object.entries(build(layout, usual))).toEqual(entriesOf(usual))
    }
  })

  it('never share what is in them', () => {
    const layout = new InstanceLayout()
    const list: Properties = [
      ['A', '1'],
      ['A', '2'],
    ]
    const [first, second] = [build(layout, list), build(layout, list)] as { A: string[] }[]
    first?.A.push('3')
    expect(second).toEqual({ A: ['1', '2'] })
    expect(build(layout, list)).toEqual({ A: ['1', '2'] })
  })

  it('hold what came, whatever came before', () => {
    const name = fc.constantFrom('A', 'B', 'C', 'D', '__proto__', 'constructor', 'toString')
    const value = fc.oneof(fc.string(), fc.constant(null))
    fc.assert(
      fc.property(fc.array(fc.array(fc.tuple(name, value), { maxLength: 6 }), { maxLength: 30 }), (lists) => {
        const layout = new InstanceLayout()
        const often = lists.flatMap((list, index) => (index % 2 === 0 ? [list, list] : [list]))
        for (const list of often) expect(Object.entries(build(layout, list))).toEqual(entriesOf(list))
      }),
      { numRuns: 500 },
    )
  })
})
