import { memoryOfGroups } from './process-group.js'
import type { Command } from './command.js'
import type { Shell } from './shell.js'

/** How often the memory of commands is looked at. */
const INTERVAL_MS = 250
const MEGABYTE = 1024 * 1024

/**
 * Ends commands of shells that take more memory than MaxMemoryPerShellMB, the largest first (MS-WSMV 2.2.4.42). Counted
 * is the memory that processes have to themselves. Systems other than Linux do not tell it, and there is no limit there.
 */
export class MemoryWatch {
  readonly #shells: () => Iterable<Shell>
  readonly #limitMb: () => number
  #timer: NodeJS.Timeout | undefined

  /** @param limitMb asked whenever it matters; 0 for none */
  constructor(shells: () => Iterable<Shell>, limitMb: () => number) {
    this.#shells = shells
    this.#limitMb = limitMb
  }

  /** To be called when a command has started; the watch ends by itself when none is left. */
  begin(): void {
    if (process.platform !== 'linux' || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#look()) this.begin()
    }, INTERVAL_MS).unref()
  }

  /** @returns whether commands run */
  #look(): boolean {
    const shells = [...this.#shells()].map(({ commands }) => commands.filter(({ running }) => running))
    const busy = shells.filter((commands) => commands.length > 0)
    const limit = this.#limitMb() * MEGABYTE
    if (limit > 0 && busy.length > 0) enforce(busy, limit)
    return busy.length > 0
  }
}

function enforce(shells: readonly (readonly Command[])[], limit: number): void {
  const taken = memoryOfGroups(new Set(shells.flat().map(({ pid }) => pid)))
  const memoryOf = ({ pid }: Command): number => taken.get(pid) ?? 0
  for (const commands of shells) {
    let total = commands.reduce((sum, command) => sum + memoryOf(command), 0)
    for (const command of commands.toSorted((one, other) => memoryOf(other) - memoryOf(one))) {
      if (total <= limit) break
      command.endForMemory()
      total -= memoryOf(command)
    }
  }
}
