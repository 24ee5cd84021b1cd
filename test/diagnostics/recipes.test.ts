import { SpanStatusCode } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import pino from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint, type ScriptEntry } from 'wsman/testing'
import { traceWsman } from '../../docs/recipes/opentelemetry.js'
import { logWsman } from '../../docs/recipes/pino.js'
import { readProjectFile } from '../support/project.js'
import { rejection } from '../support/scripted-service.js'

const PASSWORD = 'correct horse battery staple'

async function start(script: readonly ScriptEntry[] = []): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    users: [{ username: 'alice', password: PASSWORD }],
    classes: [],
    script,
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

function connect(endpoint: Endpoint, options: { password?: string } = {}): WsmanClient {
  const { auth, ...rest } = endpoint.clientOptions('alice')
  const client = new WsmanClient({
    ...rest,
    auth: { ...auth, ...options },
    retry: { attempts: 2, baseDelayMs: 1 },
  })
  onTestFinished(() => client.close())
  return client
}

describe.each(['opentelemetry', 'pino'])('the recipe for %s', (name) => {
  it('is what stands in docs/diagnostics.md', () => {
    const recipe = readProjectFile(`docs/recipes/${name}.ts`)
    expect(readProjectFile('docs/diagnostics.md')).toContain(`\`\`\`ts\n${recipe}\`\`\``)
  })
})

describe('OpenTelemetry', () => {
  function spans(): InMemorySpanExporter {
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    onTestFinished(traceWsman(provider.getTracer('test')))
    return exporter
  }

  it('gets a span of each operation, with those of its connection and its handshake inside', async () => {
    const exporter = spans()
    const endpoint = await start()
    await connect(endpoint).identify()
    const finished = exporter.getFinishedSpans()
    expect(finished.map(({ name }) => name)).toEqual(['wsman connection', 'wsman auth', 'wsman Identify'])
    const [connection, auth, operation] = finished
    expect(operation?.parentSpanContext).toBeUndefined()
    expect(operation?.attributes).toEqual({ 'server.address': '127.0.0.1', 'wsman.attempts': 1 })
    for (const child of [connection, auth]) {
      expect(child?.parentSpanContext?.spanId).toBe(operation?.spanContext().spanId)
    }
    expect(auth?.attributes['wsman.mechanism']).toBe('NTLM')
  })

  it('gets what failed, and not the password', async () => {
    const exporter = spans()
    const endpoint = await start()
    await rejection(connect(endpoint, { password: `not ${PASSWORD}` }).identify())
    const finished = exporter.getFinishedSpans()
    const failed = finished.filter(({ status }) => status.code === SpanStatusCode.ERROR)
    expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['wsman auth', 'ERR_WSMAN_UNAUTHORIZED'],
      ['wsman Identify', 'ERR_WSMAN_UNAUTHORIZED'],
    ])
    const all = finished.map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
    expect(JSON.stringify(all)).not.toContain(PASSWORD)
  })
})

describe('pino', () => {
  function lines(): Record<string, unknown>[] {
    const written: Record<string, unknown>[] = []
    const write = (line: string): void => void written.push(JSON.parse(line) as Record<string, unknown>)
    onTestFinished(logWsman(pino({ level: 'debug' }, { write })))
    return written
  }

  it('writes what happens, with the retries', async () => {
    const written = lines()
    const endpoint = await start([{ match: { action: 'Get', nth: 1 }, cutSocket: 'before' }])
    await connect(endpoint).get('winrm/config')
    expect(written.map(({ component, msg }) => [component, msg])).toEqual([
      ['wsman', 'connected'],
      ['wsman', 'authenticated'],
      ['wsman', 'trying again'],
      ['wsman', 'connected'],
      ['wsman', 'authenticated'],
      ['wsman', 'operation'],
    ])
    expect(written[2]).toMatchObject({ operation: 'Get', attempt: 1, error: { code: 'ERR_WSMAN_SOCKET' } })
    expect(written.at(-1)).toMatchObject({ operation: 'Get', attempts: 2, status: 200, level: 20 })
  })

  it('writes errors with their hints, and not the password', async () => {
    const written = lines()
    const endpoint = await start()
    await rejection(connect(endpoint, { password: `not ${PASSWORD}` }).identify())
    expect(written.at(-1)).toMatchObject({
      level: 40,
      msg: 'operation failed',
      error: { code: 'ERR_WSMAN_UNAUTHORIZED', hint: expect.stringContaining('not tried again') as string },
    })
    expect(JSON.stringify(written)).not.toContain(PASSWORD)
  })
})
