import { describe, expect, it, vi } from 'vitest'
import { SpnegoAcceptor, type AcceptedMechanism } from '../../../../src/auth/spnego/acceptor.js'
import { SpnegoInitiator, type Candidate } from '../../../../src/auth/spnego/initiator.js'
import {
  decodeNegTokenInit,
  encodeMechTypes,
  encodeNegTokenInit,
} from '../../../../src/auth/spnego/neg-token-init.js'
import {
  decodeNegTokenResp,
  encodeNegTokenResp,
  type NegTokenResp,
} from '../../../../src/auth/spnego/neg-token-resp.js'
import { OID } from '../../../../src/auth/spnego/oids.js'
import { AuthenticationError, PolicyError, ProtocolError, UsageError } from '../../../../src/errors/errors.js'
import { ascii, hex } from '../hex.js'
import { client, PASSWORD, server, shakeHands, token } from '../ntlm/handshake.js'
import { AP_REP, AP_REQ, ToyKerberos } from './toy-kerberos.js'

const KERBEROS = [OID.kerberos, OID.microsoftKerberos]
const kerberos: Candidate = { name: 'Kerberos', oids: KERBEROS, create: () => new ToyKerberos('client') }
const ntlm: Candidate = { name: 'NTLM', oids: [OID.ntlm], create: () => client() }
const without = (error: Error): Candidate => ({
  ...kerberos,
  create: () => {
    throw error
  },
})
const noTicket = without(new Error('there is no ticket.'))

const takesKerberos: AcceptedMechanism = { oids: KERBEROS, create: () => new ToyKerberos('server') }
const takesNtlm: AcceptedMechanism = { oids: [OID.ntlm], create: () => server() }

/** An initiator that has sent its first token. */
async function begun(...candidates: Candidate[]): Promise<SpnegoInitiator> {
  const initiator = new SpnegoInitiator(candidates)
  await initiator.step()
  return initiator
}

const answer = (response: NegTokenResp): Uint8Array => encodeNegTokenResp(response)

describe('negotiation', () => {
  it('takes Kerberos in one leg where both sides have it', async () => {
    const initiator = new SpnegoInitiator([kerberos, ntlm])
    const acceptor = new SpnegoAcceptor([takesNtlm, takesKerberos])
    const [first, last, ...more] = await shakeHands(initiator, acceptor)
    expect(decodeNegTokenInit(first ?? hex(''))).toMatchObject({
      mechTypes: [...KERBEROS, OID.ntlm],
      mechToken: AP_REQ,
    })
    expect(decodeNegTokenResp(last ?? hex(''))).toMatchObject({
      negState: 'acceptCompleted',
      supportedMech: OID.kerberos,
      responseToken: AP_REP,
      mechListMic: undefined,
    })
    expect(more).toEqual([])
    for (const side of [initiator, acceptor]) {
      expect([side.complete, side.mechanism, side.principal]).toEqual([true, 'Kerberos', 'alice@EXAMPLE.COM'])
    }
    expect(initiator.fallbackReason).toBeUndefined()
  })

  it('falls back to NTLM without a ticket and says why', async () => {
    const create = vi.fn(() => client())
    const initiator = new SpnegoInitiator([noTicket, { ...ntlm, create }])
    const acceptor = new SpnegoAcceptor([takesKerberos, takesNtlm])
    const [first = hex(''), , third = hex(''), last = hex('')] = await shakeHands(initiator, acceptor)
    expect(decodeNegTokenInit(first).mechTypes).toEqual([OID.ntlm])
    expect(create).toHaveBeenCalledWith('Kerberos is not possible: there is no ticket.')
    expect(initiator.fallbackReason).toBe('Kerberos is not possible: there is no ticket.')
    // NTLM with a MIC wants the list signed although it was the only one on it.
    expect(decodeNegTokenResp(third).mechListMic).toHaveLength(16)
    expect(decodeNegTokenResp(last)).toMatchObject({ negState: 'acceptCompleted' })
    expect(decodeNegTokenResp(last).mechListMic).toHaveLength(16)
    expect([initiator.mechanism, acceptor.principal]).toEqual(['NTLM', String.raw`TEST\alice`])
  })

  it('numbers the first sealed message 1, because the signature of the list was message 0', async () => {
    const initiator = new SpnegoInitiator([ntlm])
    const acceptor = new SpnegoAcceptor([takesNtlm])
    await shakeHands(initiator, acceptor)
    for (const [sender, receiver] of [
      [initiator, acceptor],
      [acceptor, initiator],
    ] as const) {
      const sealed = await sender.seal(ascii('text'))
      expect(Buffer.from(sealed.signature).readUInt32LE(12)).toBe(1)
      expect(await receiver.unseal(sealed)).toEqual(ascii('text'))
    }
  })

  it('follows the service to NTLM, and both sign the list', async () => {
    const create = vi.fn(() => client())
    const made: ToyKerberos[] = []
    const preferred = { ...kerberos, create: () => (made[0] = new ToyKerberos('client')) }
    const initiator = new SpnegoInitiator([preferred, { ...ntlm, create }])
    const acceptor = new SpnegoAcceptor([takesNtlm])
    const [, choice = hex(''), ...others] = await shakeHands(initiator, acceptor)
    expect(decodeNegTokenResp(choice)).toMatchObject({ negState: 'requestMic', supportedMech: OID.ntlm })
    expect(others.map((octets) => decodeNegTokenResp(octets).mechListMic?.length)).toEqual([
      undefined,
      undefined,
      16,
      16,
    ])
    expect(create).toHaveBeenCalledExactlyOnceWith('The service chose NTLM.')
    expect(initiator.fallbackReason).toBe('The service chose NTLM.')
    expect(made[0]?.disposed).toBe(true)
    expect([initiator.complete, acceptor.complete]).toEqual([true, true])
  })

  it('is not led to NTLM by somebody who strikes Kerberos out', async () => {
    const initiator = await begun(kerberos, ntlm)
    const acceptor = new SpnegoAcceptor([takesKerberos, takesNtlm])
    const struck = encodeNegTokenInit({ mechTypesDer: encodeMechTypes([OID.ntlm]), mechToken: undefined })
    const choice = await token(acceptor.step(struck))
    const negotiate = await token(initiator.step(choice))
    const proof = await token(initiator.step(await token(acceptor.step(negotiate))))
    await expect(acceptor.step(proof)).rejects.toThrow(ProtocolError)
    expect(acceptor.complete).toBe(false)
  })

  it('signs the list for Kerberos too, where the service asks for it', async () => {
    const initiator = await begun(kerberos)
    const service = new ToyKerberos('server')
    await service.step(AP_REQ)
    const list = encodeMechTypes(KERBEROS)
    const mechListMic = await service.mic(list)
    const reply = await token(
      initiator.step(
        answer({
          negState: 'acceptIncomplete',
          supportedMech: OID.kerberos,
          responseToken: AP_REP,
          mechListMic,
        }),
      ),
    )
    await service.verifyMic(list, decodeNegTokenResp(reply).mechListMic ?? hex(''))
    expect(initiator.complete).toBe(false)
    expect(await initiator.step(answer({ negState: 'acceptCompleted' }))).toBeUndefined()
    expect(initiator.complete).toBe(true)
  })

  it('takes Kerberos under the misspelled identifier and answers with it', async () => {
    const offer = { mechTypesDer: encodeMechTypes([OID.microsoftKerberos, OID.ntlm]), mechToken: AP_REQ }
    const acceptor = new SpnegoAcceptor([takesKerberos, takesNtlm])
    const response = decodeNegTokenResp(await token(acceptor.step(encodeNegTokenInit(offer))))
    expect(response).toMatchObject({ negState: 'acceptCompleted', supportedMech: OID.microsoftKerberos })

    const initiator = await begun(kerberos, ntlm)
    await initiator.step(answer({ ...response, responseToken: AP_REP }))
    expect([initiator.complete, initiator.mechanism]).toEqual([true, 'Kerberos'])
  })
})

describe('tokens without SPNEGO', () => {
  it('of NTLM are taken by the acceptor', async () => {
    const [initiator, acceptor] = [client(), new SpnegoAcceptor([takesKerberos, takesNtlm])]
    await shakeHands(initiator, acceptor)
    expect([acceptor.complete, acceptor.mechanism]).toEqual([true, 'NTLM'])
    const sealed = await initiator.seal(ascii('text'))
    expect(Buffer.from(sealed.signature).readUInt32LE(12)).toBe(0)
    expect(await acceptor.unseal(sealed)).toEqual(ascii('text'))
  })

  it('of Kerberos are taken by the acceptor', async () => {
    const acceptor = new SpnegoAcceptor([takesNtlm, takesKerberos])
    expect(await acceptor.step(AP_REQ)).toEqual(AP_REP)
    expect([acceptor.complete, acceptor.mechanism]).toEqual([true, 'Kerberos'])
  })

  it('are refused by an acceptor that does not take the mechanism', async () => {
    await expect(new SpnegoAcceptor([takesNtlm]).step(AP_REQ)).rejects.toThrow(AuthenticationError)
    await expect(new SpnegoAcceptor([takesKerberos]).step(await token(client().step()))).rejects.toThrow(
      AuthenticationError,
    )
  })

  it('of NTLM are taken by the initiator', async () => {
    const initiator = new SpnegoInitiator([ntlm])
    const { mechToken } = decodeNegTokenInit(await token(initiator.step()))
    const acceptor = server()
    const proof = await token(initiator.step(await token(acceptor.step(mechToken))))
    expect(await acceptor.step(proof)).toBeUndefined()
    expect([initiator.complete, acceptor.complete]).toEqual([true, true])
  })

  it('of Kerberos are taken by the initiator', async () => {
    const initiator = await begun(kerberos, ntlm)
    expect(await initiator.step(AP_REP)).toBeUndefined()
    expect([initiator.complete, initiator.mechanism]).toEqual([true, 'Kerberos'])
  })
})

describe('the SPNEGO initiator', () => {
  it('does not try a password that was refused with the next mechanism', async () => {
    const create = vi.fn(() => client())
    const refused = without(new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'The password is wrong.'))
    const initiator = new SpnegoInitiator([refused, { ...ntlm, create }])
    await expect(initiator.step()).rejects.toThrow('The password is wrong.')
    expect(create).not.toHaveBeenCalled()
  })

  it('fails as the last candidate fails', async () => {
    const forbidden = new PolicyError('ERR_WSMAN_HOST_NOT_TRUSTED', 'The host is not trusted.')
    const initiator = new SpnegoInitiator([noTicket, { ...without(forbidden), name: 'NTLM' }])
    await expect(initiator.step()).rejects.toBe(forbidden)
    expect(initiator.fallbackReason).toBe('Kerberos is not possible: there is no ticket.')
  })

  it('fails before NTLM begins where the service chooses it and policy forbids it', async () => {
    const forbidden = new PolicyError('ERR_WSMAN_HOST_NOT_TRUSTED', 'The host is not trusted.')
    const initiator = await begun(kerberos, { ...without(forbidden), name: 'NTLM', oids: [OID.ntlm] })
    const choice = answer({ negState: 'requestMic', supportedMech: OID.ntlm })
    await expect(initiator.step(choice)).rejects.toBe(forbidden)
  })

  it('needs a candidate', async () => {
    await expect(new SpnegoInitiator([]).step()).rejects.toThrow(AuthenticationError)
  })

  it('is told when the service refuses', async () => {
    const initiator = await begun(kerberos)
    await expect(initiator.step(answer({ negState: 'reject' }))).rejects.toMatchObject({
      code: 'ERR_WSMAN_UNAUTHORIZED',
      message: 'The service refused the credential (Kerberos).',
    })
    await expect(initiator.step(AP_REP)).rejects.toThrow(UsageError)
  })

  it('ignores what the service says about its choice later on', async () => {
    const initiator = new SpnegoInitiator([ntlm])
    const acceptor = new SpnegoAcceptor([takesNtlm])
    const challenge = await token(acceptor.step(await token(initiator.step())))
    const last = decodeNegTokenResp(await token(acceptor.step(await token(initiator.step(challenge)))))
    await initiator.step(answer({ ...last, supportedMech: OID.kerberos }))
    expect([initiator.complete, initiator.mechanism]).toEqual([true, 'NTLM'])
  })

  it.each<[string, NegTokenResp]>([
    ['chooses what was not offered', { negState: 'acceptIncomplete', supportedMech: '1.2.3' }],
    ['calls it complete before it is', { negState: 'acceptCompleted', supportedMech: OID.kerberos }],
    ['calls it complete and changes its mind', { negState: 'acceptCompleted', supportedMech: OID.ntlm }],
    ['waits for nothing', { negState: 'acceptIncomplete', supportedMech: OID.kerberos }],
    ['says nothing', {}],
    ['signs before there is a key', { negState: 'acceptIncomplete', mechListMic: ascii('too early') }],
    ['signs wrongly', { negState: 'acceptCompleted', responseToken: AP_REP, mechListMic: ascii('wrong') }],
    ['sends a wrong token', { negState: 'acceptIncomplete', responseToken: AP_REQ }],
  ])('gives up when the service %s', async (_what, response) => {
    const initiator = await begun(kerberos, ntlm)
    await expect(initiator.step(answer(response))).rejects.toThrow(ProtocolError)
    expect(initiator.complete).toBe(false)
    await expect(initiator.seal(ascii('text'))).rejects.toThrow(UsageError)
  })

  it('gives up when the service does not sign the list, although it must', async () => {
    const initiator = new SpnegoInitiator([ntlm])
    const acceptor = new SpnegoAcceptor([takesNtlm])
    await initiator.step(await token(acceptor.step(await token(initiator.step()))))
    await expect(initiator.step(answer({ negState: 'acceptCompleted' }))).rejects.toThrow('did not sign')
  })

  it('gives up when the service sends a token too many, or none', async () => {
    const one = await begun(kerberos)
    await one.step(answer({ negState: 'requestMic', responseToken: AP_REP }))
    await expect(one.step(answer({ negState: 'acceptIncomplete', responseToken: AP_REP }))).rejects.toThrow(
      'too many',
    )
    const other = await begun(kerberos)
    await expect(other.step()).rejects.toThrow(ProtocolError)
  })

  it('is called Negotiate and seals nothing until it is complete', async () => {
    const initiator = new SpnegoInitiator([kerberos])
    expect([initiator.mechanism, initiator.complete, initiator.principal]).toEqual([
      'Negotiate',
      false,
      undefined,
    ])
    await expect(initiator.seal(ascii('text'))).rejects.toThrow(UsageError)
    await initiator.step()
    expect(initiator.principal).toBeUndefined()
    await expect(initiator.unseal({ signature: hex(''), data: hex('') })).rejects.toThrow(UsageError)
  })

  it('disposes of the mechanism with itself', async () => {
    const toy = new ToyKerberos('client')
    const initiator = await begun({ ...kerberos, create: () => toy })
    initiator.dispose()
    expect([toy.disposed, initiator.complete]).toEqual([true, false])
    await expect(initiator.step(AP_REP)).rejects.toThrow(UsageError)
  })

  it('shows nothing of what it holds', async () => {
    const initiator = await begun(ntlm)
    expect(Object.keys(initiator)).toEqual([])
    expect(JSON.stringify(initiator)).toBe('{}')
  })
})

describe('the SPNEGO acceptor', () => {
  it('takes the first mechanism of the list that it knows', async () => {
    const offer = {
      mechTypesDer: encodeMechTypes(['1.3.6.1.4.1.311.2.2.30', OID.ntlm]),
      mechToken: ascii('NEGOEXTS'),
    }
    const acceptor = new SpnegoAcceptor([takesKerberos, takesNtlm])
    const response = decodeNegTokenResp(await token(acceptor.step(encodeNegTokenInit(offer))))
    expect(response).toMatchObject({
      negState: 'requestMic',
      supportedMech: OID.ntlm,
      responseToken: undefined,
    })
  })

  it('refuses a list without a mechanism that it knows', async () => {
    const offer = { mechTypesDer: encodeMechTypes(['1.3.6.1.4.1.311.2.2.30']), mechToken: undefined }
    await expect(new SpnegoAcceptor([takesNtlm]).step(encodeNegTokenInit(offer))).rejects.toThrow(
      AuthenticationError,
    )
  })

  it('refuses who does not know the password', async () => {
    const wrong = {
      ...ntlm,
      create: () => client({ credential: { username: 'alice', password: `${PASSWORD}!` } }),
    }
    const acceptor = new SpnegoAcceptor([takesNtlm])
    await expect(shakeHands(new SpnegoInitiator([wrong]), acceptor)).rejects.toThrow(AuthenticationError)
    expect([acceptor.complete, acceptor.principal]).toEqual([false, undefined])
  })

  /** An acceptor of NTLM that awaits the client's proof, and the proof as it should be. */
  async function awaitingProof(): Promise<[SpnegoAcceptor, NegTokenResp]> {
    const initiator = new SpnegoInitiator([ntlm])
    const acceptor = new SpnegoAcceptor([takesNtlm])
    const challenge = await token(acceptor.step(await token(initiator.step())))
    return [acceptor, decodeNegTokenResp(await token(initiator.step(challenge)))]
  }

  it('waits for the signature of the list when it is due, with its own', async () => {
    const [acceptor, proof] = await awaitingProof()
    const reply = await token(acceptor.step(answer({ ...proof, mechListMic: undefined })))
    expect(decodeNegTokenResp(reply)).toMatchObject({
      negState: 'acceptIncomplete',
      supportedMech: undefined,
    })
    expect(acceptor.complete).toBe(false)
    const last = await token(acceptor.step(answer({ mechListMic: proof.mechListMic })))
    expect(decodeNegTokenResp(last)).toMatchObject({ negState: 'acceptCompleted', mechListMic: undefined })
    expect(acceptor.complete).toBe(true)
  })

  it('gives up when the signature does not come', async () => {
    const [acceptor, proof] = await awaitingProof()
    await acceptor.step(answer({ ...proof, mechListMic: undefined }))
    await expect(acceptor.step(answer({ negState: 'acceptIncomplete' }))).rejects.toThrow('left out')
  })

  it.each<[string, NegTokenResp]>([
    ['says nothing', {}],
    ['signs before there is a key', { mechListMic: ascii('too early') }],
    ['sends another token than is due', { responseToken: ascii('AP-REQ') }],
  ])('gives up when the client %s', async (_what, response) => {
    const [acceptor] = await awaitingProof()
    await expect(acceptor.step(answer(response))).rejects.toThrow(ProtocolError)
    await expect(acceptor.step(answer(response))).rejects.toThrow(UsageError)
  })

  it('gives up when the client does, or signs wrongly, or ends without a token', async () => {
    const [one] = await awaitingProof()
    await expect(one.step(answer({ negState: 'reject' }))).rejects.toThrow(AuthenticationError)
    const [other, proof] = await awaitingProof()
    await expect(other.step(answer({ ...proof, mechListMic: new Uint8Array(16) }))).rejects.toThrow(
      ProtocolError,
    )
    const [third] = await awaitingProof()
    await expect(third.step()).rejects.toThrow(ProtocolError)
    await expect(new SpnegoAcceptor([takesNtlm]).step()).rejects.toThrow(ProtocolError)
  })

  it('gives up when the client sends a token too many', async () => {
    const [acceptor, proof] = await awaitingProof()
    await acceptor.step(answer({ ...proof, mechListMic: undefined }))
    await expect(acceptor.step(answer(proof))).rejects.toThrow('too many')
  })

  it('seals nothing once it was disposed of', async () => {
    const acceptor = new SpnegoAcceptor([takesNtlm])
    await shakeHands(client(), acceptor)
    acceptor.dispose()
    await expect(acceptor.seal(ascii('text'))).rejects.toThrow(UsageError)
  })
})
