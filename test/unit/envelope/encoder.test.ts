import { describe, expect, it } from 'vitest'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { encodeBare, encodeRequest, newUuid, type RequestHeaders } from '../../../src/envelope/encoder.js'
import { readOptions } from '../../../src/envelope/options.js'
import { UsageError } from '../../../src/errors/errors.js'
import { NS } from '../../../src/xml/namespaces.js'
import { xml } from '../../../src/xml/template.js'
import {
  elementsOf,
  localName,
  parseXml,
  select,
  textOf,
  type PlainElement,
} from '../../support/xml-compare.js'
import { decodeMessage } from './decode.js'

const HEADERS: RequestHeaders = {
  to: 'http://server01:5985/wsman',
  action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
  resource: { resourceUri: 'urn:r' },
  maxEnvelopeSize: 153_600,
  operationTimeoutMs: 60_000,
  locale: 'de-DE',
  dataLocale: 'en-US',
  sessionId: 'uuid:SESSION',
}

const encode = (changes: Partial<RequestHeaders> = {}): PlainElement =>
  parseXml(encodeRequest({ ...HEADERS, ...changes }, 'uuid:MESSAGE'))

const header = (root: PlainElement): readonly PlainElement[] => select(root, 'Header').flatMap(elementsOf)
const must = (value: boolean): Record<string, string> => ({ [`{${NS.soap}}mustUnderstand`]: String(value) })
const lang = (tag: string): Record<string, string> => ({ [`{${NS.xml}}lang`]: tag })

describe('the headers of a request', () => {
  it('stand in the order of Windows, each with what the service must understand', () => {
    const anonymous = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
    const [, , replyTo] = header(encode())
    expect(header(encode()).map(({ name, attributes }) => [name, attributes])).toEqual([
      [`{${NS.addressing}}To`, {}],
      [`{${NS.wsman}}ResourceURI`, must(true)],
      [`{${NS.addressing}}ReplyTo`, {}],
      [`{${NS.addressing}}Action`, must(true)],
      [`{${NS.wsman}}MaxEnvelopeSize`, must(true)],
      [`{${NS.addressing}}MessageID`, {}],
      // mustUnderstand="true" on a locale is a fault (MS-WSMV note 47).
      [`{${NS.wsman}}Locale`, { ...must(false), ...lang('de-DE') }],
      [`{${NS.microsoft}}DataLocale`, { ...must(false), ...lang('en-US') }],
      [`{${NS.microsoft}}SessionId`, must(false)],
      [`{${NS.wsman}}OperationTimeout`, {}],
    ])
    expect(replyTo && select(replyTo, 'Address').map((entry) => [textOf(entry), entry.attributes])).toEqual([
      [anonymous, must(true)],
    ])
    expect(header(encode()).map(textOf)).toEqual([
      'http://server01:5985/wsman',
      'urn:r',
      '',
      'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
      '153600',
      'uuid:MESSAGE',
      '',
      '',
      'uuid:SESSION',
      'PT60.000S',
    ])
  })

  it('leave out what only Microsoft knows where there is no session', () => {
    const xml = encodeRequest({ ...HEADERS, sessionId: undefined }, 'uuid:M')
    expect(header(parseXml(xml)).map(localName)).not.toContain('DataLocale')
    expect(xml).not.toContain(NS.microsoft)
  })

  it('carry selectors, references among them', () => {
    const reference = new EndpointReference('urn:inner', { Name: 'a & b' }, 'http://there')
    const root = encode({
      resource: {
        resourceUri: 'urn:r',
        selectors: { Text: '<"x">', Yes: true, Big: 2n ** 64n, Ref: reference },
      },
    })
    const selectors = select(root, 'Header', 'SelectorSet', 'Selector')
    expect(selectors.map(({ attributes }) => attributes.Name)).toEqual(['Text', 'Yes', 'Big', 'Ref'])
    expect(selectors.slice(0, 3).map(textOf)).toEqual(['<"x">', 'true', '18446744073709551616'])
    expect(
      select(root, 'Header', 'SelectorSet', 'Selector', 'EndpointReference', 'Address').map(textOf),
    ).toEqual(['http://there'])
    const inner = select(
      root,
      'Header',
      'SelectorSet',
      'Selector',
      'EndpointReference',
      'ReferenceParameters',
    )
    expect(inner.flatMap((entry) => select(entry, 'ResourceURI')).map(textOf)).toEqual(['urn:inner'])
    expect(inner.flatMap((entry) => select(entry, 'SelectorSet', 'Selector')).map(textOf)).toEqual(['a & b'])
  })

  it('read selectors back as they were given', () => {
    const reference = new EndpointReference('urn:inner', {
      A: '1',
      B: new EndpointReference('urn:x', { C: '2' }),
    })
    const selectors = { Plain: 'text', Ref: reference }
    const xml = encodeRequest({ ...HEADERS, resource: { resourceUri: 'urn:r', selectors } }, 'uuid:M')
    const { headers } = decodeMessage(xml, { ...ignore, result: () => undefined })
    expect(headers.selectors).toEqual(selectors)
    expect(headers).toMatchObject({
      operationTimeoutMs: 60_000,
      maxEnvelopeSize: 153_600,
      messageId: 'uuid:M',
    })
  })

  it('carry options with what they say about themselves', () => {
    const options = {
      Plain: 'text',
      Flag: true,
      Number: 65001,
      Full: { value: false, type: 'xs:boolean', mustComply: true },
      'wmiarray:List': ['a', { value: 'b', mustComply: false }],
    }
    const set = select(encode({ options }), 'Header', 'OptionSet')
    expect(set.flatMap(elementsOf).map((option) => [option.attributes, textOf(option)])).toEqual([
      [{ Name: 'Plain' }, 'text'],
      [{ Name: 'Flag' }, 'true'],
      [{ Name: 'Number' }, '65001'],
      [{ MustComply: 'true', Name: 'Full', Type: 'xs:boolean' }, 'false'],
      [{ Name: 'wmiarray:List' }, 'a'],
      [{ MustComply: 'false', Name: 'wmiarray:List' }, 'b'],
    ])
    expect(set.flatMap(elementsOf).every(({ name }) => name === `{${NS.wsman}}Option`)).toBe(true)
  })

  it('have neither selectors nor options where there are none', () => {
    const names = header(encode({ options: {}, resource: { resourceUri: 'urn:r', selectors: {} } })).map(
      localName,
    )
    expect(names).not.toContain('SelectorSet')
    expect(names).not.toContain('OptionSet')
    expect(names).not.toContain('FragmentTransfer')
  })

  it('demand that a fragment is understood', () => {
    const [fragment] = select(
      encode({ resource: { resourceUri: 'urn:r', fragment: 'A[1]/text()' } }),
      'Header',
      'FragmentTransfer',
    )
    expect(fragment).toEqual({
      name: `{${NS.wsman}}FragmentTransfer`,
      attributes: must(true),
      children: ['A[1]/text()'],
    })
  })

  it('refuse what XML cannot carry', () => {
    for (const changes of [
      { resource: { resourceUri: 'urn:\u0000' } },
      { resource: { resourceUri: 'urn:r', selectors: { 'a\uD800': 'x' } } },
      { options: { a: '\u0001' } },
      { locale: '\uFFFF' },
    ]) {
      expect(() => encode(changes)).toThrow(UsageError)
    }
  })

  it('are right for more structures than are remembered', () => {
    for (let round = 0; round < 2; round++) {
      for (let count = 0; count < 600; count++) {
        const options = { [`Option${count}`]: `value ${count}`, Same: round }
        const set = select(encode({ options }), 'Header', 'OptionSet').flatMap(elementsOf)
        expect(set.map((option) => [option.attributes.Name, textOf(option)])).toEqual([
          [`Option${count}`, `value ${count}`],
          ['Same', String(round)],
        ])
      }
    }
  })

  it.each(['{1}', '{0}', 'a b', 'a/b', 'a\nb', ' a', 'a/ b', '2', '__proto__', '&amp;'])(
    'carry options and selectors of any name: %j',
    (name) => {
      for (const value of ['{2}', 'x']) {
        const given = Object.fromEntries([
          ['First', 'f'],
          [name, value],
          ['b', 'last'],
        ])
        const root = encode({ options: given, resource: { resourceUri: 'urn:{1}', selectors: given } })
        const expected = Object.entries(given).map(([key, text]) => [key, text])
        for (const path of [
          ['OptionSet', 'Option'],
          ['SelectorSet', 'Selector'],
        ]) {
          const set = select(root, 'Header', ...path)
          expect(set.map((entry) => [entry.attributes.Name, textOf(entry)])).toEqual(expected)
        }
        expect(select(root, 'Header', 'OperationTimeout').map(textOf)).toEqual(['PT60.000S'])
      }
    },
  )

  it('never take values of an earlier message', () => {
    const name = (root: PlainElement): readonly string[] =>
      select(root, 'Header', 'SelectorSet', 'Selector').map(textOf)
    const ask = (value: string): readonly string[] =>
      name(encode({ resource: { resourceUri: 'urn:r', selectors: { Name: value } } }))
    expect([ask('one'), ask('two'), ask(''), ask('one')]).toEqual([['one'], ['two'], [''], ['one']])
  })
})

const ignore = { startElement: () => undefined, endElement: () => undefined, text: () => undefined }

it('a message without headers has an empty header', () => {
  const root = parseXml(encodeBare(xml`<i:Identify xmlns:i="${NS.identity}"/>`))
  expect(root).toEqual({
    name: `{${NS.soap}}Envelope`,
    attributes: {},
    children: [
      { name: `{${NS.soap}}Header`, attributes: {}, children: [] },
      {
        name: `{${NS.soap}}Body`,
        attributes: {},
        children: [{ name: `{${NS.identity}}Identify`, attributes: {}, children: [] }],
      },
    ],
  })
})

it('identifiers are those of Windows, and never the same', () => {
  const ids = Array.from({ length: 100 }, newUuid)
  for (const id of ids) expect(id).toMatch(/^uuid:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
  expect(new Set(ids).size).toBe(100)
})

it('options are read by name', () => {
  const xml = encodeRequest({ ...HEADERS, options: { A: 1, B: { value: ' x ', type: 't' } } }, 'uuid:M')
  const { headers } = decodeMessage(xml, { ...ignore, result: () => undefined })
  const set = headers.find(NS.wsman, 'OptionSet')
  expect(set && [...readOptions(set)]).toEqual([
    ['A', '1'],
    ['B', 'x'],
  ])
})
