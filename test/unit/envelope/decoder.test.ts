import { describe, expect, it } from 'vitest'
import { InstanceBody, TreeBody } from '../../../src/envelope/body-decoders.js'
import type { BodyDecoder } from '../../../src/envelope/decoder.js'
import { EnvelopeDecoder } from '../../../src/envelope/decoder.js'
import { asInstance } from '../../../src/envelope/instance.js'
import { ProtocolError } from '../../../src/errors/errors.js'
import { ADDRESSING, decodeBody, decodeMessage, envelopeOf, SOAP } from './decode.js'

const names = (): BodyDecoder<string[]> =>
  new TreeBody((elements) => elements.map(({ name }) => `{${name.namespace}}${name.local}`))

const failure = (xml: string): unknown => {
  try {
    return decodeMessage(xml, names())
  } catch (error) {
    return error
  }
}

describe('an envelope', () => {
  it('gives its headers by meaning and its body by the decoder', () => {
    const message = decodeMessage(
      envelopeOf(
        `<a:Action>urn:act</a:Action><a:MessageID> uuid:1 </a:MessageID><a:RelatesTo>uuid:2</a:RelatesTo><a:To>urn:to</a:To><a:ReplyTo><a:Address>urn:back</a:Address></a:ReplyTo><w:ResourceURI>urn:r</w:ResourceURI><w:OperationTimeout>PT1.500S</w:OperationTimeout><w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize><w:SelectorSet><w:Selector Name="A">1</w:Selector></w:SelectorSet><w:OptionSet><w:Option Name="O">v</w:Option></w:OptionSet><w:FragmentTransfer>Name/text()</w:FragmentTransfer>`,
        '<p:One/>',
      ),
      names(),
    )
    expect(message.fault).toBeUndefined()
    expect(message).toMatchObject({
      body: ['{http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service}One'],
    })
    const { headers } = message
    expect(headers.action).toBe('urn:act')
    expect(headers.messageId).toBe('uuid:1')
    expect(headers.relatesTo).toBe('uuid:2')
    expect(headers.to).toBe('urn:to')
    expect(headers.replyTo).toBe('urn:back')
    expect(headers.resourceUri).toBe('urn:r')
    expect(headers.operationTimeoutMs).toBe(1500)
    expect(headers.maxEnvelopeSize).toBe(153_600)
    expect(headers.selectors).toEqual({ A: '1' })
    expect([...headers.options]).toEqual([['O', 'v']])
    expect(headers.fragment).toBe('Name/text()')
  })

  it('tells nothing of headers that are absent', () => {
    const { headers } = decodeMessage(envelopeOf('', ''), names())
    expect([headers.action, headers.messageId, headers.relatesTo, headers.to, headers.replyTo]).toEqual(
      Array(5).fill(undefined),
    )
    expect([
      headers.operationTimeoutMs,
      headers.maxEnvelopeSize,
      headers.fragment,
      headers.resourceUri,
    ]).toEqual(Array(4).fill(undefined))
    expect(headers.selectors).toEqual({})
    expect(headers.options.size).toBe(0)
  })

  it('is known by its namespace under any prefix, AMT’s `a` for SOAP included', () => {
    const xml = `<a:Envelope xmlns:a="${SOAP}" xmlns:b="${ADDRESSING}"><a:Header><b:RelatesTo>0</b:RelatesTo></a:Header><a:Body><x/></a:Body></a:Envelope>`
    const message = decodeMessage(xml, names())
    expect(message).toMatchObject({ body: ['{}x'] })
    expect(message.headers.relatesTo).toBe('0')
    const plain = `<Envelope xmlns="${SOAP}"><Body><x xmlns=""/></Body></Envelope>`
    expect(decodeMessage(plain, names())).toMatchObject({ body: ['{}x'] })
  })

  it('may be pretty-printed, without headers, with several elements or none in its body', () => {
    expect(
      decodeMessage(
        `<s:Envelope xmlns:s="${SOAP}">\n <s:Body>\n  <x/>\n  <y/>\n </s:Body>\n</s:Envelope>`,
        names(),
      ),
    ).toMatchObject({ body: ['{}x', '{}y'] })
    expect(
      decodeMessage(`<s:Envelope xmlns:s="${SOAP}"><s:Header/><s:Body/></s:Envelope>`, names()),
    ).toMatchObject({ body: [] })
  })

  it('may arrive byte by byte', () => {
    const decoder = new EnvelopeDecoder(new InstanceBody((value) => value))
    for (const byte of Buffer.from(
      envelopeOf('<a:Action>urn:ä</a:Action>', '<p:C><p:Name>日本</p:Name></p:C>'),
    )) {
      decoder.write(Buffer.of(byte))
    }
    const message = decoder.end()
    expect(message).toMatchObject({ body: { Name: '日本' } })
    expect(message.headers.action).toBe('urn:ä')
  })

  it('may hold elements inside that are called like its own', () => {
    const xml = envelopeOf('<x><s:Body/><s:Envelope/></x>', '<x><s:Body><s:Fault/></s:Body><s:Header/></x>')
    expect(decodeMessage(xml, names())).toMatchObject({ body: ['{}x'] })
  })
})

describe('what is no SOAP 1.2 envelope is refused:', () => {
  it.each([
    ['a web page', '<html><body>Hello</body></html>'],
    ['a web page that is XML', '<html xmlns="http://www.w3.org/1999/xhtml"><head/><body/></html>'],
    ['SOAP 1.1', '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>'],
    ['an envelope without a namespace', '<Envelope><Body/></Envelope>'],
    ['an envelope without a body', `<s:Envelope xmlns:s="${SOAP}"><s:Header/></s:Envelope>`],
    ['an empty envelope', `<s:Envelope xmlns:s="${SOAP}"/>`],
    ['two bodies', `<s:Envelope xmlns:s="${SOAP}"><s:Body><x/></s:Body><s:Body/></s:Envelope>`],
    ['a header after the body', `<s:Envelope xmlns:s="${SOAP}"><s:Body/><s:Header/></s:Envelope>`],
    [
      'something beside header and body',
      `<s:Envelope xmlns:s="${SOAP}"><s:Header/><x/><s:Body/></s:Envelope>`,
    ],
    ['a body of another namespace', `<s:Envelope xmlns:s="${SOAP}"><Body/></s:Envelope>`],
  ])('%s', (_, xml) => {
    expect(failure(xml)).toBeInstanceOf(ProtocolError)
    expect(failure(xml)).toMatchObject({
      code: 'ERR_WSMAN_PROTOCOL',
      hint: expect.stringContaining('WS-Management') as string,
    })
  })

  it('a cut one, wherever the cut is', () => {
    const whole = envelopeOf('<a:Action>x</a:Action>', '<p:C><p:A>1</p:A></p:C>')
    for (let length = 0; length < whole.length; length++) {
      expect(failure(whole.slice(0, length)), `cut at ${length}`).toBeInstanceOf(ProtocolError)
    }
  })
})

describe('the body of a resource', () => {
  const body = (xml: string): unknown => {
    const message = decodeMessage(envelopeOf('', xml), new InstanceBody(asInstance))
    return message.fault ?? message.body
  }

  it('is an instance', () => {
    expect(body('<p:C><p:A>1</p:A></p:C>')).toEqual({ A: '1' })
  })

  it.each(['<p:C/>', '<p:C xsi:nil="true"/>', '<p:C>\n  </p:C>', ''])('may be empty: %j', (xml) => {
    expect(body(xml)).toEqual({})
  })

  it('is neither text nor two resources', () => {
    expect(() => body('<p:C>text</p:C>')).toThrow(ProtocolError)
    expect(() => body('<p:C/><p:D/>')).toThrow('2 resources')
  })

  it('is bare text where a fragment of text was asked for', () => {
    expect(decodeBody(envelopeOf('', '<w:XmlFragment>WinRM</w:XmlFragment>'))).toBe('WinRM')
  })
})
