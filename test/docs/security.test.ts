import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifest, projectRoot, readProjectFile } from '../support/project.js'

const page = readProjectFile('SECURITY.md')
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:threat|---)/.test(line))

describe('SECURITY.md', () => {
  it('names for each threat what enforces the defence', () => {
    expect(rows.length).toBeGreaterThan(10)
    expect(rows.filter((row) => !/`(?:test\/|npm run )/.test(row.split('|')[3] ?? ''))).toEqual([])
  })

  const named = [...page.matchAll(/`(test\/[^`]+\.ts)`(?:: "([^"]+)")?/g)].map(
    ([, file = '', title = '']) => [file, title],
  )

  it.each(named)('%s is a test, with what is quoted: %s', (file, title) => {
    expect(existsSync(path.join(projectRoot, file))).toBe(true)
    expect(readProjectFile(file)).toContain(title)
  })

  it('names scripts that exist', () => {
    const scripts = [...page.matchAll(/`npm run ([\w:]+)`/g)].map(([, name = '']) => name)
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([])
  })
})
