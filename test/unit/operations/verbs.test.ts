import { describe, expect, it } from 'vitest'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { metadataOf, type Instance } from '../../../src/envelope/instance.js'
import { connect, rejection, startService, type Asked } from '../../support/scripted-service.js'
import { elementsOf, select, type PlainElement } from '../../support/xml-compare.js'

const CIMV2 = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2'
const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config'

/** The element inside `s:Body`. */
function bodyOf(request: Asked | undefined): PlainElement {
  if (!request) throw new Error('nothing arrived')
  const [only, ...more] = select(request.root, 'Body').flatMap(elementsOf)
  if (!only || more.length > 0) throw new Error(`${more.length + 1} elements in the body`)
  return only
}

const element = (name: string, ...children: (PlainElement | string)[]): PlainElement => ({
  name,
  attributes: {},
  children,
})

describe('Identify', () => {
  // As Windows answers those it knows.
  const IDENTITY =
    '<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>OS: 10.0.17763 SP: 0.0 Stack: 3.0</wsmid:ProductVersion><wsmid:SecurityProfiles><wsmid:SecurityProfileName>urn:one</wsmid:SecurityProfileName><wsmid:SecurityProfileName>urn:two</wsmid:SecurityProfileName></wsmid:SecurityProfiles></wsmid:IdentifyResponse>'

  it('asks without headers and tells all that was said', async () => {
    const service = await startService({ Identify: IDENTITY })
    expect(await connect(service).identify()).toEqual({
      protocolVersion: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
      productVendor: 'Microsoft Corporation',
      productVersion: 'OS: 10.0.17763 SP: 0.0 Stack: 3.0',
      securityProfiles: ['urn:one', 'urn:two'],
    })
    const [request] = service.requests
    expect(request && select(request.root, 'Header').flatMap(elementsOf)).toEqual([])
    expect(bodyOf(request)).toEqual(
      element('{http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd}Identify'),
    )
    expect(request?.http.headers.wsmanidentify).toBeUndefined()
  })

  it('of an anonymous caller says so in a header, and needs no policy', async () => {
    const service = await startService({ Identify: IDENTITY.replace(/<wsmid:Sec.*Profiles>/, '') })
    const client = connect(service, { settings: { client: { allowUnencrypted: false } } })
    const identity = await client.identify({ anonymous: true })
    expect(identity.securityProfiles).toEqual([])
    expect(service.requests[0]?.http.headers.wsmanidentify).toBe('unauthenticated')
    expect(await rejection(client.identify())).toMatchObject({
      name: 'PolicyError',
      code: 'ERR_WSMAN_UNENCRYPTED',
    })
    expect(service.requests).toHaveLength(1)
  })

  it('is understood in the namespace of SOAP, as OMI answers', async () => {
    const service = await startService({
      Identify: '<s:IdentifyResponse><s:ProductVendor>x</s:ProductVendor></s:IdentifyResponse>',
    })
    expect(await connect(service).identify()).toEqual({
      protocolVersion: '',
      productVendor: 'x',
      productVersion: undefined,
      securityProfiles: [],
    })
  })

  it.each(['', '<other/>'])('is not answered by %j', async (body) => {
    const service = await startService({ Identify: body })
    expect(await rejection(connect(service).identify())).toMatchObject({
      name: 'ProtocolError',
      operation: 'Identify',
    })
  })
})

describe('Get', () => {
  it('of a fragment gives text, elements or an instance', async () => {
    const fragment = (content: string): string => `<w:XmlFragment>${content}</w:XmlFragment>`
    const service = await startService({
      Get: [fragment('Windows Remote Management'), fragment('<Caption>x</Caption>')],
    })
    const client = connect(service)
    const resource = {
      resourceUri: 'wmicimv2/Win32_Service',
      selectors: { Name: 'WinRM' },
      fragment: 'Caption/text()',
    }
    expect(await client.get(resource)).toBe('Windows Remote Management')
    expect(await client.get({ ...resource, fragment: 'Caption' })).toEqual({ Caption: 'x' })
    expect(service.requests.map((request) => request.texts('FragmentTransfer'))).toEqual([
      ['Caption/text()'],
      ['Caption'],
    ])
  })
})

describe('Put', () => {
  const READ = `<cfg:Winrs xmlns:cfg="${CONFIG}" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess><cfg:When><cim:Datetime>2015-02-26T18:00:25Z</cim:Datetime></cfg:When></cfg:Winrs>`
  const expected = (allow: string): PlainElement =>
    element(
      `{${CONFIG}}Winrs`,
      element(`{${CONFIG}}AllowRemoteShellAccess`, allow),
      element(
        `{${CONFIG}}When`,
        element('{http://schemas.dmtf.org/wbem/wscim/1/common}Datetime', '2015-02-26T18:00:25Z'),
      ),
    )

  it('of what was read sends it back as it came', async () => {
    const service = await startService({ Get: READ, Put: READ })
    const client = connect(service)
    const instance = await client.get('winrm/config/winrs')
    instance.AllowRemoteShellAccess = 'false'
    expect(await client.put('winrm/config/winrs', instance)).toEqual({
      AllowRemoteShellAccess: 'true',
      When: '2015-02-26T18:00:25Z',
    })
    expect(bodyOf(service.requests[1])).toEqual(expected('false'))
  })

  it.each<[string, string, string]>([
    ['wmicimv2/Win32_Service?Name=a', `${CIMV2}/Win32_Service`, 'Win32_Service'],
    ['winrm/config/winrs', `${CONFIG}/winrs`, 'Winrs'],
    ['winrm/config', CONFIG, 'Config'],
    ['winrm/config/listener?Address=*+Transport=HTTP', `${CONFIG}/listener`, 'Listener'],
    ['winrm/config/service/certmapping', `${CONFIG}/service/certmapping`, 'CertMapping'],
  ])('to %s names the element after it', async (resource, namespace, name) => {
    const service = await startService({ Put: '' })
    expect(await connect(service).put(resource, { A: 1 })).toEqual({})
    expect(bodyOf(service.requests[0])).toEqual(
      element(`{${namespace}}${name}`, element(`{${namespace}}A`, '1')),
    )
  })

  it('takes the element that is given before every other', async () => {
    const service = await startService({ Put: READ })
    await connect(service).put('http://x/*', { A: 1 }, { element: { name: 'Own', namespaceUri: 'urn:own' } })
    expect(bodyOf(service.requests[0])).toEqual(element('{urn:own}Own', element('{urn:own}A', '1')))
    expect(await rejection(connect(service).put('http://x/*', { A: 1 }))).toMatchObject({
      name: 'UsageError',
      hint: expect.stringContaining('element') as string,
    })
  })

  it('of a fragment sends text or elements', async () => {
    const service = await startService({ Put: ['', ''] })
    const client = connect(service)
    const resource = { resourceUri: 'http://x/Class', fragment: 'A' }
    await client.put(resource, '<text>')
    await client.put(resource, { A: '1' })
    const name = '{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}XmlFragment'
    expect(bodyOf(service.requests[0])).toEqual(element(name, '<text>'))
    expect(bodyOf(service.requests[1])).toEqual(element(name, element('{http://x/Class}A', '1')))
    expect(await rejection(client.put('http://x/Class', 'text'))).toMatchObject({ name: 'UsageError' })
  })

  it('with update reads, merges and writes', async () => {
    const service = await startService({ Get: READ, Put: READ })
    await connect(service).update('winrm/config/winrs', { AllowRemoteShellAccess: 'false' })
    expect(service.actions).toEqual(['Get', 'Put'])
    expect(bodyOf(service.requests[1])).toEqual(expected('false'))
  })
})

describe('Create', () => {
  const created = (inside: string): string => `<x:ResourceCreated>${inside}</x:ResourceCreated>`

  it('gives the way to what it made, which can be asked for', async () => {
    const service = await startService({
      Create: created(
        '<a:Address>http://h/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>urn:made</w:ResourceURI><w:SelectorSet><w:Selector Name="Id">7</w:Selector></w:SelectorSet></a:ReferenceParameters>',
      ),
      Get: '<C><Id>7</Id></C>',
    })
    const client = connect(service)
    const reference = await client.create('wmicimv2/Win32_Thing', { Id: 7n })
    expect(reference).toEqual(new EndpointReference('urn:made', { Id: '7' }, 'http://h/wsman'))
    expect(bodyOf(service.requests[0])).toEqual(
      element(`{${CIMV2}/Win32_Thing}Win32_Thing`, element(`{${CIMV2}/Win32_Thing}Id`, '7')),
    )
    await client.get(reference)
    expect(service.requests[1]?.texts('ResourceURI')).toEqual(['urn:made'])
    expect(service.requests[1]?.texts('Selector')).toEqual(['7'])
  })

  it.each(['', '<x:Other/>'])('that answers %j did not say what it made', async (body) => {
    const service = await startService({ Create: body })
    expect(await rejection(connect(service).create('http://x/Class', {}))).toMatchObject({
      name: 'ProtocolError',
      operation: 'Create',
    })
  })
})

describe('Delete', () => {
  it('sends nothing but the address, and takes an empty answer', async () => {
    const service = await startService({ Delete: '' })
    await connect(service).delete('winrm/config/listener?Address=*+Transport=HTTPS')
    expect(service.requests[0]?.texts('Selector')).toEqual(['*', 'HTTPS'])
    expect(service.requests[0] && select(service.requests[0].root, 'Body').flatMap(elementsOf)).toEqual([])
  })
})

describe('Invoke', () => {
  const URI = `${CIMV2}/Win32_Process`

  it('sends the parameters in order and gives the ones that come back', async () => {
    const service = await startService({
      Create: `<p:Create_OUTPUT xmlns:p="${URI}"><p:ProcessId>4711</p:ProcessId><p:ReturnValue>0</p:ReturnValue></p:Create_OUTPUT>`,
    })
    const result = await connect(service).invoke('wmicimv2/Win32_Process', 'Create', {
      CommandLine: 'a & b',
      CurrentDirectory: null,
    })
    expect(result).toEqual({ ProcessId: '4711', ReturnValue: '0' })
    expect(metadataOf(result)).toMatchObject({ className: 'Create_OUTPUT' })
    const [request] = service.requests
    expect(request?.texts('Action')).toEqual([`${URI}/Create`])
    expect(bodyOf(request)).toEqual({
      ...element(`{${URI}}Create_INPUT`),
      children: [
        element(`{${URI}}CommandLine`, 'a & b'),
        {
          ...element(`{${URI}}CurrentDirectory`),
          attributes: { '{http://www.w3.org/2001/XMLSchema-instance}nil': 'true' },
        },
      ],
    })
  })

  it('takes a whole action URI, and no parameters', async () => {
    const service = await startService({ StopService: `<p:StopService_OUTPUT xmlns:p="urn:s"/>` })
    const result: Instance = await connect(service).invoke('http://x/Class', 'http://other/y/StopService')
    expect(result).toEqual({})
    expect(service.requests[0]?.texts('Action')).toEqual(['http://other/y/StopService'])
    expect(bodyOf(service.requests[0])).toEqual(element('{http://x/Class}StopService_INPUT'))
  })

  it.each(['', 'two words', 'http://x/', 'a/b c', '<a>'])('has no method %j', async (action) => {
    const service = await startService({})
    expect(await rejection(connect(service).invoke('http://x/Class', action))).toMatchObject({
      name: 'UsageError',
    })
    expect(service.requests).toEqual([])
  })
})
