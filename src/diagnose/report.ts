/** What can be looked at, in this order. */
export type DiagnosisStepName =
  | 'name resolution'
  | `port ${number}`
  | 'TLS'
  | 'schemes offered'
  | 'clock'
  | 'Identify'
  | 'authentication'
  | 'sealing'
  | 'channel binding'
  | 'shell'
  | 'configuration'

/** What one step found. */
export interface DiagnosisStep {
  readonly name: DiagnosisStepName
  /** `skipped` where it does not matter for this client, or an earlier step has to pass first. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** In words. */
  readonly detail: string
  /** What to change, and where. */
  readonly hint?: string
  /** The code of the error it failed with. */
  readonly code?: string
  /** What was measured: plain values. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly durationMs: number
}

/** A report to paste into a ticket: plain JSON, without credentials. */
export interface DiagnosisReport {
  readonly host: string
  readonly url: string
  /** `auth.scheme` of the client. */
  readonly scheme: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly durationMs: number
  /** Whether no step failed. */
  readonly ok: boolean
  readonly steps: readonly DiagnosisStep[]
}

/** What a step says, without its name and time. */
export type Finding = Omit<DiagnosisStep, 'name' | 'durationMs'>

export const passed = (detail: string, facts?: Finding['facts']): Finding => ({
  outcome: 'passed',
  detail,
  ...(facts && { facts }),
})

export const skipped = (detail: string, facts?: Finding['facts']): Finding => ({
  outcome: 'skipped',
  detail,
  ...(facts && { facts }),
})

export const failed = (
  detail: string,
  more: {
    readonly hint?: string | undefined
    readonly code?: string
    readonly facts?: Finding['facts']
  } = {},
): Finding => {
  const { hint, code, facts } = more
  return { outcome: 'failed', detail, ...(hint && { hint }), ...(code && { code }), ...(facts && { facts }) }
}
