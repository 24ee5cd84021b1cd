import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { readExchanges, readRecording, specificationExamples } from '../../support/recordings.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, parseXml, select, trimmed, type PlainElement } from '../../support/xml-compare.js'
import {
  ACTIONS,
  basic,
  enumerateBody,
  faultOf,
  pullBody,
  send,
  soap,
  textAt,
  without,
  wqlFilter,
  type RawReply,
} from './support/raw-client.js'

const ANY_LIMIT = 2_147_483_647
const contact = {
  Address: 'string',
  key: { type: 'sint32', key: true },
  Name: 'string',
  Telephone: 'string',
} as const

/** The classes of the interoperability workshop, and the disks of another recording. */
const classes = [
  {
    name: 'ContactInfo',
    namespace: 'root/plugfest',
    properties: contact,
    instances: [
      {
        Address: '7 156st Ave. N.E. Apt#10 Redmond WA 98052',
        key: 2,
        Name: 'Peter Parker',
        Telephone: '425-765-4321',
      },
      { Address: '123 4th Ave. Redmond WA 98052', key: 1, Name: 'Mary Jones', Telephone: '425-123-4567' },
    ],
  },
  {
    name: 'EmailContactInfo',
    namespace: 'root/plugfest',
    superclass: 'ContactInfo',
    properties: { Email: 'string' },
    instances: [
      {
        Address: null,
        Email: 'hporter@porter.com',
        key: 4,
        Name: 'Harry Porter',
        Telephone: '408-654-3214',
      },
      {
        Address: '1 Simpson Road, Richmond Canada V71 4LC',
        Email: 'barts@simpson.com',
        key: 3,
        Name: 'Bart Simpson',
        Telephone: null,
      },
    ],
  },
  {
    name: 'Win32_LogicalDisk',
    properties: { Name: { type: 'string', key: true }, Size: 'uint64', FreeSpace: 'uint64' },
    instances: [
      { Name: 'A:' },
      { Name: 'C:', Size: 64_412_164_096n, FreeSpace: 44_395_380_736n },
      { Name: 'D:', Size: 64_421_359_616n, FreeSpace: 30_545_928_192n },
      { Name: 'E:', Size: null, FreeSpace: null },
    ],
  },
  {
    name: 'Win32_Service',
    properties: { Name: { type: 'string', key: true } },
    instances: [{ Name: 'WinRM' }],
    methods: { StopService: () => ({ ReturnValue: 10 }) },
  },
] as const

let endpoint: Endpoint
beforeAll(async () => {
  endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTPS' }],
    users: [{ username: 'alice', password: 'secret' }],
    settings: {
      service: { auth: { basic: true, credSsp: true } },
      winrs: {
        maxConcurrentUsers: ANY_LIMIT,
        maxProcessesPerShell: ANY_LIMIT,
        maxMemoryPerShellMb: ANY_LIMIT,
        maxShellsPerUser: ANY_LIMIT,
      },
    },
    classes,
  })
})
afterAll(() => endpoint.close())

const ask = (message: string): Promise<RawReply> =>
  send(endpoint.url, message, { headers: { Authorization: basic('alice', 'secret') } })

const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root'
const CONTACTS = `${WMI}/plugfest/ContactInfo`
const recordedBodies = (file: string): PlainElement => {
  // The files were wrapped for print, some in the middle of a URI.
  const text = readRecording(`wsmancli-interop/xml/MSFT-bodies/${file}`).replace(/"http:[^"]*"/g, (uri) =>
    uri.replace(/\s+/g, ''),
  )
  return trimmed(parseXml(`<Items>${text.replace(/<!--[\s\S]*?-->/g, '')}</Items>`))
}

describeWithShared('corpus', 'the endpoint and what Windows was recorded to answer', () => {
  it('gives winrm/config element by element', async () => {
    const [exchange] = readExchanges('pypsrp/xml/test_wsman_update_envelope_size_500')
    const reply = await ask(exchange?.request ?? '')
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('application/soap+xml;charset=UTF-8')
    expect(without(reply.xml, 'MessageID')).toEqual(without(parseXml(exchange?.response ?? ''), 'MessageID'))
  })

  it('refuses a negative OperationTimeout with the same fault; only wording and machine differ', async () => {
    const [, , , exchange] = readExchanges('pypsrp/xml/test_psrp_is_alive_other_wsman_error')
    const reply = await ask(exchange?.request ?? '')
    expect(reply.status).toBe(500)
    const different = ['MessageID', 'Text', 'Message', '@Machine']
    expect(without(reply.xml, ...different)).toEqual(
      without(parseXml(exchange?.response ?? ''), ...different),
    )
    expect(textAt(reply.xml, 'Body', 'Fault', 'Detail', 'WSManFault', 'Message')).toContain('PT-1S')
  })

  it('names a header it must understand and does not', async () => {
    const recorded = parseXml(readRecording('pypsrp/xml/adhoc-faults/00.xml'))
    const reply = await ask(
      soap({
        messageId: textAt(recorded, 'Header', 'RelatesTo'),
        extra:
          '<wsman:ResourceUri xmlns:wsman="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" s:mustUnderstand="true">x</wsman:ResourceUri>',
      }),
    )
    const different = ['MessageID', 'Text', '@{http://www.w3.org/XML/1998/namespace}lang']
    expect(without(reply.xml, ...different)).toEqual(without(recorded, ...different))
    expect(reply.text).toContain(
      '<s:NotUnderstood qname="wsman:ResourceUri" xmlns:wsman="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" />',
    )
  })

  it('identifies itself to strangers as Windows does, under a name of its own', async () => {
    const message =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
      '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>'
    const reply = await send(endpoint.url, message, { headers: { WSMANIDENTIFY: 'unauthenticated' } })
    const recorded = parseXml(readRecording('knife-windows/wsman_test_spec/00.xml'))
    const different = ['ProductVendor', 'ProductVersion']
    expect(without(reply.xml, ...different)).toEqual(without(recorded, ...different))
    const identity = ['Body', 'IdentifyResponse'] as const
    expect(textAt(reply.xml, ...identity, 'ProductVendor')).toBe('wsman project')
    expect(textAt(reply.xml, ...identity, 'ProductVersion')).toBe('OS: 0.0.0 SP: 0.0 Stack: 3.0')
  })

  it('gets an instance', async () => {
    const reply = await ask(soap({ resourceUri: CONTACTS, selectors: { key: '1' } }))
    expect(elementsOf(select(reply.xml, 'Body')[0] ?? reply.xml)).toEqual(
      elementsOf(recordedBodies('02-6.2-Get.xml')),
    )
  })

  it('enumerates a class with the instances of the class derived from it', async () => {
    const body = enumerateBody('<w:OptimizeEnumeration/><w:MaxElements>10</w:MaxElements>')
    const reply = await ask(soap({ action: ACTIONS.enumerate, resourceUri: CONTACTS, body }))
    expect(elementsOf(select(reply.xml, 'Body', 'EnumerateResponse', 'Items')[0] ?? reply.xml)).toEqual(
      select(recordedBodies('08-7.1-Enumerate.xml'), 'Item').flatMap(elementsOf),
    )
  })

  it('enumerates objects with references', async () => {
    const body = enumerateBody(
      '<w:OptimizeEnumeration/><w:MaxElements>2</w:MaxElements><w:EnumerationMode>EnumerateObjectAndEPR</w:EnumerationMode>',
    )
    const reply = await ask(soap({ action: ACTIONS.enumerate, resourceUri: CONTACTS, body }))
    const items = select(reply.xml, 'Body', 'EnumerateResponse', 'Items', 'Item')
    const recorded = select(recordedBodies('11-7.4-Enumerate-ObjectAndEPR.xml'), 'Item')
    // The workshop's files put object and reference into elements of their own, and a language on the reference.
    const language = '{http://www.w3.org/XML/1998/namespace}lang'
    expect(items.map(elementsOf)).toEqual(
      recorded.map((item) =>
        elementsOf(item)
          .flatMap(elementsOf)
          .map(({ attributes, ...rest }) => ({
            ...rest,
            attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== language)),
          })),
      ),
    )
  })

  it('answers a method', async () => {
    const service = `${WMI}/cimv2/Win32_Service`
    const reply = await ask(
      soap({
        action: `${service}/StopService`,
        resourceUri: service,
        selectors: { Name: 'winrm' },
        body: `<i:StopService_INPUT xmlns:i="${service}"/>`,
      }),
    )
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${service}/StopServiceResponse`)
    expect(elementsOf(select(reply.xml, 'Body')[0] ?? reply.xml)).toEqual(
      select(recordedBodies('17-8.1-Invoke.xml'), 'OutputMsg').flatMap(elementsOf),
    )
  })

  it('refuses a selector that is no key', async () => {
    const reply = await ask(
      soap({ resourceUri: `${WMI}/cimv2/Win32_Service`, selectors: { InvalidKey: '0' } }),
    )
    const [recorded] = elementsOf(recordedBodies('05-6.5-Get-failure---invalid-selectors.xml'))
    const provider = ['Message', 'ProviderFault', 'WSManFault'] as const
    const [fault] = select(reply.xml, 'Body', 'Fault', 'Detail', 'WSManFault')
    expect(fault?.attributes.Code).toBe(recorded?.attributes.Code)
    const codes = (root: PlainElement | undefined): unknown[] =>
      root ? select(root, ...provider).map(({ attributes }) => attributes.Code) : []
    expect(codes(fault)).toEqual(codes(recorded))
  })

  it('gives the columns of a query as fragments, first items at once and the rest on Pull', async () => {
    const query = 'SELECT Name, Size, FreeSpace FROM Win32_LogicalDisk'
    const resourceUri = `${WMI}/cimv2/*`
    const first = await ask(
      soap({
        action: ACTIONS.enumerate,
        resourceUri,
        body: enumerateBody(`<w:OptimizeEnumeration/>${wqlFilter(query)}`),
      }),
    )
    const context = textAt(first.xml, 'Body', 'EnumerateResponse', 'EnumerationContext') ?? ''
    const rest = await ask(soap({ action: ACTIONS.pull, resourceUri, body: pullBody(context, 100) }))
    const different = [
      'MessageID',
      'RelatesTo',
      'EnumerationContext',
      '@{http://www.w3.org/XML/1998/namespace}lang',
    ]
    for (const [reply, file] of [
      [first, 'optimized-enum-response-with-fragments-1.xml'],
      [rest, 'optimized-enum-response-with-fragments-2.xml'],
    ] as const) {
      const recorded = trimmed(parseXml(readRecording(`opennms-wsman/${file}`)))
      expect(without(reply.xml, ...different)).toEqual(without(recorded, ...different))
    }
  })
})

describeWithShared('specs', 'the endpoint and the examples of MS-WSMV', () => {
  it('takes the request of 4.2.1, laid out for print', async () => {
    const [request] = specificationExamples('MS-WSMV', '4.2.1')
    const reply = await ask(request ?? '')
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'RelatesTo')).toBe('uuid:613DCD71-95AF-4ED5-86E2-1D6AB44ECE66')
  })

  it('answers the request of 4.10 for a class that is not there with its fault', async () => {
    const [request, response] = specificationExamples('MS-WSMV', '4.10')
    const reply = await ask(request ?? '')
    const printed = trimmed(parseXml(response ?? ''))
    const fault = ['Body', 'Fault'] as const
    for (const path of [
      ['Header', 'Action'],
      ['Header', 'RelatesTo'],
      [...fault, 'Code', 'Value'],
      [...fault, 'Code', 'Subcode', 'Value'],
    ]) {
      expect(textAt(reply.xml, ...path)).toBe(textAt(printed, ...path))
    }
    // The printed code lacks its facility, and its FaultDetail is shortened.
    expect(faultOf(reply)).toMatchObject({
      status: 500,
      detail: 'ResourceNotFound',
      wsmanCode: 0x80338000,
    })
    expect(Number(select(printed, ...fault, 'Detail', 'WSManFault')[0]?.attributes.Code)).toBe(0x8000)
  })
})
