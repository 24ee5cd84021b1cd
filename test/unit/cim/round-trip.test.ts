import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CimDateTime, CimInterval, UsageError, type CimInstance, type CimType, type CimValue } from 'wsman'
import { InstanceTyper, propertiesByName, type ClassOf } from '../../../src/cim/typed-instances.js'
import type { CimTyped } from '../../../src/envelope/cim-class.js'
import { instanceTree } from '../../../src/envelope/instance-encoder.js'
import type { Instance } from '../../../src/envelope/instance.js'
import { writeXml } from '../../../src/xml/writer.js'
import { text, TYPES, VALUES } from '../../support/cim-values.js'
import { decodeElement } from '../envelope/decode.js'

const declare = (name: string, type: CimType, isArray: boolean, embedded?: string): CimTyped => ({
  name,
  type,
  isArray,
  isEmbedded: embedded !== undefined,
  embeddedClassName: embedded,
  qualifiers: {},
})

/** One property of every type, alone and as an array, and instances of the class inside it. */
const PROPERTIES = [
  ...TYPES.flatMap((type) => [declare(`A_${type}`, type, false), declare(`L_${type}`, type, true)]),
  declare('Inner', 'string', false, 'Test'),
  declare('Inners', 'string', true, 'Test'),
]
const TEST: ClassOf = {
  namespace: 'root/test',
  className: 'Test',
  properties: propertiesByName(PROPERTIES),
  isWhole: true,
}

const scalars = fc.record(
  Object.fromEntries(
    TYPES.flatMap((type): [string, fc.Arbitrary<CimValue>][] => [
      [`A_${type}`, fc.option(VALUES[type])],
      [`L_${type}`, fc.option(fc.array(VALUES[type], { maxLength: 3 }))],
    ]),
  ),
)
// An instance without any property would be an empty element, which is text.
const instance: fc.Arbitrary<CimInstance> = fc
  .tuple(scalars, fc.option(scalars), fc.array(scalars, { maxLength: 2 }))
  .map(([own, Inner, Inners]) => ({
    ...own,
    Inner: Inner && { ...Inner, Inners: [] },
    Inners: Inners.map((inner) => ({ ...inner, Inners: [] })),
  }))

/** Through XML and back. */
function roundTrip(properties: CimInstance): CimInstance {
  const xml = writeXml(instanceTree('Test', 'urn:test', properties))
  const typer = new InstanceTyper(() => TEST)
  return typer.type(decodeElement(xml) as Instance, TEST)
}

describe('any value of CIM', () => {
  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(instance, (properties) => {
        expect(roundTrip(properties)).toEqual(properties)
      }),
      { numRuns: 100 },
    )
  })

  it('is told from every other one in JSON, without an error', () => {
    fc.assert(
      fc.property(instance, (properties) => {
        const json = JSON.parse(JSON.stringify(roundTrip(properties))) as Record<string, unknown>
        const { A_uint64, L_sint64, A_datetime } = properties
        if (typeof A_uint64 === 'bigint') expect(json.A_uint64).toBe(String(A_uint64))
        if (Array.isArray(L_sint64)) expect(json.L_sint64).toEqual(L_sint64.map(String))
        if (A_datetime instanceof CimInterval || A_datetime instanceof CimDateTime) {
          expect(json.A_datetime).toBe(A_datetime.toIso() ?? A_datetime.toString())
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is refused where XML cannot carry it, and never sent as something else', () => {
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('\0', '\u0001', '\u001F', '\uFFFE', '\uD800', '\uDC00'),
        (value, bad) => {
          expect(() => roundTrip({ A_string: value + bad })).toThrow(UsageError)
          expect(() => roundTrip({ L_string: [value, bad + value] })).toThrow(UsageError)
        },
      ),
    )
  })
})
