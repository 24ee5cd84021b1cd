import { describe, expect, it } from 'vitest'
import { TimeoutError } from '../../../src/errors/errors.js'
import { WsmanFault } from '../../../src/errors/fault.js'
import {
  connect,
  envelope,
  rejection,
  startService,
  windowsFault,
  type Script,
} from '../../support/scripted-service.js'
import { textOf } from '../../support/xml-compare.js'

const SERVICE = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service'
const INSTANCE = `<p:Win32_Service xmlns:p="${SERVICE}"><p:Name>WinRM</p:Name></p:Win32_Service>`
const ANSWER: Script = { Get: INSTANCE }

describe('a request', () => {
  it('says what the call says, and names one session in all of them', async () => {
    const service = await startService(ANSWER)
    const client = connect(service, { locale: 'de-DE', dataLocale: 'fr-FR' })
    await client.get('wmicimv2/Win32_Service?Name=WinRM')
    await client.get('wmicimv2/Win32_Service?Name=WinRM', {
      operationTimeoutMs: 1500,
      maxEnvelopeSizeKb: 150,
      locale: 'it-IT',
      dataLocale: 'es-ES',
      optionSet: { Verbose: true },
    })
    const [first, second] = service.requests
    expect(first?.texts('To')).toEqual([`http://127.0.0.1:${service.port}/wsman`])
    expect(first?.texts('ResourceURI')).toEqual([SERVICE])
    expect(first?.texts('Selector')).toEqual(['WinRM'])
    expect(first?.texts('OperationTimeout')).toEqual(['PT60.000S'])
    expect(first?.texts('MaxEnvelopeSize')).toEqual(['512000'])
    expect(first?.text).toContain('xml:lang="de-DE"')
    expect(first?.text).toContain('xml:lang="fr-FR"')
    expect(first?.elements('OptionSet')).toEqual([])
    expect(second?.texts('OperationTimeout')).toEqual(['PT1.500S'])
    expect(second?.texts('MaxEnvelopeSize')).toEqual(['153600'])
    expect(second?.text).toContain('xml:lang="it-IT"')
    expect(second?.text).toContain('xml:lang="es-ES"')
    expect(second?.elements('Option').map((option) => [option.attributes.Name, textOf(option)])).toEqual([
      ['Verbose', 'true'],
    ])
    expect(second?.texts('SessionId')).toEqual(first?.texts('SessionId'))
    expect(first?.messageId).not.toBe(second?.messageId)
  })

  it('carries its length and is never chunked', async () => {
    const service = await startService(ANSWER)
    await connect(service).get('urn:r')
    const [request] = service.requests
    expect(request?.http.headers['content-length']).toBe(String(Buffer.byteLength(request?.text ?? '')))
    expect(request?.http.headers['transfer-encoding']).toBeUndefined()
    expect(request?.http.headers['content-type']).toBe('application/soap+xml;charset=UTF-8')
    expect([request?.http.method, request?.http.url]).toEqual(['POST', '/wsman'])
  })

  it('leaves out what only Microsoft knows where the service is another', async () => {
    const service = await startService(ANSWER)
    await connect(service, { compatibility: 'dmtf' }).get('urn:r')
    expect(service.requests[0]?.text).not.toContain('schemas.microsoft.com')
  })
})

describe('RelatesTo', () => {
  const reply = (relatesTo: string) => ({ raw: envelope(INSTANCE, { messageId: relatesTo }) })

  it('of another request is refused', async () => {
    const service = await startService({ Get: () => reply('uuid:00000000-0000-0000-0000-000000000000') })
    const error = await rejection(connect(service).get('urn:r'))
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'ERR_WSMAN_PROTOCOL', operation: 'Get' })
    expect(String(error)).toContain('RelatesTo')
    expect(service.requests).toHaveLength(1)
  })

  it('of another request is refused also where it is a fault', async () => {
    const { fault } = windowsFault(5)
    const service = await startService({
      Get: { raw: envelope(fault, { messageId: 'uuid:1' }), status: 500 },
    })
    expect(await rejection(connect(service).get('urn:r'))).toMatchObject({ name: 'ProtocolError' })
  })

  it('may be absent', async () => {
    const service = await startService({ Get: () => reply('') })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'WinRM' })
  })

  it('may come back in other letters', async () => {
    const service = await startService({ Get: (request) => reply(request.messageId.toLowerCase()) })
    expect(await connect(service).get('urn:r')).toEqual({ Name: 'WinRM' })
  })
})

describe('a fault', () => {
  it('says what, where, and what to do', async () => {
    const service = await startService({ Get: windowsFault(2150859173, 'Too many shells. ') })
    const error = await rejection(connect(service).get('wmicimv2/Win32_Service?Name=x'))
    expect(error).toBeInstanceOf(WsmanFault)
    expect(error).toMatchObject({
      name: 'WsmanFault',
      code: 'ERR_WSMAN_FAULT',
      message: 'Too many shells. (ERROR_WSMAN_QUOTA_MAX_SHELLS)',
      wsmanCode: 2150859173,
      wsmanName: 'ERROR_WSMAN_QUOTA_MAX_SHELLS',
      faultCode: 'Receiver',
      subcode: 'InternalError',
      machine: 'SERVER01',
      status: 500,
      host: '127.0.0.1',
      operation: 'Get',
      resource: SERVICE,
      retryable: false,
      hint: expect.stringContaining('MaxShellsPerUser') as string,
    })
    expect(service.requests).toHaveLength(1)
  })

  it('of a Win32 error has the same hint in both of its forms', async () => {
    const service = await startService({ Get: [windowsFault(5), windowsFault(0x80070005)] })
    const client = connect(service)
    const errors = [
      await rejection(client.get('urn:r')),
      await rejection(client.get('urn:r')),
    ] as WsmanFault[]
    expect(errors.map(({ wsmanCode }) => wsmanCode)).toEqual([5, 0x80070005])
    expect(errors[0]?.hint).toContain('Remote Management Users')
    expect(errors[1]?.hint).toBe(errors[0]?.hint)
  })

  it('that nobody knows has no hint', async () => {
    const service = await startService({ Get: windowsFault(0xdeadbeef) })
    expect(await rejection(connect(service).get('urn:r'))).toMatchObject({
      wsmanCode: 0xdeadbeef,
      hint: undefined,
    })
  })

  it('is a fault with any status that can carry one', async () => {
    const statuses = [200, 400, 403, 404, 500, 503]
    const service = await startService({ Get: statuses.map((status) => ({ ...windowsFault(5), status })) })
    const client = connect(service)
    for (const status of statuses) {
      expect(await rejection(client.get('urn:r')), `status ${status}`).toMatchObject({
        name: 'WsmanFault',
        wsmanCode: 5,
        status,
      })
    }
  })

  it('leaves the connection usable', async () => {
    const service = await startService({ Get: [windowsFault(5), INSTANCE] })
    const client = connect(service)
    await rejection(client.get('urn:r'))
    expect(await client.get('urn:r')).toEqual({ Name: 'WinRM' })
    expect(new Set(service.requests.map(({ http }) => http.socket)).size).toBe(1)
  })
})

describe('errors', () => {
  it('that a call ends with when the client is closed are its own', async () => {
    const service = await startService({ Get: () => new Promise<never>(() => undefined) })
    const client = connect(service)
    const calls = [client.get('urn:one'), client.get('urn:two')].map(rejection)
    await service.arrival('Get', 2)
    await client.close()
    const errors = await Promise.all(calls)
    expect(errors).toMatchObject([
      { name: 'AbortError', resource: 'urn:one', operation: 'Get', host: '127.0.0.1' },
      { name: 'AbortError', resource: 'urn:two', operation: 'Get', host: '127.0.0.1' },
    ])
  })

  it('of usage come before anything is sent', async () => {
    const service = await startService({})
    const client = connect(service)
    expect(await rejection(client.get('nothing'))).toMatchObject({ name: 'UsageError' })
    expect(await rejection(client.get({ resourceUri: 'urn:r', selectors: { A: '\u0000' } }))).toMatchObject({
      name: 'UsageError',
      operation: 'Get',
    })
    expect(service.requests).toEqual([])
    expect(service.openSockets).toBe(0)
  })

  it('of time name the limit', async () => {
    const service = await startService({ Get: () => new Promise<never>(() => undefined) })
    const error = await rejection(connect(service).get('urn:r', { timeoutMs: 1 }))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({
      code: 'ERR_WSMAN_TIMEOUT',
      timeoutMs: 1,
      operation: 'Get',
      resource: 'urn:r',
    })
  })
})
