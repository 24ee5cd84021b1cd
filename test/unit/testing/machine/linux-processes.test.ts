import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  bootTime,
  joinArguments,
  ownerId,
  parseStat,
  readLinuxProcesses,
} from '../../../../src/testing/machine/linux-processes.js'
import type { EndpointInstance } from '../../../../src/testing/types.js'
import { known } from './instances.js'

const REST =
  '4840 4840 3095 34816 -1 4194304 101 7 2 0 300 40 0 0 20 5 1 0 71002 3133440 413 18446744073709551615'

describe('parseStat', () => {
  it('reads the fields by their numbers in the manual', () => {
    expect(parseStat(`4845 (cat) R ${REST} 0 0\n`)).toEqual({
      command: 'cat',
      state: 'R',
      parentId: 4840,
      terminal: 34816,
      faults: 103n,
      userTicks: 300n,
      kernelTicks: 40n,
      niceness: 5,
      startTicks: 71002n,
      virtualBytes: 3133440n,
    })
  })

  it('is not misled by the name of the command', () => {
    expect(parseStat(`1 (a) R 9 (b c) S ${REST}`)).toMatchObject({
      command: 'a) R 9 (b c',
      state: 'S',
      parentId: 4840,
    })
  })

  it.each(['', '1 (cat', '1 cat R 2 3', '1 (cat) R 1 2 3'])('gives up on %j', (text) => {
    expect(parseStat(text)).toBeUndefined()
  })
})

describe('joinArguments', () => {
  it.each([
    ['node\0script.js\0', 'node script.js'],
    ['sh\0-c\0echo "a b"\0', 'sh -c "echo \\"a b\\""'],
    ['a\0\0b\0', 'a "" b'],
    ['renamed by itself', '"renamed by itself"'],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(joinArguments(text)).toBe(expected)
  })
})

describe('readLinuxProcesses', () => {
  let proc = ''
  beforeAll(async () => {
    proc = await mkdtemp(join(tmpdir(), 'wsman-proc-'))
    const add = async (id: number, files: Readonly<Record<string, string>>): Promise<void> => {
      await mkdir(join(proc, String(id)))
      for (const [name, text] of Object.entries(files)) await writeFile(join(proc, String(id), name), text)
    }
    await writeFile(join(proc, 'stat'), 'cpu 1 2 3\nbtime 1700000000\nprocesses 5\n')
    await writeFile(join(proc, 'uptime'), '1.00 1.00\n')
    const status =
      'Name:\tx\nUid:\t0\t1000\t0\t0\nVmPeak:\t 20 kB\nVmHWM:\t 10 kB\nVmRSS:\t 8 kB\nVmSwap:\t 4 kB\nThreads:\t3\n'
    await add(10, {
      stat: `10 (worker) S ${REST}`,
      status,
      cmdline: 'worker\0--all\0',
      io: 'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\n',
    })
    await symlink('/opt/app/worker-with-a-long-name (deleted)', join(proc, '10', 'exe'))
    await add(9, {
      stat: `9 (kthread) I 2 ${REST.slice(5)}`,
      status: 'Name:\tkthread\nThreads:\t1\n',
      cmdline: '',
    })
    // Ended but not collected; ended before anything was read; ended between two reads.
    await add(11, { stat: `11 (gone) Z ${REST}`, status, cmdline: '' })
    await add(12, {})
    await add(13, { stat: `13 (late) S ${REST}` })
  })
  afterAll(() => rm(proc, { recursive: true, force: true }))

  it('lists what runs, in the order of the ids, and leaves out what has ended', async () => {
    const list: EndpointInstance[] = []
    for await (const instance of readLinuxProcesses(() => Promise.resolve('Test OS'), proc))
      list.push(instance)
    expect(list.map(({ Handle }) => Handle)).toEqual(['9', '10'])
    expect(known(list[0])).toMatchObject({ Name: 'kthread', ParentProcessId: 2, ThreadCount: 1 })
    expect(list[0]).toMatchObject({
      CommandLine: null,
      ExecutablePath: null,
      WorkingSetSize: null,
      HandleCount: null,
    })
    expect(list[1]).toMatchObject({
      Caption: 'worker-with-a-long-name',
      CommandLine: 'worker --all',
      CreationDate: new Date(1_700_000_000_000 + 710_020),
      ExecutablePath: '/opt/app/worker-with-a-long-name',
      KernelModeTime: 4_000_000n,
      Name: 'worker-with-a-long-name',
      OSName: 'Test OS',
      PageFaults: 103,
      PageFileUsage: 4,
      ParentProcessId: 4840,
      PeakVirtualSize: 20_480n,
      PeakWorkingSetSize: 10,
      Priority: 8,
      ProcessId: 10,
      ReadOperationCount: 3n,
      ReadTransferCount: 1n,
      ThreadCount: 3,
      UserModeTime: 30_000_000n,
      VirtualSize: 3_133_440n,
      WorkingSetSize: 8192n,
      WriteOperationCount: 4n,
      WriteTransferCount: 2n,
    })
  })

  it('knows when the machine started and who owns a process', async () => {
    expect(await bootTime(proc)).toEqual(new Date(1_700_000_000_000))
    expect(await ownerId(10, proc)).toBe(1000)
    expect(await ownerId(12, proc)).toBeUndefined()
    expect(await bootTime(join(proc, 'nowhere'))).toBeUndefined()
  })
})
