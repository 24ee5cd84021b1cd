import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { selectDigest, type DigestChallenge } from '../../../src/transport/digest-challenge.js'
import { DigestSession } from '../../../src/transport/digest-session.js'
import { parseChallenges } from '../../../src/transport/www-authenticate.js'

function challenge(header: string): DigestChallenge {
  const found = selectDigest(parseChallenges(header))
  if (found === undefined) throw new Error(`no challenge in ${header}`)
  return found
}

/** The parameters of an `Authorization` header, read as a challenge is. */
function read(header: string): Record<string, string> {
  return Object.fromEntries(parseChallenges(header)[0]?.parameters ?? [])
}

interface Given {
  readonly header: string
  readonly username: string
  readonly password: string
  readonly cnonce: string
  readonly uri: string
}

function answer({ header, username, password, cnonce, uri }: Given): Record<string, string> {
  const session = new DigestSession(challenge(header), { username, password }, { cnonce })
  return read(session.authorize({ method: 'GET', uri, body: '' }))
}

describe('an answer to a Digest challenge', () => {
  const mufasa = {
    username: 'Mufasa',
    password: 'Circle of Life',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    uri: '/dir/index.html',
  }
  const header = (algorithm: string): string =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`

  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('is the one of RFC 7616, 3.9.1, with %s', (algorithm, response) => {
    expect(answer({ ...mufasa, header: header(algorithm) })).toEqual({
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      algorithm,
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce: mufasa.cnonce,
      qop: 'auth',
      response,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    })
  })

  it('is the one of RFC 7616, 3.9.2, as its erratum corrects it', () => {
    const found = answer({
      header:
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true',
      username: 'Jäsøn Doe',
      password: 'Secret, or not?',
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
      uri: '/doe.json',
    })
    expect(found).toMatchObject({
      username: '793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b',
      userhash: 'true',
      response: '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5',
    })
  })

  // The response of the first is that of RFC 2617, 3.5; those of the others were published with several libraries.
  it.each([
    ['', '6629fae49393a05397450978507c4ef1'],
    ['algorithm=MD5-sess, ', '8e3825c57e897f5a0dec6c2d4e5059d0'],
    ['algorithm="sha-256", ', '5abdd07184ba512a22c53f41470e5eea7dcaa3a93a59b630c13dfe0a5dc6e38b'],
    ['algorithm=SHA-256-sess, ', 'b8822e12417cb7750f4e2b8515f0dcf25b7dd26993e80bee1426201446a7f59b'],
  ])('is the one of RFC 2617 with %j', (algorithm, response) => {
    const found = answer({
      ...mufasa,
      password: 'Circle Of Life',
      cnonce: '0a4f113b',
      header: `Digest ${algorithm}realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
    })
    expect(found.response).toBe(response)
    expect('algorithm' in found).toBe(algorithm !== '')
  })

  it('has the form of RFC 2069 where no quality is offered', () => {
    const found = answer({
      ...mufasa,
      password: 'CircleOfLife',
      header:
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    })
    expect(found).toEqual({
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      uri: '/dir/index.html',
      response: '1949323746fe6a43ef61f9606e7febea',
      opaque: '5ccc069c403ebaf9f0171e9517f40e41',
    })
  })

  it('counts its uses of a nonce, and changes nothing else but what is signed', () => {
    const session = new DigestSession(challenge(header('MD5')), { username: 'a', password: 'b' })
    const answers = Array.from({ length: 17 }, () =>
      read(session.authorize({ method: 'POST', uri: '/wsman', body: 'x' })),
    )
    expect(answers.map(({ nc }) => Number.parseInt(nc ?? '', 16))).toEqual(
      Array.from({ length: 17 }, (_, index) => index + 1),
    )
    expect(answers[16]?.nc).toBe('00000011')
    expect(new Set(answers.map(({ cnonce }) => cnonce)).size).toBe(1)
    expect(new Set(answers.map(({ response }) => response)).size).toBe(17)
    const other = new DigestSession(challenge(header('MD5')), { username: 'a', password: 'b' })
    expect(read(other.authorize({ method: 'POST', uri: '/', body: '' })).cnonce).not.toBe(answers[0]?.cnonce)
  })

  it('takes the next nonce when it is told', () => {
    const session = new DigestSession(challenge(header('MD5')), { username: 'a', password: 'b' })
    const next = (): string[] => {
      const { nonce = '', nc = '' } = read(session.authorize({ method: 'POST', uri: '/', body: '' }))
      return [nonce.slice(0, 4), nc]
    }
    expect(session.accepted).toBe(false)
    expect(next()).toEqual(['7ypf', '00000001'])
    session.accept('rspauth="abc", nextnonce="next", qop=auth')
    expect(session.accepted).toBe(true)
    expect([next(), next()]).toEqual([
      ['next', '00000001'],
      ['next', '00000002'],
    ])
    for (const nothing of [undefined, '', 'nextnonce=""', 'nextnonce="next"', 'xnextnonce="no"']) {
      session.accept(nothing)
    }
    expect(next()).toEqual(['next', '00000003'])
  })

  it('signs the body where that is the only quality offered', () => {
    const session = new DigestSession(
      challenge('Digest realm="r", nonce="n", qop="auth-int"'),
      { username: 'u', password: 'p' },
      { cnonce: 'c' },
    )
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
    for (const body of ['grün', Buffer.from('grün')]) {
      const { response, qop, nc } = read(session.authorize({ method: 'POST', uri: '/wsman', body }))
      const subject = md5(`POST:/wsman:${md5('grün')}`)
      expect([qop, response]).toEqual([
        'auth-int',
        md5(`${md5('u:r:p')}:n:${nc ?? ''}:c:auth-int:${subject}`),
      ])
    }
  })

  it('cannot be broken out of by a name, nor by what the server says', () => {
    const text = fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .map((code) => String.fromCharCode(code === 0x7f ? 0x20 : code)),
    })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text, text, text, (username, realm, nonce, opaque) => {
        const parameters = new Map([
          ['realm', realm],
          ['nonce', nonce],
          ['opaque', opaque],
          ['qop', 'auth'],
        ])
        const selected = selectDigest([{ scheme: 'Digest', token: undefined, parameters }])
        if (selected === undefined) return expect.unreachable()
        const line = new DigestSession(selected, { username, password: 'p' }).authorize({
          method: 'POST',
          uri: '/wsman',
          body: '',
        })
        const user = Buffer.from(username).toString('latin1')
        expect(read(line)).toMatchObject({ username: user, realm, nonce, opaque, qop: 'auth', uri: '/wsman' })
        expect(line).toMatch(/^Digest [\x20-\x7e\x80-\xff]*$/)
      }),
    )
  })

  it('writes a name that is not ASCII so that the server can read it', () => {
    const name = (extra: string): string =>
      new DigestSession(challenge(`Digest realm="r", nonce="n", qop="auth"${extra}`), {
        username: "DOM\\jürgen (o'x)*",
        password: 'p',
      }).authorize({ method: 'POST', uri: '/', body: '' })
    expect(name(', charset="UTF-8"')).toContain(
      "Digest username*=UTF-8''DOM%5Cj%C3%BCrgen%20%28o%27x%29%2A, realm=",
    )
    expect(name('')).toContain(`Digest username="DOM\\\\j\xc3\xbcrgen (o'x)*", realm=`)
  })

  it('shows no secret', () => {
    const session = new DigestSession(challenge(header('MD5')), { username: 'a', password: 'hunter2' })
    const key = createHash('md5').update('a:http-auth@example.org:hunter2').digest('hex')
    expect(inspect(session, { showHidden: true, depth: 9 })).not.toMatch(new RegExp(`hunter2|${key}`))
    expect(JSON.stringify(session)).not.toMatch(new RegExp(`hunter2|${key}`))
  })
})

describe('the challenge that is answered', () => {
  const base = 'realm="r", nonce="n"'

  it.each([
    [`Digest ${base}, algorithm=MD5, Digest ${base}, algorithm=SHA-256`, 'SHA-256'],
    [`Digest ${base}, algorithm=SHA-512-256, Digest ${base}, algorithm=MD5`, 'SHA-512-256'],
    [`Basic realm="b", Digest ${base}, algorithm=MD5, Negotiate`, 'MD5'],
    [`Digest ${base}, algorithm=TIGER, Digest ${base}, algorithm=MD5`, 'MD5'],
    [`DIGEST ${base}`, undefined],
  ])('of %j has the algorithm %s', (header, algorithm) => {
    expect(challenge(header).algorithm).toBe(algorithm)
  })

  it.each([
    [`Digest ${base}, qop="auth,auth-int"`, 'auth'],
    [`Digest ${base}, qop="auth-int, AUTH"`, 'auth'],
    [`Digest ${base}, qop="auth-int"`, 'auth-int'],
    [`Digest ${base}, qop=auth`, 'auth'],
    [`Digest ${base}, qop="auth-conf auth-int"`, 'auth-int'],
    [`Digest ${base}`, undefined],
  ])('of %j has the quality %s', (header, qop) => {
    expect(challenge(header).qop).toBe(qop)
  })

  it.each([
    'Basic realm="r"',
    'Digest nonce="n"',
    'Digest realm="r"',
    `Digest ${base}, algorithm=TIGER`,
    `Digest ${base}, algorithm=constructor`,
    `Digest ${base}, qop="auth-conf"`,
    `Digest ${base}, qop=""`,
    `Digest ${base}, algorithm=MD5-sess`,
    `Digest ${base}, opaque="\x7f"`,
    '',
  ])('is none of %j', (header) => {
    expect(selectDigest(parseChallenges(header))).toBeUndefined()
  })

  it('says whether the nonce was too old', () => {
    expect(
      ['stale=true', 'stale="TRUE"', 'stale=false', 'x=y'].map(
        (stale) => challenge(`Digest ${base}, ${stale}`).stale,
      ),
    ).toEqual([true, true, false, false])
  })
})
