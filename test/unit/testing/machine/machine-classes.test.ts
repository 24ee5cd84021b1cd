import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { hostname, networkInterfaces, release, totalmem, uptime, userInfo } from 'node:os'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { machineClasses } from '../../../../src/testing/machine/machine-classes.js'
import { portableSource } from '../../../../src/testing/machine/portable.js'
import type {
  CimType,
  EndpointClass,
  EndpointInstance,
  EndpointValue,
} from '../../../../src/testing/types.js'
import { compileWhere } from '../../../../src/testing/wql/evaluate.js'
import { parseWql } from '../../../../src/testing/wql/parse-wql.js'
import { listInstances } from './instances.js'

const KEYS = {
  Win32_OperatingSystem: 'Name',
  Win32_ComputerSystem: 'Name',
  Win32_Process: 'Handle',
  Win32_Service: 'Name',
  Win32_LogicalDisk: 'DeviceID',
  Win32_NetworkAdapter: 'DeviceID',
  Win32_NetworkAdapterConfiguration: 'Index',
} as const

function classOf(classes: readonly EndpointClass[], name: keyof typeof KEYS): EndpointClass {
  const found = classes.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no class ${name}`)
  return found
}

/** Whether a value is one the endpoint can write as that CIM type. */
function fits(value: EndpointValue, type: CimType): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'datetime':
      return value instanceof Date && !Number.isNaN(value.getTime())
    case 'uint64':
      return typeof value === 'bigint' && BigInt.asUintN(64, value) === value
    default: {
      const [, sign, bits] = /^([us])int(\d+)$/.exec(type) ?? []
      const span = 2 ** Number(bits)
      const [low, high] = sign === 'u' ? [0, span - 1] : [-span / 2, span / 2 - 1]
      return typeof value === 'number' && Number.isInteger(value) && low <= value && value <= high
    }
  }
}

// Slim containers have no ps, or a smaller one, and Windows has neither ps nor a file system at /.
const isPosix = process.platform !== 'win32'
const hasPs = isPosix && spawnSync('ps', ['-A', '-o', 'lstart=']).status === 0

describe.each([
  ['the source of this system', machineClasses()] as const,
  ...(hasPs ? [['the portable source', machineClasses(portableSource())] as const] : []),
])('%s', (_, classes) => {
  it.each(Object.entries(KEYS))('declares %s as Windows does, with the key %s', (name, key) => {
    const found = classOf(classes, name as keyof typeof KEYS)
    const keys = Object.entries(found.properties).filter(
      ([, definition]) => typeof definition !== 'string' && definition.key === true,
    )
    expect(keys.map(([property]) => property)).toEqual([key])
    expect(found.namespace ?? 'root/cimv2').toBe('root/cimv2')
  })

  it.each(Object.entries(KEYS))(
    'fills %s with values of the declared types and distinct keys',
    async (name, key) => {
      const found = classOf(classes, name as keyof typeof KEYS)
      const instances = await listInstances(found)
      for (const instance of instances) {
        expect(Object.keys(instance)).toEqual(Object.keys(found.properties))
        for (const [property, definition] of Object.entries(found.properties)) {
          const value = instance[property] ?? null
          const { type, array = false } = typeof definition === 'string' ? { type: definition } : definition
          const values = array && Array.isArray(value) ? (value as readonly EndpointValue[]) : [value]
          for (const item of values) {
            expect(item === null || fits(item, type), `${property} is no ${type}`).toBe(true)
          }
        }
        if ('CreationClassName' in found.properties) expect(instance.CreationClassName).toBe(name)
      }
      const keys = instances.map((instance) => instance[key])
      expect(keys).not.toContain(null)
      expect(new Set(keys).size).toBe(keys.length)
    },
  )

  it('marks the system and the computer as the only ones of their kind, with one instance each', async () => {
    const singletons = classes.filter(({ singleton }) => singleton).map(({ name }) => name)
    expect(singletons).toEqual(['Win32_OperatingSystem', 'Win32_ComputerSystem'])
    for (const name of ['Win32_OperatingSystem', 'Win32_ComputerSystem'] as const) {
      expect(await listInstances(classOf(classes, name))).toHaveLength(1)
    }
  })

  it('knows the memory, the kernel and the name of the computer', async () => {
    const [system] = await listInstances(classOf(classes, 'Win32_OperatingSystem'))
    const [computer] = await listInstances(classOf(classes, 'Win32_ComputerSystem'))
    expect(system).toMatchObject({
      TotalVisibleMemorySize: BigInt(Math.floor(totalmem() / 1024)),
      Version: release(),
      CSName: hostname(),
    })
    expect(computer).toMatchObject({ Name: hostname(), TotalPhysicalMemory: BigInt(totalmem()) })
    // The kernel counts whole seconds.
    const started = system?.LastBootUpTime as Date
    expect(Math.abs(started.getTime() - (Date.now() - uptime() * 1000))).toBeLessThan(5000)
  })

  it('lists the process that asks', async () => {
    const processes = await listInstances(classOf(classes, 'Win32_Process'))
    const own = processes.find(({ ProcessId }) => ProcessId === process.pid)
    expect(own).toMatchObject({
      Handle: String(process.pid),
      ParentProcessId: process.ppid,
      CSName: hostname(),
    })
    expect(own?.WorkingSetSize).toBeGreaterThan(1024n * 1024n)
    const started = own?.CreationDate as Date
    expect(Math.abs(started.getTime() - (Date.now() - process.uptime() * 1000))).toBeLessThan(10_000)
    const [system] = await listInstances(classOf(classes, 'Win32_OperatingSystem'))
    expect(own?.OSName).toBe(system?.Name)
  })

  it('lists a child from its start to its end, and who owns it', async () => {
    const found = classOf(classes, 'Win32_Process')
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', 'an argument'])
    const exited = once(child, 'exit')
    await once(child, 'spawn')
    const query = parseWql(`SELECT * FROM Win32_Process WHERE ProcessId = ${child.pid ?? 0}`)
    if (query.kind !== 'select') throw new Error('not a SELECT')
    const isChild = compileWhere(query, found)
    const method = found.methods?.GetOwner
    const run = typeof method === 'function' ? method : method?.run
    const getOwner = async (instance: EndpointInstance | undefined): Promise<EndpointInstance | undefined> =>
      await run?.({ instance, parameters: {} })

    const [listed, ...others] = (await listInstances(found)).filter(isChild)
    expect(others).toEqual([])
    expect(listed).toMatchObject({ Handle: String(child.pid), ParentProcessId: process.pid })
    expect(listed?.CommandLine).toContain('an argument')
    expect(await getOwner(listed)).toEqual({ ReturnValue: 0, Domain: hostname(), User: userInfo().username })

    child.stdin.end()
    await exited
    expect((await listInstances(found)).filter(isChild)).toEqual([])
    expect(await getOwner(listed)).toEqual({ ReturnValue: 9 })
    expect(await getOwner(undefined)).toEqual({ ReturnValue: 21 })
  })

  it.runIf(isPosix)('measures the file system at /', async () => {
    const disks = await listInstances(classOf(classes, 'Win32_LogicalDisk'))
    const root = disks.find(({ DeviceID }) => DeviceID === '/')
    const { blocks, bsize } = await statfs('/', { bigint: true })
    expect(root).toMatchObject({ Name: '/', Size: blocks * bsize, SystemName: hostname() })
    expect(root?.FreeSpace).toBeLessThanOrEqual(blocks * bsize)
  })

  it('knows the addresses of every adapter', async () => {
    const adapters = await listInstances(classOf(classes, 'Win32_NetworkAdapter'))
    const configurations = await listInstances(classOf(classes, 'Win32_NetworkAdapterConfiguration'))
    const external = Object.entries(networkInterfaces()).filter(([, list = []]) =>
      list.some(({ internal }) => !internal),
    )
    const seen = external.map(([name, list = []]) => {
      const adapter = adapters.find(({ Name }) => Name === name)
      const configuration = configurations.find(({ Index }) => Index === adapter?.Index)
      expect(adapter?.MACAddress).toBe(list[0]?.mac.toUpperCase())
      expect(configuration?.IPEnabled).toBe(true)
      const addresses = configuration?.IPAddress as readonly string[]
      expect(new Set(addresses)).toEqual(new Set(list.map(({ address }) => address)))
      const subnets = configuration?.IPSubnet as readonly string[]
      for (const { family, address, netmask, cidr } of list) {
        const expected = family === 'IPv4' ? netmask : cidr?.split('/')[1]
        expect(subnets[addresses.indexOf(address)]).toBe(expected)
      }
      return name
    })
    expect(seen).toEqual(external.map(([name]) => name))
    expect(adapters.map(({ Name }) => Name)).not.toContain('lo')
  })
})

describe.runIf(process.platform === 'linux')('on Linux', () => {
  it('tells name, program and threads of the process that asks', async () => {
    const processes = await listInstances(classOf(machineClasses(), 'Win32_Process'))
    const own = processes.find(({ ProcessId }) => ProcessId === process.pid)
    const program = realpathSync(process.execPath)
    expect(own).toMatchObject({ Name: basename(program), ExecutablePath: program })
    expect(own?.ThreadCount).toBeGreaterThan(1)
    expect(own?.HandleCount).toBeGreaterThan(2)
    const cpu = process.cpuUsage()
    // Units of 100 ns against microseconds; the process went on working since.
    expect(own?.UserModeTime).toBeLessThanOrEqual(BigInt(cpu.user) * 10n + 200_000n)
    expect(own?.UserModeTime).toBeGreaterThan(0n)
  })
})
