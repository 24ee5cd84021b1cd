import { MessageRedactor } from '../diagnostics/message-redactor.js'
import { tell, type WireLog, type WireLogEntry } from '../diagnostics/wire-log.js'
import type { BodySink, ResponseHead } from '../transport/types.js'

/** One request and its reply, on their way into the wire log. */
export class WireTap {
  readonly #log: WireLog
  readonly #about: Pick<WireLogEntry, 'host' | 'operation' | 'messageId' | 'attempt'>
  readonly #startedAt = performance.now()
  #reply: { readonly status: number; readonly redactor: MessageRedactor; bytes: number } | undefined

  constructor(log: WireLog, about: Pick<WireLogEntry, 'host' | 'operation' | 'messageId' | 'attempt'>) {
    this.#log = log
    this.#about = about
  }

  request(xml: string): void {
    const bytes = Buffer.from(xml)
    const redactor = new MessageRedactor()
    redactor.write(bytes)
    tell(this.#log, { direction: 'request', ...this.#about, bytes: bytes.length, message: redactor.shown })
  }

  /** The head of the reply has come. */
  head({ status }: ResponseHead): void {
    this.#reply = { status, redactor: new MessageRedactor(), bytes: 0 }
  }

  /** The same sink, listened in on. */
  through<T>(sink: BodySink<T>): BodySink<T> {
    return {
      write: (chunk) => {
        if (this.#reply) {
          this.#reply.bytes += chunk.length
          this.#reply.redactor.write(chunk)
        }
        sink.write(chunk)
      },
      end: () => sink.end(),
    }
  }

  /** The exchange is over, well or badly: what came of the reply is told. */
  end(): void {
    if (!this.#reply) return
    const { status, redactor, bytes } = this.#reply
    const durationMs = Math.round(performance.now() - this.#startedAt)
    tell(this.#log, {
      direction: 'reply',
      ...this.#about,
      bytes,
      status,
      durationMs,
      message: redactor.shown,
    })
  }
}
