import { describe, expect, it } from 'vitest'
import { writeFault } from '../../../src/testing/fault-writer.js'
import { EndpointFault, type EndpointFaultParts } from '../../../src/testing/message.js'
import { writeReply } from '../../../src/testing/reply-writer.js'
import { element } from '../../../src/xml/writer.js'
import { readRecording, recordedMessages } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import { parseXml, select, textOf, type PlainElement } from '../../support/xml-compare.js'
import { textAt } from './support/raw-client.js'

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

describe('writeReply', () => {
  it('writes trees with the prefixes of the envelope', () => {
    const body = [element(SHELL, 'SignalResponse')]
    const reply = writeReply({ action: `${SHELL}/SignalResponse`, body }, 'uuid:1')
    expect(reply).toContain('<s:Body><rsp:SignalResponse/></s:Body></s:Envelope>')
  })

  it('takes bodies that are written already', () => {
    const reply = writeReply({ action: 'urn:x', body: '<w:Items/>' }, undefined)
    expect(reply).toContain('<s:Body><w:Items/></s:Body>')
    expect(reply).not.toContain('RelatesTo')
  })

  it('repeats the path of a fragment in a header', () => {
    const reply = parseXml(writeReply({ action: 'urn:x', body: [], fragment: 'A<b' }, 'uuid:1'))
    const [header] = select(reply, 'Header', 'FragmentTransfer')
    expect(header && textOf(header)).toBe('A<b')
    expect(header?.attributes).toEqual({ '{http://www.w3.org/2003/05/soap-envelope}mustUnderstand': 'true' })
  })

  it('sends ? for what cannot be sent', () => {
    const xml = parseXml(writeReply({ action: 'urn:x', body: [] }, 'a\u0001b'))
    expect(textAt(xml, 'Header', 'RelatesTo')).toBe('a?b')
  })
})

describe('writeFault', () => {
  it('says what the code means in general where the fault does not', () => {
    const fault = new EndpointFault('This shell is one too many.', {
      code: 'Receiver',
      subcode: 'w:InternalError',
      wsmanCode: 2150859173,
    })
    const xml = parseXml(writeFault(fault, 'host', 'uuid:1'))
    const path = ['Body', 'Fault'] as const
    expect(textAt(xml, ...path, 'Reason', 'Text')).toMatch(/shells/)
    expect(textAt(xml, ...path, 'Detail', 'WSManFault', 'Message')).toBe('This shell is one too many.')
  })

  it.each([
    ['a:DestinationUnreachable', 'http://schemas.xmlsoap.org/ws/2004/08/addressing/fault'],
    ['w:TimedOut', 'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault'],
    ['n:TimedOut', 'http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault'],
    ['x:InvalidRepresentation', 'http://schemas.xmlsoap.org/ws/2004/09/transfer/fault'],
  ])('sends %s under the action of its specification', (subcode, action) => {
    const xml = parseXml(writeFault(new EndpointFault('x', { code: 'Sender', subcode }), 'host', undefined))
    expect(textAt(xml, 'Header', 'Action')).toBe(action)
  })
})

describeWithShared('corpus', 'the forms of Windows', () => {
  const responses = recordedMessages().filter(
    ({ file, wellFormed }) => wellFormed && /^(?:pypsrp|winrmsharp).*-response\.xml$/.test(file),
  )

  it('begins every kind of reply byte for byte as recorded', () => {
    const actions = new Set<string>()
    for (const { file } of responses) {
      const recorded = readRecording(file)
      const action = textAt(parseXml(recorded), 'Header', 'Action') ?? ''
      if (action.endsWith('/fault')) continue
      actions.add(action.slice(action.lastIndexOf('/') + 1))
      const [start = ''] = /<s:Envelope[^>]*>\s*<s:Header>\s*<a:Action>[^<]*/.exec(recorded) ?? []
      expect(writeReply({ action, body: [] }, 'uuid:1')).toContain(start.replace(/>\s+</g, '><'))
    }
    expect([...actions].sort()).toEqual([
      'CommandResponse',
      'ConnectResponse',
      'CreateResponse',
      'DeleteResponse',
      'DisconnectResponse',
      'EnumerateResponse',
      'GetResponse',
      'ReceiveResponse',
      'ReconnectResponse',
      'SendResponse',
      'SignalResponse',
    ])
  })

  it.each([
    'test_psrp_is_alive_other_wsman_error/03-response.xml',
    'test_psrp_long_running_cmdlet/04-response.xml',
    'test_psrp_receive_failure/03-response.xml',
    'test_winrs_fail_poll_process/01-response.xml',
  ])('writes the fault of %s byte for byte', (name) => {
    const recorded = readRecording(`pypsrp/xml/${name}`)
    const xml = parseXml(recorded)
    const written = writeFault(faultIn(xml), machineOf(xml), textAt(xml, 'Header', 'RelatesTo'))
    const comparable = (message: string): string =>
      message
        .replace(/<a:MessageID>[^<]*/, '<a:MessageID>')
        // An id of Windows' event tracing, which the service may send.
        .replace(/<p:ActivityId>[^<]*<\/p:ActivityId>/, '')
    expect(comparable(written)).toBe(comparable(recorded))
  })
})

/** The fault as a service of the endpoint would raise it. */
function faultIn(xml: PlainElement): EndpointFault {
  const path = ['Body', 'Fault'] as const
  const [wsman] = select(xml, ...path, 'Detail', 'WSManFault')
  const [provider] = wsman ? select(wsman, 'Message', 'ProviderFault') : []
  const code = textAt(xml, ...path, 'Code', 'Value') === 's:Sender' ? 'Sender' : 'Receiver'
  const faultDetail = textAt(xml, ...path, 'Detail', 'FaultDetail')
    ?.split('/')
    .at(-1)
  const parts: EndpointFaultParts = {
    code,
    subcode: textAt(xml, ...path, 'Code', 'Subcode', 'Value') ?? '',
    wsmanCode: Number(wsman?.attributes.Code),
    reason: textAt(xml, ...path, 'Reason', 'Text') ?? '',
    ...(faultDetail === undefined ? {} : { faultDetail }),
    ...(provider
      ? { provider: { name: provider.attributes.provider ?? '', path: provider.attributes.path ?? '' } }
      : {}),
  }
  const message = provider ? textOf(provider) : textAt(xml, ...path, 'Detail', 'WSManFault', 'Message')
  return new EndpointFault(message ?? '', parts)
}

function machineOf(xml: PlainElement): string {
  return select(xml, 'Body', 'Fault', 'Detail', 'WSManFault')[0]?.attributes.Machine ?? ''
}
