interface ErrorCode {
  readonly class: string
  /** The default: whether the same call may succeed later without any change. */
  readonly retryable: boolean
  readonly meaning: string
  /** What an error says that knows nothing more about its situation (`situations.ts`). */
  readonly hint?: string
}

/** Every `code` an error of this package can carry. Types, documentation and checks derive from this table. */
export const ERROR_CODES = {
  ABORT_ERR: {
    class: 'AbortError',
    retryable: false,
    meaning: "The caller's signal was aborted, or the client was closed.",
  },
  ERR_WSMAN_FAULT: {
    class: 'WsmanFault',
    retryable: false,
    meaning: 'The service answered with a SOAP fault; `wsmanCode` and `wsmanName` say which.',
  },
  ERR_WSMAN_USAGE: {
    class: 'UsageError',
    retryable: false,
    meaning: 'An argument or option is not valid; nothing was sent.',
  },
  ERR_WSMAN_CLOSED: {
    class: 'UsageError',
    retryable: false,
    meaning: 'The client, shell or enumeration was used after it had been closed.',
    hint: 'What was closed stays closed: make another one.',
  },
  ERR_WSMAN_UNSUPPORTED: {
    class: 'UsageError',
    retryable: false,
    meaning: 'This version of the package does not offer what was asked for.',
  },
  ERR_WSMAN_SETTING_FIXED: {
    class: 'UsageError',
    retryable: false,
    meaning:
      'The host does not let this setting be changed: it is read-only, deprecated, or held by Group Policy. Nothing was changed.',
  },
  ERR_WSMAN_FORCE_NEEDED: {
    class: 'UsageError',
    retryable: false,
    meaning:
      'A warning of the plan asks for `force`, which was not given: it would cut this connection off, set up a conflict, or open the host to a public network. Nothing was changed.',
  },
  ERR_WSMAN_ACCOUNT_NOT_FOUND: {
    class: 'UsageError',
    retryable: false,
    meaning: 'The host knows no account of that name. Nothing was changed.',
  },
  ERR_WSMAN_ACCOUNT_AMBIGUOUS: {
    class: 'UsageError',
    retryable: false,
    meaning:
      'The host knows several accounts of that name; a SID says which one is meant. Nothing was changed.',
  },
  ERR_WSMAN_HOST_NOT_TRUSTED: {
    class: 'PolicyError',
    retryable: false,
    meaning:
      'The scheme cannot authenticate the server over HTTP and the host is not in client.trustedHosts.',
  },
  ERR_WSMAN_UNENCRYPTED: {
    class: 'PolicyError',
    retryable: false,
    meaning: 'Messages would travel as plaintext and client.allowUnencrypted is false.',
  },
  ERR_WSMAN_SCHEME_DISABLED: {
    class: 'PolicyError',
    retryable: false,
    meaning: 'client.auth switches the authentication scheme off.',
  },
  ERR_WSMAN_CONNECT: {
    class: 'TransportError',
    retryable: true,
    meaning:
      'No connection to the host could be made, or it ended before the request was sent; nothing was processed.',
    hint: 'Check host and port, and the network between (5985 for HTTP, 5986 for HTTPS).',
  },
  ERR_WSMAN_SOCKET: {
    class: 'TransportError',
    retryable: false,
    meaning:
      'The connection ended before the whole reply had arrived; whether the request was processed is unknown.',
    hint: 'The service may have restarted, or something in between ends connections. Before you repeat what must not happen twice, look whether it happened.',
  },
  ERR_WSMAN_PROXY: {
    class: 'TransportError',
    retryable: false,
    meaning: 'The proxy made no tunnel to the host; nothing was sent to the host.',
  },
  ERR_WSMAN_TLS: {
    class: 'TransportError',
    retryable: false,
    meaning: 'The TLS handshake failed or the certificate of the server was not accepted; nothing was sent.',
  },
  ERR_WSMAN_HTTP_STATUS: {
    class: 'TransportError',
    retryable: false,
    meaning: 'The peer answered with an HTTP status and no SOAP message.',
    hint: 'Check that host, port and urlPrefix are those of a WS-Management service, and that no proxy answers in its place.',
  },
  ERR_WSMAN_REDIRECT: {
    class: 'TransportError',
    retryable: false,
    meaning:
      'The peer answered with a redirect, which is never followed because credentials would follow too.',
  },
  ERR_WSMAN_UNAUTHORIZED: {
    class: 'AuthenticationError',
    retryable: false,
    meaning: 'The service refused the credential.',
  },
  ERR_WSMAN_SCHEME_NOT_OFFERED: {
    class: 'AuthenticationError',
    retryable: false,
    meaning: 'The service does not offer the authentication scheme that was asked for.',
  },
  ERR_WSMAN_PROTOCOL: {
    class: 'ProtocolError',
    retryable: false,
    meaning: 'The peer sent what the protocol does not allow.',
    hint: 'Check that this is a WS-Management service and that nothing in between changes its messages; the option wireLog shows them.',
  },
  ERR_WSMAN_MALFORMED_XML: {
    class: 'ProtocolError',
    retryable: false,
    meaning: 'The reply is not well-formed XML, or holds a construct that SOAP forbids.',
    hint: 'The service, or something in between, is broken or means harm. The option wireLog shows what arrived.',
  },
  ERR_WSMAN_LIMIT: {
    class: 'ProtocolError',
    retryable: false,
    meaning: 'The reply exceeds a limit on size, depth or number of attributes.',
    hint: 'Ask for less at a time (maxElements, fewer properties), or raise maxEnvelopeSizeKb where the service may be trusted with more memory.',
  },
  ERR_WSMAN_TIMEOUT: {
    class: 'TimeoutError',
    retryable: true,
    meaning: '`timeoutMs` passed before the call ended.',
    hint: 'The limit is timeoutMs of the call, with every retry, Pull and Receive of it.',
  },
  ERR_WSMAN_CONNECT_TIMEOUT: {
    class: 'TimeoutError',
    retryable: true,
    meaning: '`connectTimeoutMs` passed before a connection was made; nothing was sent.',
  },
  ERR_WSMAN_REPLY_TIMEOUT: {
    class: 'TimeoutError',
    retryable: false,
    meaning:
      'No reply came within operationTimeoutMs plus client.networkDelayMs; whether the request was processed is unknown.',
  },
  ERR_WSMAN_INACTIVITY: {
    class: 'TimeoutError',
    retryable: false,
    meaning: 'A reply began and then stalled for longer than `inactivityTimeoutMs`.',
    hint: 'The limit is inactivityTimeoutMs: that of the client for a reply that stalls, that of the call for a command that writes nothing.',
  },
  ERR_WSMAN_COMMAND: {
    class: 'CommandError',
    retryable: false,
    meaning:
      'A remote command ended with an exit code other than 0 and `check` was set, or how it ended cannot be known.',
  },
  ERR_WSMAN_OUTPUT_LIMIT: {
    class: 'CommandError',
    retryable: false,
    meaning: 'A remote command wrote more than `maxOutputBytes`; it was stopped.',
  },
} as const satisfies Readonly<Record<string, ErrorCode>>

/** A stable, documented error code. */
export type WsmanErrorCode = keyof typeof ERROR_CODES

/** The codes that belong to one error class. */
export type CodeOf<ClassName extends string> = {
  [Code in WsmanErrorCode]: (typeof ERROR_CODES)[Code]['class'] extends ClassName ? Code : never
}[WsmanErrorCode]

/** What is always of use where an error has this code; undefined where only the situation tells. */
export function hintOfCode(code: WsmanErrorCode): string | undefined {
  const entry: ErrorCode = ERROR_CODES[code]
  return entry.hint
}
