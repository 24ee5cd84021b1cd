import { afterEach, describe, expect, it, vi } from 'vitest'
import { PolicyError, TimeoutError, TransportError } from '../../../src/errors/errors.js'
import { HandshakeTurns } from '../../../src/transport/handshake-turns.js'
import { gate, type Gate } from '../../support/scripted-service.js'
import { failure, settle } from './harness.js'
import { accepting, ask, challenge, token, ToyScheme, ToyService, type Said } from './toy-handshake.js'

const SERVER_1 = challenge(token('Negotiate', 'server 1'))
const LOST = new TransportError('ERR_WSMAN_SOCKET', 'the socket is gone')

/** A service whose last leg, and what it then says, waits for the test. */
function held(said: () => Said = () => ({ status: 200 })): {
  service: ToyService
  go: Gate
  tried(): boolean
} {
  const go = gate()
  const accept = accepting()
  const service = new ToyService(async (leg, index) => {
    if (index !== 1) return await accept(leg)
    await go.passed
    const last = said()
    return last.status === 200 ? await accept(leg) : last
  })
  return { service, go, tried: () => service.legs.length >= 2 }
}

const refusing = (): Said => challenge('Negotiate')

afterEach(() => {
  vi.useRealTimers()
})

describe('handshakes with a credential that nobody has accepted', () => {
  it('take turns, and go on together once one has succeeded', async () => {
    const scheme = new ToyScheme()
    const [first, second, third] = [held(), held(), held()]
    const calls = [first, second, third].map(({ service }) => ask(scheme.bind(), service))
    await settle()
    expect([first, second, third].map(({ service }) => service.legs.length)).toEqual([2, 0, 0])
    first.go.open()
    await settle()
    // Independent of each other: the third ends before the second.
    expect([second.tried(), third.tried()]).toEqual([true, true])
    third.go.open()
    expect(await calls[2]).toBe('<<x/>>')
    second.go.open()
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>', '<<x/>>'])
  })

  it('take turns one by one while they are refused', async () => {
    const scheme = new ToyScheme()
    const services = [held(refusing), held(refusing)]
    const errors = services.map(({ service }) => failure(ask(scheme.bind(), service)))
    await settle()
    expect(services.map((each) => each.tried())).toEqual([true, false])
    services[0]?.go.open()
    await settle()
    expect(services.map((each) => each.tried())).toEqual([true, true])
    services[1]?.go.open()
    for (const error of await Promise.all(errors)) expect(error.code).toBe('ERR_WSMAN_UNAUTHORIZED')
  })

  it('do not wait beyond the signal of their call', async () => {
    const scheme = new ToyScheme()
    const [first, second] = [held(), held()]
    const winner = ask(scheme.bind(), first.service)
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiter = ask(scheme.bind(), second.service, controller.signal)
    await settle()
    controller.abort(reason)
    await expect(waiter).rejects.toBe(reason)
    first.go.open()
    expect(await winner).toBe('<<x/>>')
    expect(second.service.legs).toEqual([])
  })

  it('go on when the one before is given up', async () => {
    const scheme = new ToyScheme()
    const [first, second] = [held(), held()]
    const controller = new AbortController()
    const reason = new Error('enough')
    const given = ask(
      scheme.bind(),
      {
        roundTrip: (leg) =>
          Promise.race([
            first.service.roundTrip(leg),
            new Promise<never>((_resolve, reject) => {
              controller.signal.addEventListener('abort', () => reject(reason))
            }),
          ]),
      },
      controller.signal,
    )
    const next = ask(scheme.bind(), second.service)
    await settle()
    controller.abort(reason)
    await expect(given).rejects.toBe(reason)
    second.go.open()
    expect(await next).toBe('<<x/>>')
  })

  it.each<[string, Error]>([
    ['a lost connection', LOST],
    ['no answer', new TimeoutError('ERR_WSMAN_REPLY_TIMEOUT', 'slow', { timeoutMs: 1, hint: 'wait' })],
  ])('are not tried by those who waited for one that met %s', async (_what, met) => {
    const scheme = new ToyScheme()
    const first = held(() => {
      throw met
    })
    const waiting = [new ToyService(accepting()), new ToyService(accepting())]
    const winner = failure(ask(scheme.bind(), first.service))
    const losers = waiting.map((service) => failure(ask(scheme.bind(), service)))
    await settle()
    first.go.open()
    await winner
    const errors = await Promise.all(losers)
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'ERR_WSMAN_CONNECT', retryable: false, host: 'server01' })
      expect(error.message).toContain('Nobody knows whether server01 takes the credential')
    }
    expect(new Set(errors).size).toBe(2)
    expect(waiting.flatMap(({ legs }) => legs)).toEqual([])
    const later = new ToyService(accepting())
    expect(await ask(scheme.bind(), later)).toBe('<<x/>>')
  })

  it('are tried by those who waited for one that sent nothing to refuse', async () => {
    const scheme = new ToyScheme()
    const first = new ToyService(async () => {
      await settle()
      throw LOST
    })
    const winner = failure(ask(scheme.bind(), first))
    const next = ask(scheme.bind(), new ToyService(accepting()))
    expect((await winner).code).toBe('ERR_WSMAN_CONNECT')
    expect(await next).toBe('<<x/>>')
  })

  it('prove nothing where the scheme was not offered', async () => {
    const scheme = new ToyScheme({ names: ['Negotiate', 'NTLM'] })
    await ask(scheme.bind(), new ToyService(challenge('NTLM', { closing: true })))
    const [first, second] = [held(), held()]
    const calls = [first, second].map(({ service }) => ask(scheme.bind(), service))
    await settle()
    expect([first.tried(), second.tried()]).toEqual([true, false])
    first.go.open()
    second.go.open()
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>'])
  })
})

describe('an accepted credential is in doubt', () => {
  /** Whether the second of two handshakes waits for the first. */
  async function takesTurns(scheme: ToyScheme): Promise<boolean> {
    const [first, second] = [held(), held()]
    const calls = [first, second].map(({ service }) => ask(scheme.bind(), service))
    await settle()
    const waited = first.tried() && !second.tried()
    first.go.open()
    second.go.open()
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>'])
    return waited
  }

  it('not while its connections live', async () => {
    const scheme = new ToyScheme()
    await ask(scheme.bind(), new ToyService(accepting()))
    expect(await takesTurns(scheme)).toBe(false)
    expect(await takesTurns(scheme)).toBe(false)
  })

  it('when one of them is lost', async () => {
    const scheme = new ToyScheme()
    const authenticator = scheme.bind()
    await ask(authenticator, new ToyService(accepting()))
    authenticator.dispose?.()
    expect(await takesTurns(scheme)).toBe(true)
    expect(await takesTurns(scheme)).toBe(false)
  })

  it('when one of them gets a 401', async () => {
    const scheme = new ToyScheme()
    const again = held()
    const accept = accepting()
    let messages = 0
    const service = new ToyService(async (leg) => {
      if (leg.authorization === undefined)
        return messages++ === 1 ? challenge('Negotiate') : await accept(leg)
      if (messages > 1) await again.go.passed
      return await accept(leg)
    })
    const authenticator = scheme.bind()
    await ask(authenticator, service)
    const renewed = ask(authenticator, service)
    await settle()
    const other = new ToyService(accepting())
    const call = ask(scheme.bind(), other)
    await settle()
    expect(other.legs).toEqual([])
    again.go.open()
    expect([await renewed, await call]).toEqual(['<<x/>>', '<<x/>>'])
  })

  it('when another connection was refused', async () => {
    const scheme = new ToyScheme()
    await ask(scheme.bind(), new ToyService(accepting()))
    await failure(ask(scheme.bind(), new ToyService(SERVER_1, refusing())))
    expect(await takesTurns(scheme)).toBe(true)
  })

  it('a minute after it was accepted last', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const scheme = new ToyScheme()
    await ask(scheme.bind(), new ToyService(accepting()))
    vi.advanceTimersByTime(59_999)
    expect(await takesTurns(scheme)).toBe(false)
    vi.advanceTimersByTime(60_001)
    expect(await takesTurns(scheme)).toBe(true)
  })
})

describe('handshakes that share a credential', () => {
  it('take turns across clients', async () => {
    const turns = new HandshakeTurns()
    const [one, other] = [new ToyScheme({ turns }), new ToyScheme({ turns })]
    const [first, second] = [held(), held()]
    const calls = [ask(one.bind(), first.service), ask(other.bind(), second.service)]
    await settle()
    expect([first.tried(), second.tried()]).toEqual([true, false])
    first.go.open()
    second.go.open()
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>'])
  })

  it('leave the turn to the next when they cannot begin', async () => {
    const turns = new HandshakeTurns()
    const refused = new PolicyError('ERR_WSMAN_HOST_NOT_TRUSTED', 'not trusted')
    const signal = new AbortController().signal
    await expect(turns.take('server01', signal, () => Promise.reject(refused))).rejects.toBe(refused)
    expect(await turns.take('server01', signal, ({ isProven }) => Promise.resolve(isProven))).toBe(false)
  })
})
