import { SHELL_RESOURCE } from '../envelope/resource.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { asOneCall, CallScope } from '../util/call-scope.js'
import type { Limiter, Release } from '../util/limiter.js'
import { platformSignal, type CallSignal } from '../util/signal.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext } from './remote-state.js'
import type { ShellContext } from './shell-context.js'
import type { ShellOptions } from './shell-options.js'
import { Shell } from './shell.js'

/**
 * Uses a shell that is opened for this and deleted afterwards. All of it is one operation: it has one deadline, and
 * takes one place of the limiter.
 * @param use gets the options with what bounds all of it
 */
export function inOwnShell<Options extends ShellOptions & CallOptions, T>(
  context: ShellContext,
  options: Options,
  use: (shell: Shell, bounded: Options) => Promise<T>,
): Promise<T> {
  return asOneCall(options, async (bounded) => {
    const { limiter, runner } = context
    // Where nobody waits, requests leave in the order of the calls.
    const release = limiter && (await takePlace(limiter, runner, bounded.signal))
    try {
      const shell = await Shell.open(limiter ? { ...context, limiter: undefined } : context, bounded)
      try {
        return await use(shell, bounded)
      } finally {
        // Its commands are over; a shell that could not be deleted dies by its idle timeout.
        await shell.close().catch(() => undefined)
      }
    } finally {
      release?.()
    }
  })
}

/** Waits for a place until the caller gives up or the client is closed. */
export async function takePlace(
  limiter: Limiter,
  runner: OperationRunner,
  signal?: CallSignal,
): Promise<Release> {
  const waiting = new CallScope({ signal, lifetime: runner.lifetime })
  try {
    return await limiter.acquire(platformSignal(waiting.signal))
  } catch (error) {
    throw inContext(withRemote(error as Error, 'notStarted'), {
      host: runner.host,
      operation: 'Shell.Command',
      resource: SHELL_RESOURCE,
    })
  } finally {
    waiting.dispose()
  }
}
