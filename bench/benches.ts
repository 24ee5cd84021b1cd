import { commands } from './commands.js'
import { enumeration } from './enumeration.js'
import { fleet } from './fleet.js'
import { output } from './output.js'
import type { Bench } from './support/bench.js'

/** In the order they run. */
export const BENCHES: readonly Bench[] = [output, commands, fleet, enumeration]
