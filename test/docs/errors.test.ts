import { describe, expect, it } from 'vitest'
import { errorDocs } from '../../scripts/generate-error-docs.js'
import { ERROR_CODES } from '../../src/errors/codes.js'
import { hintFor, SITUATIONS } from '../../src/errors/situations.js'
import { readProjectFile } from '../support/project.js'

describe('docs/errors.md', () => {
  const page = readProjectFile('docs/errors.md')

  it('is what the tables say (npm run docs:errors writes it anew)', () => {
    expect(page).toBe(errorDocs())
  })

  it('names every code', () => {
    expect(Object.keys(ERROR_CODES).filter((code) => !page.includes(`\`${code}\``))).toEqual([])
  })
})

describe('the situations', () => {
  it.each(Object.entries(SITUATIONS))(
    '%s has a code of the table, a condition and something to do',
    (_, entry) => {
      expect(ERROR_CODES).toHaveProperty(entry.code)
      expect(entry.when).toMatch(/^[a-z7]|^(?:Basic|CredSSP|Digest|Kerberos|NTLM|Negotiate|TLS)\b/)
      expect(entry.when).not.toMatch(/\.$/)
      expect(entry.hint).toMatch(/^[A-Z]|^cmd /)
    },
  )

  it('fill in what only the failure knows, and nothing else', () => {
    expect(hintFor('schemeDisabled', { setting: 'basic' })).toBe(
      'To allow it: settings: { client: { auth: { basic: true } } }',
    )
    // What is filled in is not looked at again.
    expect(hintFor('hostNotTrusted', { line: '{{line}},$&' })).toContain("trustedHosts: '{{line}},$&'")
  })
})
