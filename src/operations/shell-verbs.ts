import { ACTION } from '../envelope/actions.js'
import { TreeBody } from '../envelope/body-decoders.js'
import { EndpointReference } from '../envelope/endpoint-reference.js'
import type { OptionSet } from '../envelope/options.js'
import { SHELL_RESOURCE, type ResourceLocator } from '../envelope/resource.js'
import { readReference } from '../envelope/selectors.js'
import { ProtocolError } from '../errors/errors.js'
import { formatDuration } from '../util/duration.js'
import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { attribute, element, type ElementTree } from '../xml/writer.js'
import type { Operation } from './operation.js'
import { ReceiveBody, type ReceiveResult } from './receive-body.js'

export interface CreateShellRequest {
  readonly workingDirectory?: string | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly name?: string | undefined
  readonly lifetimeMs?: number | undefined
  readonly idleTimeoutMs?: number | undefined
  readonly noProfile?: boolean | undefined
}

const optional = (name: string, text: string | undefined): ElementTree | undefined =>
  text === undefined ? undefined : element(NS.shell, name, text)

const duration = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : formatDuration(ms)

const flag = (value: boolean): string => (value ? 'TRUE' : 'FALSE')

/** Opens a text shell (MS-WSMV 3.1.4.5.2); elements in the order of the schema, 2.2.4.37. Never sent twice. */
export function createShellOperation(
  request: CreateShellRequest,
  codepage: number,
): Operation<EndpointReference> {
  const { name, environment, workingDirectory, lifetimeMs, idleTimeoutMs, noProfile = false } = request
  const shell = element(NS.shell, 'Shell', [
    optional('Name', name),
    environment && environmentTree(environment),
    optional('WorkingDirectory', workingDirectory),
    optional('Lifetime', duration(lifetimeMs)),
    optional('IdleTimeOut', duration(idleTimeoutMs)),
    element(NS.shell, 'InputStreams', 'stdin'),
    element(NS.shell, 'OutputStreams', 'stdout stderr'),
  ])
  return {
    name: 'Shell.Create',
    action: ACTION.create,
    resource: { resourceUri: SHELL_RESOURCE },
    lane: 'call',
    idempotent: false,
    options: { WINRS_NOPROFILE: flag(noProfile), WINRS_CODEPAGE: codepage },
    body: [shell],
    decoder: () => new TreeBody(readCreated),
  }
}

function environmentTree(environment: Readonly<Record<string, string>>): ElementTree | undefined {
  const variables = Object.entries(environment).map(([name, value]) =>
    element(NS.shell, 'Variable', value, [attribute('Name', name)]),
  )
  return variables.length === 0 ? undefined : element(NS.shell, 'Environment', variables)
}

/** The reference is the way to the shell; where a service leaves its selectors out, ShellId stands in the body. */
function readCreated(elements: readonly XmlElement[]): EndpointReference {
  const created = elements.find((entry) => entry.is(NS.transfer, 'ResourceCreated'))
  const reference = created && readReference(created)
  if (reference && Object.keys(reference.selectors).length > 0) return reference
  const shellId = elements.find((entry) => entry.is(NS.shell, 'Shell'))?.childText(NS.shell, 'ShellId')
  if (!shellId) throw new ProtocolError('The service opened a shell and did not say which.')
  return new EndpointReference(SHELL_RESOURCE, { ShellId: shellId })
}

/** Starts a command (MS-WSMV 3.1.4.11). Never sent twice. */
export function commandOperation(
  shell: ResourceLocator,
  command: string,
  args: readonly string[],
  options: OptionSet,
): Operation<string> {
  return {
    name: 'Shell.Command',
    action: ACTION.command,
    resource: shell,
    lane: 'call',
    idempotent: false,
    options,
    body: [
      element(NS.shell, 'CommandLine', [
        element(NS.shell, 'Command', command),
        ...args.map((argument) => element(NS.shell, 'Arguments', argument)),
      ]),
    ],
    decoder: () =>
      new TreeBody(([reply]) => {
        const commandId = reply?.childText(NS.shell, 'CommandId')
        if (!commandId) throw new ProtocolError('The service started a command and did not say which.')
        return commandId
      }),
  }
}

/** Asks for output (MS-WSMV 3.1.4.14). The output in a lost reply is gone, so it is never sent twice. */
export function receiveOperation(shell: ResourceLocator, commandId: string): Operation<ReceiveResult> {
  return {
    name: 'Shell.Receive',
    action: ACTION.receive,
    resource: shell,
    lane: 'poll',
    idempotent: false,
    options: { WSMAN_CMDSHELL_OPTION_KEEPALIVE: 'TRUE' },
    body: [
      element(NS.shell, 'Receive', [
        element(NS.shell, 'DesiredStream', 'stdout stderr', [attribute('CommandId', commandId)]),
      ]),
    ],
    decoder: () => new ReceiveBody(),
  }
}

/** Hands input to a command (MS-WSMV 3.1.4.13). Never sent twice. */
export function sendOperation(
  shell: ResourceLocator,
  commandId: string,
  data: Uint8Array,
  end: boolean,
): Operation<void> {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
  return {
    name: 'Shell.Send',
    action: ACTION.send,
    resource: shell,
    lane: 'control',
    idempotent: false,
    body: [
      element(NS.shell, 'Send', [
        element(NS.shell, 'Stream', text, [
          attribute('Name', 'stdin'),
          attribute('CommandId', commandId),
          ...(end ? [attribute('End', 'true')] : []),
        ]),
      ]),
    ],
    decoder: () => new TreeBody(() => undefined),
  }
}

/** The signals a text shell understands (MS-WSMV 2.2.5.6). */
export type SignalName = 'ctrl_c' | 'ctrl_break' | 'terminate'

/** Signals a command; `terminate` also lets the service forget it (MS-WSMV 3.1.4.12). */
export function signalOperation(
  shell: ResourceLocator,
  commandId: string,
  signal: SignalName,
): Operation<void> {
  return {
    name: 'Shell.Signal',
    action: ACTION.signal,
    resource: shell,
    lane: 'control',
    idempotent: signal === 'terminate',
    body: [
      element(
        NS.shell,
        'Signal',
        [element(NS.shell, 'Code', `${NS.shell}/signal/${signal}`)],
        [attribute('CommandId', commandId)],
      ),
    ],
    decoder: () => new TreeBody(() => undefined),
  }
}

/** Deletes a shell with all its commands (MS-WSMV 3.1.4.4.1). */
export function deleteShellOperation(shell: ResourceLocator): Operation<void> {
  return {
    name: 'Shell.Delete',
    action: ACTION.delete,
    resource: shell,
    lane: 'control',
    idempotent: true,
    body: [],
    decoder: () => new TreeBody(() => undefined),
  }
}
