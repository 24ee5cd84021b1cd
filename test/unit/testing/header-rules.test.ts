import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHeaders, type RequestTerms } from '../../../src/testing/header-rules.js'
import { EndpointFault } from '../../../src/testing/message.js'
import { parseMessage } from '../../../src/testing/soap-message.js'
import { defaultSettings } from '../../../src/settings/defaults.js'
import { readRecording, recordedMessages } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import { ACTIONS, soap, type RequestParts } from './support/raw-client.js'

const { protocol } = defaultSettings()
const check = (parts: RequestParts): RequestTerms => checkHeaders(parseMessage(soap(parts)).headers, protocol)

function faultFor(parts: RequestParts): EndpointFault['parts'] {
  try {
    check(parts)
  } catch (error) {
    if (error instanceof EndpointFault) return error.parts
    throw error
  }
  throw new Error('The headers were accepted.')
}

describe('required headers', () => {
  it.each([
    ['no MessageID', { messageId: undefined }, 'a:InvalidMessageInformationHeader', 2150858767],
    ['an empty MessageID', { messageId: ' ' }, 'a:InvalidMessageInformationHeader', 2150858767],
    [
      'a MessageID longer than 2 KB',
      { messageId: 'x'.repeat(2049) },
      'a:InvalidMessageInformationHeader',
      2150858767,
    ],
    ['no ReplyTo', { replyTo: undefined }, 'a:MessageInformationHeaderRequired', 2150858769],
    ['no Action', { action: undefined }, 'a:MessageInformationHeaderRequired', 2150858769],
    ['no To', { to: undefined }, 'a:MessageInformationHeaderRequired', 2150858769],
    ['an empty To', { to: ' ' }, 'a:MessageInformationHeaderRequired', 2150858769],
    ['no ResourceURI', { resourceUri: undefined }, 'a:DestinationUnreachable', 2150858811],
    ['an empty ResourceURI', { resourceUri: '' }, 'a:DestinationUnreachable', 2150858811],
    ['a relative ResourceURI', { resourceUri: 'winrm/config' }, 'a:DestinationUnreachable', 2150858811],
    ['a ResourceURI of two', { resourceUri: 'urn:a urn:b' }, 'a:DestinationUnreachable', 2150858811],
  ])('%s', (_, parts, subcode, wsmanCode) => {
    expect(faultFor(parts)).toMatchObject({ code: 'Sender', subcode, wsmanCode })
  })

  it('takes a MessageID of any form', () => {
    expect(check({ messageId: 'x' }).messageId).toBe('x')
    expect(check({ messageId: 'y'.repeat(2048) }).messageId).toHaveLength(2048)
  })

  it('takes a ResourceURI of any scheme, with the white space of print around it', () => {
    expect(check({ resourceUri: '\n  wsman:microsoft.com/wsman/2005/06/config\n' }).resourceUri).toBe(
      'wsman:microsoft.com/wsman/2005/06/config',
    )
  })

  it.each([
    ['To', '<a:To>http://127.0.0.1/wsman</a:To>'],
    ['Action', '<a:Action>urn:x</a:Action>'],
    ['MessageID', '<a:MessageID>uuid:2</a:MessageID>'],
    ['ReplyTo', '<a:ReplyTo/>'],
    ['ResourceURI', '<w:ResourceURI>urn:x</w:ResourceURI>'],
    ['OperationTimeout', '<w:OperationTimeout>PT1S</w:OperationTimeout>'.repeat(2)],
    ['SessionId', '<p:SessionId>uuid:1</p:SessionId>'.repeat(2)],
  ])('takes %s once', (_, extra) => {
    expect(faultFor({ extra })).toMatchObject({
      subcode: 'a:InvalidMessageInformationHeader',
      wsmanCode: 2150858767,
    })
  })

  it('takes any number of RelatesTo and of headers it need not understand', () => {
    const extra = '<a:RelatesTo>uuid:1</a:RelatesTo><h:New xmlns:h="urn:new"/>'.repeat(2)
    expect(check({ extra }).action).toBe(ACTIONS.get)
  })

  it.each([
    ['ReplyTo', { replyTo: 'http://elsewhere/' }],
    ['FaultTo', { extra: '<a:FaultTo><a:Address>http://elsewhere/</a:Address></a:FaultTo>' }],
    ['a FaultTo without address', { extra: '<a:FaultTo/>' }],
  ])('sends no reply elsewhere: %s', (_, parts) => {
    expect(faultFor(parts)).toMatchObject({
      subcode: 'w:UnsupportedFeature',
      faultDetail: 'AddressingMode',
      wsmanCode: 2150858870,
    })
  })

  it('takes a FaultTo that is anonymous', () => {
    const anonymous = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
    for (const address of [anonymous, `${anonymous}/`]) {
      expect(check({ extra: `<a:FaultTo><a:Address>${address}</a:Address></a:FaultTo>` }).action).toBe(
        ACTIONS.get,
      )
    }
  })
})

describe('mustUnderstand', () => {
  const header = (attribute: string): string => `<h:New xmlns:h="urn:new" ${attribute}>x</h:New>`

  it.each(['s:mustUnderstand="true"', 's:mustUnderstand="1"'])('%s on an unknown header', (attribute) => {
    expect(faultFor({ extra: header(attribute) })).toEqual({
      code: 'MustUnderstand',
      notUnderstood: { namespace: 'urn:new', local: 'New', prefix: 'h' },
    })
  })

  it.each(['', 's:mustUnderstand="false"', 'mustUnderstand="true"', 'a:mustUnderstand="true"'])(
    'lets an unknown header pass with %j',
    (attribute) => {
      expect(check({ extra: header(attribute) }).action).toBe(ACTIONS.get)
    },
  )

  it.each([
    ['Locale', '<w:Locale s:mustUnderstand="true" xml:lang="de-DE"/>'],
    ['DataLocale', '<p:DataLocale s:mustUnderstand="true" xml:lang="de-DE"/>'],
  ])('cannot be promised for %s', (name, extra) => {
    expect(faultFor({ extra })).toMatchObject({ subcode: 'w:UnsupportedFeature', faultDetail: name })
    expect(check({ extra: extra.replace('true', 'false') }).action).toBe(ACTIONS.get)
  })

  it('is demanded of FragmentTransfer', () => {
    const extra = '<w:FragmentTransfer s:mustUnderstand="false">Name</w:FragmentTransfer>'
    expect(faultFor({ extra })).toMatchObject({ subcode: 'a:InvalidMessageInformationHeader' })
    expect(check({ extra: extra.replace('false', 'true') }).action).toBe(ACTIONS.get)
  })
})

describe('what Windows takes and ignores', () => {
  it.each([
    '<w:RequestEPR s:mustUnderstand="true"/>',
    '<w:RequestTotalItemsCountEstimate s:mustUnderstand="true"/>',
    '<p:SessionId s:mustUnderstand="true">uuid:1</p:SessionId>',
    '<p:OperationID s:mustUnderstand="true">uuid:1</p:OperationID>',
    '<p:SequenceId s:mustUnderstand="true">1</p:SequenceId>',
    '<p:ActivityId s:mustUnderstand="true">x</p:ActivityId>',
    '<a:From s:mustUnderstand="true"><a:Address>urn:me</a:Address></a:From>',
    '<w:OptionSet s:mustUnderstand="true"><w:Option Name="wmi:x">y</w:Option></w:OptionSet>',
  ])('%s', (extra) => {
    expect(check({ extra }).action).toBe(ACTIONS.get)
  })

  it('an ActivityId of up to 2048 characters', () => {
    const extra = (length: number): string => `<p:ActivityId>${'x'.repeat(length)}</p:ActivityId>`
    expect(check({ extra: extra(2048) }).action).toBe(ACTIONS.get)
    expect(faultFor({ extra: extra(2049) })).toMatchObject({ subcode: 'a:InvalidMessageInformationHeader' })
  })
})

describe('SelectorSet and OptionSet', () => {
  const selector = (attributes: string): string => `<w:Selector ${attributes}>x</w:Selector>`
  const set = (...selectors: string[]): RequestParts => ({
    extra: `<w:SelectorSet>${selectors.join('')}</w:SelectorSet>`,
  })

  it('take names that differ, and a reference as a value', () => {
    const reference =
      '<w:Selector Name="Ref"><a:EndpointReference><a:Address>urn:a</a:Address><a:ReferenceParameters>' +
      '<w:SelectorSet><w:Selector Name="Ref">x</w:Selector></w:SelectorSet>' +
      '</a:ReferenceParameters></a:EndpointReference></w:Selector>'
    expect(check(set(selector('Name="a"'), selector('Name="b"'), reference)).action).toBe(ACTIONS.get)
  })

  it('take no selector twice, whatever the letter case', () => {
    expect(faultFor(set(selector('Name="Key"'), selector('Name="kEY"')))).toMatchObject({
      code: 'Sender',
      subcode: 'w:InvalidSelectors',
      faultDetail: 'DuplicateSelectors',
      wsmanCode: 2150858847,
    })
  })

  it.each(['', 'Name=""'])('take no selector without name: %j', (attributes) => {
    expect(faultFor(set(selector(attributes)))).toMatchObject({
      subcode: 'w:InvalidSelectors',
      wsmanCode: 2150858813,
    })
  })

  it('take no option without name', () => {
    expect(faultFor({ extra: '<w:OptionSet><w:Option>x</w:Option></w:OptionSet>' })).toMatchObject({
      subcode: 'w:InvalidOptions',
      faultDetail: 'InvalidName',
      wsmanCode: 2150858834,
    })
  })
})

describe('MaxEnvelopeSize', () => {
  const extra = (size: string): RequestParts => ({ extra: `<w:MaxEnvelopeSize>${size}</w:MaxEnvelopeSize>` })

  it('is that of the service where none is given or a larger one', () => {
    expect(check({}).maxEnvelopeSize).toBe(512_000)
    expect(check(extra('512001')).maxEnvelopeSize).toBe(512_000)
    expect(check(extra('8192')).maxEnvelopeSize).toBe(8192)
  })

  it('must leave room for a fault', () => {
    expect(faultFor(extra('8191'))).toMatchObject({
      subcode: 'w:EncodingLimit',
      faultDetail: 'MinimumEnvelopeLimit',
      wsmanCode: 2150858878,
    })
  })

  it.each(['many', '', '8192.5', '-1e9x'])('cannot be %j', (size) => {
    expect(faultFor(extra(size)).code).toBe('Sender')
  })
})

describe('OperationTimeout', () => {
  const extra = (text: string, action?: string): RequestParts => ({
    extra: `<w:OperationTimeout>${text}</w:OperationTimeout>`,
    ...(action === undefined ? {} : { action }),
  })

  it.each([
    ['PT20S', 20_000],
    ['PT0.500S', 500],
    ['PT0S', 500],
    ['PT0.1S', 500],
    ['PT1M', 60_000],
    ['PT61S', 60_000],
    ['P1DT2H', 60_000],
  ])('%s is %i ms', (text, ms) => {
    expect(check(extra(text)).operationTimeoutMs).toBe(ms)
  })

  it('is MaxTimeoutms where none is given', () => {
    expect(check({}).operationTimeoutMs).toBe(60_000)
  })

  it('is not cut for Pull', () => {
    expect(check(extra('PT1H', ACTIONS.pull)).operationTimeoutMs).toBe(3_600_000)
  })

  it.each(['PT-1S', '-PT1S', 'soon', 'PT', ''])('cannot be %j', (text) => {
    expect(faultFor(extra(text))).toMatchObject({ wsmanCode: 2150858767 })
  })

  it('never exceeds the service, and never falls below half a second', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), (ms) => {
        const given = check(extra(`PT${(ms / 1000).toFixed(3)}S`)).operationTimeoutMs
        expect(given).toBe(Math.min(60_000, Math.max(500, ms)))
      }),
    )
  })
})

describeWithShared('corpus', 'requests that Windows was recorded to take', () => {
  const recorded = recordedMessages().filter(({ file }) =>
    /^(?:pypsrp|winrmsharp|masterzen-winrm\/sample).*request\.xml$/.test(file),
  )

  it('have acceptable headers, but for the one it refused', () => {
    const refused = recorded.filter(({ file }) => {
      try {
        checkHeaders(parseMessage(readRecording(file)).headers, protocol)
        return false
      } catch (error) {
        if (error instanceof EndpointFault) return true
        throw error
      }
    })
    expect(recorded.length).toBeGreaterThan(200)
    expect(refused.map(({ file }) => file)).toEqual([
      'pypsrp/xml/test_psrp_is_alive_other_wsman_error/03-request.xml',
    ])
  })
})
