import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { settingsDocs } from '../../scripts/generate-settings-docs.js'
import { projectRoot } from '../support/project.js'

it('docs/configuration.md is what the tables say', () => {
  const written = readFileSync(path.join(projectRoot, 'docs', 'configuration.md'), 'utf8')
  expect(written, 'run: npm run docs:settings').toBe(settingsDocs())
})
