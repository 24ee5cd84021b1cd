import { parseDuration } from '../../util/duration.js'
import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import type { EndpointRequest } from '../message.js'
import { OUTPUT_STREAMS, type OutputStream } from './output-buffer.js'
import * as faults from './shell-faults.js'

/** What a client asks of a new shell (`rsp:Shell` of a Create request, MS-WSMV 2.2.4.37, with its options). */
export interface ShellSpec {
  readonly input: boolean
  readonly output: ReadonlySet<OutputStream>
  readonly environment: ReadonlyMap<string, string>
  readonly workingDirectory: string | undefined
  readonly lifetimeMs: number | undefined
  readonly idleTimeoutMs: number | undefined
  readonly codepage: number | undefined
}

/** `rsp:CommandLine` (MS-WSMV 2.2.4.7) with its option. */
export interface CommandSpec {
  readonly command: string
  readonly args: readonly string[]
  readonly skipCmdShell: boolean
}

/** `rsp:Receive` (MS-WSMV 2.2.4.26). */
export interface ReceiveSpec {
  readonly commandId: string
  /** Empty for all. */
  readonly streams: ReadonlySet<OutputStream>
}

/** One `rsp:Stream` of `rsp:Send` (MS-WSMV 2.2.4.32). */
export interface InputBlock {
  readonly commandId: string
  readonly bytes: Uint8Array
  readonly end: boolean
}

export type SignalCode = 'ctrl_c' | 'ctrl_break' | 'terminate'

/** `rsp:Signal` (MS-WSMV 2.2.4.38). */
export interface SignalSpec {
  /** Absent: every command of the shell. */
  readonly commandId: string | undefined
  readonly code: SignalCode
}

/** What clients of shells ask for; some of it means nothing here (MS-WSMV notes 110, 117 and 119). */
export const SHELL_OPTIONS: ReadonlySet<string> = new Set([
  'WINRS_NOPROFILE',
  'WINRS_CODEPAGE',
  'WINRS_CONSOLEMODE_STDIN',
  'WINRS_SKIP_CMD_SHELL',
  'WSMAN_CMDSHELL_OPTION_KEEPALIVE',
])

const shell = (parent: XmlElement, name: string): string | undefined => parent.childText(NS.shell, name)

/** Some clients write attributes in the namespace of their element, and Windows takes them. */
function attribute(element: XmlElement, name: string): string | undefined {
  return element.attribute(name) ?? element.attribute(name, NS.shell)
}

export function readShell(request: EndpointRequest): ShellSpec {
  const body = theElement(request, 'Shell')
  const variables = body.child(NS.shell, 'Environment')?.all(NS.shell, 'Variable') ?? []
  return {
    input: streamNames(shell(body, 'InputStreams'), ['stdin']).size > 0,
    output: streamNames(shell(body, 'OutputStreams'), OUTPUT_STREAMS),
    environment: new Map(variables.map((variable) => [attribute(variable, 'Name') ?? '', variable.text])),
    workingDirectory: shell(body, 'WorkingDirectory') || undefined,
    lifetimeMs: duration(body, 'Lifetime'),
    idleTimeoutMs: duration(body, 'IdleTimeOut'),
    codepage: readCodepage(option(request, 'WINRS_CODEPAGE')),
  }
}

export function readCommandLine(request: EndpointRequest): CommandSpec {
  const body = theElement(request, 'CommandLine')
  for (const child of body.elements) {
    if (!child.is(NS.shell, 'Command') && !child.is(NS.shell, 'Arguments')) {
      throw faults.invalidElement(child.name.local)
    }
  }
  const command = body.child(NS.shell, 'Command')
  if (!command) throw faults.invalidElement('CommandLine')
  if (command.text.trim() === '') throw faults.invalidParameter()
  return {
    command: command.text,
    args: body.all(NS.shell, 'Arguments').map(({ text }) => text),
    skipCmdShell: option(request, 'WINRS_SKIP_CMD_SHELL')?.toLowerCase() === 'true',
  }
}

export function readReceive(request: EndpointRequest): ReceiveSpec {
  const desired = theElement(request, 'Receive').child(NS.shell, 'DesiredStream')
  if (!desired) throw faults.invalidElement('Receive')
  return {
    commandId: commandIdOf(desired),
    streams: streamNames(desired.text, OUTPUT_STREAMS),
  }
}

export function readSend(request: EndpointRequest): readonly InputBlock[] {
  const streams = theElement(request, 'Send').all(NS.shell, 'Stream')
  if (streams.length === 0) throw faults.invalidElement('Send')
  return streams.map((stream) => {
    const commandId = commandIdOf(stream)
    if (attribute(stream, 'Name') !== 'stdin') throw faults.invalidParameter()
    const end = attribute(stream, 'End')?.toLowerCase()
    return { commandId, bytes: decodeBase64(stream.text), end: end === 'true' || end === '1' }
  })
}

export function readSignal(request: EndpointRequest): SignalSpec {
  const signal = theElement(request, 'Signal')
  return { commandId: attribute(signal, 'CommandId'), code: signalCode(shell(signal, 'Code') ?? '') }
}

/** Clients write the last part in either case. */
function signalCode(uri: string): SignalCode {
  const lower = uri.toLowerCase()
  if (lower === `${NS.shell}/signal/ctrl_c` || lower === 'powershell/signal/ctrl_c') return 'ctrl_c'
  if (lower === `${NS.shell}/signal/ctrl_break`) return 'ctrl_break'
  if (lower === `${NS.shell}/signal/terminate`) return 'terminate'
  throw faults.invalidParameter()
}

/** The one element in the body. */
function theElement(request: EndpointRequest, name: string): XmlElement {
  const [element] = request.body
  if (!element?.is(NS.shell, name)) throw faults.invalidElement(element?.name.local ?? 'Body')
  return element
}

function commandIdOf(element: XmlElement): string {
  const commandId = attribute(element, 'CommandId')
  if (!commandId) throw faults.invalidParameter()
  return commandId
}

function streamNames<Name extends string>(
  list: string | undefined,
  known: readonly Name[],
): ReadonlySet<Name> {
  const names = (list ?? '').split(/\s+/).filter((name) => name !== '')
  return new Set(
    names.map((name) => {
      const stream = known.find((candidate) => candidate === name)
      if (stream === undefined) throw faults.invalidParameter()
      return stream
    }),
  )
}

function option(request: EndpointRequest, name: string): string | undefined {
  for (const [key, value] of request.headers.options) {
    if (key.toUpperCase() === name) return value
  }
  return undefined
}

function readCodepage(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,4}$/.test(text)) throw faults.codepageNotSupported()
  return Number(text)
}

function duration(body: XmlElement, name: string): number | undefined {
  const text = shell(body, name)
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined || ms < 0) throw faults.invalidElement(name)
  return ms
}

function decodeBase64(text: string): Uint8Array {
  const packed = text.replace(/\s+/g, '')
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) throw faults.invalidElement('Stream')
  return Buffer.from(packed, 'base64')
}
