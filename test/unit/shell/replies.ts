import type { OutputStreamName } from '../../../src/operations/receive-body.js'
import type { Answer, Asked, Script, ScriptedService } from '../../support/scripted-service.js'

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** The reply to Create, as Windows words it. */
export const created = (shellId = 'S1'): string =>
  `<x:ResourceCreated><a:Address>http://127.0.0.1:5985/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>${SHELL}/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${shellId}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>${shellId}</rsp:ShellId><rsp:ResourceUri>${SHELL}/cmd</rsp:ResourceUri><rsp:Owner>vagrant</rsp:Owner><rsp:ClientIP>192.168.56.1</rsp:ClientIP><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>`

export const started = (commandId = 'C1'): string =>
  `<rsp:CommandResponse><rsp:CommandId>${commandId}</rsp:CommandId></rsp:CommandResponse>`

/** A piece of output; null ends the stream. */
export type Piece = readonly [stream: OutputStreamName | 'other', data: string | Buffer | null]

/** The state of the command with its exit code, where it is told. */
export interface State {
  readonly state: 'Running' | 'Done'
  readonly exitCode?: number
}

const base64 = (data: string | Buffer): string => Buffer.from(data).toString('base64')

export function received(pieces: readonly Piece[], state?: State): string {
  const streams = pieces.map(([name, data]) =>
    data === null
      ? `<rsp:Stream Name="${name}" CommandId="C1" End="true"></rsp:Stream>`
      : `<rsp:Stream Name="${name}" CommandId="C1">${base64(data)}</rsp:Stream>`,
  )
  const exit = state?.exitCode === undefined ? '' : `<rsp:ExitCode>${state.exitCode}</rsp:ExitCode>`
  const told = state
    ? `<rsp:CommandState CommandId="C1" State="${SHELL}/CommandState/${state.state}">${exit}</rsp:CommandState>`
    : ''
  return `<rsp:ReceiveResponse>${streams.join('')}${told}</rsp:ReceiveResponse>`
}

/** The last reply of a command that wrote this to stdout. */
export const finished = (stdout = '', exitCode = 0): string =>
  received([...(stdout === '' ? [] : [['stdout', stdout] as const]), ['stdout', null], ['stderr', null]], {
    state: 'Done',
    exitCode,
  })

export const SIGNALLED = '<rsp:SignalResponse/>'
export const SENT = '<rsp:SendResponse/>'

/** A shell in which everything goes well; `script` says what goes otherwise. */
export const shellScript = (script: Script = {}): Script => ({
  Create: created(),
  Command: started(),
  Receive: finished(),
  Send: SENT,
  Signal: SIGNALLED,
  Delete: '',
  ...script,
})

/** The signals a service was asked for, in order. */
export const signalsOf = (service: ScriptedService): string[] =>
  service.of('Signal').flatMap((request) => request.texts('Code').map((code) => code.replace(/^.*\//, '')))

export const signalOf = (request: Asked): string => request.texts('Code').join().replace(/^.*\//, '')

/** Answers the signals by name; those that are not named go well. */
export const onSignal =
  (answers: Readonly<Record<string, () => Answer | Promise<Answer>>>) =>
  (request: Asked): Answer | Promise<Answer> =>
    answers[signalOf(request)]?.() ?? SIGNALLED
