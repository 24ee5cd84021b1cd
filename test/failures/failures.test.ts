import { expect, it } from 'vitest'
import { PASSWORDS, POLICY, SCHEMES } from './authentication.js'
import { NAMES_AND_PORTS, PROXIES, RESETS, TLS } from './connections.js'
import { describeFailures, type Failures } from './failure.js'
import { FAULTS, QUOTAS } from './faults.js'
import { HANDSHAKES, KERBEROS } from './handshakes.js'
import { COMMANDS, EXHAUSTED, GIVEN_UP, TIMES } from './limits.js'
import { HTTP, REPLIES } from './services.js'

const TABLES: Readonly<Record<string, Failures>> = {
  'names and ports': NAMES_AND_PORTS,
  TLS,
  proxies: PROXIES,
  'lost connections': RESETS,
  'what the client forbids itself': POLICY,
  passwords: PASSWORDS,
  schemes: SCHEMES,
  Kerberos: KERBEROS,
  handshakes: HANDSHAKES,
  'HTTP without SOAP': HTTP,
  replies: REPLIES,
  quotas: QUOTAS,
  faults: FAULTS,
  'time limits': TIMES,
  'calls that are given up': GIVEN_UP,
  retries: EXHAUSTED,
  commands: COMMANDS,
}

for (const [title, failures] of Object.entries(TABLES)) describeFailures(title, failures)

it('every class of error is among them', () => {
  const failures = Object.values(TABLES).flatMap((table) => Object.values(table))
  expect(failures.length).toBeGreaterThan(120)
  expect(new Set(failures.map(({ error }) => error)).size).toBe(9)
})
