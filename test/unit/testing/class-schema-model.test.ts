import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CimClass, CimType } from 'wsman'
import type { EndpointClass, ParameterDefinition, PropertyDefinition, ValueDefinition } from 'wsman/testing'
import { readClasses } from '../../../src/envelope/cim-class.js'
import { ClassRegistry } from '../../../src/testing/class-registry.js'
import { classXml } from '../../../src/testing/schema/class-xml.js'
import { TreeBuilder, type XmlElement } from '../../../src/xml/element.js'
import { XmlReader } from '../../../src/xml/reader.js'
import { text, TYPES } from '../../support/cim-values.js'

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,7}$/)
const scalar = fc.oneof(text, fc.boolean(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
const texts = fc.array(text, { minLength: 1, maxLength: 3 })
/** None of those that follow from a definition. */
const qualifiers = fc.dictionary(
  name.map((word) => `Q${word}`),
  fc.oneof(scalar, texts),
  { maxKeys: 3 },
)
const value: fc.Arbitrary<ValueDefinition> = fc
  .record({
    type: fc.constantFrom<CimType>(...TYPES),
    array: fc.boolean(),
    named: fc.option(name, { nil: undefined }),
    isObject: fc.boolean(),
    qualifiers,
  })
  .map(({ type, array, named, isObject, qualifiers: given }) => ({
    type,
    array,
    qualifiers: given,
    ...(type === 'reference' && named !== undefined ? { refersTo: named } : {}),
    ...(type === 'string' && named !== undefined ? { embedded: isObject || named } : {}),
  }))
const property: fc.Arbitrary<PropertyDefinition> = fc
  .tuple(value, fc.boolean())
  .map(([definition, key]) => ({ ...definition, key }))
const parameter: fc.Arbitrary<ParameterDefinition> = fc
  .tuple(value, fc.constantFrom({}, { out: true }, { in: true, out: true }))
  .map(([definition, direction]) => ({ ...definition, ...direction }))
/** Letter case does not tell names apart. */
const members = <T>(member: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<Record<string, T>> =>
  fc
    .uniqueArray(fc.tuple(name, member), { maxLength, selector: ([key]) => key.toLowerCase() })
    .map((entries) => Object.fromEntries(entries))
const methods = members(
  fc.record({
    run: fc.constant(() => ({})),
    returns: fc.constantFrom<CimType | 'void'>('uint32', 'boolean', 'void'),
    static: fc.boolean(),
    parameters: members(parameter, 4),
    qualifiers,
  }),
  3,
)
const classes = fc.record({
  name,
  abstract: fc.boolean(),
  properties: members(property, 6),
  methods,
  qualifiers,
})

function read(xml: string): XmlElement {
  let root: XmlElement | undefined
  const reader = new XmlReader(new TreeBuilder((element) => (root = element)))
  reader.write(Buffer.from(xml))
  reader.end()
  if (!root) throw new Error('There is no element.')
  return root
}

/** What a client is to know, straight from what was declared. */
function typed(key: string, { type, array = false, refersTo, embedded }: ValueDefinition) {
  return {
    name: key,
    type,
    isArray: array,
    referenceClassName: refersTo,
    isEmbedded: embedded !== undefined,
    embeddedClassName: typeof embedded === 'string' ? embedded : undefined,
  }
}

function expected(definition: EndpointClass & { methods: Record<string, object> }) {
  const own = Object.entries(definition.properties) as [string, PropertyDefinition][]
  const ends = own.filter(([, { type }]) => type === 'reference')
  return {
    name: definition.name,
    isAbstract: definition.abstract,
    isAssociation: ends.length > 1,
    properties: own
      .map(([key, member]) => ({ ...typed(key, member), isKey: member.key, isPropagated: false }))
      .sort((one, other) => (one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1)),
    qualifiers: definition.qualifiers,
  }
}

it('a definition tells all that was declared, and nothing else', () => {
  fc.assert(
    fc.property(classes, (definition) => {
      const registered = new ClassRegistry([definition]).find('root/cimv2', definition.name)
      if (!registered) throw new Error('The class is not there.')
      const details = { qualifiers: true, classOrigin: true, inherited: true, hierarchy: false }
      const [told, ...more] = readClasses(read(classXml(registered, details)), 'root/cimv2')
      expect(more).toEqual([])
      expect(told).toMatchObject(expected(definition))
      for (const member of told?.properties ?? []) {
        const given = definition.properties[member.name]
        expect(member.qualifiers).toMatchObject(given?.qualifiers ?? {})
        expect(member.classOrigin).toBe(definition.name)
      }
      expectMethods(told, definition.methods)
    }),
    { numRuns: 200 },
  )
})

function expectMethods(
  told: CimClass | undefined,
  declared: typeof methods extends fc.Arbitrary<infer T> ? T : never,
) {
  expect(told?.methods.map((method) => method.name)).toEqual(Object.keys(declared))
  for (const method of told?.methods ?? []) {
    const given = declared[method.name]
    expect(method.returnType).toBe(given?.returns === 'void' ? undefined : given?.returns)
    expect(method.isStatic).toBe(given?.static)
    expect(method.qualifiers).toMatchObject(given?.qualifiers ?? {})
    expect(method.parameters.map(({ qualifiers: said, ...rest }) => [rest, said])).toEqual(
      Object.entries(given?.parameters ?? {}).map(([key, member]) => [
        { ...typed(key, member), isOut: member.out === true, isIn: member.in ?? member.out !== true },
        expect.objectContaining(member.qualifiers ?? {}) as unknown,
      ]),
    )
  }
}
