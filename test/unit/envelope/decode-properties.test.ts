import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InstanceBody } from '../../../src/envelope/body-decoders.js'
import type { BodyDecoder } from '../../../src/envelope/decoder.js'
import { metadataOf } from '../../../src/envelope/instance.js'
import { decodeObjects } from '../../../src/operations/item-decoders.js'
import { PageBody } from '../../../src/operations/page-body.js'
import { decode } from '../../fuzz/outcomes.js'
import { Random } from '../../fuzz/random.js'
import { pieces, restyle, toBytes, type Transfer } from '../../fuzz/restyle.js'
import type { PlainElement } from '../../support/xml-compare.js'
import { CLASS, expectedValue, instanceElement, wireInstance } from './instance-model.js'

const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'

const node = (name: string, children: readonly PlainElement[]): PlainElement => ({
  name,
  attributes: {},
  children,
})

const envelope = (body: PlainElement): PlainElement =>
  node(`{${SOAP}}Envelope`, [node(`{${SOAP}}Header`, []), node(`{${SOAP}}Body`, [body])])

const transfer: fc.Arbitrary<Transfer> = fc.record({
  encoding: fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const),
  mark: fc.boolean(),
  declaration: fc.boolean(),
  leadingSpace: fc.boolean(),
})

const seed = fc.integer({ min: 0, max: 0xffffffff })

/** Writes the message in some style, in some encoding, and reads it in pieces. */
function through(root: PlainElement, how: Transfer, random: Random, body: BodyDecoder<unknown>): unknown {
  const outcome = decode(pieces(toBytes(restyle(root, random), how), random), body)
  if ('body' in outcome) return outcome.body
  throw new Error(JSON.stringify(outcome))
}

describe('any instance', () => {
  it('is the same value however it is written, encoded and cut', () => {
    fc.assert(
      fc.property(wireInstance, transfer, seed, (properties, how, number) => {
        const body = new InstanceBody((value) => value)
        const root = envelope(instanceElement('CIM_Thing', properties))
        const value = through(root, how, new Random(number), body) as object
        expect(value).toEqual(expectedValue(properties))
        expect(metadataOf(value)).toMatchObject({ className: 'CIM_Thing', namespaceUri: CLASS })
      }),
      { numRuns: 500 },
    )
  })

  it('is the same value as one of a page', () => {
    fc.assert(
      fc.property(fc.array(wireInstance, { maxLength: 4 }), transfer, seed, (instances, how, number) => {
        const items = node(
          `{${ENUMERATION}}Items`,
          instances.map((properties) => instanceElement('CIM_Thing', properties)),
        )
        const root = envelope(node(`{${ENUMERATION}}PullResponse`, [items]))
        const page = through(root, how, new Random(number), new PageBody('PullResponse', decodeObjects))
        expect(page).toEqual({ items: instances.map(expectedValue), context: undefined, end: false })
      }),
      { numRuns: 200 },
    )
  })

  it('tells of each property what is not in its value', () => {
    fc.assert(
      fc.property(wireInstance, seed, (properties, number) => {
        const how = { encoding: 'utf-8', mark: false, declaration: true, leadingSpace: false } as const
        const root = envelope(instanceElement('CIM_Thing', properties))
        const value = through(root, how, new Random(number), new InstanceBody((raw) => raw)) as object
        const known = metadataOf(value)?.properties ?? {}
        for (const { name, namespace, value: last } of new Map(
          properties.map((property) => [property.name, property]),
        ).values()) {
          const metadata = Object.hasOwn(known, name) ? known[name] : undefined
          const alone = properties.filter((property) => property.name === name).length === 1
          if (!alone) continue
          expect(metadata?.namespaceUri).toBe(namespace === CLASS ? undefined : namespace)
          expect(metadata?.wrapper).toBe(last.kind === 'time' ? last.wrapper : undefined)
        }
      }),
      { numRuns: 200 },
    )
  })
})
