import { inspect } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import type { SealedMessage, SecurityContext } from '../../../../src/auth/security-context.js'
import { UsageError } from '../../../../src/errors/errors.js'
import { watchResources } from '../../../support/open-resources.js'
import { account, acceptor, initiator, makeIdentity, shakeHands } from './handshake.js'
import { scriptedAcceptor, scriptedInitiator } from './scripted-inner.js'

let identity: TlsIdentity
beforeAll(async () => {
  identity = await makeIdentity('ec')
})

const shown = (value: unknown): string =>
  inspect(value, { showHidden: true, depth: 20, getters: true }) + JSON.stringify(value)

/** Its text, and its octets however they are printed. */
const traces = (secret: string): string[] => {
  const octets = Buffer.from(secret, 'utf16le')
  return [
    secret,
    octets.toString('hex'),
    octets.toString('base64'),
    [...octets].join(','),
    [...octets].join(', '),
  ]
}

describe('the password', () => {
  it('is never shown, before, during and after the handshake', async () => {
    const client = initiator()
    const server = acceptor(identity)
    const prints = [shown(client), shown(server)]
    await shakeHands(client, server, (token) => {
      prints.push(shown(client), shown(server))
      return token
    })
    prints.push(shown(client), shown(server), shown(await client.seal(Buffer.from('x'))))
    expect(server.delegatedPassword()).toBe(account.password)
    for (const trace of traces(account.password)) {
      for (const print of prints) expect(print).not.toContain(trace)
    }
    expect(shown(server)).not.toMatch(/BEGIN|PRIVATE/)
  })

  it('is in no error', async () => {
    const server = acceptor(identity)
    const refused = shakeHands(
      initiator({ createInner: () => scriptedInitiator({ password: 'other' }) }),
      server,
    )
    const error: unknown = await refused.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    for (const trace of traces(account.password)) expect(shown(error)).not.toContain(trace)
  })

  it('is in no token', async () => {
    const tokens = await shakeHands(initiator(), acceptor(identity))
    const sent = Buffer.concat(tokens)
    expect(sent.includes(Buffer.from(account.password, 'utf16le'))).toBe(false)
    expect(sent.includes(Buffer.from(account.user, 'utf16le'))).toBe(false)
  })

  it('is overwritten once it was sealed: by the client in what it sealed, by the server in what it opened', async () => {
    const seen: Uint8Array[] = []
    const spy = (inner: SecurityContext): SecurityContext => {
      const [seal, unseal] = [inner.seal.bind(inner), inner.unseal.bind(inner)]
      inner.seal = (message) => {
        seen.push(message)
        return seal(message)
      }
      inner.unseal = async (sealed: Pick<SealedMessage, 'signature' | 'data'>) => {
        const message = await unseal(sealed)
        seen.push(message)
        return message
      }
      return inner
    }
    const { password } = account
    const client = initiator({ createInner: () => spy(scriptedInitiator({ password })) })
    const server = acceptor(identity, { createInner: () => spy(scriptedAcceptor({ password })) })
    await shakeHands(client, server)
    // The binding, its proof on the other side, the answer and its proof, and the credential on both sides.
    expect(seen).toHaveLength(6)
    const zeros = seen.filter((octets) => octets.length > 40 && octets.every((octet) => octet === 0))
    expect(zeros).toHaveLength(2)
  })

  it('is gone after dispose', async () => {
    const server = acceptor(identity)
    await shakeHands(initiator(), server)
    server.dispose()
    expect(server.delegatedPassword()).toBe('')
  })
})

describe('dispose', () => {
  it('ends what is under way, at every leg', async () => {
    for (const side of ['client', 'server'] as const) {
      for (let leg = 0; leg < 5; leg++) {
        const client = initiator()
        const server = acceptor(identity)
        const disposed = side === 'client' ? client : server
        const shaken = shakeHands(client, server, (token, number, from) => {
          // The other side has not got it yet: this one goes in the midst of the next step.
          if (number === leg && from !== side) setImmediate(() => disposed.dispose())
          return token
        })
        const error: unknown = await shaken.then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        // After the last token of the server there is no step to interrupt.
        if (side === 'client' && leg === 4) expect(error).toBeUndefined()
        else expect(error).toBeInstanceOf(UsageError)
      }
    }
  })

  it('refuses what comes after it, and may be repeated', async () => {
    const [client, server] = [initiator(), acceptor(identity)]
    await shakeHands(client, server)
    const { signature, data } = await client.seal(Buffer.from('x'))
    for (const context of [client, server]) {
      context.dispose()
      context.dispose()
      expect(context.complete).toBe(false)
      await expect(context.step()).rejects.toThrow(UsageError)
      await expect(context.seal(Buffer.from('x'))).rejects.toThrow(UsageError)
      await expect(context.unseal({ signature, data })).rejects.toThrow(UsageError)
    }
  })

  it('takes the inner authentication along', async () => {
    const inner = scriptedInitiator({ password: 'x' })
    const client = initiator({ createInner: () => inner })
    await client.step()
    client.dispose()
    expect(inner.disposed).toBe(true)
  })

  it('takes it along where the TLS cannot even begin', async () => {
    const inner = scriptedInitiator({ password: 'x' })
    const client = initiator({ createInner: () => inner, tls: { ciphers: 'NO-SUCH-CIPHER' } })
    await expect(client.step()).rejects.toThrow(UsageError)
    expect(inner.disposed).toBe(true)
  })

  it('leaves nothing open, after success as after failure', async () => {
    const left = watchResources()
    for (const password of [account.password, 'wrong']) {
      const [client, server] = [initiator({ password }), acceptor(identity)]
      await shakeHands(client, server).catch(() => undefined)
      client.dispose()
      server.dispose()
    }
    expect(left()).toEqual([])
  })
})
