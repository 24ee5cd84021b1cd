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
import { xml, type Xml } from '../xml/template.js'
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

const DECLARE_RSP = xml` xmlns:rsp="${NS.shell}"`

const flag = (value: boolean): string => (value ? 'TRUE' : 'FALSE')

/** Opens a text shell (MS-WSMV 3.1.4.5.2); elements in the order of the schema, 2.2.4.37. Never sent twice. */
export function createShellOperation(
  request: CreateShellRequest,
  codepage: number,
): Operation<EndpointReference> {
  return {
    name: 'Shell.Create',
    action: ACTION.create,
    resource: { resourceUri: SHELL_RESOURCE },
    lane: 'call',
    idempotent: false,
    options: { WINRS_NOPROFILE: flag(request.noProfile ?? false), WINRS_CODEPAGE: codepage },
    body: () => shellXml(request),
    decoder: () => new TreeBody(readCreated),
  }
}

/** In the order of the schema (MS-WSMV 2.2.4.37). */
function shellXml(request: CreateShellRequest): Xml {
  const { name, environment, workingDirectory, lifetimeMs, idleTimeoutMs } = request
  const children: Xml[] = []
  if (name !== undefined) children.push(xml`<rsp:Name>${name}</rsp:Name>`)
  if (environment) children.push(environmentXml(environment))
  if (workingDirectory !== undefined)
    children.push(xml`<rsp:WorkingDirectory>${workingDirectory}</rsp:WorkingDirectory>`)
  if (lifetimeMs !== undefined) children.push(xml`<rsp:Lifetime>${formatDuration(lifetimeMs)}</rsp:Lifetime>`)
  if (idleTimeoutMs !== undefined)
    children.push(xml`<rsp:IdleTimeOut>${formatDuration(idleTimeoutMs)}</rsp:IdleTimeOut>`)
  children.push(
    xml`<rsp:InputStreams>stdin</rsp:InputStreams>`,
    xml`<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>`,
  )
  return xml`<rsp:Shell${DECLARE_RSP}>${children}</rsp:Shell>`
}

function environmentXml(environment: Readonly<Record<string, string>>): Xml {
  const variables = Object.entries(environment).map(
    ([name, value]) => xml`<rsp:Variable Name="${name}">${value}</rsp:Variable>`,
  )
  return variables.length === 0 ? xml`` : xml`<rsp:Environment>${variables}</rsp:Environment>`
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
    body: () => {
      const written = args.map((argument) => xml`<rsp:Arguments>${argument}</rsp:Arguments>`)
      return xml`<rsp:CommandLine${DECLARE_RSP}><rsp:Command>${command}</rsp:Command>${written}</rsp:CommandLine>`
    },
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
    body: () => {
      const streams = xml`<rsp:DesiredStream CommandId="${commandId}">stdout stderr</rsp:DesiredStream>`
      return xml`<rsp:Receive${DECLARE_RSP}>${streams}</rsp:Receive>`
    },
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
  return {
    name: 'Shell.Send',
    action: ACTION.send,
    resource: shell,
    lane: 'control',
    idempotent: false,
    body: () => {
      const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
      const attributes = xml` Name="stdin" CommandId="${commandId}"${end ? xml` End="true"` : undefined}`
      return xml`<rsp:Send${DECLARE_RSP}><rsp:Stream${attributes}>${text}</rsp:Stream></rsp:Send>`
    },
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
    body: () => {
      const code = xml`<rsp:Code>${NS.shell}/signal/${signal}</rsp:Code>`
      return xml`<rsp:Signal${DECLARE_RSP} CommandId="${commandId}">${code}</rsp:Signal>`
    },
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
    decoder: () => new TreeBody(() => undefined),
  }
}
