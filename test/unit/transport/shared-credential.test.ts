import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createCredential, type AuthOptions } from 'wsman'
import { KerberosSource } from '../../../src/transport/kerberos-source.js'
import { SharedCredential } from '../../../src/transport/shared-credential.js'
import { UsageError } from '../../../src/errors/errors.js'
import { startRawServer, type RawRequest } from '../http/raw-server.js'
import { connect, echo, failure, refuse, send } from './harness.js'

const PASSWORD = 'hunter2'

describe('a shared credential', () => {
  it('is what createCredential makes, and knows its schemes', () => {
    expect(createCredential({ username: 'alice', password: PASSWORD })).toBeInstanceOf(SharedCredential)
    const odd = JSON.parse('{ "scheme": "bearer" }') as { scheme: 'basic'; username: string }
    expect(() => createCredential(odd)).toThrow(UsageError)
  })

  it('has one of everything for each host, in whatever letter case', () => {
    const credential = createCredential({ scheme: 'basic', username: 'alice', password: PASSWORD })
    expect(credential.gate('Server01')).toBe(credential.gate('server01'))
    expect(credential.turns('Server01')).toBe(credential.turns('server01'))
    expect(credential.gate('server02')).not.toBe(credential.gate('server01'))
    expect(credential.turns('server02')).not.toBe(credential.turns('server01'))
    expect(credential.passwordSource()).toBe(credential.passwordSource())
    const make = (auth: AuthOptions): KerberosSource => new KerberosSource(auth)
    expect(credential.kerberosSource(make)).toBe(credential.kerberosSource(make))
  })

  it('shows nothing', () => {
    const credential = createCredential({ scheme: 'basic', username: 'alice', password: PASSWORD })
    expect(inspect({ credential }, { depth: 9, showHidden: true })).toBe(
      '{ credential: SharedCredential {} }',
    )
    expect(JSON.stringify(credential)).toBe('{}')
  })

  it('that is refused is not sent again by any client, until it changes', async () => {
    const right = `Basic ${Buffer.from('alice:new').toString('base64')}`
    const answer = (raw: RawRequest): unknown =>
      raw.headers.get('Authorization') === right ? echo(raw) : refuse('Basic')(raw)
    const server = await startRawServer((raw) => answer(raw))
    let password = 'old'
    const auth = createCredential({ scheme: 'basic', username: 'alice', password: () => password })
    const transports = Array.from({ length: 3 }, () => connect(server, { auth }))
    const errors = await Promise.all(transports.flatMap((each) => [failure(send(each)), failure(send(each))]))
    expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'ERR_WSMAN_UNAUTHORIZED'))
    expect(server.requests).toHaveLength(1)
    password = 'new'
    expect(await Promise.all(transports.map((each) => send(each)))).toEqual(['<<x/>>', '<<x/>>', '<<x/>>'])
    expect(server.requests).toHaveLength(4)
  })
})

describe('a source of Kerberos credentials', () => {
  it('makes one for all, and another when what it is told changes', async () => {
    let password = 'one'
    const source = new KerberosSource({ scheme: 'kerberos', username: 'alice', password: () => password })
    const first = await source.read()
    expect(await source.read()).toBe(first)
    password = 'two'
    const second = await source.read()
    expect(second).not.toBe(first)
    expect(await source.read()).toBe(second)
  })

  it('goes by what was fetched already', async () => {
    const never = (): never => {
      throw new Error('asked a second time')
    }
    const source = new KerberosSource({ username: never, password: never, realm: 'EXAMPLE.COM' })
    const given = { username: 'alice', password: PASSWORD }
    expect(await source.read(given)).toBe(await source.read({ ...given }))
    expect(await source.read({ ...given, password: 'other' })).not.toBe(await source.read(given))
    expect([source.realm, source.delegate]).toEqual(['EXAMPLE.COM', false])
  })

  it('refuses what contradicts itself', async () => {
    const source = new KerberosSource({ scheme: 'kerberos', password: PASSWORD })
    await expect(source.read()).rejects.toThrow(UsageError)
  })
})
