/** A message as it went over the wire, before sealing or after it was opened, with what may be secret taken out. */
export interface WireLogEntry {
  readonly direction: 'request' | 'reply'
  /** The host as the client was given it. */
  readonly host: string
  /** `Get`, `Pull`, `Shell.Receive`, … */
  readonly operation: string
  /** The MessageID of the request, `uuid:…`, which its reply relates to; Identify has none. */
  readonly messageId: string | undefined
  /** Counted from 1: a request that is sent again has a MessageID of its own. */
  readonly attempt: number
  /** Bytes of the message. */
  readonly bytes: number
  /** The HTTP status of a reply. */
  readonly status?: number
  /** How long the reply took from the request to its last byte, in milliseconds. */
  readonly durationMs?: number
  /**
   * The message, with texts and attributes shown by an allow-list: addressing, sizes and times, identifiers of shells,
   * commands and enumerations, settings, faults. Everything else is told by its length: `[12 characters]`. Cut after
   * 64 k characters. Empty where there was none.
   */
  readonly message: string
}

/** Takes entries as they happen. What it throws is reported as a warning of the process, and the call goes on. */
export type WireLog = (entry: WireLogEntry) => void

/** Hands an entry over; no fault of the log's may harm the call. */
export function tell(log: WireLog, entry: WireLogEntry): void {
  try {
    log(entry)
  } catch (error) {
    process.emitWarning(`The function given as wireLog failed: ${String(error)}`, 'WsmanWarning')
  }
}
