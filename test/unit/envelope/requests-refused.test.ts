import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { encodeRequest, type RequestHeaders } from '../../../src/envelope/encoder.js'
import { instanceTree, type Properties } from '../../../src/envelope/instance-encoder.js'
import type { OptionSet } from '../../../src/envelope/options.js'
import type { Selectors } from '../../../src/envelope/endpoint-reference.js'
import { UsageError } from '../../../src/errors/errors.js'
import { writeXml } from '../../../src/xml/writer.js'
import { parseXml, select } from '../../support/xml-compare.js'

const HEADERS: RequestHeaders = {
  to: 'http://server01:5985/wsman',
  action: 'urn:act',
  resource: { resourceUri: 'urn:r' },
  maxEnvelopeSize: 153_600,
  operationTimeoutMs: 60_000,
  locale: 'en-US',
  dataLocale: 'en-US',
}

const request = (changes: Partial<RequestHeaders>): string =>
  encodeRequest({ ...HEADERS, ...changes }, 'uuid:M')

const withSelectors = (selectors: unknown): string =>
  request({ resource: { resourceUri: 'urn:r', selectors: selectors as Selectors } })

const withOptions = (options: unknown): string => request({ options: options as OptionSet })

const withProperties = (properties: unknown): string =>
  writeXml(instanceTree('C', 'urn:c', properties as Properties))

/** What a caller without types may pass where a value is due. */
const NO_VALUES: readonly unknown[] = [undefined, NaN, Infinity, -Infinity, () => 'x', Symbol('x')]

describe('what is no value is refused before anything is sent', () => {
  it.each([...NO_VALUES, null, {}, [], new Date(0), new Map()])('as a selector: %s', (value) => {
    expect(() => withSelectors({ Name: value })).toThrow(UsageError)
    expect(() => withSelectors({ Name: value })).toThrow('The selector Name')
  })

  it.each([...NO_VALUES, { value: undefined }, { value: NaN }, {}])('as an option: %s', (value) => {
    expect(() => withOptions({ Name: value })).toThrow(UsageError)
    expect(() => withOptions({ Name: [1, value] })).toThrow('The option Name')
  })

  it.each([() => 'x', Symbol('x'), new Map(), new Set(), Buffer.from('x'), new ArrayBuffer(1)])(
    'as a property: %s',
    (value) => {
      expect(() => withProperties({ Name: value })).toThrow(UsageError)
      expect(() => withProperties({ Outer: { Name: ['x', value] } })).toThrow('The property Name')
    },
  )

  it('as a property of a list: undefined', () => {
    expect(() => withProperties({ Name: [undefined] })).toThrow(
      'The property Name cannot be written: it is undefined.',
    )
  })

  it.each([new Date(NaN), new Date(-1e15), new Date(8.64e15)])(
    'as a date that CIM does not know',
    (value) => {
      expect(() => withProperties({ When: value })).toThrow(UsageError)
    },
  )

  it.each([-1, NaN, Infinity, 2 ** 32])('as a time limit: %s', (operationTimeoutMs) => {
    expect(() => request({ operationTimeoutMs })).toThrow('operationTimeoutMs')
  })

  it.each([0, -1, 0.5, NaN, Infinity, 2 ** 53])('as a size: %s', (maxEnvelopeSize) => {
    expect(() => request({ maxEnvelopeSize })).toThrow('maxEnvelopeSizeKb')
  })
})

describe('what holds itself is refused before anything is sent', () => {
  it('as properties', () => {
    const own: Record<string, unknown> = { Name: 'x' }
    own.Self = own
    expect(() => withProperties(own)).toThrow(UsageError)
    const list: unknown[] = []
    list.push(list)
    expect(() => withProperties({ List: list })).toThrow('holding itself')
  })

  it('as selectors', () => {
    const selectors: Record<string, unknown> = {}
    selectors.Self = new EndpointReference('urn:r', selectors as Selectors)
    expect(() => withSelectors(selectors)).toThrow(UsageError)
    expect(() => withProperties({ Ref: selectors.Self })).toThrow('refers to itself')
  })

  it('unless it is only deep', () => {
    let properties: unknown = { Name: 'x' }
    for (let depth = 0; depth < 60; depth++) properties = { In: properties }
    expect(withProperties(properties).split('<p:In>')).toHaveLength(61)
  })
})

describe('the limits', () => {
  it('themselves are taken', () => {
    expect(request({ operationTimeoutMs: 0xffffffff, maxEnvelopeSize: 1 })).toContain('PT4294967.295S')
    expect(request({ operationTimeoutMs: 0 })).toContain('PT0.000S')
  })
})

describe('an option without a value', () => {
  it.each([null, { value: null, type: 'xs:string' }])('is nil: %o', (value) => {
    const [option] = select(parseXml(withOptions({ CDATA: value })), 'Header', 'OptionSet', 'Option')
    expect(option).toMatchObject({
      attributes: { Name: 'CDATA', '{http://www.w3.org/2001/XMLSchema-instance}nil': 'true' },
      children: [],
    })
  })
})

describe('the set of options', () => {
  const must = '{http://www.w3.org/2003/05/soap-envelope}mustUnderstand'
  const set = (options: unknown): unknown =>
    select(parseXml(withOptions(options)), 'Header', 'OptionSet')[0]?.attributes[must]

  it('must be understood where one of them must be complied with', () => {
    expect(set({ a: 1, b: { value: 'x', mustComply: true } })).toBe('true')
    expect(set({ a: [1, { value: 'x', mustComply: true }] })).toBe('true')
    expect(set({ a: 1, b: { value: 'x', mustComply: false } })).toBeUndefined()
    expect(set({ a: null, b: [2, { value: 'x' }] })).toBeUndefined()
  })
})

describe('a reference', () => {
  const inner = new EndpointReference('urn:inner', { Id: 7, Big: 2n ** 64n }, 'http://there/wsman')
  const reference = new EndpointReference('urn:outer', { Name: 'a', On: true, Ref: inner })

  it('is stored as JSON and read back', () => {
    const text = JSON.stringify({ reference })
    expect(JSON.parse(text)).toEqual({
      reference: {
        resourceUri: 'urn:outer',
        selectors: {
          Name: 'a',
          On: true,
          Ref: {
            resourceUri: 'urn:inner',
            selectors: { Id: 7, Big: '18446744073709551616' },
            address: 'http://there/wsman',
          },
        },
      },
    })
    const stored = (JSON.parse(text) as { reference: EndpointReference }).reference
    const back = EndpointReference.from(stored)
    expect(back).toBeInstanceOf(EndpointReference)
    // The same message, which is what a reference is for.
    expect(withSelectors({ Ref: back })).toBe(withSelectors({ Ref: reference }))
    expect(withSelectors({ Ref: stored })).toBe(withSelectors({ Ref: reference }))
    expect(withProperties({ Ref: back })).toBe(withProperties({ Ref: reference }))
  })

  it('keeps what a selector is called', () => {
    const selectors = JSON.parse('{"__proto__":"a","constructor":"b"}') as Selectors
    const json = JSON.stringify(new EndpointReference('urn:r', selectors))
    expect(json).toBe('{"resourceUri":"urn:r","selectors":{"__proto__":"a","constructor":"b"}}')
    expect(Object.keys(EndpointReference.from(JSON.parse(json) as EndpointReference).selectors)).toEqual([
      '__proto__',
      'constructor',
    ])
  })

  it('shows itself', () => {
    expect(inspect(reference, { depth: 5 })).toMatch(/EndpointReference \{[^]*urn:outer[^]*urn:inner[^]*7/)
  })
})
