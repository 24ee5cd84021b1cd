import { readFileSync, writeFileSync } from 'node:fs'

/** How one effect ended for the caller. */
export type Report =
  | 'succeeded'
  /** It failed, and whether it happened is not known. */
  | 'failed'
  /** It failed, and the error says that it never began. */
  | 'notStarted'

interface Effect {
  readonly kind: string
  readonly ids: readonly string[]
  /** Whether doing it again does the same: then a lost reply may be asked for again. */
  readonly idempotent: boolean
  report: Report | undefined
}

/**
 * What really happened, written down where it happens: by the classes of the endpoint, and in a file by the processes
 * of its shells. Every effect has an id of its own.
 */
export class Ledger {
  /** Processes append lines to it. */
  readonly file: string
  readonly violations: string[] = []
  readonly #happened = new Map<string, number>()
  readonly #pending = new Map<string, Effect>()
  #ids = 0

  constructor(file: string) {
    this.file = file
    writeFileSync(file, '')
  }

  /** Announces effects that happen in this order, if at all. */
  expect(
    kind: string,
    count: number,
    idempotent = false,
  ): { readonly ids: readonly string[]; readonly tell: (report: Report) => void } {
    const ids = Array.from({ length: count }, () => `${kind}-${++this.#ids}`)
    const effect: Effect = { kind, ids, idempotent, report: undefined }
    for (const id of ids) this.#pending.set(id, effect)
    return { ids, tell: (report) => void (effect.report = report) }
  }

  /** The ids of one kind that may happen now. */
  pendingOf(kind: string): readonly string[] {
    return [...this.#pending].filter(([, effect]) => effect.kind === kind).map(([id]) => id)
  }

  record(id: string): void {
    if (!this.#pending.has(id))
      this.violations.push(`${id} happened after all was over, or was never asked for`)
    this.#happened.set(id, (this.#happened.get(id) ?? 0) + 1)
  }

  /** Compares what was reported with what happened. Nothing may be happening meanwhile. */
  settle(): void {
    const lines = readFileSync(this.file, 'utf8').split('\n')
    writeFileSync(this.file, '')
    for (const line of lines) if (line !== '') this.record(line)
    for (const effect of new Set(this.#pending.values())) {
      if (effect.report === undefined) continue
      this.#check(effect)
      for (const id of effect.ids) {
        this.#pending.delete(id)
        this.#happened.delete(id)
      }
    }
  }

  #check({ ids, report, idempotent }: Effect): void {
    const counts = ids.map((id) => this.#happened.get(id) ?? 0)
    const complain = (what: string): void => {
      this.violations.push(`${ids[0] ?? ''}: ${what} (${report ?? ''}; happened ${counts.join(', ')} times)`)
    }
    if (!idempotent && counts.some((count) => count > 1)) complain('done twice')
    if (report === 'succeeded' && counts.includes(0)) complain('lost')
    if (report === 'notStarted' && counts.some((count) => count > 0))
      complain('the error says that it never began')
    // What goes to one command in parts may end early, and has no gaps.
    if (counts.some((count, index) => count > 0 && counts[index - 1] === 0)) complain('lost in the middle')
  }
}
