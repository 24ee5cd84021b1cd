import { EnvelopeDecoder, type DecodedMessage } from '../envelope/decoder.js'
import { encodeBare, encodeRequest, newUuid } from '../envelope/encoder.js'
import { operationChannel, tellRetry, traced, type OperationTrace } from '../diagnostics/channels.js'
import type { WireLog } from '../diagnostics/wire-log.js'
import { ProtocolError, TimeoutError, TransportError, UsageError } from '../errors/errors.js'
import { WsmanFault } from '../errors/fault.js'
import { faultHint } from '../errors/fault-hints.js'
import { hintFor } from '../errors/situations.js'
import { isWsmanError } from '../errors/wsman-error.js'
import { withRemote } from '../errors/with-remote.js'
import type { ClientSettings, ProtocolSettings } from '../settings/table.js'
import type { BodySink, ResponseHead, Transport } from '../transport/types.js'
import { sleep } from '../util/abortable.js'
import { CallScope } from '../util/call-scope.js'
import type { Lifetime } from '../util/lifetime.js'
import { timerDelay } from '../util/timer.js'
import { assertCallOptions, type CallOptions } from './call-options.js'
import type { CleanUpOptions, Operation, OperationRunner, RunnerOptions } from './operation.js'
import { finalFailure, isRetryable, isTooBusy, retryDelayMs, type RetryPolicy } from './retry.js'
import { refuseStatus } from './status.js'
import { WireTap } from './wire-tap.js'
import type { CallSignal } from '../util/signal.js'

export interface ExecutorOptions {
  readonly transport: Transport
  readonly lifetime: Lifetime
  readonly client: ClientSettings
  readonly protocol: ProtocolSettings
  readonly locale: string
  readonly dataLocale: string
  /** Windows' own headers: DataLocale and SessionId. */
  readonly microsoftHeaders: boolean
  readonly retry: RetryPolicy
  readonly wireLog?: WireLog | undefined
}

/** Old hosts take 150 kB; until the host's own value is known, nothing larger is sent (MS-WSMV 3.1.4.1.20). */
const SAFE_REQUEST_SIZE = 150 * 1024

/** How long Release, Signal and Delete may take when nobody waits for them any more. */
const CLEAN_UP_MS = 5000

/** Runs every operation: encode, send, decode, map faults, apply deadline and retry. */
export class OperationExecutor implements OperationRunner {
  readonly host: string
  readonly lifetime: Lifetime
  readonly #options: ExecutorOptions
  /** One for the whole client (MS-WSMV 3.1.4.1.37). */
  readonly #sessionId = newUuid()
  /** What the service takes, as far as it is known. */
  #serviceLimit = SAFE_REQUEST_SIZE

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.host = options.transport.host
    this.lifetime = options.lifetime
  }

  get maxRequestSize(): number {
    return Math.min(this.#serviceLimit, this.#ownLimit)
  }

  get maxBatchItems(): number {
    return this.#options.protocol.maxBatchItems
  }

  get #ownLimit(): number {
    return this.#options.protocol.maxEnvelopeSizeKb * 1024
  }

  learnMaxEnvelopeSize(kilobytes: number): void {
    if (kilobytes > 0) this.#serviceLimit = kilobytes * 1024
  }

  run<T>(operation: Operation<T>, options: RunnerOptions = {}): Promise<T> {
    return this.#traced(operation, options, this.lifetime)
  }

  cleanUp(
    operation: Operation<unknown>,
    { locale, dataLocale, affinity }: CleanUpOptions = {},
  ): Promise<unknown> {
    const timeoutMs = CLEAN_UP_MS
    const options = { timeoutMs, operationTimeoutMs: timeoutMs, locale, dataLocale, affinity }
    return this.#traced(operation, options, undefined)
  }

  #traced<T>(operation: Operation<T>, options: RunnerOptions, lifetime: Lifetime | undefined): Promise<T> {
    const trace: OperationTrace = {
      host: this.host,
      operation: operation.name,
      resource: operation.resource?.resourceUri,
      messageId: undefined,
      attempts: 0,
      status: undefined,
    }
    return traced(operationChannel, trace, () => this.#withRetries(operation, options, lifetime, trace))
  }

  async #withRetries<T>(
    operation: Operation<T>,
    options: RunnerOptions,
    lifetime: Lifetime | undefined,
    trace: OperationTrace,
  ): Promise<T> {
    assertCallOptions(options)
    const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs, lifetime })
    const progress: Progress = { signal: scope.signal, started: false, trace }
    let unknown: unknown
    try {
      for (;;) {
        trace.attempts++
        try {
          return this.#unwrap(await this.#once(operation, options, progress))
        } catch (error) {
          await this.#beforeRetry(operation, error, unknown, progress).catch((failure: unknown) => {
            throw described(failure, progress)
          })
          if (!isRetryable(error, false)) unknown = error
        }
      }
    } finally {
      scope.dispose()
    }
  }

  /**
   * Waits until it is time for another try.
   * @param unknown an earlier failure of a request that may have been carried out
   * @throws what the call fails with, where there is no other try
   */
  async #beforeRetry(
    { idempotent }: Operation<unknown>,
    error: unknown,
    unknown: unknown,
    { signal, trace }: Progress,
  ): Promise<void> {
    const { retry } = this.#options
    const { host, operation, resource, attempts: attempt } = trace
    if (attempt >= retry.attempts || signal.aborted || !isRetryable(error, idempotent))
      throw finalFailure(error, unknown)
    const delayMs = retryDelayMs(retry, attempt)
    tellRetry({ host, operation, resource, attempt, delayMs, error })
    await sleep(delayMs, signal).catch((reason: unknown) => {
      throw afterFailure(reason, error)
    })
  }

  #once<T>(operation: Operation<T>, options: RunnerOptions, progress: Progress): Promise<Reply<T>> {
    const { signal, trace } = progress
    const { transport, client, protocol, wireLog } = this.#options
    const operationTimeoutMs = options.operationTimeoutMs ?? protocol.maxTimeoutMs
    const messageId = newUuid()
    const body = this.#fitting(this.#encode(operation, options, operationTimeoutMs, messageId))
    const sentId = operation.action === undefined ? undefined : messageId
    trace.messageId = sentId
    const tap = wireLog && this.#tap(wireLog, trace)
    tap?.request(body)
    const sent = transport.send(
      {
        body,
        lane: operation.lane,
        replyTimeoutMs: timerDelay(operationTimeoutMs + client.networkDelayMs),
        signal,
        onStart: () => (progress.started = true),
        anonymous: operation.anonymous ?? false,
        affinity: options.affinity,
      },
      (head) => {
        trace.status = head.status
        tap?.head(head)
        const sink = openReply(operation, head, sentId)
        return tap?.through(sink) ?? sink
      },
    )
    return tap ? sent.finally(() => tap.end()) : sent
  }

  #tap(wireLog: WireLog, { operation, messageId, attempts }: OperationTrace): WireTap {
    return new WireTap(wireLog, { host: this.host, operation, messageId, attempt: attempts })
  }

  #encode(
    operation: Operation<unknown>,
    options: CallOptions,
    operationTimeoutMs: number,
    messageId: string,
  ): string {
    const { action, resource } = operation
    const body = operation.body?.()
    if (action === undefined || resource === undefined) return encodeBare(body)
    const { transport, protocol, locale, dataLocale, microsoftHeaders } = this.#options
    return encodeRequest(
      {
        to: transport.url,
        action,
        resource,
        maxEnvelopeSize: (options.maxEnvelopeSizeKb ?? protocol.maxEnvelopeSizeKb) * 1024,
        operationTimeoutMs,
        locale: options.locale ?? locale,
        dataLocale: options.dataLocale ?? dataLocale,
        sessionId: microsoftHeaders ? this.#sessionId : undefined,
        options: options.optionSet ? { ...operation.options, ...options.optionSet } : operation.options,
      },
      messageId,
      body,
    )
  }

  /** A larger one would be refused by a bare 413 (MS-WSMV 3.1.4.1.20). */
  #fitting(xml: string): string {
    const limit = this.maxRequestSize
    if (xml.length * 3 <= limit || Buffer.byteLength(xml) <= limit) return xml
    if (this.#ownLimit < this.#serviceLimit) {
      throw new UsageError(
        `The request is larger than the ${limit / 1024} kB that protocol.maxEnvelopeSizeKb allows.`,
        { hint: 'Send less at a time, or allow it: settings: { protocol: { maxEnvelopeSizeKb: 8192 } }' },
      )
    }
    throw new UsageError(
      `The request is larger than the ${limit / 1024} kB that the service is known to take.`,
      {
        hint: hintFor('requestTooLarge'),
      },
    )
  }

  #unwrap<T>({ status, message }: Reply<T>): T {
    if (message.fault) {
      const hint = faultHint(message.fault)
      throw new WsmanFault(
        { ...message.fault, status },
        { retryable: isTooBusy(message.fault.wsmanCode), ...(hint === undefined ? {} : { hint }) },
      )
    }
    if (status !== 200) {
      const text = `The peer answered with HTTP status ${status} and a message that is no fault.`
      throw new TransportError('ERR_WSMAN_HTTP_STATUS', text, { status })
    }
    return message.body
  }
}

/** What all tries of a call share. */
interface Progress {
  readonly signal: CallSignal
  readonly trace: OperationTrace
  /** Whether anything of the request may have been sent. */
  started: boolean
}

interface Reply<T> {
  readonly status: number
  readonly message: DecodedMessage<T>
}

/** @param messageId what the reply must relate to, where it says */
function openReply<T>(
  operation: Operation<T>,
  head: ResponseHead,
  messageId: string | undefined,
): BodySink<Reply<T>> {
  const refusal = refuseStatus(head)
  if (refusal) throw refusal
  const decoder = new EnvelopeDecoder(operation.decoder())
  return {
    write: (chunk) => {
      decoder.write(chunk)
    },
    end: () => {
      const message = decoder.end()
      const { relatesTo } = message.headers
      // Absence is common (some BMCs); another value is somebody else's answer. Thrown in here it ends the connection,
      // where every later reply would be somebody else's, too.
      if (relatesTo && messageId && relatesTo.toLowerCase() !== messageId.toLowerCase()) {
        throw new ProtocolError(
          'The reply belongs to another request: its RelatesTo is not the MessageID that was sent.',
        )
      }
      return { status: head.status, message }
    },
  }
}

/** A deadline that passes during a pause says what was waited for. */
function afterFailure(reason: unknown, failure: unknown): unknown {
  if (!(reason instanceof TimeoutError) || reason.code !== 'ERR_WSMAN_TIMEOUT') return reason
  const { code, message, timeoutMs } = reason
  return new TimeoutError(code, message, { timeoutMs, cause: failure, hint: hintFor('lastAttemptFailed') })
}

/** Says what the call was about, and whether it ever began. */
function described(failure: unknown, { started, trace }: Progress): unknown {
  if (!isWsmanError(failure)) return failure
  const { host, operation, resource } = trace
  const known = started ? failure : withRemote(failure, 'notStarted')
  return known.describe({ host, operation, resource })
}
