import { ACTION } from '../../envelope/actions.js'
import { EndpointReference } from '../../envelope/endpoint-reference.js'
import { referenceChildren } from '../../envelope/selectors.js'
import { formatDuration } from '../../util/duration.js'
import { NS } from '../../xml/namespaces.js'
import { element, type AttributeTree, type ElementTree } from '../../xml/writer.js'
import type { EndpointReply } from '../message.js'
import { OUTPUT_STREAMS, type OutputChunk, type OutputStream } from './output-buffer.js'

/** What a shell tells about itself. */
export interface ShellDescription {
  readonly shellId: string
  readonly resourceUri: string
  readonly owner: string
  readonly clientIp: string
  readonly environment: ReadonlyMap<string, string>
  readonly workingDirectory: string | undefined
  readonly idleTimeoutMs: number
  readonly input: boolean
  readonly output: ReadonlySet<OutputStream>
  readonly runTimeMs: number
  readonly inactivityMs: number
}

/** What a Receive brings. */
export interface Delivery {
  readonly commandId: string
  readonly chunks: readonly OutputChunk[]
  /** Present when the command has ended and nothing is left of these streams. */
  readonly done?: { readonly streams: ReadonlySet<OutputStream>; readonly exitCode: number }
}

const STATE = `${NS.shell}/CommandState`

const rsp = (
  name: string,
  children: string | readonly ElementTree[],
  attributes?: readonly AttributeTree[],
) => element(NS.shell, name, children, attributes)

const reply = (action: string, ...body: readonly ElementTree[]): EndpointReply => ({
  action: `${action}Response`,
  body,
})

/** In the order in which Windows was recorded. */
export function shellTree(shell: ShellDescription): ElementTree {
  const variables = [...shell.environment].map(([name, value]) =>
    rsp('Variable', value, [{ name: 'Name', value: name }]),
  )
  return rsp('Shell', [
    rsp('ShellId', shell.shellId),
    rsp('ResourceUri', shell.resourceUri),
    rsp('Owner', shell.owner),
    rsp('ClientIP', shell.clientIp),
    ...(variables.length > 0 ? [rsp('Environment', variables)] : []),
    ...(shell.workingDirectory === undefined ? [] : [rsp('WorkingDirectory', shell.workingDirectory)]),
    rsp('IdleTimeOut', formatDuration(shell.idleTimeoutMs)),
    rsp('InputStreams', shell.input ? 'stdin' : ''),
    rsp('OutputStreams', OUTPUT_STREAMS.filter((name) => shell.output.has(name)).join(' ')),
    rsp('ShellRunTime', elapsed(shell.runTimeMs)),
    rsp('ShellInactivity', elapsed(shell.inactivityMs)),
  ])
}

/** An item of the enumeration of commands. */
export function commandTree(commandId: string, commandLine: string, running: boolean): ElementTree {
  return rsp('Command', [
    rsp('CommandId', commandId),
    rsp('CommandLine', commandLine),
    rsp('CommandState', running ? 'Running' : 'Done'),
  ])
}

export function createReply(shell: ShellDescription, address: string): EndpointReply {
  const reference = new EndpointReference(shell.resourceUri, { ShellId: shell.shellId }, address)
  return reply(
    ACTION.create,
    element(NS.transfer, 'ResourceCreated', referenceChildren(reference)),
    shellTree(shell),
  )
}

export function getReply(shell: ShellDescription): EndpointReply {
  return reply(ACTION.get, shellTree(shell))
}

export function deleteReply(): EndpointReply {
  return reply(ACTION.delete)
}

export function commandReply(commandId: string): EndpointReply {
  return reply(ACTION.command, rsp('CommandResponse', [rsp('CommandId', commandId)]))
}

export function sendReply(): EndpointReply {
  return reply(ACTION.send, rsp('SendResponse', []))
}

export function signalReply(): EndpointReply {
  return reply(ACTION.signal, rsp('SignalResponse', []))
}

export function receiveReply({ commandId, chunks, done }: Delivery): EndpointReply {
  const command = { name: 'CommandId', value: commandId }
  const stream = (name: OutputStream, text: string, end: readonly AttributeTree[]): ElementTree =>
    rsp('Stream', text, [{ name: 'Name', value: name }, command, ...end])
  const data = chunks.map(({ stream: name, bytes }) =>
    stream(name, Buffer.from(bytes).toString('base64'), []),
  )
  const ends = OUTPUT_STREAMS.filter((name) => done?.streams.has(name)).map((name) =>
    stream(name, '', [{ name: 'End', value: 'true' }]),
  )
  const state = rsp('CommandState', done ? [rsp('ExitCode', String(done.exitCode))] : [], [
    command,
    { name: 'State', value: `${STATE}/${done ? 'Done' : 'Running'}` },
  ])
  return reply(ACTION.receive, rsp('ReceiveResponse', [...data, ...ends, state]))
}

/** `P0DT0H1M2S`, as Windows writes the times of a shell. */
function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60]
  return `P${parts[0] ?? 0}DT${parts[1] ?? 0}H${parts[2] ?? 0}M${seconds % 60}S`
}
