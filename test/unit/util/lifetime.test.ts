import { describe, expect, it, vi } from 'vitest'
import { AbortError, UsageError } from '../../../src/errors/errors.js'
import { Lifetime } from '../../../src/util/lifetime.js'
import { gate } from '../../support/scripted-service.js'

describe('a lifetime', () => {
  it('ends all that depends on it, once', async () => {
    const lifetime = new Lifetime()
    const ends = [vi.fn(() => undefined), vi.fn(() => undefined)]
    for (const end of ends) lifetime.enroll({ end })
    await lifetime.end('closed')
    await lifetime.end('again')
    for (const end of ends) {
      expect(end).toHaveBeenCalledOnce()
      expect(end).toHaveBeenCalledWith(expect.any(AbortError))
    }
  })

  it('leaves alone what has left', async () => {
    const lifetime = new Lifetime()
    const end = vi.fn(() => undefined)
    const leave = lifetime.enroll({ end })
    leave()
    leave()
    await lifetime.end('closed')
    expect(end).not.toHaveBeenCalled()
  })

  it('settles when all have told the remote side, also those that failed', async () => {
    const lifetime = new Lifetime()
    const told = gate()
    lifetime.enroll({ end: () => told.passed })
    lifetime.enroll({ end: () => Promise.reject(new Error('could not tell')) })
    const settled = vi.fn()
    const ending = lifetime.end('closed')?.then(settled)
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).not.toHaveBeenCalled()
    told.open()
    await ending
    expect(settled).toHaveBeenCalledOnce()
  })

  it('ends the others when one throws', async () => {
    const lifetime = new Lifetime()
    const end = vi.fn(() => undefined)
    lifetime.enroll({
      end: () => {
        throw new Error('broken')
      },
    })
    lifetime.enroll({ end })
    await lifetime.end('closed')
    expect(end).toHaveBeenCalledOnce()
  })

  it('admits nothing after its end and says why', async () => {
    const lifetime = new Lifetime()
    expect(lifetime.ended).toBe(false)
    lifetime.assertAlive()
    await lifetime.end('The client was closed.')
    await lifetime.end('A later reason.')
    expect(lifetime.ended).toBe(true)
    const refusal = expect.objectContaining({
      name: 'UsageError',
      code: 'ERR_WSMAN_CLOSED',
      message: 'The client was closed.',
    }) as UsageError
    expect(() => lifetime.assertAlive()).toThrow(refusal)
    expect(() => lifetime.enroll({ end: () => undefined })).toThrow(refusal)
  })

  it('gives each dependent an error of its own, because calls write into it what they were', async () => {
    const lifetime = new Lifetime()
    const reasons: Error[] = []
    const end = (reason: Error): undefined => void reasons.push(reason)
    lifetime.enroll({ end })
    lifetime.enroll({ end })
    await lifetime.end('closed')
    expect(reasons.map(({ message }) => message)).toEqual(['closed', 'closed'])
    expect(reasons[0]).not.toBe(reasons[1])
  })
})
