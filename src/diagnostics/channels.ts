import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel'

/** Where the work that a tracing channel tells about came from, and what became of it. */
export interface Outcome {
  /** What the work failed with, in the events `error`, `end` and `asyncEnd` after it. */
  error?: unknown
}

/**
 * What `wsman:operation` says about an operation, retries included. The object is the same in every event of one
 * operation and fills up as it goes on.
 */
export interface OperationTrace extends Outcome {
  /** The host as the client was given it. */
  readonly host: string
  /** `Get`, `Pull`, `Shell.Receive`, … */
  readonly operation: string
  /** The resource URI; Identify has none. */
  readonly resource?: string | undefined
  /** The MessageID of the last request, `uuid:…`; Identify has none. */
  messageId?: string | undefined
  /** How often the request was tried. */
  attempts: number
  /** The HTTP status of the last reply. */
  status?: number | undefined
}

/** What `wsman:connection` says about a connection while it is made, and `wsman:disconnect` when it is gone. */
export interface ConnectionTrace extends Outcome {
  /** The host as the client was given it. */
  readonly host: string
  readonly port: number
  /** Whether TLS protects it. */
  readonly secure: boolean
  /** Host and port of the proxy it goes through, without credentials. */
  readonly proxy?: string | undefined
  /**
   * The address that was connected to; that of the proxy, where there is one. Known where somebody listened to one of the
   * two channels when the connection was made.
   */
  remoteAddress?: string | undefined
  /** `TLSv1.3` */
  tlsVersion?: string | undefined
}

/**
 * What `wsman:auth` says about a handshake. The object is the same in every event of one handshake and fills up as it
 * goes on. Never a token, a key or a password.
 */
export interface AuthTrace extends Outcome {
  /** The host as the client was given it. */
  readonly host: string
  /** `auth.scheme`: `negotiate`, `ntlm`, `kerberos` or `credssp`. */
  readonly scheme: string
  /** What authenticates in the end: `Kerberos`, `NTLM` or `CredSSP`; `Negotiate` before anything was chosen. */
  mechanism?: string | undefined
  /** Who was authenticated, once that is known: `alice@EXAMPLE.COM`. */
  principal?: string | undefined
  /** Why the mechanism that Negotiate prefers is not used. */
  fallbackReason?: string | undefined
  /** Round trips so far. */
  legs: number
}

/** Where the type of a property came from: what its element says, the definition of its class, or nowhere. */
export type TypeSource = 'xsi:type' | 'schema' | 'text'

/** What the channel `wsman:typing` says about the instances of one class in a reply that was asked for with `typed`. */
export interface TypingTrace {
  /** The host as the client was given it. */
  readonly host: string
  /** As in `root/cimv2`; undefined for what belongs to no CIM namespace. */
  readonly namespace: string | undefined
  readonly className: string
  /**
   * Every source that was needed for a property, by its name: `text` where nothing told the type, or where the text does
   * not fit it.
   */
  readonly sources: Readonly<Record<string, readonly TypeSource[]>>
  /** Why there is no definition of the class, where there is none. */
  readonly schemaError: unknown
}

/** One message for each class in a reply with typed values. No values are told. */
export const typingChannel: Channel = channel('wsman:typing')

/** What `wsman:retry` says before the pause after which an operation is tried again. */
export interface RetryTrace {
  /** The host as the client was given it. */
  readonly host: string
  readonly operation: string
  readonly resource?: string | undefined
  /** The attempt that failed, counted from 1. */
  readonly attempt: number
  /** The pause before the next one, in milliseconds. */
  readonly delayMs: number
  /** What it failed with. */
  readonly error: unknown
}

type Trace<T extends object> = TracingChannel<unknown, T>

/** Operations: `tracing:wsman:operation:start`, `:end`, `:asyncStart`, `:asyncEnd` and `:error`. */
export const operationChannel: Trace<OperationTrace> = tracingChannel('wsman:operation')

/** Connections being made: `tracing:wsman:connection:start` and so on. */
export const connectionChannel: Trace<ConnectionTrace> = tracingChannel('wsman:connection')

/** Handshakes that take several legs: `tracing:wsman:auth:start` and so on. */
export const authChannel: Trace<AuthTrace> = tracingChannel('wsman:auth')

const retryChannel = channel('wsman:retry')
const disconnectChannel = channel('wsman:disconnect')

/** Tells the plain channel `wsman:retry` that an operation is going to be tried again. */
export function tellRetry(trace: RetryTrace): void {
  retryChannel.publish(trace)
}

/** Whether anybody is told about connections. */
export function areConnectionsHeard(): boolean {
  return isHeard(connectionChannel) || disconnectChannel.hasSubscribers
}

/** Tells the plain channel `wsman:disconnect` that a connection is gone, with the object that told of its making. */
export function tellDisconnect(trace: ConnectionTrace): void {
  disconnectChannel.publish(trace)
}

/**
 * Does some work and tells a channel about it. What the work results in is not told: it may hold secrets. Where nobody
 * listens this costs next to nothing.
 */
export function traced<T extends Outcome, R>(
  channel: Trace<T>,
  trace: T,
  work: () => Promise<R>,
): Promise<R> {
  return isHeard(channel) ? tellOf(channel, trace, work) : work()
}

async function tellOf<T extends Outcome, R>(channel: Trace<T>, trace: T, work: () => Promise<R>): Promise<R> {
  // A list, because the result may be undefined.
  const results: R[] = []
  await channel.tracePromise(async () => {
    results.push(await work())
  }, trace)
  const [result] = results
  return result as R
}

type Event = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'

/** Before Node.js 20.13 a tracing channel does not tell whether it has subscribers. */
function isHeard(events: Readonly<Record<Event, { readonly hasSubscribers: boolean }>>): boolean {
  const { start, end, asyncStart, asyncEnd, error } = events
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}
