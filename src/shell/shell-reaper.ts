import { randomUUID } from 'node:crypto'
import { EndpointReference } from '../envelope/endpoint-reference.js'
import { locate, SHELL_RESOURCE } from '../envelope/resource.js'
import type { OperationRunner } from '../operations/operation.js'
import type { ShellInfo } from '../operations/shell-listing.js'
import { deleteShellOperation } from '../operations/shell-verbs.js'
import { isGone } from './remote-state.js'
import { listShells } from './shell-lists.js'

/** The variable by which a pool knows its shells again. */
export const SESSION_VARIABLE = 'WSMAN_SESSION'

/** Shells without a mark that may be deleted as well. */
export interface ReapClaim {
  /** The account as the service lists it: `MACHINE\\user`. In any letter case. */
  readonly owner: string
  /** The address of this machine as the service lists it. */
  readonly clientIp: string
  /** Only shells that nobody has used for so long, in milliseconds. Default 60000. */
  readonly idleMs?: number | undefined
}

/**
 * Finds the shells that a pool lost: those whose reply to Create never arrived, or that could not be deleted. Every
 * shell of a pool carries a mark of its own in its environment, so nobody else's is ever taken for one.
 */
export class ShellReaper {
  readonly #runner: OperationRunner
  readonly #session: string
  readonly #claim: ReapClaim | undefined
  /** Marks of shells that are open or being opened. */
  readonly #alive = new Set<string>()
  #reaping: Promise<readonly string[]> | undefined

  constructor(runner: OperationRunner, session: string, claim: ReapClaim | undefined) {
    this.#runner = runner
    this.#session = session
    this.#claim = claim
  }

  /** The mark for a shell that is about to be opened. */
  mark(): string {
    const mark = `${this.#session}/${randomUUID()}`
    this.#alive.add(mark)
    return mark
  }

  /** The shell is gone, or nobody knows what became of it. */
  forget(mark: string): void {
    this.#alive.delete(mark)
  }

  /**
   * Deletes the lost shells. At most one search is under way.
   * @returns the ids of those that were deleted; none where shells cannot be listed
   */
  reap(): Promise<readonly string[]> {
    this.#reaping ??= this.#search().finally(() => {
      this.#reaping = undefined
    })
    return this.#reaping
  }

  async #search(): Promise<readonly string[]> {
    const lost: string[] = []
    try {
      for await (const shell of listShells(this.#runner, {})) {
        if (this.#isLost(shell)) lost.push(shell.shellId)
      }
    } catch {
      // The search is an attempt to help; what it was to help against is what the caller learns.
    }
    const deleted = await Promise.all(lost.map((shellId) => this.#delete(shellId)))
    return lost.filter((_, index) => deleted[index])
  }

  async #delete(shellId: string): Promise<boolean> {
    const shell = locate(new EndpointReference(SHELL_RESOURCE, { ShellId: shellId }))
    return await this.#runner.cleanUp(deleteShellOperation(shell)).then(
      () => true,
      (error: unknown) => isGone(error),
    )
  }

  #isLost(shell: ShellInfo): boolean {
    const mark = markOf(shell)
    if (mark !== undefined) return mark.startsWith(`${this.#session}/`) && !this.#alive.has(mark)
    return this.#claim !== undefined && isClaimed(shell, this.#claim)
  }
}

/** Names of variables are alike in any letter case. */
function markOf({ environment }: ShellInfo): string | undefined {
  return Object.entries(environment).find(([name]) => name.toUpperCase() === SESSION_VARIABLE)?.[1]
}

function isClaimed(shell: ShellInfo, { owner, clientIp, idleMs = 60_000 }: ReapClaim): boolean {
  return (
    shell.resourceUri.toLowerCase() === SHELL_RESOURCE &&
    shell.owner?.toLowerCase() === owner.toLowerCase() &&
    shell.clientIp === clientIp &&
    (shell.shellInactivityMs ?? 0) >= idleMs
  )
}
