import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readLinuxServices } from '../../../../src/testing/machine/linux-services.js'
import type { RunTool } from '../../../../src/testing/machine/run-tool.js'
import { known } from './instances.js'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wsman-root-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

async function addProcess(
  id: number,
  command: string,
  parent: number,
  exe?: string,
  terminal = 0,
): Promise<void> {
  const memory = parent === 2 ? 0 : 4096
  await write(
    `proc/${id}/stat`,
    `${id} (${command}) S ${parent} 1 1 ${terminal} -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 ${memory} 0 0`,
  )
  await write(`proc/${id}/cmdline`, `${exe ?? command}\0-D\0`)
  if (exe !== undefined) await symlink(exe, join(root, `proc/${id}/exe`))
}

const nothing: RunTool = () => Promise.resolve(undefined)
const system = {
  CreationClassName: 'Win32_Service',
  SystemCreationClassName: 'Win32_ComputerSystem',
  SystemName: hostname(),
}

describe('services from systemd', () => {
  const SHOW = `ExecMainStatus=0
ExecStart={ path=/usr/sbin/cron ; argv[]=/usr/sbin/cron -f -P ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
MainPID=412
User=
Id=cron.service
Description=Regular background program processing daemon
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
CanStop=yes

ExecMainStatus=1
MainPID=0
User=postgres
Id=postgresql.service
Description=PostgreSQL RDBMS
LoadState=loaded
ActiveState=failed
SubState=failed
UnitFileState=disabled
CanStop=yes

MainPID=0
Id=networking.service
Description=Raise network interfaces
LoadState=loaded
ActiveState=active
SubState=exited
UnitFileState=static
CanStop=yes

MainPID=77
Id=slow.service
Description=Slow
LoadState=loaded
ActiveState=activating
SubState=start
UnitFileState=generated
CanStop=no

MainPID=0
Id=plymouth.service
Description=plymouth.service
LoadState=not-found
ActiveState=inactive
SubState=dead
`
  const UNIT_FILES = `apt-daily.service      static   -
autovt@.service        alias    -
cron.service           enabled  enabled
cryptdisks.service     masked   enabled
dbus-org.bluez.service alias    -
getty@.service         enabled  enabled
plymouth.service       disabled enabled
`
  const run: RunTool = (file, args) => {
    expect(file).toBe('systemctl')
    return Promise.resolve(args[0] === 'show' ? SHOW : UNIT_FILES)
  }

  it('lists loaded units and those only installed, in alphabetical order', async () => {
    await mkdir(join(root, 'run/systemd/system'), { recursive: true })
    const services = await readLinuxServices(run, root)
    expect(services.map(known)).toEqual([
      {
        ...system,
        DisplayName: 'apt-daily',
        Name: 'apt-daily',
        ProcessId: 0,
        Started: false,
        StartMode: 'Manual',
        State: 'Stopped',
        Status: 'OK',
      },
      {
        ...system,
        AcceptStop: true,
        Caption: 'Regular background program processing daemon',
        Description: 'Regular background program processing daemon',
        DisplayName: 'Regular background program processing daemon',
        ExitCode: 0,
        Name: 'cron',
        PathName: '/usr/sbin/cron -f -P',
        ProcessId: 412,
        Started: true,
        StartMode: 'Auto',
        StartName: 'root',
        State: 'Running',
        Status: 'OK',
      },
      expect.objectContaining({ Name: 'cryptdisks', StartMode: 'Disabled', State: 'Stopped' }),
      expect.objectContaining({
        Name: 'networking',
        State: 'Stopped',
        StartMode: 'Manual',
        ProcessId: 0,
        AcceptStop: false,
      }),
      expect.objectContaining({
        Name: 'postgresql',
        State: 'Stopped',
        Status: 'Error',
        StartName: 'postgres',
        ExitCode: 1,
        StartMode: 'Manual',
      }),
      expect.objectContaining({ Name: 'slow', State: 'Start Pending', ProcessId: 77, Started: false }),
    ])
    expect(services.at(-1)).toMatchObject({ StartMode: null, PathName: null, ExitCode: null })
  })

  it('is not asked where it does not run, and replaced where it does not answer', async () => {
    await addProcess(50, 'nginx', 1, '/usr/sbin/nginx')
    const never: RunTool = () => Promise.reject(new Error('must not run'))
    expect((await readLinuxServices(never, root)).map(({ Name }) => Name)).toEqual(['nginx'])
    await mkdir(join(root, 'run/systemd/system'), { recursive: true })
    expect((await readLinuxServices(nothing, root)).map(({ Name }) => Name)).toEqual(['nginx'])
  })
})

describe('services from init scripts', () => {
  const SSH = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          sshd
# Short-Description: OpenBSD Secure Shell server
# Description:       Serves shells.
### END INIT INFO
PIDFILE=/run/sshd.pid
DAEMON=/usr/sbin/sshd
`

  it('finds state and process by the pid file', async () => {
    await write('etc/init.d/ssh', SSH)
    await write('etc/rc2.d/S01ssh', '')
    await write('run/sshd.pid', '77\n')
    await addProcess(77, 'sshd', 1, '/usr/sbin/sshd')
    expect((await readLinuxServices(nothing, root)).map(known)).toEqual([
      {
        ...system,
        Caption: 'OpenBSD Secure Shell server',
        Description: 'Serves shells.',
        DisplayName: 'OpenBSD Secure Shell server',
        Name: 'ssh',
        PathName: '/usr/sbin/sshd',
        ProcessId: 77,
        Started: true,
        StartMode: 'Auto',
        State: 'Running',
        Status: 'OK',
      },
    ])
  })

  it('finds the process by its program where the pid file is stale, and tells stopped from unknown', async () => {
    await write('etc/init.d/ssh', SSH)
    await write('etc/init.d/other', '#!/bin/sh\nDAEMON="/usr/sbin/otherd"\n')
    await write('etc/init.d/variable', '#!/bin/sh\nDAEMON=$BIN/x\n')
    await write('etc/init.d/README', 'not a script\n')
    await write('etc/rc2.d/K01other', '')
    await write('run/sshd.pid', '12345\n')
    await addProcess(80, 'sshd', 500, '/usr/sbin/sshd')
    const services = await readLinuxServices(nothing, root)
    expect(services.map(known)).toEqual([
      expect.objectContaining({
        Name: 'other',
        State: 'Stopped',
        ProcessId: 0,
        StartMode: 'Manual',
        DisplayName: 'other',
      }),
      expect.objectContaining({ Name: 'ssh', State: 'Running', ProcessId: 80, StartMode: 'Manual' }),
      expect.objectContaining({ Name: 'variable', State: 'Unknown', Status: 'Unknown' }),
    ])
    expect(services[2]).toMatchObject({ ProcessId: null, Started: null, PathName: null })
  })

  it('reads the run levels of OpenRC', async () => {
    await write('etc/init.d/crond', '#!/sbin/openrc-run\ncommand="/usr/sbin/crond"\n')
    await write('etc/runlevels/default/crond', '')
    expect((await readLinuxServices(nothing, root)).map(known)).toEqual([
      expect.objectContaining({
        Name: 'crond',
        StartMode: 'Auto',
        State: 'Stopped',
        PathName: '/usr/sbin/crond',
      }),
    ])
  })

  it('adds the daemons that run without a script, once each', async () => {
    await addProcess(1, 'init', 0, '/sbin/init')
    await addProcess(2, 'kthreadd', 2)
    await addProcess(30, 'nginx', 1, '/usr/sbin/nginx')
    await addProcess(31, 'nginx', 1, '/usr/sbin/nginx')
    await addProcess(32, 'nginx', 30, '/usr/sbin/nginx')
    await addProcess(33, 'bash', 1, '/bin/bash', 34816)
    const services = await readLinuxServices(nothing, root)
    expect(services.map(({ Name, ProcessId }) => [Name, ProcessId])).toEqual([
      ['init', 1],
      ['nginx', 30],
    ])
    expect(services[1]).toMatchObject({
      PathName: '/usr/sbin/nginx -D',
      State: 'Running',
      Started: true,
      StartMode: null,
    })
  })

  it('has nothing to say about an empty system', async () => {
    expect(await readLinuxServices(nothing, root)).toEqual([])
  })
})
