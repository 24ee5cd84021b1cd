import { describe, expect, it } from 'vitest'
import { TreeBody } from '../../../src/envelope/body-decoders.js'
import { EnvelopeDecoder } from '../../../src/envelope/decoder.js'
import { WsmanFault, type FaultParts } from '../../../src/errors/fault.js'
import { decodeMessage, envelopeOf } from './decode.js'

const FAULT_NS = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'
const BINDING = 'http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd'

function decode(xml: string, locale?: string): FaultParts {
  const decoder = new EnvelopeDecoder(new TreeBody(() => 'no fault'), {}, locale)
  decoder.write(Buffer.from(xml))
  const message = decoder.end()
  if (!message.fault) throw new Error('no fault')
  return message.fault
}

const withDetail = (detail: string): FaultParts =>
  decode(
    envelopeOf(
      '',
      '<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>' +
        `<s:Reason><s:Text xml:lang="en-US">It failed. </s:Text></s:Reason><s:Detail>${detail}</s:Detail></s:Fault>`,
    ),
  )

/** A fault of Windows around what a provider says. */
const provided = (content: string, inside = ''): string =>
  `<f:WSManFault xmlns:f="${FAULT_NS}" Code="2150859010" Machine="10.0.0.7"><f:Message>${inside}` +
  `<f:ProviderFault provider="WMI Provider" path="WsmWmiPl.dll">${content}</f:ProviderFault></f:Message></f:WSManFault>`

const nested = (message: string, attributes = 'Code="2150859010" Machine="SERVER01"'): string =>
  `<f:WSManFault ${attributes}><f:Message>${message}</f:Message></f:WSManFault>`

const extendedStatus = (description: string): string =>
  '<f:ExtendedError><q:__ExtendedStatus xmlns:q="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/wmi/__ExtendedStatus">' +
  `${description}<q:Operation>ExecQuery</q:Operation><q:ParameterInfo>select * from X</q:ParameterInfo>` +
  '<q:ProviderName>WinMgmt</q:ProviderName><q:StatusCode xsi:nil="true"/></q:__ExtendedStatus></f:ExtendedError>'

describe('the fault of a provider', () => {
  it.each([
    ['plain text', 'The disk is full. ', 'The disk is full.'],
    [
      'an element of its own',
      '<t:ProviderError xmlns:t="http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"> No such log. </t:ProviderError>',
      'No such log.',
    ],
    ['several elements', '<one>First.</one><two><three>Second.</three></two>', 'First. Second.'],
    ['a fault of its own', nested('The class is gone. '), 'The class is gone.'],
    [
      'a fault and a status that describes it',
      nested('WMI could not do it. ') + extendedStatus('<q:Description>WDM code 4200\n</q:Description>'),
      'WMI could not do it. WDM code 4200',
    ],
    [
      'a fault and a status that repeats it',
      nested('WMI could not do it. ') + extendedStatus('<q:Description>could not do it.</q:Description>'),
      'WMI could not do it.',
    ],
    [
      'a fault and a status without a description',
      nested('WMI could not do it. ') + extendedStatus('<q:Description xsi:nil="true"/>'),
      'WMI could not do it.',
    ],
    ['a status alone', extendedStatus('<q:Description>No class.</q:Description>'), 'No class.'],
    ['nothing', '', undefined],
  ])('may say %s', (_, content, detail) => {
    expect(withDetail(provided(content))).toMatchObject({
      wsmanCode: 2150859010,
      wsmanName: 'ERROR_WSMAN_WMI_PROVIDER_NOT_CAPABLE',
      detail,
      machine: '10.0.0.7',
      provider: 'WMI Provider',
    })
  })

  it('may stand in that of another, however deep', () => {
    const deepest = nested('Innermost. ', 'Code="5" Machine="DEEP"')
    const middle = nested(
      `<f:ProviderFault provider="Inner" path="x">${deepest}</f:ProviderFault>`,
      'Code="2" Machine="MIDDLE"',
    )
    expect(withDetail(provided(middle))).toMatchObject({
      wsmanCode: 2150859010,
      detail: 'Innermost.',
      machine: '10.0.0.7',
      provider: 'Inner',
    })
    let fault = nested('Bottom. ')
    for (let depth = 0; depth < 30; depth++) fault = nested(`<f:ProviderFault>${fault}</f:ProviderFault>`)
    expect(withDetail(provided(fault)).detail).toBe('Bottom.')
  })

  it('tells code and machine where the service does not', () => {
    const xml = provided(nested('Text.', 'Code="5" Machine="INNER"')).replace(
      'Code="2150859010" Machine="10.0.0.7"',
      'Machine=" "',
    )
    expect(withDetail(xml)).toMatchObject({
      wsmanCode: 5,
      wsmanName: 'ERROR_ACCESS_DENIED',
      machine: 'INNER',
    })
  })

  it('leaves the text of the service where it has none', () => {
    expect(withDetail(provided('', 'Outer text. ')).detail).toBe('Outer text.')
  })

  it('may come from the first version of WinRM', () => {
    const old = provided(nested('Old. ')).replaceAll(
      FAULT_NS,
      'http://schemas.microsoft.com/ws/2005/06/wsmanfault',
    )
    expect(withDetail(old)).toMatchObject({ wsmanCode: 2150859010, detail: 'Old.', machine: '10.0.0.7' })
  })
})

describe('the code of a fault', () => {
  it.each([
    ['2150858793', 2150858793, 'ERROR_WSMAN_OPERATION_TIMEDOUT'],
    ['-2144108503', 2150858793, 'ERROR_WSMAN_OPERATION_TIMEDOUT'],
    ['0x80338029', 2150858793, 'ERROR_WSMAN_OPERATION_TIMEDOUT'],
    [' 5 ', 5, 'ERROR_ACCESS_DENIED'],
    ['2147943418', 2147943418, 'ERROR_KEY_DELETED'],
    ['2147942606', 2147942606, 'ERROR_FILENAME_EXCED_RANGE'],
    ['2147942487', 2147942487, 'E_INVALIDARG'],
    ['4294967295', 4294967295, undefined],
    ['4294967296', undefined, undefined],
    ['-2147483649', undefined, undefined],
    ['99999999999999999999', undefined, undefined],
    ['', undefined, undefined],
    ['five', undefined, undefined],
    ['5.0', undefined, undefined],
    ['1e3', undefined, undefined],
  ])('%j is %s', (text, code, name) => {
    const fault = withDetail(`<f:WSManFault xmlns:f="${FAULT_NS}" Code="${text}" Machine="x"/>`)
    expect([fault.wsmanCode, fault.wsmanName]).toEqual([code, name])
  })
})

const cimError = (name: string, properties: Readonly<Record<string, string>>, attributes = ''): string => {
  const children = Object.entries(properties).map(([property, text]) =>
    text === 'nil' ? `<e:${property} xsi:nil="true"/>` : `<e:${property}>${text}</e:${property}>`,
  )
  return `<e:${name} xmlns:e="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/${name}" ${attributes}>${children.join('')}</e:${name}>`
}

describe('a CIM error', () => {
  const wmi = {
    CIMStatusCode: '27',
    CIMStatusCodeDescription: 'nil',
    Message: 'The user has too many. ',
    MessageID: 'HRESULT 0x803381a6',
    error_Category: '30',
    error_Code: '2150859174',
    error_Type: 'HRESULT',
    error_WindowsErrorMessage: 'Windows says so. ',
  }

  it('of WMI is told with all its parts', () => {
    expect(withDetail(cimError('MSFT_WmiError', wmi))).toEqual({
      faultCode: 'Receiver',
      subcode: 'InternalError',
      reason: 'It failed.',
      wsmanCode: 2150859174,
      wsmanName: 'ERROR_WSMAN_QUOTA_MAX_OPERATIONS',
      detail: 'The user has too many.',
      cimStatusCode: 27,
      messageId: 'HRESULT 0x803381a6',
      notUnderstood: [],
    })
  })

  it.each<[string, Partial<typeof wmi>, number | undefined]>([
    ['an unsigned code', {}, 2150859174],
    ['a signed code', { error_Code: '-2144108122' }, 2150859174],
    ['a Win32 error', { error_Code: '5', error_Type: 'Win32' }, 5],
    ['a code without a type', { error_Code: '5', error_Type: 'nil' }, 5],
    ['the identifier where there is no code', { error_Code: 'nil' }, 2150859174],
    ['the identifier where the code says success', { error_Code: '0' }, 2150859174],
    ['a Win32 error in the identifier', { error_Code: 'nil', MessageID: 'Windows System Error 1060' }, 1060],
    ['no result of MI', { error_Code: '6', error_Type: 'MI', MessageID: 'MI RESULT 6' }, undefined],
    ['no code of a provider', { error_Code: 'nil', MessageID: 'StorageWMI 46008' }, undefined],
  ])('is known by %s', (_, changes, code) => {
    expect(withDetail(cimError('MSFT_WmiError', { ...wmi, ...changes })).wsmanCode).toBe(code)
  })

  it.each([
    ['its message', {}, 'The user has too many.'],
    ['what Windows says where it has no message', { Message: 'nil' }, 'Windows says so.'],
    [
      'what its status says where nothing else does',
      { Message: ' ', error_WindowsErrorMessage: 'nil', CIMStatusCodeDescription: 'Failed. ' },
      'Failed.',
    ],
    ['nothing where it says nothing', { Message: '', error_WindowsErrorMessage: '' }, undefined],
  ])('gives %s', (_, changes, detail) => {
    expect(withDetail(cimError('MSFT_WmiError', { ...wmi, ...changes })).detail).toBe(detail)
  })

  it('of OMI has results of MI only', () => {
    const omi = {
      OwningEntity: 'OMI:CIMOM',
      MessageID: 'OMI:MI_Result:12',
      Message: 'There is no such property.',
      CIMStatusCode: '12',
      OMI_Code: '12',
      OMI_Type: 'MI',
    }
    expect(withDetail(cimError('OMI_Error', omi))).toMatchObject({
      wsmanCode: undefined,
      wsmanName: undefined,
      detail: 'There is no such property.',
      cimStatusCode: 12,
      messageId: 'OMI:MI_Result:12',
    })
    const hresult = { ...omi, OMI_Code: '2147749889', OMI_Type: 'HRESULT' }
    expect(withDetail(cimError('OMI_Error', hresult))).toMatchObject({
      wsmanCode: 0x80041001,
      wsmanName: 'WBEM_E_FAILED',
    })
  })

  it.each([
    ['its class', cimError('CIM_Error', { Message: 'Known.' })],
    [
      'the mark of the binding',
      cimError('Vendor_Oops', { Message: 'Known.' }, `xmlns:b="${BINDING}" b:IsCIM_Error="true"`),
    ],
    ['its status', cimError('MSFT_ExtendedStatus', { CIMStatusCode: '1', Message: 'Known.' })],
    ['any of these inside a provider’s fault', provided(cimError('CIM_Error', { Message: 'Known.' }))],
    [
      'any of these beside a provider’s fault',
      provided('General words.') + cimError('CIM_Error', { Message: 'Known.' }),
    ],
  ])('is known by %s', (_, detail) => {
    expect(withDetail(detail).detail).toBe('Known.')
  })
})

describe('a detail of another form', () => {
  it('is told by its text', () => {
    expect(withDetail('<a:Action>urn:x/Frobnicate</a:Action>').detail).toBe('urn:x/Frobnicate')
    expect(withDetail(' Text <v:Problem xmlns:v="v">of <v:B>a</v:B></v:Problem> vendor ').detail).toBe(
      'Text  vendor of a',
    )
  })

  it('is cut where it is long, and not told where it is the subcode’s own', () => {
    expect(withDetail(`<v:P xmlns:v="v">${'x'.repeat(50_000)}</v:P>`).detail).toHaveLength(2000)
    expect(withDetail('<w:FaultDetail>urn:d</w:FaultDetail>')).toMatchObject({
      detail: undefined,
      faultDetail: 'urn:d',
    })
    expect(withDetail(' \n ').detail).toBeUndefined()
  })
})

describe('the SOAP part of a fault', () => {
  const fault = (inside: string, locale?: string): FaultParts =>
    decode(envelopeOf('', `<s:Fault>${inside}</s:Fault>`), locale)

  it('may nest subcodes: the innermost says most', () => {
    const subcode = (name: string, inside = ''): string =>
      `<s:Subcode><s:Value>w:${name}</s:Value>${inside}</s:Subcode>`
    const code = (inside: string): string => `<s:Code><s:Value>s:Sender</s:Value>${inside}</s:Code>`
    expect(fault(code(subcode('One', subcode('Two', subcode('Three')))))).toMatchObject({
      faultCode: 'Sender',
      subcode: 'Three',
      subcodes: ['One', 'Two', 'Three'],
    })
    expect(fault(code(subcode('One')))).toMatchObject({ subcode: 'One' })
    expect(fault(code(subcode('One'))).subcodes).toBeUndefined()
    expect(fault(code('<s:Subcode/>')).subcode).toBeUndefined()
    expect(new WsmanFault(fault(code(subcode('One')))).subcodes).toEqual(['One'])
    expect(new WsmanFault(fault(code(''))).subcodes).toEqual([])
  })

  const texts =
    '<s:Reason><s:Text xml:lang=""> </s:Text><s:Text xml:lang="en-US">Why. </s:Text><s:Text xml:lang="fr"/>' +
    '<s:Text xml:lang="de-DE">Warum.</s:Text><s:Text xml:lang="de-AT">Weshalb.</s:Text></s:Reason>'

  it.each([
    ['de-DE', 'Warum.'],
    ['DE-at', 'Weshalb.'],
    ['de', 'Warum.'],
    ['de-CH', 'Warum.'],
    ['en-GB', 'Why.'],
    ['fr', 'Why.'],
    ['', 'Why.'],
    [undefined, 'Why.'],
  ])('has its reason in the language %s', (locale, reason) => {
    expect(fault(texts, locale).reason).toBe(reason)
  })

  it.each([
    ['<s:Reason><s:Text xml:lang="">In no language.</s:Text></s:Reason>', 'In no language.'],
    ['<s:Reason><s:Text>Without one.</s:Text></s:Reason>', 'Without one.'],
    ['<s:Reason><s:Text xml:lang="en"/></s:Reason>', ''],
    ['<s:Reason>Not here</s:Reason>', ''],
    ['', ''],
  ])('may say little: %s', (xml, reason) => {
    expect(fault(xml, 'en-US').reason).toBe(reason)
  })

  it('may be empty', () => {
    expect(fault('')).toEqual({ faultCode: 'Unknown', reason: '', notUnderstood: [] })
    expect(new WsmanFault(fault('')).message).toBe('Unknown fault without a reason')
  })

  it('is the first of several', () => {
    const two = (codes: readonly string[]): string =>
      codes.map((code) => `<s:Fault><s:Code><s:Value>s:${code}</s:Value></s:Code></s:Fault>`).join('')
    expect(decode(envelopeOf('', two(['Sender', 'Receiver']))).faultCode).toBe('Sender')
  })
})

describe('a fault in SOAP 1.1', () => {
  const old = (inside: string): string =>
    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body><e:Fault>${inside}</e:Fault></e:Body></e:Envelope>`

  it.each([
    ['<faultcode>e:VersionMismatch</faultcode>', 'VersionMismatch', undefined],
    ['<faultcode>e:MustUnderstand</faultcode>', 'MustUnderstand', undefined],
    ['<faultcode>e:Client</faultcode>', 'Sender', undefined],
    ['<faultcode> e:Server </faultcode>', 'Receiver', undefined],
    ['<faultcode>e:Client.Authentication</faultcode>', 'Sender', 'Authentication'],
    ['<faultcode>Server.A.B</faultcode>', 'Receiver', 'B'],
    ['<faultcode>e:Vendor</faultcode>', 'Vendor', undefined],
    ['', 'Unknown', undefined],
  ])('has the codes of SOAP 1.2: %s', (xml, faultCode, subcode) => {
    expect(decode(old(`${xml}<faultstring> No. </faultstring>`))).toMatchObject({
      faultCode,
      subcode,
      reason: 'No.',
    })
  })

  it('has a detail too', () => {
    const xml = `<faultcode>e:Server</faultcode><faultstring>No.</faultstring><detail>${cimError('CIM_Error', { Message: 'Why.', CIMStatusCode: '1' }).replace(' >', '>')}</detail>`
    expect(decode(old(xml))).toMatchObject({ detail: 'Why.', cimStatusCode: 1 })
    expect(decode(old(''))).toMatchObject({ reason: '', detail: undefined })
  })

  it('is the only message that may come in it', () => {
    const body = old('').replace(/<e:Fault>.*<\/e:Fault>/, '<x/>')
    expect(() => decodeMessage(body, new TreeBody(() => 'read'))).toThrow('SOAP 1.1')
    const mixed = old('').replaceAll('e:Fault', 'Fault xmlns=""').replaceAll('/Fault xmlns=""', '/Fault')
    expect(() => decodeMessage(mixed, new TreeBody(() => 'read'))).toThrow('SOAP 1.1')
  })
})
