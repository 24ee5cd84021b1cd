import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { EndpointInstance } from '../types.js'
import { DRIVES, spaceOf, type Drive } from './disks.js'
import { systemNames, toInstance } from './source.js'
import { namesIn, readText, readValue } from './system-files.js'

export interface Mount {
  readonly source: string
  readonly point: string
  readonly type: string
  readonly readOnly: boolean
}

/** Reads /proc/mounts. Of several mounts at one point only the last is visible. */
export function parseMounts(text: string): readonly Mount[] {
  const mounts = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [source, point, type, options] = line.split(' ').map(unescape)
    if (source === undefined || point === undefined || type === undefined) continue
    mounts.delete(point)
    mounts.set(point, { source, point, type, readOnly: options?.split(',').includes('ro') ?? false })
  }
  return [...mounts.values()]
}

/** White space and backslashes are written in octal (fstab(5)). */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

const NETWORK = /^(?:nfs4?|cifs|smb3|smbfs|afs|ceph|glusterfs|fuse\.(?:sshfs|glusterfs|s3fs|rclone))$/
const MEMORY = /^(?:tmpfs|ramfs)$/
const OPTICAL = /^(?:iso9660|udf)$/
/** File systems without a block device that hold files all the same. */
const STORAGE = /^(?:overlay|aufs|zfs|btrfs|9p|virtiofs|fuse(?:blk)?(?:\..*)?)$/

/** Those of them that lie on a disk of this machine, whatever lies between. */
const LOCAL = /^(?:overlay|aufs|zfs|btrfs)$/

/** Instances of Win32_LogicalDisk: one for each mounted file system that stores files. */
export async function readLinuxDisks(): Promise<readonly EndpointInstance[]> {
  const mounts = parseMounts((await readText('/proc/self/mounts')) ?? '').filter(storesFiles)
  const [labels, serials] = await Promise.all([
    namesOfDevices('/dev/disk/by-label'),
    namesOfDevices('/dev/disk/by-uuid'),
  ])
  const disks = await Promise.all(
    mounts.map(async (mount) => {
      const device = await realpath(mount.source).catch(() => mount.source)
      const [drive, space] = await Promise.all([driveOf(mount, device), spaceOf(mount.point)])
      if (space === 'gone') return undefined
      return toInstance('Win32_LogicalDisk', {
        ...systemNames(),
        ...drive,
        ...space,
        Access: mount.readOnly ? 1 : 3,
        Caption: mount.point,
        DeviceID: mount.point,
        FileSystem: mount.type,
        Name: mount.point,
        ProviderName: NETWORK.test(mount.type) ? mount.source : undefined,
        VolumeName: labels.get(device),
        VolumeSerialNumber: serials.get(device),
      })
    }),
  )
  return disks.filter((disk) => disk !== undefined)
}

/** What is mounted below these belongs to the kernel, though some of it is called tmpfs. */
const KERNEL_DIRECTORIES = /^\/(?:proc|sys|dev)(?:\/|$)/

function storesFiles({ source, point, type }: Mount): boolean {
  if (KERNEL_DIRECTORIES.test(point)) return false
  if (point === '/' || source.startsWith('/dev/')) return true
  return [NETWORK, MEMORY, OPTICAL, STORAGE].some((kind) => kind.test(type))
}

async function driveOf({ type }: Mount, device: string): Promise<Drive> {
  if (NETWORK.test(type)) return DRIVES.network
  if (MEMORY.test(type)) return DRIVES.memory
  if (OPTICAL.test(type)) return DRIVES.cd
  if (!device.startsWith('/dev/')) return LOCAL.test(type) ? DRIVES.local : DRIVES.unknown
  const block = await realpath(`/sys/class/block/${basename(device)}`).catch(() => undefined)
  // A partition lies in the directory of its disk, which alone says whether it is removable.
  const removable =
    block === undefined
      ? undefined
      : ((await readValue(`${block}/removable`)) ?? (await readValue(`${block}/../removable`)))
  return removable === '1' ? DRIVES.removable : DRIVES.local
}

/** The names udev gives to devices, such as labels, by the path of the device. */
async function namesOfDevices(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = await namesIn(directory)
  const devices = await Promise.all(names.map((name) => realpath(`${directory}/${name}`).catch(() => '')))
  return new Map(names.map((name, index) => [devices[index] ?? '', decodeUdev(name)]))
}

/** udev writes characters that do not suit file names as `\x20`. */
function decodeUdev(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
