import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import pino, { type Logger } from 'pino'
import type { AuthTrace, ConnectionTrace, OperationTrace, RetryTrace } from 'wsman'

/** Writes what the package tells into a log. Returns what ends that. */
export function logWsman(logger: Logger = pino()): () => void {
  const log = logger.child({ component: 'wsman' })
  const listeners: Readonly<Record<string, (message: unknown) => void>> = {
    'tracing:wsman:operation:asyncEnd': (message) => {
      const { error, ...about } = message as OperationTrace
      if (error === undefined) log.debug(about, 'operation')
      else log.warn({ ...about, error }, 'operation failed')
    },
    'tracing:wsman:connection:asyncEnd': (message) => {
      const { error, ...about } = message as ConnectionTrace
      if (error === undefined) log.debug(about, 'connected')
      else log.warn({ ...about, error }, 'no connection')
    },
    'tracing:wsman:auth:asyncEnd': (message) => {
      const { error, ...about } = message as AuthTrace
      if (error === undefined) log.info(about, 'authenticated')
      else log.warn({ ...about, error }, 'not authenticated')
    },
    'wsman:retry': (message) => {
      log.info(message as RetryTrace, 'trying again')
    },
  }
  for (const [name, listener] of Object.entries(listeners)) subscribe(name, listener)
  return () => {
    for (const [name, listener] of Object.entries(listeners)) unsubscribe(name, listener)
  }
}
