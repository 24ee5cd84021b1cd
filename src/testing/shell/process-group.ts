import { readFileSync, readdirSync } from 'node:fs'

/**
 * Whether anybody in the process group still runs. A zombie does not: where the first process of a container reaps
 * nothing, orphans stay zombies for ever.
 */
export function groupLives(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch {
    // ESRCH: nothing is left. EPERM: on macOS, only zombies are left.
    return false
  }
  return process.platform !== 'linux' || hasLivingMember(group)
}

function hasLivingMember(group: number): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    const [state, , pgrp] = statFields(pid)
    return Number(pgrp) === group && state !== 'Z' && state !== 'X'
  })
}

/**
 * The octets that the processes of each group have to themselves, in memory or swapped out. What they share with others,
 * such as programs and libraries, is not counted (proc(5), `status`).
 */
export function memoryOfGroups(groups: ReadonlySet<number>): ReadonlyMap<number, number> {
  const taken = new Map<number, number>()
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const group = Number(statFields(pid)[2])
    if (groups.has(group)) taken.set(group, (taken.get(group) ?? 0) + privateMemory(pid))
  }
  return taken
}

function privateMemory(pid: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const lines = status.matchAll(/^(?:RssAnon|VmSwap):\s*(\d+) kB$/gm)
    return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0)
  } catch {
    // It ended meanwhile.
    return 0
  }
}

/** State, parent, group and more of a process (proc(5)); the name before them may hold anything. */
function statFields(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    // It ended meanwhile.
    return []
  }
}

/** Signals the whole group; does nothing where nothing is left of it. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // As above.
  }
}
