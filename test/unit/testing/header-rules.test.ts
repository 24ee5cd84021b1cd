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
    ['no ResourceURI', { resourceUri: undefined }, 'a:DestinationUnreachable', 2150858752],
  ])('%s', (_, parts, subcode, wsmanCode) => {
    expect(faultFor(parts)).toMatchObject({ code: 'Sender', subcode, wsmanCode })
  })

  it('takes a MessageID of any form', () => {
    expect(check({ messageId: 'x' }).messageId).toBe('x')
    expect(check({ messageId: 'y'.repeat(2048) }).messageId).toHaveLength(2048)
  })

  it.each([
    ['ReplyTo', { replyTo: 'http://elsewhere/' }],
    ['FaultTo', { extra: '<a:FaultTo><a:Address>http://elsewhere/</a:Address></a:FaultTo>' }],
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
