import type { BodyDecoder } from '../envelope/decoder.js'
import { ProtocolError } from '../errors/errors.js'
import { Base64Decoder } from '../util/base64.js'
import { NS } from '../xml/namespaces.js'
import type { XmlAttribute } from '../xml/handler.js'
import type { XmlName } from '../xml/scope.js'

/** The output streams of a command. */
export type OutputStreamName = 'stdout' | 'stderr'

/** A piece of output, in the order of the wire; never empty. */
export interface OutputChunk {
  readonly stream: OutputStreamName
  readonly data: Uint8Array
}

export interface ReceiveResult {
  readonly chunks: readonly OutputChunk[]
  /** The command has ended and all its output was delivered. */
  readonly done: boolean
  /** May come before the end; absent where the command could not run. */
  readonly exitCode: number | undefined
}

/** Where elements stand that mean something. */
const REPLY = '/ReceiveResponse'
const STREAM = `${REPLY}/Stream`
const STATE = `${REPLY}/CommandState`
const EXIT_CODE = `${STATE}/ExitCode`

/** Reads ReceiveResponse (MS-WSMV 3.1.4.14): output is decoded while it arrives, and its text is not kept. */
export class ReceiveBody implements BodyDecoder<ReceiveResult> {
  readonly #chunks: OutputChunk[] = []
  /** The elements around, outermost first. */
  readonly #outer: string[] = []
  #path = ''
  #isReply = false
  #stream: { readonly name: string | undefined; readonly decoder: Base64Decoder } | undefined
  #done = false
  #exitCode: string | undefined

  /** In a stream, because a character that XML forbids is none of base64. */
  checksText(): boolean {
    return this.#path === STREAM
  }

  startElement({ local, namespace }: XmlName, attributes: readonly XmlAttribute[]): void {
    this.#outer.push(this.#path)
    this.#path += namespace === NS.shell ? `/${local}` : '/*'
    if (this.#path === REPLY) this.#isReply = true
    else if (this.#path === STREAM) {
      this.#stream = { name: valueOf(attributes, 'Name'), decoder: new Base64Decoder() }
    } else if (this.#path === STATE) {
      this.#done ||= valueOf(attributes, 'State')?.endsWith('/CommandState/Done') ?? false
    }
  }

  endElement(): void {
    if (this.#stream && this.#path === STREAM) {
      this.#take(this.#stream.decoder.end())
      this.#stream = undefined
    }
    this.#path = this.#outer.pop() ?? ''
  }

  text(text: string): void {
    if (this.#stream && this.#path === STREAM) this.#take(this.#stream.decoder.decode(text))
    else if (this.#path === EXIT_CODE) {
      this.#exitCode = (this.#exitCode ?? '') + text
    }
  }

  result(): ReceiveResult {
    if (!this.#isReply) throw new ProtocolError('The reply holds no ReceiveResponse.')
    const exitCode = this.#exitCode?.trim()
    return { chunks: this.#chunks, done: this.#done, exitCode: exitCode ? toExitCode(exitCode) : undefined }
  }

  #take(data: Buffer | undefined): void {
    const name = this.#stream?.name
    // A stream that was not asked for is none of the caller's.
    if (name !== 'stdout' && name !== 'stderr') return
    if (data === undefined) throw new ProtocolError(`The reply holds output of ${name} that is no base64.`)
    if (data.length > 0) this.#chunks.push({ stream: name, data })
  }
}

const valueOf = (attributes: readonly XmlAttribute[], local: string): string | undefined =>
  attributes.find(({ name }) => name.local === local && name.namespace === '')?.value

/** xs:int on the wire; codes such as 3221225786 come signed or unsigned and are given unsigned, as Windows shows them. */
function toExitCode(text: string): number {
  const code = Number(text)
  if (!Number.isInteger(code))
    throw new ProtocolError(`The exit code ${JSON.stringify(text)} is not a number.`)
  return code < 0 ? code >>> 0 : code
}
