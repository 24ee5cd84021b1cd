import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spaceOf } from '../../../../src/testing/machine/disks.js'
import { runTool } from '../../../../src/testing/machine/run-tool.js'

describe('runTool', () => {
  it('resolves with what the program prints, in the C locale', async () => {
    const script = 'process.stdout.write(process.env.LC_ALL + process.argv[1])'
    expect(await runTool(process.execPath, ['-e', script, ' ä'])).toBe('C ä')
  })

  it('resolves with nothing when the program is missing, fails or does not end', async () => {
    expect(await runTool('no-such-program-here', [])).toBeUndefined()
    expect(await runTool(process.execPath, ['-e', 'console.log(1); process.exit(3)'])).toBeUndefined()
    expect(await runTool(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], 100)).toBeUndefined()
  })
})

describe('spaceOf', () => {
  it('measures directories only', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'wsman-space-'))
    try {
      const { blocks, bsize } = await statfs(directory, { bigint: true })
      expect(await spaceOf(directory)).toMatchObject({ Size: blocks * bsize })
      await writeFile(join(directory, 'file'), '')
      expect(await spaceOf(join(directory, 'file'))).toBe('gone')
      expect(await spaceOf(join(directory, 'missing'))).toBe('gone')
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
