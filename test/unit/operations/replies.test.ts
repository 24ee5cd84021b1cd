import { describe, expect, it } from 'vitest'
import { connect, rejection, startService, type RawAnswer } from '../../support/scripted-service.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'
const SOAP_TYPE = { 'Content-Type': 'application/soap+xml;charset=UTF-8' }
const HTML = { 'Content-Type': 'text/html; charset=utf-8' }

async function errorFor(answer: RawAnswer): Promise<unknown> {
  const service = await startService({ Get: answer })
  const error = await rejection(connect(service, { retry: { attempts: 1 } }).get('urn:r'))
  expect(service.requests).toHaveLength(1)
  return error
}

const text = (part: string): string => expect.stringContaining(part) as string

describe('an HTTP status without a message', () => {
  it.each<[number, string]>([
    [400, 'urlPrefix'],
    [403, 'certificate'],
    [404, 'urlPrefix'],
    [405, 'host and port'],
    [413, 'MaxEnvelopeSizekb'],
    [500, 'urlPrefix'],
    [502, 'proxy'],
    [503, 'Get-Service WinRM'],
  ])('%d is told, with what to do', async (status, hint) => {
    const error = await errorFor({ raw: '', status, headers: {} })
    expect(error).toMatchObject({
      name: 'TransportError',
      code: 'ERR_WSMAN_HTTP_STATUS',
      status,
      host: '127.0.0.1',
      operation: 'Get',
      resource: 'urn:r',
      retryable: status === 503,
      hint: text(hint),
    })
    expect(String(error)).toContain(String(status))
  })

  it.each([
    ['a page', 404, HTML, '<html><body>Not Found</body></html>'],
    ['an empty body of SOAP’s type', 500, SOAP_TYPE, ''],
    ['a page with a broken head', 500, { 'Content-Type': 'text/plain' }, '<s:Envelope'],
  ])('is told the same with %s', async (_, status, headers, raw) => {
    expect(await errorFor({ raw, status, headers })).toMatchObject({ code: 'ERR_WSMAN_HTTP_STATUS', status })
  })

  it('of success without a message is no success', async () => {
    for (const status of [201, 202, 204]) {
      expect(await errorFor({ raw: '', status, headers: {} })).toMatchObject({
        code: 'ERR_WSMAN_HTTP_STATUS',
        status,
      })
    }
  })

  it('that redirects is told and not followed', async () => {
    const other = await startService({ Get: INSTANCE })
    const location = `http://127.0.0.1:${other.port}/wsman`
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await errorFor({ raw: '', status, headers: { Location: location } })).toMatchObject({
        name: 'TransportError',
        code: 'ERR_WSMAN_REDIRECT',
        status,
        location,
        operation: 'Get',
      })
    }
    expect(other.requests).toEqual([])
  })
})

describe('a reply of success', () => {
  it('that is a web page is refused before it is read', async () => {
    expect(await errorFor({ raw: '<html><body>It works!</body></html>', headers: HTML })).toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_WSMAN_PROTOCOL',
      message: text('text/html'),
      hint: text('proxy'),
      operation: 'Get',
    })
  })

  it('that is empty is refused', async () => {
    expect(await errorFor({ raw: '', headers: SOAP_TYPE })).toMatchObject({ name: 'ProtocolError' })
    expect(await errorFor({ raw: '', headers: {} })).toMatchObject({
      name: 'ProtocolError',
      message: text('empty'),
    })
  })

  it('that is XML and no envelope is refused', async () => {
    expect(await errorFor({ raw: '<html/>', headers: { 'Content-Type': 'application/xml' } })).toMatchObject({
      name: 'ProtocolError',
      message: text('html'),
      operation: 'Get',
    })
  })

  it('that is malformed is refused', async () => {
    expect(await errorFor({ raw: '<s:Envelope', headers: SOAP_TYPE })).toMatchObject({
      code: 'ERR_WSMAN_MALFORMED_XML',
      operation: 'Get',
    })
  })

  it('that nests without end is refused while it arrives', async () => {
    const raw = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${'<a>'.repeat(100_000)}`
    expect(await errorFor({ raw, headers: SOAP_TYPE })).toMatchObject({
      code: 'ERR_WSMAN_LIMIT',
      operation: 'Get',
    })
  })

  const envelope = (declaration: string): string =>
    `${declaration}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><C><Name>ä日</Name></C></s:Body></s:Envelope>`

  it.each([
    'application/soap+xml;charset=UTF-8',
    'Application/SOAP+XML',
    'text/xml',
    'application/xml; charset=utf-8',
  ])('of the type %s is read', async (type) => {
    const service = await startService({
      Get: { raw: envelope(' <?xml version="1.0"?>'), headers: { 'Content-Type': type } },
    })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'ä日' })
  })

  it('without a type is read', async () => {
    const service = await startService({ Get: { raw: envelope(''), headers: {} } })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'ä日' })
  })

  it('in UTF-16 is read', async () => {
    const raw = Buffer.from(`\uFEFF${envelope('<?xml version="1.0" encoding="utf-16"?>')}`, 'utf16le')
    const service = await startService({
      Get: { raw, headers: { 'Content-Type': 'application/soap+xml;charset=UTF-16' } },
    })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'ä日' })
  })
})

describe('after a reply that was refused', () => {
  it.each<[string, RawAnswer]>([
    ['by its status', { raw: 'x'.repeat(100_000), status: 404, headers: HTML }],
    ['by its type', { raw: '<html/>', headers: HTML }],
    ['by its content', { raw: '<html/>', headers: SOAP_TYPE }],
  ])('%s, the next request finds nothing of it', async (_, bad) => {
    const service = await startService({ Get: [bad, INSTANCE] })
    const client = connect(service)
    await rejection(client.get('urn:r'))
    expect(await client.get('urn:r')).toEqual({ Name: 'x' })
  })
})

it('a server error with a message that is no fault is no success', async () => {
  const raw =
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><C><Name>x</Name></C></s:Body></s:Envelope>'
  for (const status of [400, 500]) {
    expect(await errorFor({ raw, status })).toMatchObject({ status, code: 'ERR_WSMAN_HTTP_STATUS' })
  }
})
