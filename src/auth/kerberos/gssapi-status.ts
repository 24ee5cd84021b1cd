/** Status codes of RFC 2744 3.9.1. */
export const GSS_S = {
  COMPLETE: 0,
  CONTINUE_NEEDED: 1,
  BAD_BINDINGS: 4 << 16,
  NO_CRED: 7 << 16,
  CREDENTIALS_EXPIRED: 11 << 16,
  CONTEXT_EXPIRED: 12 << 16,
} as const

/** The calling or routine error in a status; 0 where the call succeeded. */
export function routineError(major: number): number {
  return (major >>> 16) << 16
}

/** What GSSAPI said of a call that failed. */
export class GssapiError extends Error {
  override readonly name = 'GssapiError'
  constructor(
    message: string,
    /** RFC 2744 3.9.1. */
    readonly major: number,
    /** The mechanism's own code, signed as krb5.h has it. */
    readonly minor: number,
  ) {
    super(message)
  }
}
