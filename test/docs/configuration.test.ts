import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { settingsDocs } from '../../scripts/generate-settings-docs.js'
import { projectRoot } from '../support/project.js'

/** What Microsoft's page "Installation and configuration for Windows Remote Management" speaks of. */
const PAGE = [
  'Where WinRM is installed',
  'IPMI driver',
  'starts by itself',
  'No listener is configured',
  'firewall',
  '`winrm enumerate winrm/config/listener`',
  '`winrm quickconfig`',
  '`winrm quickconfig -transport:https`',
  'HTTPS listeners',
  'LocalAccountTokenFilterPolicy',
  'Listener and protocol settings, client, service and winrs settings',
  'TrustedHosts',
  'channel binding',
  'IPv4Filter and IPv6Filter',
  'compatibility listeners',
  'before an upgrade',
  'Event collection',
  'Group Policy',
  'Quotas of remote shells',
  'Access to WMI over WinRM',
  'command-line tool',
]

it('docs/configuration.md says of every part of the page where it is covered, or why it is not', () => {
  const written = readFileSync(path.join(projectRoot, 'docs', 'configuration.md'), 'utf8')
  const [, chapter = ''] = written.split('## The WinRM configuration page, part by part')
  const rows = [...(chapter.split('\n## ')[0] ?? '').matchAll(/^\| (.+?) \| (.+) \|$/gm)].slice(2)
  for (const part of PAGE) {
    const row = rows.find(([, about = '']) => about.includes(part))
    expect(row?.[2]?.length ?? 0, part).toBeGreaterThan(10)
  }
  const unspoken = rows.filter(([, about = '']) => !PAGE.some((part) => about.includes(part)))
  expect(unspoken).toEqual([])
})

it('docs/configuration.md is what the tables say', () => {
  const written = readFileSync(path.join(projectRoot, 'docs', 'configuration.md'), 'utf8')
  expect(written, 'run: npm run docs:settings').toBe(settingsDocs())
})
