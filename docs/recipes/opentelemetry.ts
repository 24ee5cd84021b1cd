import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { context, SpanKind, SpanStatusCode, trace, type Span, type Tracer } from '@opentelemetry/api'
import { isWsmanError, type AuthTrace, type ConnectionTrace, type OperationTrace } from 'wsman'

type Payload = OperationTrace | ConnectionTrace | AuthTrace

/** Turns what the package tells into spans. Returns what ends that. */
export function traceWsman(tracer: Tracer = trace.getTracer('wsman')): () => void {
  const spans = new WeakMap<object, Span>()
  const current = new AsyncLocalStorage<Span>()

  const follow = (name: 'operation' | 'connection' | 'auth'): (() => void) => {
    const channel = tracingChannel<unknown, Payload>(`wsman:${name}`)
    channel.start.bindStore(current, (payload) => {
      const parent = current.getStore() ?? trace.getSpan(context.active())
      const span = tracer.startSpan(
        'operation' in payload ? `wsman ${payload.operation}` : `wsman ${name}`,
        { kind: SpanKind.CLIENT, attributes: { 'server.address': payload.host } },
        parent && trace.setSpan(context.active(), parent),
      )
      spans.set(payload, span)
      return span
    })
    const subscribers = {
      start: () => undefined,
      end: () => undefined,
      asyncStart: () => undefined,
      error: () => undefined,
      asyncEnd: (payload: Payload) => {
        const span = spans.get(payload)
        if (!span) return
        if ('operation' in payload) span.setAttribute('wsman.attempts', payload.attempts)
        if ('mechanism' in payload) span.setAttribute('wsman.mechanism', payload.mechanism ?? '')
        if (payload.error !== undefined) {
          const { error } = payload
          span.setAttribute('error.type', isWsmanError(error) ? error.code : 'unknown')
          span.setStatus({
            code: SpanStatusCode.ERROR,
            message: error instanceof Error ? error.message : 'failed',
          })
        }
        span.end()
      },
    }
    channel.subscribe(subscribers)
    return () => {
      channel.start.unbindStore(current)
      channel.unsubscribe(subscribers)
    }
  }

  const ends = [follow('operation'), follow('connection'), follow('auth')]
  return () => {
    for (const end of ends) end()
  }
}
