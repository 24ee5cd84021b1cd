import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { recordedMessages } from '../support/recordings.js'
import { shared } from '../support/shared.js'
import type { PlainElement } from '../support/xml-compare.js'
import { instanceElement, wireInstance, type WireProperty } from '../unit/envelope/instance-model.js'
import { requestModel, write } from '../unit/envelope/request-model.js'
import { Random } from './random.js'
import { restyle } from './restyle.js'

/** Larger ones would take most of the time and teach nothing more. */
const MAX_SIZE = 24 * 1024

/** Recorded messages, where the corpus is there, and generated ones of every kind. */
export function seeds(seed: number): readonly Buffer[] {
  return [...recorded(), ...generated(seed)]
}

export const hasCorpus = (): boolean => existsSync(shared('corpus'))

function recorded(): readonly Buffer[] {
  if (!hasCorpus()) return []
  return recordedMessages()
    .filter(({ file }) => file.endsWith('.xml'))
    .map(({ file }) => readFileSync(shared('corpus', file)))
    .filter(({ length }) => length > 0 && length <= MAX_SIZE)
}

const SOAP = 'http://www.w3.org/2003/05/soap-envelope'
const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const ADDRESSING = 'http://schemas.xmlsoap.org/ws/2004/08/addressing'
const WSMAN = 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd'
const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const FAULT = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'

const node = (
  namespace: string,
  local: string,
  children: PlainElement['children'] = [],
  attributes: PlainElement['attributes'] = {},
): PlainElement => ({ name: `{${namespace}}${local}`, attributes, children })

const envelope = (body: PlainElement): PlainElement =>
  node(SOAP, 'Envelope', [
    node(SOAP, 'Header', [
      node(ADDRESSING, 'Action', ['urn:act']),
      node(ADDRESSING, 'RelatesTo', ['uuid:1']),
      node(WSMAN, 'OperationTimeout', ['PT60.000S']),
    ]),
    node(SOAP, 'Body', [body]),
  ])

/** Replies of every kind around any instances. */
const REPLIES: readonly ((instances: readonly (readonly WireProperty[])[]) => PlainElement)[] = [
  ([instance = []]) => instanceElement('CIM_Thing', instance),
  (instances) =>
    node(ENUMERATION, 'PullResponse', [
      node(ENUMERATION, 'EnumerationContext', ['uuid:2']),
      node(
        ENUMERATION,
        'Items',
        instances.map((instance) => instanceElement('CIM_Thing', instance)),
      ),
      node(ENUMERATION, 'EndOfSequence'),
    ]),
  (instances) =>
    node(ENUMERATION, 'EnumerateResponse', [
      node(
        WSMAN,
        'Items',
        instances.map((instance) =>
          node(WSMAN, 'Item', [
            instanceElement('CIM_Thing', instance),
            node(ADDRESSING, 'EndpointReference', [node(ADDRESSING, 'Address', ['urn:a'])]),
          ]),
        ),
      ),
      node(WSMAN, 'EndOfSequence'),
    ]),
  () =>
    node(SHELL, 'ReceiveResponse', [
      node(SHELL, 'Stream', ['aGVsbG8='], { Name: 'stdout', CommandId: 'uuid:3' }),
      node(SHELL, 'Stream', [], { Name: 'stderr', CommandId: 'uuid:3', End: 'true' }),
      node(SHELL, 'CommandState', [node(SHELL, 'ExitCode', ['-1'])], { State: `${SHELL}/CommandState/Done` }),
    ]),
  () => node(SHELL, 'CommandResponse', [node(SHELL, 'CommandId', ['uuid:3'])]),
  ([instance = []]) =>
    node(SOAP, 'Fault', [
      node(SOAP, 'Code', [
        node(SOAP, 'Value', ['s:Receiver']),
        node(SOAP, 'Subcode', [node(SOAP, 'Value', ['w:InternalError'])]),
      ]),
      node(SOAP, 'Reason', [node(SOAP, 'Text', ['Why.'])]),
      node(SOAP, 'Detail', [
        node(
          FAULT,
          'WSManFault',
          [
            node(FAULT, 'Message', [
              node(FAULT, 'ProviderFault', [instanceElement('MSFT_WmiError', instance)], { provider: 'x' }),
            ]),
          ],
          { Code: '2150858793', Machine: 'm' },
        ),
      ]),
    ]),
]

function generated(seed: number): readonly Buffer[] {
  const random = new Random(seed)
  const replies = REPLIES.flatMap((reply, index) =>
    fc
      .sample(fc.array(wireInstance, { minLength: 1, maxLength: 4 }), { numRuns: 12, seed: seed + index })
      .map((instances) => restyle(envelope(reply(instances)), random)),
  )
  const requests = fc.sample(requestModel, { numRuns: 20, seed }).map(write)
  return [...replies, ...requests].map((xml) => Buffer.from(xml)).filter(({ length }) => length <= MAX_SIZE)
}
