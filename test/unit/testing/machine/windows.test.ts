import { describe, expect, it } from 'vitest'
import type { RunTool } from '../../../../src/testing/machine/run-tool.js'
import { windowsSource } from '../../../../src/testing/machine/windows.js'
import { known, listInstances } from './instances.js'

/** Runs no PowerShell: remembers the scripts and answers with JSON as they print it. */
function powerShell(answer: string | undefined): { readonly run: RunTool; readonly scripts: string[] } {
  const scripts: string[] = []
  const run: RunTool = (file, args) => {
    expect(file).toBe('powershell.exe')
    expect(args.at(-2)).toBe('-EncodedCommand')
    scripts.push(Buffer.from(args.at(-1) ?? '', 'base64').toString('utf16le'))
    return Promise.resolve(answer)
  }
  return { run, scripts }
}

describe('Windows', () => {
  it('asks for the declared properties and gives them their types', async () => {
    const disk = {
      Compressed: false,
      DeviceID: 'C:',
      DriveType: 3,
      FreeSpace: '18014398509481985',
      Size: '18446744073709551615',
      VolumeName: null,
      FileSystem: 17,
    }
    const { run, scripts } = powerShell(`\uFEFF${JSON.stringify([disk])}\r\n`)
    const [instance, ...others] = await listInstances({
      instances: windowsSource(run).read.Win32_LogicalDisk,
    })
    expect(others).toEqual([])
    expect(known(instance)).toEqual({
      Compressed: false,
      DeviceID: 'C:',
      DriveType: 3,
      FreeSpace: 18014398509481985n,
      Size: 18446744073709551615n,
    })
    expect(instance).toMatchObject({ VolumeName: null, FileSystem: null, Caption: null })
    expect(scripts).toHaveLength(1)
    expect(scripts[0]).toContain('Get-CimInstance -ClassName Win32_LogicalDisk ')
    expect(scripts[0]).toContain(`'DeviceID'`)
    expect(scripts[0]).toContain(`'VolumeSerialNumber'`)
  })

  it('reads dates and arrays', async () => {
    const started = powerShell(
      '{"Name":"Windows","LastBootUpTime":"2024-03-05T08:00:00.1230000Z","InstallDate":"never"}',
    )
    const [system] = await listInstances({ instances: windowsSource(started.run).read.Win32_OperatingSystem })
    expect(known(system)).toEqual({ Name: 'Windows', LastBootUpTime: new Date('2024-03-05T08:00:00.123Z') })

    const configured = powerShell(
      '[{"Index":1,"IPAddress":["10.0.0.1","fe80::1"],"DefaultIPGateway":"10.0.0.254","GatewayCostMetric":[0]}]',
    )
    const [adapter] = await listInstances({
      instances: windowsSource(configured.run).read.Win32_NetworkAdapterConfiguration,
    })
    expect(known(adapter)).toEqual({
      Index: 1,
      IPAddress: ['10.0.0.1', 'fe80::1'],
      DefaultIPGateway: ['10.0.0.254'],
      GatewayCostMetric: [0],
    })
  })

  it('has no instances where there are none, and says so when PowerShell does not answer', async () => {
    expect(
      await listInstances({ instances: windowsSource(powerShell('[]').run).read.Win32_Service }),
    ).toEqual([])
    expect(await listInstances({ instances: windowsSource(powerShell('').run).read.Win32_Service })).toEqual(
      [],
    )
    const silent = windowsSource(powerShell(undefined).run)
    await expect(listInstances({ instances: silent.read.Win32_Process })).rejects.toThrow(
      'PowerShell did not answer',
    )
  })

  it('asks for the owner of a process by number', async () => {
    const { run, scripts } = powerShell('{"User":"alice","Domain":"TEST"}')
    expect(await windowsSource(run).ownerOf(4242)).toEqual({ Domain: 'TEST', User: 'alice' })
    expect(scripts[0]).toContain(`-Filter 'ProcessId = 4242'`)
    expect(await windowsSource(powerShell('{"User":null,"Domain":null}').run).ownerOf(4)).toEqual({
      Domain: null,
      User: null,
    })
    expect(await windowsSource(powerShell('').run).ownerOf(5)).toBeUndefined()
  })
})
