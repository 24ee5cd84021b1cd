import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

export const TRACING_CHANNELS = ['wsman:operation', 'wsman:connection', 'wsman:auth'] as const
export const PLAIN_CHANNELS = ['wsman:retry', 'wsman:disconnect', 'wsman:typing'] as const

export interface Told {
  readonly channel: string
  /** `start`, `end`, `asyncStart`, `asyncEnd` or `error`; `message` for plain channels. */
  readonly event: string
  /** The object itself, which fills up. */
  readonly payload: object
  /** What it held at the time. */
  readonly copy: Readonly<Record<string, unknown>>
}

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

/** Everything the package tells from now on until the test ends, of all clients of the process. */
export function recordTraces(): readonly Told[] {
  const told: Told[] = []
  const take = (channel: string, event: string) => (message: unknown) => {
    const payload = message as object
    told.push({ channel, event, payload, copy: { ...payload } })
  }
  for (const name of TRACING_CHANNELS) {
    const listeners = Object.fromEntries(EVENTS.map((event) => [event, take(name, event)]))
    const subscribers = listeners as Record<(typeof EVENTS)[number], (message: unknown) => void>
    const channel = tracingChannel<unknown, object>(name)
    channel.subscribe(subscribers)
    onTestFinished(() => {
      channel.unsubscribe(subscribers)
    })
  }
  for (const name of PLAIN_CHANNELS) {
    const listener = take(name, 'message')
    subscribe(name, listener)
    onTestFinished(() => {
      unsubscribe(name, listener)
    })
  }
  return told
}

/** The payloads of one event, in the order they came. */
export function toldOf(told: readonly Told[], channel: string, event: string): readonly Told['copy'][] {
  return told.filter((entry) => entry.channel === channel && entry.event === event).map(({ copy }) => copy)
}
