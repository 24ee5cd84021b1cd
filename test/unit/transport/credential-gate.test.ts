import { describe, expect, it } from 'vitest'
import { CredentialGate } from '../../../src/transport/credential-gate.js'

const signal = (): AbortSignal => new AbortController().signal
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Follows who has been let through, and with what. */
function enter(
  gate: CredentialGate,
  given = signal(),
): { through: boolean; pass?: (proven: boolean) => void; error?: unknown } {
  const state: { through: boolean; pass?: (proven: boolean) => void; error?: unknown } = { through: false }
  void Promise.resolve(gate.enter(given)).then(
    (pass) => {
      state.through = true
      if (pass) state.pass = pass
    },
    (error: unknown) => (state.error = error),
  )
  return state
}

describe('CredentialGate', () => {
  it('lets one through, and all when the credential is proven', async () => {
    const gate = new CredentialGate()
    const [first, second, third] = [enter(gate), enter(gate), enter(gate)]
    await settle()
    expect([first.through, second.through, third.through]).toEqual([true, false, false])
    first.pass?.(true)
    await settle()
    expect([second.through, third.through]).toEqual([true, true])
    expect([second.pass, third.pass]).toEqual([undefined, undefined])
    expect(gate.enter(signal())).toBeUndefined()
  })

  it('lets the next one through when nothing was proven', async () => {
    const gate = new CredentialGate()
    const [first, second, third] = [enter(gate), enter(gate), enter(gate)]
    await settle()
    first.pass?.(false)
    await settle()
    expect([second.through, third.through]).toEqual([true, false])
    second.pass?.(false)
    await settle()
    third.pass?.(false)
    const later = enter(gate)
    await settle()
    expect(later.pass).toBeDefined()
  })

  it('ends a wait on its signal, without holding up the others', async () => {
    const gate = new CredentialGate()
    const controller = new AbortController()
    const reason = new Error('enough')
    const first = enter(gate)
    const second = enter(gate, controller.signal)
    const third = enter(gate)
    const aborted = enter(gate, AbortSignal.abort(reason))
    controller.abort(reason)
    await settle()
    expect([second.error, aborted.error]).toEqual([reason, reason])
    first.pass?.(false)
    await settle()
    expect([second.through, third.through]).toEqual([false, true])
  })

  it('closes again', async () => {
    const gate = new CredentialGate()
    const first = enter(gate)
    await settle()
    first.pass?.(true)
    gate.close()
    const [second, third] = [enter(gate), enter(gate)]
    await settle()
    expect([second.through, third.through]).toEqual([true, false])
  })
})
