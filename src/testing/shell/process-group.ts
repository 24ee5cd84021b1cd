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
