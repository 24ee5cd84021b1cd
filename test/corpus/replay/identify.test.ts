import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { IdentifyResult } from 'wsman'
import { envelopeAround, readInteropBody, readRecording } from '../../support/recordings.js'
import { replay, replyTo } from '../../support/replay-server.js'
import { describeWithShared, shared } from '../../support/shared.js'

const PROTOCOL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
const anonymous = (productVendor: string, productVersion: string): IdentifyResult => ({
  protocolVersion: PROTOCOL,
  productVendor,
  productVersion,
  securityProfiles: [],
})
const microsoft = (stack: string): IdentifyResult =>
  anonymous('Microsoft Corporation', `OS: 0.0.0 SP: 0.0 Stack: ${stack}`)

/** OMI puts the answer in the SOAP namespace. */
const OMI =
  '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" ' +
  'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><SOAP-ENV:Header/>' +
  `<SOAP-ENV:Body><SOAP-ENV:IdentifyResponse><wsmid:ProtocolVersion>${PROTOCOL}</wsmid:ProtocolVersion>` +
  '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>' +
  '<wsmid:ProductVersion>1.0.8-6</wsmid:ProductVersion></SOAP-ENV:IdentifyResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>'

describeWithShared('corpus', 'recorded Identify', () => {
  const recorded: readonly (readonly [string, string, IdentifyResult])[] = [
    ['Windows, stack 2.0', readRecording('knife-windows/wsman_test_spec/00.xml'), microsoft('2.0')],
    ['Windows, stack 2.0, again', readRecording('knife-windows/wsman_test_spec/01.xml'), microsoft('2.0')],
    ['Windows, stack 3.0', readRecording('knife-windows/wsman_test_spec/02.xml'), microsoft('3.0')],
    ['Windows Vista', envelopeAround(readInteropBody('01-6.1.1-Anonymous-Identify')), microsoft('1.0')],
    [
      'openwsman',
      readRecording('opennms-wsman/identify-response.xml'),
      anonymous('Openwsman Project', '2.0.0'),
    ],
    [
      'Wiseman, which says more than was asked',
      readRecording('wsmancli-interop/xml/WISEMAN/6.1-Identify-0/02.xml'),
      anonymous('The Wiseman Project - https://wiseman.dev.java.net', '0.5'),
    ],
    ['OMI', OMI, anonymous('Microsoft Corporation', '1.0.8-6')],
  ]

  it.each(recorded)('of %s', async (_, reply, expected) => {
    expect(await replay([replyTo('Identify', reply)], (client) => client.identify())).toEqual(expected)
  })
})

describeWithShared('specs', 'specified Identify', () => {
  it('names the profiles of authentication, one to an element (MS-WSMV 3.1.4.1.23)', async () => {
    const text = readFileSync(shared('specs', 'MS-WSMV.md'), 'utf8')
    const names = text.match(/<wsmid:SecurityProfileName>\s+\S+\s+<\/wsmid:SecurityProfileName>/g) ?? []
    const reply = envelopeAround(
      '<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">' +
        `<wsmid:ProtocolVersion>${PROTOCOL}</wsmid:ProtocolVersion>` +
        `<wsmid:SecurityProfiles>${names.join('')}</wsmid:SecurityProfiles></wsmid:IdentifyResponse>`,
    )
    const profile = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile'
    expect(await replay([replyTo('Identify', reply)], (client) => client.identify())).toEqual({
      protocolVersion: PROTOCOL,
      productVendor: undefined,
      productVersion: undefined,
      securityProfiles: [
        `${profile}/http/basic`,
        `${profile}/https/basic`,
        `${profile}/http/spnego-kerberos`,
        `${profile}/https/spnego-kerberos`,
        `${profile}/https/mutual`,
      ],
    })
  })
})
