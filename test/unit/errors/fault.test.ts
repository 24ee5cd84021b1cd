import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { faultHint } from '../../../src/errors/fault-hints.js'
import { isWsmanFault, WsmanFault, type FaultParts } from '../../../src/errors/fault.js'

const fault = (parts: Partial<FaultParts>): WsmanFault =>
  new WsmanFault({ faultCode: 'Sender', reason: 'why', ...parts })

describe('isWsmanFault', () => {
  it.each<[number, string, readonly (string | number)[]]>([
    [5, 'ERROR_ACCESS_DENIED', [5, 0x80070005, -2147024891, 'ERROR_ACCESS_DENIED', 'E_ACCESSDENIED']],
    [0x80070005, 'E_ACCESSDENIED', [5, 0x80070005, -2147024891, 'ERROR_ACCESS_DENIED', 'E_ACCESSDENIED']],
    [2147943418, 'ERROR_KEY_DELETED', [1018, 2147943418, 'ERROR_KEY_DELETED']],
    [2150859173, 'ERROR_WSMAN_QUOTA_MAX_SHELLS', [2150859173, -2144108123, 'ERROR_WSMAN_QUOTA_MAX_SHELLS']],
  ])('knows %i in all its forms', (wsmanCode, wsmanName, forms) => {
    for (const form of forms) {
      expect(isWsmanFault(fault({ wsmanCode, wsmanName }), form), String(form)).toBe(true)
      expect(isWsmanFault(fault({ wsmanCode }), form), `${form} by its code`).toBe(true)
    }
    for (const other of [0, 6, 0x80338029, 'ERROR_BUSY', 'ERROR_WSMAN_OPERATION_TIMEDOUT', 'NOTHING', '']) {
      expect(isWsmanFault(fault({ wsmanCode, wsmanName }), other), String(other)).toBe(false)
    }
  })

  it('knows a name that is in no table', () => {
    expect(isWsmanFault(fault({ wsmanName: 'OWN' }), 'OWN')).toBe(true)
  })

  it('finds no code in a fault that has none', () => {
    for (const any of [0, 5, 'ERROR_SUCCESS', 'ERROR_ACCESS_DENIED'])
      expect(isWsmanFault(fault({}), any)).toBe(false)
  })
})

describe('the message', () => {
  it.each<[string, Partial<FaultParts>, string]>([
    ['of others joins reason and detail', { detail: 'urn:x/Action' }, 'why urn:x/Action'],
    ['of others says nothing twice', { reason: 'It failed. Badly.', detail: 'Badly.' }, 'It failed. Badly.'],
    ['of others is the detail where that says all', { detail: 'This is why.' }, 'This is why.'],
    ['of Windows is the detail', { detail: 'inner', wsmanCode: 1 }, 'inner (1)'],
    ['is the detail where there is no reason', { reason: '', detail: 'inner' }, 'inner'],
  ])('%s', (_, parts, message) => {
    expect(fault(parts).message).toBe(message)
  })
})

it('shows CIM status, message identifier and nested subcodes', () => {
  const error = fault({
    cimStatusCode: 6,
    messageId: 'OMI:MI_Result:6',
    subcode: 'B',
    subcodes: ['A', 'B'],
  })
  expect(error.toJSON()).toMatchObject({
    cimStatusCode: 6,
    messageId: 'OMI:MI_Result:6',
    subcode: 'B',
    subcodes: ['A', 'B'],
  })
  expect(inspect(error)).toContain('OMI:MI_Result:6')
  const plain = fault({ subcode: 'A' })
  expect(plain.subcodes).toEqual(['A'])
  expect(Object.keys(plain.toJSON())).not.toContain('subcodes')
})

describe('the hint', () => {
  it.each<[string, Partial<FaultParts>, string | RegExp]>([
    ['by code', { wsmanCode: 5 }, /Remote Management Users/],
    ['by the HRESULT of a code', { wsmanCode: 0x80070005 }, /Remote Management Users/],
    ['by the description of a code', { wsmanCode: 87 }, /argument is wrong/],
    ['by subcode where there is no code', { subcode: 'AccessDenied' }, /Remote Management Users/],
    ['by subcode, described', { subcode: 'ActionNotSupported' }, /does not offer this operation/],
    [
      'by the headers that were not understood',
      { faultCode: 'MustUnderstand', notUnderstood: ['p:SessionId'] },
      /p:SessionId.*compatibility: 'dmtf'/,
    ],
    ['for headers that are not named', { faultCode: 'MustUnderstand' }, /a header, which/],
    ['for a peer that speaks SOAP 1.1', { faultCode: 'VersionMismatch' }, /no WS-Management service/],
  ])('is found %s', (_, parts, text) => {
    expect(faultHint({ faultCode: 'Sender', reason: '', ...parts })).toMatch(text)
  })

  it.each<Partial<FaultParts>>([{}, { subcode: 'VendorThing' }, { wsmanCode: 0xdeadbeef }])(
    'is not invented: %o',
    (parts) => {
      expect(faultHint({ faultCode: 'Sender', reason: '', ...parts })).toBeUndefined()
    },
  )
})
