import type { ShellOptions } from './shell-options.js'
import type { ReapClaim } from './shell-reaper.js'

/** How a pool of shells is kept. */
export interface ShellPoolOptions {
  /** Shells open at the same time, at the most; fewer where the service allows fewer. Default 5. */
  readonly max?: number | undefined
  /** How long a shell that nobody uses is kept, in milliseconds. Default 30000. */
  readonly idleMs?: number | undefined
  /**
   * How its shells are opened. `idleTimeoutMs` is by default a minute more than `idleMs`, so that a shell this program
   * can no longer delete dies by itself soon.
   */
  readonly shell?: ShellOptions | undefined
  /**
   * What the shells of the pool are marked with, in the variable WSMAN_SESSION. Default: drawn at random. One that is
   * the same at every start of a program lets it delete what it left behind when it crashed; no two pools may then have
   * it at the same time.
   */
  readonly session?: string | undefined
  /**
   * Deletes, when no shell can be opened, also shells without a mark that this account opened from this address and
   * nobody uses. They may be somebody else's, so the caller must say that they are not. Default: only marked ones.
   */
  readonly reap?: ReapClaim | undefined
}

/** What a pool does. Each event is emitted after the fact, and listeners get one argument. */
export interface ShellPoolEvents {
  /** A shell was opened. */
  opened: [{ readonly shellId: string }]
  /** A shell was deleted because its commands filled a quota; another one takes its place. */
  recycled: [{ readonly shellId: string; readonly commands: number }]
  /**
   * A shell was deleted because it was `idle` for `idleMs`, a command of it `failed`, or the pool was `closed`; or the
   * service had already done so (`gone`).
   */
  deleted: [{ readonly shellId: string; readonly reason: 'idle' | 'failed' | 'closed' | 'gone' }]
  /** A command has to wait for a shell, or, when nothing of this pool is in its way, for others of the account. */
  waiting: [{ readonly waiting: number; readonly reason: 'shell' | 'quota' }]
  /** Shells that were lost have been found and deleted. */
  reaped: [{ readonly shellIds: readonly string[] }]
}
