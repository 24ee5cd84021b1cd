import type { ResourceLocator } from '../envelope/resource.js'
import { forOneRequest, type CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { ReceiveResult } from '../operations/receive-body.js'
import { receiveOperation } from '../operations/shell-verbs.js'
import { Patience } from './patience.js'
import type { ReceiveTurns } from './receive-turns.js'
import { isHeldUp, isTimedOut } from './remote-state.js'
import type { CallSignal } from '../util/signal.js'

export interface ReceiveParts {
  readonly runner: OperationRunner
  readonly turns: ReceiveTurns
  readonly shell: ResourceLocator
  readonly commandId: string
  /** Of the command the output is of. */
  readonly options: CallOptions
}

/**
 * Asks for output until the command has ended (MS-WSMV 3.1.4.14).
 *
 * @param signal ends the Receive under way, whose output is then lost
 * @param deliver takes what came; the next Receive waits for what it returns
 * @returns the exit code, where the service tells one
 * @throws what a Receive fails with, except where it surely brought nothing: those are asked again
 */
export async function receiveAll(
  parts: ReceiveParts,
  signal: CallSignal,
  deliver: (result: ReceiveResult) => Promise<void> | undefined,
): Promise<number | undefined> {
  const { runner, turns, options } = parts
  const operation = receiveOperation(parts.shell, parts.commandId)
  const patience = new Patience()
  let exitCode: number | undefined
  for (;;) {
    const turn = await turns.take(signal)
    let result: ReceiveResult | undefined
    try {
      const limit = Math.min(turn.limitMs, options.operationTimeoutMs ?? Infinity)
      const operationTimeoutMs = limit === Infinity ? undefined : limit
      result = await runner.run(operation, forOneRequest(options, { signal, operationTimeoutMs }))
      patience.reset()
    } catch (error) {
      turn.end()
      if (isTimedOut(error)) patience.reset()
      else if (isHeldUp(error)) await patience.pause(error, signal)
      else throw error
    } finally {
      turn.end()
    }
    // Nothing within the operation timeout, or the request was held up.
    if (result === undefined) continue
    exitCode = result.exitCode ?? exitCode
    const delivered = deliver(result)
    if (delivered) await delivered
    if (result.done) return exitCode
  }
}
