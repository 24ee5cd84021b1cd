import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AuthOptions, PasswordAuth } from 'wsman'
import { AuthenticationError, PolicyError } from '../../src/errors/errors.js'
import { ntHash } from '../../src/auth/ntlm/ntlmv2.js'
import { requirePeer } from '../support/shared.js'
import { DOMAIN_NEEDS, hasDomain } from './peers/domain.js'
import { expectNoPlaintext, PASSWORD, RESOURCE, Scene } from './peers/scene.js'
import type { WinrmPeer } from './peers/winrm-peer.js'

const KERBEROS: PasswordAuth = { username: 'alice@WSMAN.TEST', password: PASSWORD }
const DOMAIN_USER: PasswordAuth = { username: String.raw`WSMAN\alice`, password: PASSWORD }
const HASH = Buffer.from(ntHash(PASSWORD)).toString('hex')

requirePeer(DOMAIN_NEEDS, hasDomain)('Negotiate against MIT Kerberos and gss-ntlmssp', () => {
  const scene = new Scene(['HTTP/localhost', 'HTTP/server01.wsman.test'])

  describe.each([
    ['HTTP, where it seals', false],
    ['HTTPS, where it binds to the channel', true],
  ])('over %s', (_where, https) => {
    it.each<[string, AuthOptions, { principal: string; mechanism: string; name: string }]>([
      [
        'negotiate takes Kerberos where a ticket is to be had',
        KERBEROS,
        { principal: 'alice@WSMAN.TEST', mechanism: 'krb5', name: 'Negotiate' },
      ],
      [
        'negotiate knows the realm of a NetBIOS domain',
        DOMAIN_USER,
        { principal: 'alice@WSMAN.TEST', mechanism: 'krb5', name: 'Negotiate' },
      ],
      [
        'negotiate takes the realm that is given',
        { username: 'alice', password: PASSWORD, realm: 'WSMAN.TEST' },
        { principal: 'alice@WSMAN.TEST', mechanism: 'krb5', name: 'Negotiate' },
      ],
      [
        'ntlm is spoken without SPNEGO',
        { ...DOMAIN_USER, scheme: 'ntlm' },
        { principal: String.raw`WSMAN\alice`, mechanism: 'ntlm', name: 'Negotiate' },
      ],
      [
        'ntlm takes the hash in place of the password',
        { scheme: 'ntlm', username: String.raw`WSMAN\alice`, ntHash: HASH },
        { principal: String.raw`WSMAN\alice`, mechanism: 'ntlm', name: 'Negotiate' },
      ],
      [
        'kerberos goes by its own name',
        { ...KERBEROS, scheme: 'kerberos' },
        { principal: 'alice@WSMAN.TEST', mechanism: 'krb5', name: 'Kerberos' },
      ],
    ])('%s', async (_what, auth, { principal, mechanism, name }) => {
      const peer = await scene.peer({ https })
      const client = scene.client(peer, auth)
      expect((await client.identify()).productVendor).toBe('Nobody here')
      expect(await client.invoke(RESOURCE, 'Do', { Number: 1, Text: 'ümläut' })).toEqual({
        Caller: principal,
        Count: '2',
        Number: '1',
        Text: 'ümläut',
      })
      const state = await peer.state()
      expect(state.logons).toEqual([
        { outcome: 'accepted', user: principal, mechanism, name, bound: https, connection: 0 },
      ])
      expect(state.connections).toBe(1)
      if (!https) expectNoPlaintext(state, 'ümläut')
      const shown = mechanism === 'krb5' ? 'Kerberos' : 'NTLM'
      expect(scene.traces.at(-1)).toMatchObject({ host: 'localhost', mechanism: shown, principal })
      expect(scene.traces.at(-1)).toMatchObject({ legs: mechanism === 'krb5' ? 1 : 2 })
      expect(scene.traces.at(-1)?.fallbackReason).toBeUndefined()
    })

    it.each<[string, AuthOptions, string, string]>([
      ['an address', DOMAIN_USER, '127.0.0.1', 'tickets are issued for names, and 127.0.0.1 is an address'],
      [
        'a hash',
        { username: DOMAIN_USER.username, ntHash: HASH },
        'localhost',
        'an NT hash was given in place of the password',
      ],
    ])('negotiate takes NTLM for %s, and says why', async (_what, auth, host, reason) => {
      const peer = await scene.peer({ https })
      const client = scene.client(peer, auth, { host })
      expect(await client.invoke(RESOURCE, 'Do')).toMatchObject({ Caller: String.raw`WSMAN\alice` })
      const state = await peer.state()
      expect(state.logons).toMatchObject([{ outcome: 'accepted', mechanism: 'ntlm', bound: https }])
      if (!https) expectNoPlaintext(state)
      expect(scene.traces.at(-1)).toMatchObject({
        scheme: 'negotiate',
        mechanism: 'NTLM',
        principal: String.raw`WSMAN\alice`,
        fallbackReason: `Kerberos is not possible: ${reason}.`,
      })
    })

    it('negotiate takes NTLM for a service that the KDC does not know', async () => {
      const peer = await scene.peer({ https })
      const client = scene.client(peer, DOMAIN_USER, { spn: { host: 'server02.wsman.test' } })
      expect(await client.invoke(RESOURCE, 'Do')).toMatchObject({ Caller: String.raw`WSMAN\alice` })
      expect(scene.traces.at(-1)?.fallbackReason).toMatch(
        /^Kerberos is not possible: .*the KDC does not know the service/,
      )
    })

    it('negotiate follows a service that takes NTLM only', async () => {
      const peer = await scene.peer({ https, mechanisms: ['ntlm'] })
      const client = scene.client(peer, DOMAIN_USER)
      expect(await client.invoke(RESOURCE, 'Do')).toMatchObject({ Caller: String.raw`WSMAN\alice` })
      expect(scene.traces.at(-1)).toMatchObject({
        mechanism: 'NTLM',
        fallbackReason: 'The service chose NTLM.',
        legs: 3,
      })
    })
  })

  it.each([
    ['lines of their own', ['Basic realm="WSMAN"', 'Negotiate', 'Kerberos']],
    ['one line, among parameters', [String.raw`Basic realm="Kerberos, a \"b\"", Negotiate, Kerberos`]],
    ['small letters', ['negotiate', 'kerberos']],
  ])('reads challenges in %s', async (_where, challenges) => {
    for (const [auth, name] of [
      [KERBEROS, 'Negotiate'],
      [{ ...KERBEROS, scheme: 'kerberos' }, 'Kerberos'],
    ] as const) {
      const peer = await scene.peer({ modes: { challenges } })
      await scene.client(peer, auth).identify()
      expect((await peer.state()).logons).toMatchObject([{ outcome: 'accepted', name }])
    }
  })

  it.each<[string, AuthOptions, string[], string]>([
    [
      'kerberos within Negotiate',
      { ...KERBEROS, scheme: 'kerberos' },
      ['Basic realm="x", Negotiate'],
      'Negotiate',
    ],
    ['ntlm under its own name', { ...DOMAIN_USER, scheme: 'ntlm' }, ['NTLM'], 'NTLM'],
  ])('tries %s where the service offers nothing else, and remembers it', async (_what, auth, offer, name) => {
    const peer = await scene.peer({ modes: { challenges: offer } })
    const client = scene.client(peer, auth)
    await client.identify()
    await peer.restart()
    await expect.poll(() => client.identify().then(({ productVendor }) => productVendor)).toBe('Nobody here')
    const state = await peer.state()
    expect(state.logons).toMatchObject([
      { outcome: 'accepted', name },
      { outcome: 'accepted', name },
    ])
    const names = state.received.flatMap((octets) =>
      [...octets.toString('latin1').matchAll(/^Authorization: (\S+)/gm)].map(([, used]) => used),
    )
    expect(names.filter((used) => used !== name)).toHaveLength(1)
    expect(names.slice(1)).toEqual(names.slice(1).map(() => name))
  })

  it.each<[string, AuthOptions, string]>([
    ['Negotiate', DOMAIN_USER, 'Negotiate="true"'],
    ['Negotiate', { ...DOMAIN_USER, scheme: 'ntlm' }, 'Negotiate="true"'],
    ['Kerberos', { ...KERBEROS, scheme: 'kerberos' }, 'Kerberos="true"'],
  ])('says that the service does not offer %s', async (name, auth, hint) => {
    const peer = await scene.peer({ modes: { challenges: ['Basic realm="WSMAN"', 'Digest nonce="1"'] } })
    const error = await scene.refusal(scene.client(peer, auth).identify())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_SCHEME_NOT_OFFERED', offered: ['Basic', 'Digest'] })
    expect(error.message).toBe(`localhost does not offer ${name}; it offers Basic, Digest.`)
    expect(error.hint).toContain(hint)
  })

  describe('a host that is not trusted', () => {
    it('gets Kerberos, which proves it, and no token of NTLM', async () => {
      const peer = await scene.peer()
      const options = { host: 'server01.wsman.test', proxy: await tunnelTo(peer) }
      const client = scene.client(peer, KERBEROS, options)
      expect(await client.invoke(RESOURCE, 'Do')).toMatchObject({ Caller: 'alice@WSMAN.TEST' })
      const before = (await peer.state()).received.length

      const untrusted = scene.client(peer, KERBEROS, { ...options, spn: { host: 'server02.wsman.test' } })
      const error = await scene.refusal(untrusted.identify())
      expect(error).toBeInstanceOf(PolicyError)
      expect(error.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
      expect(error.message).toContain('Kerberos is not possible: ')
      expect(error.message).toContain('the KDC does not know the service')
      expect(error.hint).toContain("trustedHosts: 'server01.wsman.test'")
      const state = await peer.state()
      expect(state.received.slice(before).filter(({ length }) => length > 0)).toEqual([])

      const trusted = scene.client(peer, DOMAIN_USER, {
        ...options,
        spn: { host: 'server02.wsman.test' },
        settings: { client: { trustedHosts: 'server01.wsman.test' } },
      })
      expect(await trusted.invoke(RESOURCE, 'Do')).toMatchObject({ Caller: String.raw`WSMAN\alice` })
    })

    it('gets no token of NTLM when it chooses that', async () => {
      const peer = await scene.peer({ mechanisms: ['ntlm'] })
      const options = { host: 'server01.wsman.test', proxy: await tunnelTo(peer) }
      const error = await scene.refusal(scene.client(peer, KERBEROS, options).identify())
      expect(error.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
      expect(error.message).toContain('The service chose NTLM.')
      const { received } = await peer.state()
      for (const octets of received) {
        const tokens = [...octets.toString('latin1').matchAll(/^Authorization: \S+ (\S+)/gm)]
        expect(tokens).toHaveLength(1)
        expect(Buffer.from(tokens[0]?.[1] ?? '', 'base64').includes('NTLMSSP')).toBe(false)
      }
      expect(received).toHaveLength(1)
    })

    it.each(['ntlm', 'credssp'] as const)('is not even connected to for %s', async (scheme) => {
      const peer = await scene.peer()
      const client = scene.client(
        peer,
        { ...DOMAIN_USER, scheme },
        {
          host: 'server01.wsman.test',
          proxy: await tunnelTo(peer),
          settings: { client: { auth: { credSsp: true } } },
        },
      )
      const error = await scene.refusal(client.identify())
      expect(error.code).toBe('ERR_WSMAN_HOST_NOT_TRUSTED')
      expect(error.hint).toContain("settings: { client: { trustedHosts: 'server01.wsman.test' } }")
      expect((await peer.state()).connections).toBe(0)
    })
  })
})

/** A proxy that leads to the peer, whatever host is asked for: names that no DNS knows. */
async function tunnelTo(peer: WinrmPeer): Promise<string> {
  const sockets = new Set<net.Socket>()
  const proxy = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const upstream = net.connect(peer.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await once(proxy, 'close')
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return `http://127.0.0.1:${address.port}`
}
