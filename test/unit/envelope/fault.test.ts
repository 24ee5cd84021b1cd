import { describe, expect, it } from 'vitest'
import { TreeBody } from '../../../src/envelope/body-decoders.js'
import type { FaultParts } from '../../../src/errors/fault.js'
import { decodeMessage, envelopeOf } from './decode.js'

const F = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'

function faultOf(body: string, headers = ''): FaultParts {
  const message = decodeMessage(envelopeOf(headers, body), new TreeBody(() => 'no fault'))
  if (!message.fault) throw new Error('no fault')
  return message.fault
}

const soap = (
  detail: string,
  code = '<s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:InvalidParameter</s:Value></s:Subcode>',
): string =>
  `<s:Fault><s:Code>${code}</s:Code><s:Reason><s:Text xml:lang="">The parameter is wrong. </s:Text></s:Reason>${detail}</s:Fault>`

const windows = (message: string, attributes = 'Code="87" Machine="SERVER01"'): string =>
  soap(
    `<s:Detail><f:WSManFault xmlns:f="${F}" ${attributes}><f:Message>${message}</f:Message></f:WSManFault></s:Detail>`,
  )

describe('a fault of Windows', () => {
  it('is read with its codes, its text and its machine', () => {
    expect(faultOf(windows('The plug-in said no. '))).toEqual({
      wsmanCode: 87,
      wsmanName: 'ERROR_INVALID_PARAMETER',
      faultCode: 'Sender',
      subcode: 'InvalidParameter',
      reason: 'The parameter is wrong.',
      detail: 'The plug-in said no.',
      faultDetail: undefined,
      machine: 'SERVER01',
      provider: undefined,
      notUnderstood: [],
    })
  })

  it('may narrow its subcode', () => {
    const uri = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidValue'
    expect(faultOf(soap(`<s:Detail><w:FaultDetail>${uri}</w:FaultDetail></s:Detail>`)).faultDetail).toBe(uri)
  })

  it('of a provider tells what the provider said, and who it is', () => {
    const provider =
      '<f:ProviderFault provider=" Shell cmd plugin " path="%systemroot%\\x.dll">The command is wrong. </f:ProviderFault>'
    expect(faultOf(windows(provider))).toMatchObject({
      detail: 'The command is wrong.',
      provider: 'Shell cmd plugin',
    })
  })

  it('inside that of a provider says most', () => {
    const inner = `<f:WSManFault Code="2" Machine="INNER"><f:Message>The file is not there. </f:Message></f:WSManFault>`
    const provider = `<f:ProviderFault provider="WMI" path="x.dll">${inner}</f:ProviderFault>`
    expect(faultOf(windows(`Outer text. ${provider}`))).toMatchObject({
      wsmanCode: 87,
      detail: 'The file is not there.',
      machine: 'SERVER01',
    })
  })

  it('may say nothing in places', () => {
    expect(faultOf(windows('', 'Code="5" Machine=""'))).toMatchObject({
      wsmanCode: 5,
      wsmanName: 'ERROR_ACCESS_DENIED',
    })
    expect(faultOf(windows('', 'Code="5" Machine=""')).machine).toBeUndefined()
    expect(faultOf(windows('  ')).detail).toBeUndefined()
    expect(faultOf(windows('x', '')).wsmanCode).toBeUndefined()
    expect(faultOf(windows('x', 'Code="abc"')).wsmanCode).toBeUndefined()
  })

  it('may carry a code that nobody knows', () => {
    const fault = faultOf(windows('x', 'Code="3735928559"'))
    expect(fault.wsmanCode).toBe(0xdeadbeef)
    expect(fault.wsmanName).toBeUndefined()
  })
})

describe('faults of others', () => {
  it('carry the code in MSFT_WmiError', () => {
    const error =
      '<s:Detail><p:MSFT_WmiError xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/x"><p:CIMStatusCode>6</p:CIMStatusCode><p:Message>The instance is gone. </p:Message><p:error_Category>6</p:error_Category><p:error_Code>2150858752</p:error_Code></p:MSFT_WmiError></s:Detail>'
    expect(faultOf(soap(error))).toMatchObject({ wsmanCode: 2150858752, detail: 'The instance is gone.' })
  })

  it('may have no detail', () => {
    expect(faultOf(soap('', '<s:Value>s:Receiver</s:Value>'))).toMatchObject({
      faultCode: 'Receiver',
      reason: 'The parameter is wrong.',
    })
    expect(faultOf(soap('', '<s:Value>s:Receiver</s:Value>')).subcode).toBeUndefined()
    expect(faultOf('<s:Fault/>')).toMatchObject({ faultCode: 'Unknown', reason: '' })
  })

  it('may use no prefixes', () => {
    expect(faultOf(soap('', '<s:Value>Sender</s:Value>')).faultCode).toBe('Sender')
  })

  it('name the headers they did not understand', () => {
    const headers =
      '<s:NotUnderstood qname="wsman:ResourceUri"/><a:Action>x</a:Action><s:NotUnderstood qname="p:Other"/>'
    expect(faultOf(soap(''), headers).notUnderstood).toEqual(['wsman:ResourceUri', 'p:Other'])
  })
})

it('a fault of another namespace is a body like any other', () => {
  const message = decodeMessage(
    envelopeOf('', '<Fault>x</Fault>'),
    new TreeBody(([element]) => element?.text),
  )
  expect(message).toMatchObject({ body: 'x' })
})
