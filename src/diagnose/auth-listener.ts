import { AsyncLocalStorage } from 'node:async_hooks'
import { authChannel, type AuthTrace } from '../diagnostics/channels.js'

/** Says what is told of handshakes that belong to some work, whatever else goes on in the process meanwhile. */
export async function listenToAuth<T>(work: () => Promise<T>): Promise<readonly [T, AuthTrace | undefined]> {
  const own = new AsyncLocalStorage<true>()
  let last: AuthTrace | undefined
  const subscribers = {
    start: (trace: AuthTrace): void => {
      if (own.getStore()) last = trace
    },
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: () => undefined,
    error: () => undefined,
  }
  authChannel.subscribe(subscribers)
  try {
    const result = await own.run(true, work)
    return [result, last]
  } finally {
    authChannel.unsubscribe(subscribers)
  }
}
