import { SHELL_RESOURCE } from '../envelope/resource.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import { CallScope } from '../util/call-scope.js'
import type { Limiter, Release } from '../util/limiter.js'
import { withRemote } from '../errors/with-remote.js'
import { inContext } from './remote-state.js'
import type { ShellContext } from './shell-context.js'
import type { ShellOptions } from './shell-options.js'
import { Shell } from './shell.js'

/**
 * Uses a shell that is opened for this and deleted afterwards. All of it is one operation: it has one deadline, and
 * takes one place of the limiter.
 * @param use gets the options that bound what it does
 */
export async function inOwnShell<T>(
  context: ShellContext,
  options: ShellOptions & CallOptions,
  use: (shell: Shell, bounds: Pick<CallOptions, 'signal' | 'timeoutMs'>) => Promise<T>,
): Promise<T> {
  const scope = new CallScope({ signal: options.signal, timeoutMs: options.timeoutMs })
  const bounds = { signal: scope.signal, timeoutMs: undefined }
  let release: Release | undefined
  try {
    // Where nobody waits, requests leave in the order of the calls.
    if (context.limiter) release = await takePlace(context.limiter, context.runner, scope.signal)
    const shell = await Shell.open({ ...context, limiter: undefined }, { ...options, ...bounds })
    try {
      return await use(shell, bounds)
    } finally {
      // Its commands are over; a shell that could not be deleted dies by its idle timeout.
      await shell.close().catch(() => undefined)
    }
  } finally {
    release?.()
    scope.dispose()
  }
}

/** Waits for a place until the caller gives up or the client is closed. */
export async function takePlace(
  limiter: Limiter,
  runner: OperationRunner,
  signal: AbortSignal,
): Promise<Release> {
  const waiting = new CallScope({ signal, lifetime: runner.lifetime })
  try {
    return await limiter.acquire(waiting.signal)
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
