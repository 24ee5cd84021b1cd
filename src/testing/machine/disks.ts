import { stat, statfs } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** The values of Win32_LogicalDisk.DriveType with the descriptions Windows gives them. */
export const DRIVES = {
  unknown: { DriveType: 0 },
  removable: { DriveType: 2, Description: 'Removable Disk', MediaType: 11 },
  local: { DriveType: 3, Description: 'Local Fixed Disk', MediaType: 12 },
  network: { DriveType: 4, Description: 'Network Connection' },
  cd: { DriveType: 5, Description: 'CD-ROM Disc', MediaType: 11 },
  memory: { DriveType: 6, Description: 'RAM Disk' },
} as const

export type Drive = (typeof DRIVES)[keyof typeof DRIVES]

/** A server that no longer answers must not hold up the other disks. */
const STATFS_TIMEOUT_MS = 2000

export interface Space {
  readonly Size?: bigint
  readonly FreeSpace?: bigint
}

/**
 * Sizes in bytes, none where they cannot be had in time. `gone` when nothing is mounted there any more, or only a single
 * file, as containers do: that is no disk.
 */
export async function spaceOf(point: string): Promise<Space | 'gone'> {
  const timer = new AbortController()
  const tooLate = delay<Space>(STATFS_TIMEOUT_MS, {}, { signal: timer.signal, ref: false })
  try {
    return await Promise.race([measure(point), tooLate])
  } finally {
    tooLate.catch(() => undefined)
    timer.abort()
  }
}

async function measure(point: string): Promise<Space | 'gone'> {
  try {
    if (!(await stat(point)).isDirectory()) return 'gone'
    const { blocks, bavail, bsize } = await statfs(point, { bigint: true })
    return { Size: blocks * bsize, FreeSpace: bavail * bsize }
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'gone' : {}
  }
}
