import { PASSWORDS, POLICY, SCHEMES } from './authentication.js'
import { NAMES_AND_PORTS, PROXIES, RESETS, TLS } from './connections.js'
import { FAULTS, QUOTAS } from './faults.js'
import { HANDSHAKES, KERBEROS } from './handshakes.js'
import { COMMANDS, EXHAUSTED, GIVEN_UP, TIMES } from './limits.js'
import { HTTP, REPLIES } from './services.js'
import type { Failures } from './failure.js'

/** Everything that goes wrong, by what it is about. */
export const TABLES: Readonly<Record<string, Failures>> = {
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
