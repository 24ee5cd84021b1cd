import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { AuthenticationError } from '../../../src/errors/errors.js'
import type { AuthOptions } from '../../../src/transport/credentials.js'
import type { DigestChallenge } from '../../../src/transport/digest-challenge.js'
import { selectDigest } from '../../../src/transport/digest-challenge.js'
import { DigestSession } from '../../../src/transport/digest-session.js'
import { parseChallenges } from '../../../src/transport/www-authenticate.js'
import { reply, startRawServer, type RawRequest, type RawServer } from '../http/raw-server.js'
import { connect, failure, PASSWORD, refuse, send, settle, until } from './harness.js'

const auth: AuthOptions = { scheme: 'digest', username: 'alice', password: PASSWORD }

/** The challenge of openwsman: neither algorithm nor opaque. */
const challengeOf = (nonce: string, more = ''): string =>
  `Digest realm="OPENWSMAN", nonce="${nonce}", qop="auth"${more}`

/** What the request says of itself. */
function said({ headers }: RawRequest): ReadonlyMap<string, string> {
  return parseChallenges(headers.get('Authorization'))[0]?.parameters ?? new Map<string, string>()
}

/** Whether the answer is the one to this nonce, with the password. */
function isRight(request: RawRequest, nonce: string, password = PASSWORD): boolean {
  const parameters = said(request)
  const challenge: DigestChallenge | undefined = selectDigest(parseChallenges(challengeOf(nonce)))
  if (challenge === undefined || parameters.get('nonce') !== nonce) return false
  const session = new DigestSession(
    challenge,
    { username: 'alice', password },
    { cnonce: parameters.get('cnonce') ?? '' },
  )
  const subject = { method: 'POST', uri: '/wsman', body: '' }
  const count = Number.parseInt(parameters.get('nc') ?? '0', 16)
  let line = ''
  for (let use = 0; use < count; use++) line = session.authorize(subject)
  return parseChallenges(line)[0]?.parameters.get('response') === parameters.get('response')
}

interface Behaviour {
  /** The nonce that is good for a request, by the number of the request. */
  readonly nonceFor?: (request: number) => string
  /** What the 401 says besides, such as `, stale=true`. */
  readonly more?: (request: RawRequest) => string
  readonly closing?: boolean
  readonly info?: string
}

async function startDigest({
  nonceFor = () => 'n1',
  more = () => '',
  closing = false,
  info,
}: Behaviour = {}): Promise<RawServer> {
  const close = closing ? ['Connection: Close'] : []
  const server: RawServer = await startRawServer((request) => {
    const nonce = nonceFor(server.requests.length)
    if (isRight(request, nonce)) {
      const headers = [...close, ...(info === undefined ? [] : [`Authentication-Info: ${info}`])]
      request.socket.write(reply(`<${request.body}>`, { headers }))
    } else {
      const headers = [...close, `WWW-Authenticate: ${challengeOf(nonce, more(request))}`]
      request.socket.write(reply('no', { status: '401 (null)', headers }))
    }
    if (closing) request.socket.end()
  })
  return server
}

/** The counts and bodies of the requests, in their order. */
const log = ({ requests }: RawServer): string[] =>
  requests.map((request) => `${said(request).get('nc') ?? '-'} ${request.body}`)

describe('Digest', () => {
  it('asks once without the message, then answers with each request', async () => {
    const server = await startDigest()
    const transport = connect(server, { auth })
    expect([await send(transport), await send(transport), await send(transport)]).toEqual([
      '<<x/>>',
      '<<x/>>',
      '<<x/>>',
    ])
    expect(log(server)).toEqual(['- ', '00000001 <x/>', '00000002 <x/>', '00000003 <x/>'])
    expect(server.sockets).toHaveLength(1)
    expect(server.requests[1]?.headers.get('Authorization')).toMatch(
      /^Digest username="alice", realm="OPENWSMAN", nonce="n1", uri="\/wsman", qop=auth, nc=00000001, cnonce="[^"]{20,}", response="[0-9a-f]{32}"$/,
    )
  })

  it('asks once, also where each reply ends its connection', async () => {
    const server = await startDigest({ closing: true })
    const transport = connect(server, { auth, maxConnections: 1 })
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(log(server)).toEqual(['- ', '00000001 <x/>', '00000002 <x/>'])
    expect(server.sockets).toHaveLength(3)
  })

  it('counts over all connections', async () => {
    const server = await startDigest()
    const transport = connect(server, { auth })
    await Promise.all(Array.from({ length: 12 }, () => send(transport)))
    const counts = server.requests.map((request) => Number.parseInt(said(request).get('nc') ?? '0', 16))
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 13 }, (_, index) => index))
    expect(server.sockets.length).toBeGreaterThan(1)
  })

  it('sends the message as it is where nothing is asked', async () => {
    for (const closing of [false, true]) {
      const server = await startRawServer(({ socket, body }) => {
        socket.write(reply(`<${body}>`, { headers: closing ? ['Connection: close'] : [] }))
      })
      const transport = connect(server, { auth })
      expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
      expect(log(server)).toEqual(['- ', '- <x/>', '- <x/>'])
    }
  })

  it('answers when it is asked later', async () => {
    const open = await startRawServer((request) => {
      if (open.requests.length <= 2) request.socket.write(reply('open'))
      else if (isRight(request, 'n1')) request.socket.write(reply('closed'))
      else refuse(challengeOf('n1'))(request)
    })
    const transport = connect(open, { auth })
    expect([await send(transport), await send(transport)]).toEqual(['open', 'closed'])
    expect(log(open)).toEqual(['- ', '- <x/>', '- <x/>', '00000001 <x/>'])
  })

  it('passes on every other status, and redirects nowhere', async () => {
    const server = await startRawServer((request) => {
      if (!isRight(request, 'n1')) refuse(challengeOf('n1'))(request)
      else request.socket.write(reply('', { status: '307 X', headers: ['Location: http://elsewhere/'] }))
    })
    expect((await failure(send(connect(server, { auth })))).code).toBe('ERR_WSMAN_REDIRECT')
  })
})

describe('a nonce', () => {
  it('that is stale is replaced once, and the message sent again', async () => {
    const server = await startDigest({
      nonceFor: (request) => (request <= 2 ? 'n1' : 'n2'),
      more: (request) => (said(request).size > 0 ? ', stale=true' : ''),
    })
    const transport = connect(server, { auth })
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(log(server)).toEqual(['- ', '00000001 <x/>', '00000002 <x/>', '00000001 <x/>'])
  })

  it('that had been good is replaced although the server does not call it stale', async () => {
    const server = await startDigest({ nonceFor: (request) => (request <= 2 ? 'n1' : 'n2') })
    const transport = connect(server, { auth })
    expect([await send(transport), await send(transport), await send(transport)]).toHaveLength(3)
    expect(server.requests.map((request) => said(request).get('nonce'))).toEqual([
      undefined,
      'n1',
      'n1',
      'n2',
      'n2',
    ])
  })

  it('that is stale from the beginning gets one more try', async () => {
    const server = await startDigest({
      nonceFor: (request) => `n${request}`,
      more: () => ', stale=true',
    })
    const error = await failure(send(connect(server, { auth })))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED', offered: ['Digest'] })
    expect(log(server)).toEqual(['- ', '00000001 <x/>', '00000001 <x/>'])
  })

  it('that is stale, with each reply ending its connection, is replaced as well', async () => {
    const server = await startDigest({
      closing: true,
      nonceFor: (request) => (request <= 2 ? 'n1' : 'n2'),
      more: () => ', stale=true',
    })
    const transport = connect(server, { auth })
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(server.sockets).toHaveLength(4)
  })

  it('may be followed by the one the server names', async () => {
    const server = await startDigest({
      nonceFor: (request) => (request <= 2 ? 'n1' : 'n2'),
      info: 'qop=auth, nextnonce="n2"',
    })
    const transport = connect(server, { auth })
    expect([await send(transport), await send(transport)]).toEqual(['<<x/>>', '<<x/>>'])
    expect(log(server)).toEqual(['- ', '00000001 <x/>', '00000001 <x/>'])
  })

  it.each([
    ['at hand', PASSWORD],
    ['fetched', () => settle().then(() => PASSWORD)],
  ])('that was replaced meanwhile is not asked for again, the password %s', async (_, password) => {
    const waiting: RawRequest[] = []
    let nonce = 'n1'
    const server = await startRawServer((request) => {
      if (said(request).get('nonce') === 'n1' && server.requests.length > 2) waiting.push(request)
      else if (isRight(request, nonce)) request.socket.write(reply(`<${request.body}>`))
      else refuse(challengeOf(nonce))(request)
    })
    const transport = connect(server, { auth: { scheme: 'digest', username: 'alice', password } })
    await send(transport)
    nonce = 'n2'
    const calls = [send(transport), send(transport), send(transport)]
    await until(() => waiting.length === 3)
    for (const request of waiting) {
      refuse(challengeOf('n2'))(request)
      if (password === PASSWORD) await settle()
    }
    expect(await Promise.all(calls)).toEqual(['<<x/>>', '<<x/>>', '<<x/>>'])
    expect(
      server.requests
        .slice(5)
        .map((request) => said(request).get('nc'))
        .sort(),
    ).toEqual(['00000001', '00000002', '00000003'])
  })
})

describe('a credential for Digest that is refused', () => {
  const wrong: AuthOptions = { scheme: 'digest', username: 'alice', password: 'wrong' }

  it('is sent once, however many ask and however often', async () => {
    const server = await startDigest()
    const transport = connect(server, { auth: wrong })
    const errors = await Promise.all(Array.from({ length: 8 }, () => failure(send(transport))))
    expect(errors.every((error) => error instanceof AuthenticationError)).toBe(true)
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ERR_WSMAN_UNAUTHORIZED']))
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(log(server)).toEqual(['- ', '00000001 <x/>'])
  })

  it('is sent once, where each reply ends its connection', async () => {
    const server = await startDigest({ closing: true })
    const transport = connect(server, { auth: wrong })
    await failure(send(transport))
    await failure(send(transport))
    expect(log(server)).toEqual(['- ', '00000001 <x/>'])
  })

  it('is replaced by another one that the function gives', async () => {
    const server = await startDigest()
    const passwords = ['wrong', 'wrong', PASSWORD]
    let asked = 0
    const transport = connect(server, {
      auth: { ...wrong, password: () => passwords[Math.min(asked++, 2)] ?? '' },
    })
    await failure(send(transport))
    await failure(send(transport))
    expect(await send(transport)).toBe('<<x/>>')
    expect(server.requests.filter((request) => said(request).size > 0)).toHaveLength(2)
  })

  it('appears nowhere', async () => {
    const server = await startDigest()
    const transport = connect(server, { auth: { ...wrong, password: 'hunter3' } })
    const error = await failure(send(transport))
    for (const shown of [transport, error]) {
      expect(inspect(shown, { depth: 20, showHidden: true })).not.toMatch(/hunter3|response=/)
    }
  })

  it('is told apart from a scheme that is not offered', async () => {
    const negotiate = await failure(send(connect(await startRawServer(refuse('Negotiate')), { auth })))
    expect(negotiate).toMatchObject({ code: 'ERR_WSMAN_SCHEME_NOT_OFFERED', offered: ['Negotiate'] })
    expect(negotiate.message).toContain('does not offer Digest; it offers Negotiate')
    const strange = await failure(
      send(connect(await startRawServer(refuse('Digest realm="r", nonce="n", algorithm=TIGER')), { auth })),
    )
    expect(strange.code).toBe('ERR_WSMAN_SCHEME_NOT_OFFERED')
    expect(strange.message).toContain('in a form that this package knows')
    const mute = await failure(send(connect(await startRawServer(refuse()), { auth })))
    expect(mute.message).toContain('it offers nothing')
  })

  it('is what a 401 without a challenge means, once there was an answer', async () => {
    const server = await startRawServer((request) => {
      refuse(...(server.requests.length === 1 ? [challengeOf('n1')] : []))(request)
    })
    expect((await failure(send(connect(server, { auth })))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(server.requests).toHaveLength(2)
  })

  it('is given up where the server ends every connection and always finds something new', async () => {
    const statuses = ['200 OK', '401 X', '401 X', '401 X']
    const server = await startRawServer((request) => {
      const more = said(request).size > 0 ? ', stale=true' : ''
      const headers = [
        'Connection: close',
        `WWW-Authenticate: ${challengeOf(String(server.requests.length), more)}`,
      ]
      request.socket.end(reply('', { status: statuses[server.requests.length - 1] ?? '', headers }))
    })
    const error = await failure(send(connect(server, { auth })))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_UNAUTHORIZED' })
    expect(error.message).toContain('ended every connection')
    expect(log(server)).toEqual(['- ', '- <x/>', '00000001 <x/>'])
  })

  it('may be hidden by a server that plays', async () => {
    const server = await startRawServer((request) => {
      const headers = [
        'Connection: close',
        `WWW-Authenticate: ${challengeOf(String(server.requests.length), ', stale=true')}`,
      ]
      request.socket.end(reply('', { status: '401 X', headers }))
    })
    const transport = connect(server, { auth })
    expect((await failure(send(transport))).code).toBe('ERR_WSMAN_UNAUTHORIZED')
    expect(server.requests.length).toBeLessThanOrEqual(3)
  })
})
