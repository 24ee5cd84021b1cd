import { describe, expect, it } from 'vitest'
import { TreeBody } from '../../src/envelope/body-decoders.js'
import { EnvelopeDecoder } from '../../src/envelope/decoder.js'
import { EndpointReference } from '../../src/envelope/endpoint-reference.js'
import type { ReceivedHeaders } from '../../src/envelope/headers.js'
import { readRecording, recordedMessages } from '../support/recordings.js'
import { describeWithShared } from '../support/shared.js'
import { elementsOf, parseXml, textOf, type PlainElement } from '../support/xml-compare.js'

const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
const MICROSOFT = 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd'
const LANG = '{http://www.w3.org/XML/1998/namespace}lang'

function headersOf(xml: string): ReceivedHeaders {
  const decoder = new EnvelopeDecoder(new TreeBody(() => undefined))
  decoder.write(Buffer.from(xml))
  return decoder.end().headers
}

const read = (file: string): ReceivedHeaders => headersOf(withoutDeclaration(readRecording(file)))

/** Some declare an encoding that the file does not have. */
const withoutDeclaration = (xml: string): string => xml.replace(/^\s*<\?xml[^>]*\?>\s*/, '')

/** What another parser finds. */
class Others {
  readonly #headers: readonly PlainElement[]

  constructor(envelope: PlainElement) {
    const header = elementsOf(envelope).find(({ name }) => name === `{${SOAP}}Header`)
    this.#headers = header ? elementsOf(header) : []
  }

  find(namespace: string, local: string): PlainElement | undefined {
    return this.#headers.find(({ name }) => name === `{${namespace}}${local}`)
  }

  text(namespace: string, local: string): string | undefined {
    const found = this.find(namespace, local)
    return found && textOf(found).trim()
  }

  lang(namespace: string, local: string): string | undefined {
    return this.find(namespace, local)?.attributes[LANG]
  }
}

/** Every header that is text, with the getter that reads it. */
const TEXTS: Readonly<
  Record<string, readonly [namespace: string, read: (headers: ReceivedHeaders) => unknown]>
> = {
  To: [ADDRESSING, ({ to }) => to],
  Action: [ADDRESSING, ({ action }) => action],
  MessageID: [ADDRESSING, ({ messageId }) => messageId],
  RelatesTo: [ADDRESSING, ({ relatesTo }) => relatesTo],
  ResourceURI: [WSMAN, ({ resourceUri }) => resourceUri],
  MaxEnvelopeSize: [WSMAN, ({ maxEnvelopeSize }) => maxEnvelopeSize?.toString()],
  FragmentTransfer: [WSMAN, ({ fragment }) => fragment],
  SessionId: [MICROSOFT, ({ sessionId }) => sessionId],
  ActivityId: [MICROSOFT, ({ activityId }) => activityId],
  OperationID: [MICROSOFT, ({ operationId }) => operationId],
  SequenceId: [MICROSOFT, ({ sequenceId }) => sequenceId?.toString()],
}

/** How many recordings have it, at the least. */
const SEEN: Readonly<Record<string, number>> = {
  ...{ To: 700, Action: 800, MessageID: 800, RelatesTo: 350, ResourceURI: 280, MaxEnvelopeSize: 270 },
  ...{ FragmentTransfer: 1, SessionId: 240, ActivityId: 130, OperationID: 15, SequenceId: 15 },
}

describeWithShared('corpus', 'the headers of every recorded message', () => {
  const messages = recordedMessages()
    .filter(({ file, wellFormed }) => wellFormed && file.endsWith('.xml'))
    .map(({ file }) => ({ file, xml: withoutDeclaration(readRecording(file)) }))
    .filter(({ xml }) => !xml.startsWith('<!DOCTYPE'))
    .map(({ file, xml }) => ({ file, xml, root: parseXml(xml) }))
    .filter(({ root }) => root.name === `{${SOAP}}Envelope`)
    .map(({ file, xml, root }) => ({ file, headers: headersOf(xml), others: new Others(root) }))

  it.each(Object.entries(TEXTS))('have the %s that another parser finds', (name, [namespace, get]) => {
    let seen = 0
    for (const { file, headers, others } of messages) {
      const expected = others.text(namespace, name)
      expect(get(headers), file).toBe(expected)
      if (expected !== undefined) seen += 1
    }
    expect(seen).toBeGreaterThanOrEqual(SEEN[name] ?? Infinity)
  })

  it.each([
    ['Locale', WSMAN, 270, (headers: ReceivedHeaders) => headers.locale],
    ['DataLocale', MICROSOFT, 260, (headers: ReceivedHeaders) => headers.dataLocale],
  ] as const)('have the language in %s that another parser finds', (name, namespace, least, get) => {
    const found = messages.map(({ file, headers, others }) => {
      const expected = others.lang(namespace, name)
      expect(get(headers), file).toBe(expected)
      return expected
    })
    expect(found.filter((tag) => tag !== undefined).length).toBeGreaterThanOrEqual(least)
  })

  it('have as many options as another parser finds, with their types', () => {
    let seen = 0
    for (const { file, headers, others } of messages) {
      const set = others.find(WSMAN, 'OptionSet')
      const expected = (set ? elementsOf(set) : []).map(({ attributes }) => [
        attributes.Name,
        attributes.Type,
      ])
      expect(
        headers.optionList.map(({ name, type }) => [name, type]),
        file,
      ).toEqual(expected)
      expect(new Set(headers.options.keys()), file).toEqual(new Set(expected.map(([name]) => name)))
      seen += expected.length
    }
    expect(seen).toBeGreaterThanOrEqual(200)
  })

  it('have the selectors that another parser finds', () => {
    let seen = 0
    for (const { file, headers, others } of messages) {
      const set = others.find(WSMAN, 'SelectorSet')
      const expected = (set ? elementsOf(set) : []).map((selector) => [
        selector.attributes.Name,
        textOf(selector).trim(),
      ])
      const plain = Object.entries(headers.selectors).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : '',
      ])
      expect(plain, file).toEqual(expected)
      seen += expected.length
    }
    expect(seen).toBeGreaterThanOrEqual(200)
  })

  it('tell how long the service may take, in milliseconds', () => {
    const durations = new Map<string, number | undefined>()
    for (const { headers, others } of messages) {
      const text = others.text(WSMAN, 'OperationTimeout')
      if (text !== undefined) durations.set(text, headers.operationTimeoutMs)
    }
    expect(Object.fromEntries(durations)).toMatchObject({
      'PT60.000S': 60_000,
      PT60S: 60_000,
      PT20S: 20_000,
    })
    // No duration, and answered by a fault that says so.
    expect([...durations].filter(([, value]) => value === undefined)).toEqual([['PT-1S', undefined]])
  })
})

describeWithShared('corpus', 'recorded headers, read by people', () => {
  const ROBUST = 'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes'
  const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'

  it('of a request over a robust connection (MS-WSMV 4.11.1)', () => {
    const headers = read(`${ROBUST}/01.xml`)
    expect(headers).toMatchObject({
      to: 'http://localhost:5985/wsman',
      action: 'http://schemas.xmlsoap.org/ws/2004/09/transfer/Get',
      messageId: 'uuid:5BEBF248-219C-4771-963D-0833C321BB5E',
      relatesTo: undefined,
      replyTo: ANONYMOUS,
      resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/MyTest4/UTFPSSemantics_TestBase',
      selectors: { uint32key: '10' },
      operationTimeoutMs: 60_000,
      maxEnvelopeSize: 512_000,
      locale: 'en-US',
      dataLocale: 'en-US',
      fragment: undefined,
      sessionId: 'uuid:42012234-A231-4FBF-BBCD-6F0B234E0CA5',
      operationId: 'uuid:CEB310A6-FB0B-441D-83E6-8B0C416192CF',
      sequenceId: 1n,
      activityId: undefined,
    })
    expect(headers.optionList).toEqual([
      { name: '__MI_CallbackRegistration', value: '16', type: 'xs:int', mustComply: false },
      { name: 'msftwinrm:UsePreciseArrays', value: 'true', type: 'xs:boolean', mustComply: false },
    ])
  })

  it('of its reply', () => {
    expect(read(`${ROBUST}/04.xml`)).toMatchObject({
      to: ANONYMOUS,
      relatesTo: 'uuid:5BEBF248-219C-4771-963D-0833C321BB5E',
      operationId: 'uuid:CEB310A6-FB0B-441D-83E6-8B0C416192CF',
      sequenceId: 2n,
    })
  })

  it('of a reply that says which activity it was', () => {
    expect(read('omi/strings/test_wsmanparser.cpp/L1389-09.xml').activityId).toBe(
      '36C7E17B-0864-0007-E2F2-CB366408D201',
    )
  })

  it('with a list among the options', () => {
    const { optionList } = read('omi/strings/test_wsman.cpp/L1958-08.xml')
    const repeated = optionList.filter(({ name }) => name === 'wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE')
    expect(repeated).toEqual(
      ['0', '1', '2'].map((value) => ({
        name: 'wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE',
        value,
        type: 'xs:unsignedInt',
        mustComply: false,
      })),
    )
  })
})

describe('headers that no recording has', () => {
  const headers = (inside: string): ReceivedHeaders =>
    headersOf(
      `<s:Envelope xmlns:s="${SOAP}" xmlns:a="${ADDRESSING}" xmlns:w="${WSMAN}" xmlns:p="${MICROSOFT}"><s:Header>${inside}</s:Header><s:Body/></s:Envelope>`,
    )

  it('sequence numbers have 64 bits', () => {
    const sequenceId = (text: string): bigint | undefined =>
      headers(`<p:SequenceId>${text}</p:SequenceId>`).sequenceId
    expect(sequenceId(' 18446744073709551615 ')).toBe(2n ** 64n - 1n)
    for (const odd of ['', '-1', '1.5', 'one', '9'.repeat(21)]) expect(sequenceId(odd)).toBeUndefined()
  })

  it('options may have no value', () => {
    const option = '<w:Option xmlns:i="http://www.w3.org/2001/XMLSchema-instance" Name="CDATA" i:nil="true"/>'
    const { options, optionList } = headers(`<w:OptionSet>${option}</w:OptionSet>`)
    expect(optionList).toEqual([{ name: 'CDATA', value: null, type: undefined, mustComply: false }])
    expect([...options]).toEqual([['CDATA', '']])
  })

  it('options may demand to be complied with', () => {
    const option = '<w:Option Name="a" MustComply="1" Type="xs:int"> 5 </w:Option>'
    expect(headers(`<w:OptionSet>${option}${option}</w:OptionSet>`).optionList).toEqual([
      { name: 'a', value: '5', type: 'xs:int', mustComply: true },
      { name: 'a', value: '5', type: 'xs:int', mustComply: true },
    ])
  })

  it('selectors may be references inside references, and have types, which are only text here', () => {
    const reference = (uri: string, selectors: string): string =>
      `<a:EndpointReference><a:Address>urn:x</a:Address><a:ReferenceParameters><w:ResourceURI>${uri}</w:ResourceURI><w:SelectorSet>${selectors}</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>`
    const typed =
      '<w:Selector Name="Id" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:int">7</w:Selector>'
    const inner = reference('urn:inner', typed)
    const outer = reference('urn:outer', `<w:Selector Name="Ref">${inner}</w:Selector>`)
    expect(
      headers(`<w:SelectorSet><w:Selector Name="Top">${outer}</w:Selector></w:SelectorSet>`).selectors,
    ).toEqual({
      Top: new EndpointReference(
        'urn:outer',
        { Ref: new EndpointReference('urn:inner', { Id: '7' }, 'urn:x') },
        'urn:x',
      ),
    })
  })

  it.each([
    [' blank ends ', ' blank ends '],
    ['\n    laid out\n  ', 'laid out'],
    ['  \n one side  ', 'one side  '],
    ['  ', '  '],
    ['\n  ', ''],
    ['a\n b', 'a\n b'],
    ['&#10;reference', 'reference'],
  ])('a selector %j is %j', (text, value) => {
    expect(
      headers(`<w:SelectorSet><w:Selector Name="x">${text}</w:Selector></w:SelectorSet>`).selectors,
    ).toEqual({ x: value })
  })

  it.each(['', ' ', 'ten', '0x10'])('a size %j is no number, or none that could be taken', (text) => {
    const { maxEnvelopeSize = NaN } = headers(`<w:MaxEnvelopeSize>${text}</w:MaxEnvelopeSize>`)
    expect(maxEnvelopeSize > 8192).toBe(false)
  })
})
