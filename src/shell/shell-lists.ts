import { selectorFilter } from '../enumeration/filters.js'
import { Enumeration } from '../enumeration/enumeration.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import {
  decodeCommands,
  decodeShells,
  type CommandInfo,
  type ShellInfo,
} from '../operations/shell-listing.js'
import { NS } from '../xml/namespaces.js'

const LISTING = { mode: 'object', prefetch: 1, optimize: true } as const

/** The shells that the account has open on the service (MS-WSMV 3.1.4.8.2). */
export function listShells(runner: OperationRunner, options: CallOptions): Enumeration<ShellInfo> {
  return new Enumeration(runner, {
    ...LISTING,
    resource: { resourceUri: NS.shell },
    items: decodeShells,
    options,
  })
}

/** The commands that are known in a shell, whoever started them. */
export function listCommands(
  runner: OperationRunner,
  shellId: string,
  options: CallOptions,
): Enumeration<CommandInfo> {
  return new Enumeration(runner, {
    ...LISTING,
    resource: { resourceUri: `${NS.shell}/Command` },
    filter: selectorFilter({ ShellId: shellId }),
    items: decodeCommands,
    options,
  })
}
