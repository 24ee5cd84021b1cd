import { SHELL_RESOURCE } from '../envelope/resource.js'
import { parseDuration } from '../util/duration.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import type { ItemDecoderFactory } from './page-body.js'

/** A shell that is open on the service (MS-WSMV 2.2.4.37). What a service does not tell is undefined. */
export interface ShellInfo {
  readonly shellId: string
  /** The kind of shell; text shells end in `/shell/cmd`. */
  readonly resourceUri: string
  readonly name: string | undefined
  /** The account it belongs to: `MACHINE\user`. */
  readonly owner: string | undefined
  /** The address of the client that opened it. */
  readonly clientIp: string | undefined
  /** The process that hosts it. */
  readonly processId: number | undefined
  /** Variables it was opened with. */
  readonly environment: Readonly<Record<string, string>>
  /** After so much idle time the service deletes it, in milliseconds. */
  readonly idleTimeoutMs: number | undefined
  /** How long it has been open, in milliseconds. */
  readonly shellRunTimeMs: number | undefined
  /** How long it has been idle, in milliseconds. */
  readonly shellInactivityMs: number | undefined
  /** `Connected` or `Disconnected`. */
  readonly state: string | undefined
}

/** A command in a shell. */
export interface CommandInfo {
  readonly commandId: string
  readonly commandLine: string
  /** `Running`, `Done`, … */
  readonly state: string | undefined
}

/** The items of an enumeration of `…/windows/shell` (MS-WSMV 3.1.4.8.2). */
export const decodeShells: ItemDecoderFactory<ShellInfo> = (deliver) =>
  new TreeBuilder((shell) => {
    deliver(readShell(shell))
  })

/** The items of an enumeration of `…/windows/shell/Command`. */
export const decodeCommands: ItemDecoderFactory<CommandInfo> = (deliver) =>
  new TreeBuilder((command) => {
    const line = command.child(NS.shell, 'CommandLine')
    const parts = line?.elements.map(({ text }) => text) ?? []
    deliver({
      commandId: command.childText(NS.shell, 'CommandId') ?? '',
      commandLine: parts.length > 0 ? parts.join(' ') : (line?.text.trim() ?? ''),
      state: command.childText(NS.shell, 'CommandState') || undefined,
    })
  })

function readShell(shell: XmlElement): ShellInfo {
  const text = (name: string): string | undefined => shell.childText(NS.shell, name) || undefined
  const duration = (name: string): number | undefined => parseDuration(text(name) ?? '')
  const variables = shell.child(NS.shell, 'Environment')?.all(NS.shell, 'Variable') ?? []
  const processId = Number(text('ProcessId'))
  return {
    shellId: text('ShellId') ?? '',
    resourceUri: text('ResourceUri') ?? SHELL_RESOURCE,
    name: text('Name'),
    owner: text('Owner'),
    clientIp: text('ClientIP'),
    processId: Number.isInteger(processId) ? processId : undefined,
    environment: Object.fromEntries(
      variables.map((variable) => [variable.attribute('Name') ?? '', variable.text] as const),
    ),
    idleTimeoutMs: duration('IdleTimeOut'),
    shellRunTimeMs: duration('ShellRunTime'),
    shellInactivityMs: duration('ShellInactivity'),
    state: text('State'),
  }
}
