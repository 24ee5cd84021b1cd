import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { associated, type AssociationQuery } from '../../../src/testing/associations.js'
import { ClassRegistry } from '../../../src/testing/class-registry.js'
import type { EndpointClass, EndpointInstance, EndpointRef } from '../../../src/testing/types.js'

/** A node is of a class, or of one derived from it; an edge ties two of them under the names of its ends. */
interface Node {
  readonly className: 'Base' | 'Derived' | 'Other'
  readonly id: number
}
interface Edge {
  readonly className: 'Plain' | 'Special' | 'Foreign'
  readonly from: Node
  readonly to: Node
}

/** The names of the ends, by the class of the association. */
const ENDS = { Plain: ['From', 'To'], Special: ['From', 'To'], Foreign: ['Left', 'Right'] } as const
/** What a class is, itself included. */
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  Base: ['Base'],
  Derived: ['Derived', 'Base'],
  Other: ['Other'],
  Plain: ['Plain'],
  Special: ['Special', 'Plain'],
  Foreign: ['Foreign'],
}

const IDS = 2
const nodes: readonly Node[] = (['Base', 'Derived', 'Other'] as const).flatMap((className) =>
  Array.from({ length: IDS }, (_, id) => ({ className, id: className === 'Derived' ? id + IDS : id })),
)
const node = fc.constantFrom(...nodes)
const edges = fc.uniqueArray(
  fc.record({
    className: fc.constantFrom('Plain' as const, 'Special' as const, 'Foreign' as const),
    from: node,
    to: node,
  }),
  { minLength: 4, maxLength: 24, selector: (edge) => JSON.stringify(edge) },
)
const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 1 })
const queries = fc.record({
  kind: fc.constantFrom('associators' as const, 'references' as const),
  source: node,
  associationClass: maybe('Plain', 'special', 'Foreign', 'Base'),
  resultClass: maybe('Base', 'derived', 'Other', 'Plain', 'Special'),
  role: maybe('From', 'to', 'LEFT', 'Right'),
  resultRole: maybe('from', 'To', 'Left', 'right'),
})
type Query = typeof queries extends fc.Arbitrary<infer T> ? T : never

/** References may name the class an instance is derived to, or the one above it. */
const reference = ({ className, id }: Node): EndpointRef => ({
  className: className === 'Derived' && id % 2 === 0 ? 'Base' : className,
  keys: { Id: id },
})

function registryOf(all: readonly Edge[]): ClassRegistry {
  const key = { type: 'uint32', key: true } as const
  const end = { type: 'reference', key: true } as const
  const instances = (className: Node['className']): EndpointInstance[] =>
    nodes.filter((one) => one.className === className).map(({ id }) => ({ Id: id }))
  const ties = (className: Edge['className']): EndpointInstance[] => {
    const [first, second] = ENDS[className]
    return all
      .filter((edge) => edge.className === className)
      .map(({ from, to }) => ({ [first]: reference(from), [second]: reference(to) }))
  }
  const classes: readonly EndpointClass[] = [
    { name: 'Base', properties: { Id: key }, instances: instances('Base') },
    { name: 'Derived', superclass: 'Base', properties: {}, instances: instances('Derived') },
    { name: 'Other', properties: { Id: key }, instances: instances('Other') },
    { name: 'Plain', properties: { From: end, To: end }, instances: ties('Plain') },
    { name: 'Special', superclass: 'Plain', properties: {}, instances: ties('Special') },
    { name: 'Foreign', properties: { Left: end, Right: end }, instances: ties('Foreign') },
  ]
  return new ClassRegistry(classes)
}

/** What DSP0227 8.2 says in words, over edges and nodes. */
function expected(all: readonly Edge[], query: Query): string[] {
  const is = (className: string, wanted: string | undefined): boolean =>
    wanted === undefined ||
    (ABOVE[className] ?? []).some((name) => name.toLowerCase() === wanted.toLowerCase())
  const called = (name: string, wanted: string | undefined): boolean =>
    wanted === undefined || name.toLowerCase() === wanted.toLowerCase()
  const same = (one: Node, other: Node): boolean => one.className === other.className && one.id === other.id
  const found = new Set<string>()
  for (const edge of all) {
    if (!is(edge.className, query.associationClass)) continue
    const [first, second] = ENDS[edge.className]
    const ways = [
      { near: edge.from, nearName: first, far: edge.to, farName: second },
      { near: edge.to, nearName: second, far: edge.from, farName: first },
    ]
    for (const { near, nearName, far, farName } of ways) {
      if (!same(near, query.source) || !called(nearName, query.role)) continue
      if (query.kind === 'references') {
        if (is(edge.className, query.resultClass)) found.add(JSON.stringify(edge))
      } else if (called(farName, query.resultRole) && is(far.className, query.resultClass)) {
        found.add(`${far.className} ${far.id}`)
      }
    }
  }
  return [...found].sort()
}

async function actual(registry: ClassRegistry, query: AssociationQuery): Promise<string[]> {
  const results: string[] = []
  for await (const { registered, instance } of associated(registry, 'root/cimv2', query)) {
    const isEdge = registered.isAssociation
    const { Id } = instance
    results.push(
      isEdge ? edgeText(registered.name, instance) : `${registered.name} ${typeof Id === 'number' ? Id : ''}`,
    )
  }
  return results.sort()
}

function edgeText(className: string, instance: EndpointInstance): string {
  const [from, to] = Object.values(instance).map((value) => {
    const { Id } = (value as EndpointRef).keys
    const target = (value as EndpointRef).className
    return { className: target === 'Base' && Number(Id) >= IDS ? 'Derived' : target, id: Id }
  })
  return JSON.stringify({ className, from, to })
}

describe('associations against a model', () => {
  it('agree on random graphs and every parameter', async () => {
    let hits = 0
    await fc.assert(
      fc.asyncProperty(edges, fc.array(queries, { minLength: 1, maxLength: 6 }), async (all, asked) => {
        const registry = registryOf(all)
        for (const { source, ...query } of asked) {
          const wanted = expected(all, { source, ...query })
          const given = { ...query, source: reference(source), columns: [] }
          expect(await actual(registry, given), JSON.stringify(query)).toEqual(wanted)
          hits += wanted.length
        }
      }),
      { numRuns: 300 },
    )
    expect(hits).toBeGreaterThan(500)
  })
})
