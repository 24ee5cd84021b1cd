import { describe, expect, it } from 'vitest'
import {
  ConnectionAuthentication,
  type AcceptorStep,
  type AuthenticationScheme,
} from '../../../src/testing/authentication.js'

const principal = { username: 'alice', domain: 'TEST' }

/** A scheme of two legs that binds the connection: the shape of NTLM and Negotiate. */
function handshake(bound = true): AuthenticationScheme & { readonly acceptors: number } {
  let acceptors = 0
  return {
    name: 'Twoleg',
    challenge: 'Twoleg',
    isEnabled: () => true,
    profiles: ['urn:two'],
    get acceptors() {
      return acceptors
    },
    isOffered: ({ encrypted }) => encrypted,
    newAcceptor: () => {
      acceptors += 1
      let legs = 0
      return {
        accept: (token): AcceptorStep => {
          legs += 1
          if (legs === 1) return { state: 'continue', token: `after ${token}` }
          if (token !== 'right') return { state: 'rejected' }
          return { state: 'accepted', principal, token: 'proof', bound }
        },
      }
    },
  }
}

describe('a connection', () => {
  it('goes through the legs of one handshake and stays authenticated', async () => {
    const scheme = handshake()
    const connection = new ConnectionAuthentication([scheme], { encrypted: true })
    expect(await connection.authenticate(undefined)).toEqual({ status: 401, challenges: ['Twoleg'] })
    expect(await connection.authenticate('twoleg one')).toEqual({
      status: 401,
      challenges: ['Twoleg after one'],
    })
    expect(await connection.authenticate('Twoleg right')).toEqual({
      principal,
      responseHeader: 'Twoleg proof',
      endsHandshake: true,
    })
    expect(await connection.authenticate(undefined)).toEqual({ principal })
    expect(scheme.acceptors).toBe(1)
  })

  it('begins anew after a rejection, and forgets who it was when a new handshake begins', async () => {
    const scheme = handshake()
    const connection = new ConnectionAuthentication([scheme], { encrypted: true })
    await connection.authenticate('Twoleg one')
    expect(await connection.authenticate('Twoleg wrong')).toEqual({ status: 401, challenges: ['Twoleg'] })
    await connection.authenticate('Twoleg two')
    await connection.authenticate('Twoleg right')
    expect(scheme.acceptors).toBe(2)
    await connection.authenticate('Twoleg three')
    expect(await connection.authenticate(undefined)).toEqual({ status: 401, challenges: ['Twoleg'] })
  })

  it('keeps nothing of a scheme that authenticates each request', async () => {
    const connection = new ConnectionAuthentication([handshake(false)], { encrypted: true })
    await connection.authenticate('Twoleg one')
    await connection.authenticate('Twoleg right')
    expect(await connection.authenticate(undefined)).toEqual({ status: 401, challenges: ['Twoleg'] })
  })

  it('offers a scheme only where it may be used, and tells its profile everywhere', async () => {
    const connection = new ConnectionAuthentication([handshake()], { encrypted: false })
    expect(connection.profiles).toEqual(['urn:two'])
    expect(await connection.authenticate('Twoleg one')).toEqual({ status: 401, challenges: [] })
  })
})
