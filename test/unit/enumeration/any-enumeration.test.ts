import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEnumeration } from '../../../src/enumeration/enumerate-options.js'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import type { EnumerationMode } from '../../../src/operations/enumerate.js'
import type { Operation, OperationRunner } from '../../../src/operations/operation.js'
import { Lifetime } from '../../../src/util/lifetime.js'
import { decode } from '../../fuzz/outcomes.js'
import { Random } from '../../fuzz/random.js'
import { pieces, restyle, toBytes, type Transfer } from '../../fuzz/restyle.js'
import type { PlainElement } from '../../support/xml-compare.js'
import {
  expectedValue,
  instanceElement,
  wireInstance,
  type WireProperty,
} from '../envelope/instance-model.js'

const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'

const node = (
  namespace: string,
  local: string,
  children: PlainElement['children'] = [],
  attributes: PlainElement['attributes'] = {},
): PlainElement => ({ name: `{${namespace}}${local}`, attributes, children })

/** How a service divides its items, which is its own affair. */
interface Style {
  /** Items of each reply in turn, 0 for one that brings nothing yet; when it is used up, one by one. */
  readonly pages: readonly number[]
  readonly spaces: readonly string[]
  readonly repeatsContext: boolean
  readonly endsEmpty: boolean
}

/** A service in the place of the executor: it writes in some style, in some encoding, and what arrives comes in pieces. */
class Service implements OperationRunner {
  readonly host = 'h'
  readonly lifetime = new Lifetime()
  readonly maxRequestSize = 1e9
  readonly maxBatchItems = 32_000
  readonly asked: string[] = []
  #next = 0
  #reply = 0

  constructor(
    readonly items: readonly (readonly WireProperty[])[],
    readonly mode: EnumerationMode,
    readonly style: Style,
    readonly how: Transfer,
    readonly random: Random,
  ) {}

  learnMaxEnvelopeSize(): void {
    throw new Error('nobody told it')
  }

  cleanUp(): Promise<void> {
    throw new Error('it was not left early')
  }

  run<T>(operation: Operation<T>): Promise<T> {
    this.asked.push(operation.name)
    const most = Number(/MaxElements>(\d+)</.exec(operation.body?.().text ?? '')?.[1] ?? 0)
    const root = node(SOAP, 'Envelope', [node(SOAP, 'Body', [this.#page(operation.name, most)])])
    const bytes = toBytes(restyle(root, this.random), this.how)
    const outcome = decode(pieces(bytes, this.random), operation.decoder())
    if (!('body' in outcome)) throw new Error(JSON.stringify(outcome))
    return Promise.resolve(outcome.body as T)
  }

  #page(verb: string, most: number): PlainElement {
    const wanted = this.style.pages[this.#reply] ?? 1
    const space = this.style.spaces[this.#reply % this.style.spaces.length] ?? ENUMERATION
    this.#reply += 1
    const items = this.items.slice(this.#next, this.#next + Math.min(wanted, most))
    const written = items.map((properties, index) => this.#item(properties, this.#next + index))
    this.#next += items.length
    const end = this.#next >= this.items.length && !(this.style.endsEmpty && items.length > 0)
    const context = node(ENUMERATION, 'EnumerationContext', end ? [] : ['uuid:1'])
    return node(ENUMERATION, `${verb}Response`, [
      ...(verb === 'Enumerate' || this.style.repeatsContext ? [context] : []),
      ...(written.length > 0 || wanted > 1 ? [node(space, 'Items', written)] : []),
      ...(end ? [node(space, 'EndOfSequence')] : []),
    ])
  }

  #item(properties: readonly WireProperty[], id: number): PlainElement {
    const object = instanceElement('CIM_Thing', properties)
    const reference = node(ADDRESSING, 'EndpointReference', [
      node(ADDRESSING, 'Address', ['http://h/wsman']),
      node(ADDRESSING, 'ReferenceParameters', [
        node(WSMAN, 'ResourceURI', ['urn:thing']),
        node(WSMAN, 'SelectorSet', [node(WSMAN, 'Selector', [String(id)], { Name: 'Id' })]),
      ]),
    ])
    if (this.mode === 'object') return object
    return this.mode === 'epr' ? reference : node(WSMAN, 'Item', [object, reference])
  }
}

const style: fc.Arbitrary<Style> = fc.record({
  pages: fc.array(fc.nat(4), { maxLength: 8 }),
  spaces: fc.array(fc.constantFrom(ENUMERATION, WSMAN), { minLength: 1, maxLength: 3 }),
  repeatsContext: fc.boolean(),
  endsEmpty: fc.boolean(),
})

const transfer: fc.Arbitrary<Transfer> = fc.record({
  encoding: fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const),
  mark: fc.boolean(),
  declaration: fc.boolean(),
  leadingSpace: fc.boolean(),
})

describe('an enumeration', () => {
  it('gives the same items in the same order, however they are written, cut, divided and asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(wireInstance, { maxLength: 8 }),
        fc.constantFrom('object' as const, 'epr' as const, 'objectAndEpr' as const),
        fc.record({
          maxElements: fc.integer({ min: 1, max: 10 }),
          optimize: fc.boolean(),
          prefetch: fc.constantFrom(0 as const, 1 as const),
        }),
        style,
        transfer,
        fc.integer({ min: 0, max: 0xffffffff }),
        async (items, mode, options, styled, how, seed) => {
          const service = new Service(items, mode, styled, how, new Random(seed))
          const enumeration = createEnumeration<EnumerationMode>(
            service,
            { resourceUri: 'urn:r' },
            { ...options, mode },
          )
          const expected = items.map((properties, id) => {
            const object = expectedValue(properties)
            const reference = new EndpointReference('urn:thing', { Id: String(id) }, 'http://h/wsman')
            if (mode === 'object') return object
            return mode === 'epr' ? reference : { object, reference }
          })
          expect(await enumeration.toArray()).toEqual(expected)
          expect(service.asked.slice(0, 2)).toEqual(['Enumerate', 'Pull'].slice(0, service.asked.length))
        },
      ),
      { numRuns: 150 },
    )
  })
})
