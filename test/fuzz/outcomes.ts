import { InstanceBody, TreeBody } from '../../src/envelope/body-decoders.js'
import { EnvelopeDecoder, type BodyDecoder } from '../../src/envelope/decoder.js'
import { isWsmanError } from '../../src/errors/wsman-error.js'
import {
  decodeObjects,
  decodeObjectsAndReferences,
  decodeReferences,
} from '../../src/operations/item-decoders.js'
import { enumerateOperation, pullOperation, releaseOperation } from '../../src/operations/enumerate.js'
import { decodeCommands, decodeShells } from '../../src/operations/shell-listing.js'
import { identifyOperation } from '../../src/operations/identify.js'
import { invokeOperation } from '../../src/operations/invoke.js'
import {
  commandOperation,
  createShellOperation,
  deleteShellOperation,
  sendOperation,
  signalOperation,
} from '../../src/operations/shell-verbs.js'
import { ReceiveBody, type OutputChunk, type ReceiveResult } from '../../src/operations/receive-body.js'
import {
  createOperation,
  getFragmentOperation,
  getOperation,
  putOperation,
} from '../../src/operations/transfer.js'
import type { XmlElement } from '../../src/xml/element.js'
import { joined, qualified, sorted, trimmed, type PlainElement } from '../support/xml-compare.js'

const RESOURCE = { resourceUri: 'urn:r' }
const ENUMERATE = { resource: RESOURCE, mode: 'object', optimize: true, maxElements: 10 } as const
const PULL = { resource: RESOURCE, context: 'x', maxElements: 10 }

interface Decoding {
  decoder(): BodyDecoder<unknown>
}

/** Output comes in the pieces that its message came in; whole, it is the same however that was cut. */
class WholeOutput extends ReceiveBody {
  override result(): ReceiveResult {
    const result = super.result()
    const whole: OutputChunk[] = []
    for (const { stream, data } of result.chunks) {
      const last = whole.at(-1)?.stream === stream ? whole.pop() : undefined
      whole.push({ stream, data: last ? Buffer.concat([last.data, data]) : data })
    }
    return { ...result, chunks: whole }
  }
}

/** The way of every kind of reply into a value, by the operations' own decoders. */
export const DECODINGS: Readonly<Record<string, Decoding>> = {
  Tree: { decoder: () => new TreeBody((elements) => elements.map((element) => trimmed(plain(element)))) },
  Value: { decoder: () => new InstanceBody((value) => value) },
  Get: getOperation(RESOURCE),
  'Get of a fragment': getFragmentOperation(RESOURCE),
  Put: putOperation(RESOURCE, {}, { name: 'x', namespaceUri: 'urn:r' }),
  Create: createOperation(RESOURCE, {}, { name: 'x', namespaceUri: 'urn:r' }),
  Invoke: invokeOperation(RESOURCE, 'Method', {}),
  Identify: identifyOperation(false),
  Enumerate: enumerateOperation(ENUMERATE, decodeObjects),
  'Enumerate of references': enumerateOperation(ENUMERATE, decodeReferences),
  'Enumerate of both': enumerateOperation(ENUMERATE, decodeObjectsAndReferences),
  'Enumerate of shells': enumerateOperation(ENUMERATE, decodeShells),
  Pull: pullOperation(PULL, decodeObjects),
  'Pull of references': pullOperation(PULL, decodeReferences),
  'Pull of both': pullOperation(PULL, decodeObjectsAndReferences),
  'Pull of commands': pullOperation(PULL, decodeCommands),
  Release: releaseOperation(RESOURCE, 'x'),
  'Shell.Create': createShellOperation({ noProfile: true }, 65001),
  'Shell.Command': commandOperation(RESOURCE, 'x', [], {}),
  'Shell.Receive': { decoder: () => new WholeOutput() },
  'Shell.Send': sendOperation(RESOURCE, 'x', Buffer.of(), true),
  'Shell.Signal': signalOperation(RESOURCE, 'x', 'terminate'),
  'Shell.Delete': deleteShellOperation(RESOURCE),
}

export function decodingOf(name: string): Decoding {
  const decoding = DECODINGS[name]
  if (!decoding) throw new Error(`There is no way of decoding called ${name}.`)
  return decoding
}

/** An element as two that mean the same are equal. */
export const plain = ({ name, attributes, children }: XmlElement): PlainElement => ({
  name: qualified(name.namespace, name.local),
  attributes: sorted(
    attributes.map((entry) => [qualified(entry.name.namespace, entry.name.local), entry.value]),
  ),
  children: joined(children.map((child) => (typeof child === 'string' ? child : plain(child)))),
})

/** What came of a message: a value, a fault, or the error that it was refused with. */
export type Outcome = { readonly body: unknown } | { readonly fault: unknown } | { readonly error: string }

/** @throws whatever is no error of the package */
export function decode(chunks: Iterable<Uint8Array>, body: BodyDecoder<unknown>): Outcome {
  try {
    const decoder = new EnvelopeDecoder(body, {}, 'en-US')
    for (const chunk of chunks) decoder.write(chunk)
    const message = decoder.end()
    readHeaders(message.headers)
    return message.fault ? { fault: message.fault } : { body: message.body }
  } catch (error) {
    if (!isWsmanError(error)) throw error
    return { error: `${error.code}: ${error.message}` }
  }
}

/** The getters read when they are asked, so a message is not decoded before they were. */
function readHeaders(headers: object): void {
  const prototype = Object.getPrototypeOf(headers) as object
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Reflect.get(headers, name)
  }
}
