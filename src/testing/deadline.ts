import { abortable, sleep } from '../util/abortable.js'
import { timedOut } from './faults.js'
import type { EndpointRequest } from './message.js'

/** Node's timers fire at once for anything longer. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Settles like `work`, which may take longer than the client waits: it faults when the time is over. */
export async function inTime<T>(request: EndpointRequest, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const time = Math.min(request.operationTimeoutMs, MAX_TIMER_MS)
  const expired = sleep(time, AbortSignal.any([request.signal, over.signal])).then(() => {
    throw timedOut()
  })
  expired.catch(() => undefined)
  try {
    return await Promise.race([abortable(work, request.signal), expired])
  } finally {
    over.abort()
  }
}
