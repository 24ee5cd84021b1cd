import { timerDelay } from './timer.js'
import type { CallSignal } from './signal.js'

/** What the signal was aborted with; the scopes of this package always abort with an Error. */
export function abortReason(signal: CallSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

/** @throws the reason of a signal that is aborted */
export function throwIfAborted(signal: CallSignal): void {
  if (signal.aborted) throw abortReason(signal)
}

/** Settles like `promise`, or rejects with the signal's reason as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: CallSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined)
    return Promise.reject(abortReason(signal))
  }
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      reject(abortReason(signal))
    }
    signal.addEventListener('abort', stop, { once: true })
    passOn(promise, { resolve, reject }, () => signal.removeEventListener('abort', stop))
  })
}

/** Settles like `promise`, or resolves to `otherwise` when that takes longer than `ms` milliseconds. */
export function within<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(resolve, timerDelay(ms), otherwise)
    passOn(promise, { resolve, reject }, () => clearTimeout(timer))
  })
}

interface Settling<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/** @param before is done before what `promise` settles with is passed on */
function passOn<T>(promise: Promise<T>, { resolve, reject }: Settling<T>, before: () => void): void {
  promise.then(
    (value) => {
      before()
      resolve(value)
    },
    (error: unknown) => {
      before()
      reject(error)
    },
  )
}

/** Waits for `ms` milliseconds, or rejects with the signal's reason. */
export function sleep(ms: number, signal: CallSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(abortReason(signal))
  return new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(abortReason(signal))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, timerDelay(ms))
    signal.addEventListener('abort', stop, { once: true })
  })
}
