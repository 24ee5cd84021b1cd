import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished, describe, expect, it } from 'vitest'
import { authChannel, traced, type AuthTrace } from '../../../src/diagnostics/channels.js'
import { ask, accepting, challenge, ToyContext, ToyScheme, ToyService } from '../transport/toy-handshake.js'

type EventName = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'

/** What users subscribe to, by the name alone; each event with a copy of its payload. */
function listen(): [EventName, AuthTrace][] {
  const events: [EventName, AuthTrace][] = []
  const on = (name: EventName) => (payload: object) => {
    events.push([name, { ...(payload as AuthTrace) }])
  }
  const subscribers = {
    start: on('start'),
    end: on('end'),
    asyncStart: on('asyncStart'),
    asyncEnd: on('asyncEnd'),
    error: on('error'),
  }
  const heard = tracingChannel<unknown, AuthTrace>('wsman:auth')
  heard.subscribe(subscribers)
  onTestFinished(() => {
    heard.unsubscribe(subscribers)
  })
  return events
}

describe('wsman:auth', () => {
  it('tells of a handshake as it goes on', async () => {
    const events = listen()
    const scheme = new ToyScheme()
    await ask(scheme.bind(), new ToyService(accepting()))
    expect(events.map(([name]) => name)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(events[0]?.[1]).toEqual({ host: 'server01', scheme: 'ntlm', legs: 0 })
    expect(events.at(-1)?.[1]).toEqual({
      host: 'server01',
      scheme: 'ntlm',
      legs: 2,
      mechanism: 'NTLM',
      principal: 'alice',
      fallbackReason: undefined,
      result: undefined,
    })
  })

  it('tells of one for each connection, and of none for further messages', async () => {
    const events = listen()
    const scheme = new ToyScheme()
    for (const authenticator of [scheme.bind(), scheme.bind()]) {
      const service = new ToyService(accepting())
      for (let count = 0; count < 3; count++) await ask(authenticator, service)
    }
    expect(events.filter(([name]) => name === 'asyncEnd')).toHaveLength(2)
  })

  it('tells what a handshake failed with', async () => {
    const events = listen()
    const call = ask(new ToyScheme().bind(), new ToyService(challenge('Negotiate')))
    const error = await call.catch((reason: unknown) => reason)
    expect(events.map(([name]) => name)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(events.at(-1)?.[1].error).toBe(error)
    expect(events.at(-1)?.[1]).toMatchObject({ legs: 1, mechanism: 'NTLM', principal: undefined })
  })

  it('hands out no context, whose keys would be with it', async () => {
    const events = listen()
    const contexts: ToyContext[] = []
    const scheme = new ToyScheme({
      newContext: () => {
        const context = new ToyContext()
        contexts.push(context)
        return context
      },
    })
    await ask(scheme.bind(), new ToyService(accepting()))
    const values = events.flatMap(([, payload]) => Object.values(payload) as unknown[])
    expect(values.filter((value) => typeof value === 'object')).toEqual([])
    expect(contexts).toHaveLength(1)
  })

  it('is heard by those who listen to one event only', async () => {
    const payloads: unknown[] = []
    const end = 'tracing:wsman:auth:asyncEnd'
    const hear = (payload: unknown): void => {
      payloads.push(payload)
    }
    subscribe(end, hear)
    await ask(new ToyScheme().bind(), new ToyService(accepting()))
    unsubscribe(end, hear)
    expect(payloads).toMatchObject([{ principal: 'alice' }])
  })
})

describe('traced work', () => {
  const trace = (): AuthTrace => ({ host: 'server01', scheme: 'ntlm', legs: 0 })

  it('is done as it is where nobody listens', async () => {
    const result = {}
    const untold = trace()
    expect(await traced(authChannel, untold, () => Promise.resolve(result))).toBe(result)
    const error = new Error('broken')
    await expect(traced(authChannel, untold, () => Promise.reject(error))).rejects.toBe(error)
    expect(untold).toEqual({ host: 'server01', scheme: 'ntlm', legs: 0 })
  })

  it('results in the same where somebody listens, undefined included', async () => {
    listen()
    const result = {}
    expect(await traced(authChannel, trace(), () => Promise.resolve(result))).toBe(result)
    const results = await Promise.all([traced(authChannel, trace(), () => Promise.resolve(undefined))])
    expect(results).toEqual([undefined])
    const error = new Error('broken')
    await expect(traced(authChannel, trace(), () => Promise.reject(error))).rejects.toBe(error)
  })
})
