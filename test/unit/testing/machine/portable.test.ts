import { describe, expect, it } from 'vitest'
import { portableSource } from '../../../../src/testing/machine/portable.js'
import type { RunTool } from '../../../../src/testing/machine/run-tool.js'
import { known, listInstances } from './instances.js'

/** Answers as the tools of macOS do. */
const tools: Readonly<Record<string, string>> = {
  'sw_vers -productName': 'macOS\n',
  'sw_vers -productVersion': '14.4.1\n',
  'sw_vers -buildVersion': '23E224\n',
  'sysctl -n hw.model': 'MacBookPro18,3\n',
  'launchctl list':
    'PID\tStatus\tLabel\n-\t0\tcom.apple.parentalcontrols.check\n297\t0\tcom.apple.Finder\n-\t-9\tcom.vix.cron\n',
  mount:
    '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\ndevfs on /dev (devfs, local, nobrowse)\n//me@nas/share on /does/not exist (smbfs, nodev)\n',
  'ps pid=': '    1 /sbin/launchd\n  297 /System/Finder.app/Finder -x  y\n  300 (zombie)\n',
  'ps comm=':
    '    1     0   0  20480 34120000 Ss   Mon Nov 23 17:22:01 2026 /sbin/launchd\n' +
    '  297     1  10   8192     4096 S    Tue Mar  5 08:00:00 2024 /System/Some App/Finder\n' +
    '  300     1   0      0        0 Z    Tue Mar  5 08:00:00 2024 (zombie)\n' +
    '  301   300   0      8       16 R+   Tue Mar  5 08:00:00 2024 ps\n',
}
const run: RunTool = (file, args) => {
  const key = file === 'ps' ? `ps ${args.includes('comm=') ? 'comm=' : 'pid='}` : [file, ...args].join(' ')
  return Promise.resolve(tools[key])
}
const { read } = portableSource(run, 'darwin')

describe('macOS', () => {
  it('names product and build', async () => {
    const [system] = await listInstances({ instances: read.Win32_OperatingSystem })
    expect(system).toMatchObject({ Caption: 'macOS 14.4.1', BuildNumber: '23E224', NumberOfProcesses: 2 })
    const [computer] = await listInstances({ instances: read.Win32_ComputerSystem })
    expect(computer).toMatchObject({ Model: 'MacBookPro18,3' })
  })

  it('lists processes, without those that ended and ps itself', async () => {
    const processes = await listInstances({ instances: read.Win32_Process })
    expect(processes.map(known)).toEqual([
      expect.objectContaining({ Handle: '1', Name: 'launchd', ExecutablePath: '/sbin/launchd', Priority: 8 }),
      expect.objectContaining({
        Handle: '297',
        Name: 'Finder',
        CommandLine: '/System/Finder.app/Finder -x  y',
        CreationDate: new Date(2024, 2, 5, 8, 0, 0),
        ParentProcessId: 1,
        Priority: 6,
        VirtualSize: 4096n * 1024n,
        WorkingSetSize: 8192n * 1024n,
      }),
    ])
  })

  it('lists the jobs of launchd', async () => {
    const services = await listInstances({ instances: read.Win32_Service })
    expect(
      services.map(({ Name, State, ProcessId, ExitCode }) => [Name, State, ProcessId, ExitCode]),
    ).toEqual([
      ['com.apple.parentalcontrols.check', 'Stopped', 0, 0],
      ['com.apple.Finder', 'Running', 297, 0],
      ['com.vix.cron', 'Stopped', 0, null],
    ])
  })

  it('lists disks that are there', async () => {
    const disks = await listInstances({ instances: read.Win32_LogicalDisk })
    expect(disks.map(known)).toEqual([
      expect.objectContaining({ DeviceID: '/', FileSystem: 'apfs', DriveType: 3, Access: 1 }),
    ])
  })
})

it('tells nothing where there are no tools', async () => {
  const bare = portableSource(() => Promise.resolve(undefined), 'darwin')
  expect(await listInstances({ instances: bare.read.Win32_Process })).toEqual([])
  expect(await listInstances({ instances: bare.read.Win32_Service })).toEqual([])
  expect(await listInstances({ instances: bare.read.Win32_LogicalDisk })).toEqual([])
  expect(await bare.ownerOf(process.pid)).toBeUndefined()
  const [system] = await listInstances({ instances: bare.read.Win32_OperatingSystem })
  expect(system).toMatchObject({ NumberOfProcesses: null, BuildNumber: null })
})
