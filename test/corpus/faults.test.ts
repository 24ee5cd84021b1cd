import { describe, expect, it } from 'vitest'
import { TreeBody } from '../../src/envelope/body-decoders.js'
import { EnvelopeDecoder } from '../../src/envelope/decoder.js'
import type { FaultParts } from '../../src/errors/fault.js'
import {
  envelopeAround,
  readInteropBody,
  readRecording,
  recordedMessages,
  specificationExamples,
} from '../support/recordings.js'
import { describeWithShared } from '../support/shared.js'
import { parseXml, select, textOf } from '../support/xml-compare.js'

function decode(bytes: Buffer, pieceSize = bytes.length): FaultParts | undefined {
  const decoder = new EnvelopeDecoder(new TreeBody(() => undefined))
  for (let start = 0; start < bytes.length; start += pieceSize) {
    decoder.write(bytes.subarray(start, start + pieceSize))
  }
  return decoder.end().fault
}

function faultIn(xml: string, pieceSize?: number): FaultParts {
  const fault = decode(Buffer.from(xml), pieceSize)
  if (!fault) throw new Error('The message holds no fault.')
  return fault
}

/** What the index says of a fault: `s:Sender/w:InvalidParameter wsman=87 answers=…`. */
interface IndexedFault {
  readonly file: string
  readonly codes: string
  readonly features: string
}

function indexedFaults(): readonly IndexedFault[] {
  const [head = '', ...rows] = readRecording('index.tsv').trimEnd().split('\n')
  const columns = head.split('\t')
  return rows
    .map((row) => row.split('\t'))
    .map((fields) => ({
      file: fields[columns.indexOf('file')] ?? '',
      codes: fields[columns.indexOf('fault')] ?? '',
      features: fields[columns.indexOf('features')] ?? '',
    }))
    .filter(({ codes }) => codes !== '')
}

const localPart = (qname: string | undefined): string | undefined => qname?.replace(/^.*:/, '') || undefined

/** One file of the interop scenarios holds the content of `s:Detail` alone. */
const DETAIL_ONLY = /MSFT-bodies\/(.*)\.xml$/

const messageOf = (file: string): string => {
  const [, name] = DETAIL_ONLY.exec(file) ?? []
  if (name === undefined) return readRecording(file)
  return envelopeAround(`<s:Fault><s:Detail>${readInteropBody(name)}</s:Detail></s:Fault>`)
}

/** The same facts by another parser; a missing and an empty text are one. */
function independently(xml: string): Record<string, unknown> {
  const [fault] = select(parseXml(xml), 'Body', 'Fault')
  if (!fault) throw new Error('The message holds no fault.')
  const text = (...path: readonly string[]): string =>
    select(fault, ...path)
      .map(textOf)
      .map((value) => value.trim())
      .find((value) => value !== '') ?? ''
  const [windows] = select(fault, 'Detail', 'WSManFault')
  const [provider] = select(fault, 'Detail', 'WSManFault', 'Message', 'ProviderFault')
  const inner = ['Detail', 'WSManFault', 'Message', 'ProviderFault']
  return {
    reason: text('Reason', 'Text'),
    machine: windows?.attributes.Machine ?? '',
    provider: provider?.attributes.provider?.trim() ?? '',
    messageId: text('Detail', 'MSFT_WmiError', 'MessageID'),
    detail:
      text(...inner, 'WSManFault', 'Message') ||
      text(...inner) ||
      text('Detail', 'WSManFault', 'Message') ||
      text('Detail', 'MSFT_WmiError', 'Message'),
  }
}

const TIMED_OUT =
  'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.'
const NOT_FOUND =
  'The WS-Management service cannot process the request. The service cannot find the resource identified by the ' +
  'resource URI and selectors.'
const NO_SELECTORS =
  'The WS-Management service cannot process the request because the selectors for the resource are not valid.'

/** One of every kind, written by hand. */
const KINDS: Readonly<Record<string, FaultParts>> = {
  'pywinrm/test_exceptions/L0100-02.xml': {
    faultCode: 'Receiver',
    subcode: 'TimedOut',
    reason: TIMED_OUT,
    wsmanCode: 2150858793,
    wsmanName: 'ERROR_WSMAN_OPERATION_TIMEDOUT',
    detail: TIMED_OUT,
    machine: 'server2022.domain.test',
  },
  // A provider's plain text, with a Win32 error as HRESULT, and a reason in no language.
  'masterzen-winrm/fixture_test/02-0.xml': {
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: 'The filename or extension is too long.',
    wsmanCode: 2147942606,
    wsmanName: 'ERROR_FILENAME_EXCED_RANGE',
    detail: 'The filename or extension is too long.',
    machine: '52.12.219.136',
    provider: 'Shell cmd plugin',
  },
  // A provider's fault.
  'opennms-wsman/get-response-fault.xml': {
    faultCode: 'Sender',
    subcode: 'DestinationUnreachable',
    reason: NOT_FOUND,
    wsmanCode: 2150858752,
    wsmanName: 'ERROR_WSMAN_RESOURCE_NOT_FOUND',
    detail: NOT_FOUND,
    machine: '172.23.1.106',
    provider: 'WMI Provider',
  },
  // A provider's fault without any machine.
  'wsmancli-interop/xml/MSFT-bodies/05-6.5-Get-failure---invalid-selectors.xml': {
    faultCode: 'Unknown',
    reason: '',
    wsmanCode: 2150858813,
    wsmanName: 'ERROR_WSMAN_INVALID_SELECTORS',
    detail: NO_SELECTORS,
    provider: 'WMIv1 plugin for Windows Remote Management',
  },
  // WMI's own error.
  'pywinrm/test_exceptions/L0192-04.xml': {
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: 'Reason text.',
    wsmanCode: 2150859174,
    wsmanName: 'ERROR_WSMAN_QUOTA_MAX_OPERATIONS',
    detail: 'WMI Message.',
    cimStatusCode: 27,
    messageId: 'HRESULT 0x803381a6',
  },
  'pywinrm/test_exceptions/L0015-00.xml': {
    faultCode: 'MustUnderstand',
    reason: 'Test reason.',
    notUnderstood: ['wsman:ResourceUri'],
  },
  // Neither reason nor detail.
  'pywinrm/test_exceptions/L0059-01.xml': {
    faultCode: 'Unknown',
    reason: '',
    notUnderstood: ['wsman:ResourceUri'],
  },
  // No prefix.
  'pypsrp/xml/test_wsman.py/L0057-01.xml': {
    faultCode: 'IllegalAction',
    reason: "Illegal action '%s', expecting '%s'",
    notUnderstood: ['wsman:ResourceUri'],
  },
  // A service that sends no code.
  'wsmancli-interop/xml/WISEMAN/6.5-Get-failure---invalid-selectors-5/02.xml': {
    faultCode: 'Sender',
    subcode: 'InvalidSelectors',
    reason: 'The Selectors for the resource were not valid.',
    faultDetail: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InsufficientSelectors',
  },
  // Other prefixes.
  'winrb-winrm/responses/soap_fault_omi.xml': {
    faultCode: 'Receiver',
    subcode: 'InternalError',
    reason: 'get-instance: instance name parameter is missing',
  },
}

describeWithShared('corpus', 'every recorded fault', () => {
  const faults = indexedFaults()

  it('is looked at', () => {
    expect(faults.length).toBeGreaterThanOrEqual(28)
    expect(Object.keys(KINDS).filter((kind) => !faults.some(({ file }) => file === kind))).toEqual([])
  })

  describe.each(faults.map((fault) => [fault.file, fault] as const))('%s', (file, { codes, features }) => {
    const xml = messageOf(file)
    const fault = faultIn(xml)
    const [soap = '', ...numbers] = codes.split(' ')

    it('has the codes that the index tells', () => {
      const [code, subcode] = soap.split('/').map(localPart)
      const [, number] = /(?:^| )(?:wsman|wmi)=(\d+)/.exec(numbers.join(' ')) ?? []
      expect([fault.faultCode, fault.subcode, fault.wsmanCode]).toEqual([
        code ?? 'Unknown',
        subcode,
        number === undefined ? undefined : Number(number),
      ])
    })

    it('has the parts that another parser finds', () => {
      const { reason, machine = '', provider = '', messageId = '', detail = '' } = fault
      expect({ reason, machine, provider, messageId, detail }).toEqual(independently(xml))
      expect(provider !== '').toBe(features.includes('ProviderFault'))
      expect(fault.cimStatusCode !== undefined).toBe(features.includes('MSFT_WmiError'))
    })

    it('is the same in pieces', () => {
      for (const size of [1, 7, 100]) expect(faultIn(xml, size)).toEqual(fault)
    })
  })

  it.each(Object.entries(KINDS))('has what people expect of it: %s', (file, expected) => {
    expect(faultIn(messageOf(file))).toEqual({ notUnderstood: [], ...expected })
  })
})

describeWithShared('corpus', 'every other recorded envelope', () => {
  const known = new Set(indexedFaults().map(({ file }) => file))
  const others = recordedMessages().filter(
    ({ file, wellFormed }) => wellFormed && file.endsWith('.xml') && !known.has(file),
  )

  it('holds no fault', () => {
    let envelopes = 0
    for (const { file } of others) {
      const xml = readRecording(file)
      if (!/^(?:<\?xml[^>]*\?>)?\s*<[\w-]*:?Envelope\b/.test(xml.replace(/^\uFEFF/, '').trim())) continue
      if (!xml.includes('"http://www.w3.org/2003/05/soap-envelope"')) continue
      const fault = decode(Buffer.from(xml.replace(/^\s*<\?xml[^>]*\?>/, '')))
      expect(fault, file).toBeUndefined()
      envelopes += 1
    }
    expect(envelopes).toBeGreaterThan(700)
  })
})

describeWithShared('specs', 'the fault printed in MS-WSMAN 4.3', () => {
  it('is read although it has the namespaces of the first version', () => {
    const printed = specificationExamples('MS-WSMAN', '4.3').at(-1) ?? ''
    const xml = printed.replace(/="[^"]*"/g, (value) => value.replace(/\s+/g, ''))
    expect(faultIn(xml)).toMatchObject({
      faultCode: 'Sender',
      subcode: 'DestinationUnreachable',
      wsmanCode: 32768,
      machine: 'http://localhost:80/wsman',
      detail: expect.stringMatching(/^The WS-Management service cannot\s+process the request\./) as string,
    })
  })
})
