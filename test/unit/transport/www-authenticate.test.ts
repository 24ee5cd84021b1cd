import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseChallenges } from '../../../src/transport/www-authenticate.js'

const plain = (header: string | undefined): unknown[] =>
  parseChallenges(header).map(({ scheme, token, parameters }) => ({
    scheme,
    ...(token === undefined ? {} : { token }),
    ...Object.fromEntries(parameters),
  }))

describe('parseChallenges (RFC 9110, 11.6.1)', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['Negotiate', [{ scheme: 'Negotiate' }]],
    [
      'Negotiate, Basic realm="WSMAN", CredSSP',
      [{ scheme: 'Negotiate' }, { scheme: 'Basic', realm: 'WSMAN' }, { scheme: 'CredSSP' }],
    ],
    ['Negotiate oYG2MIGzoAMKAQA=', [{ scheme: 'Negotiate', token: 'oYG2MIGzoAMKAQA=' }]],
    ['Negotiate YII==, Kerberos', [{ scheme: 'Negotiate', token: 'YII==' }, { scheme: 'Kerberos' }]],
    // The example of RFC 9110.
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        { scheme: 'Basic', realm: 'simple' },
        { scheme: 'Newauth', realm: 'apps', type: '1', title: 'Login to "apps"' },
      ],
    ],
    // RFC 7616, 3.9.1.
    [
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPE", opaque="FQhe/qaU925kfnzj"',
      [
        {
          scheme: 'Digest',
          realm: 'http-auth@example.org',
          qop: 'auth, auth-int',
          algorithm: 'SHA-256',
          nonce: '7ypf/xlj9XXwfDPE',
          opaque: 'FQhe/qaU925kfnzj',
        },
      ],
    ],
    ['Basic Realm = "a b" , , Negotiate', [{ scheme: 'Basic', realm: 'a b' }, { scheme: 'Negotiate' }]],
    ['basic realm="Negotiate, Kerberos"', [{ scheme: 'basic', realm: 'Negotiate, Kerberos' }]],
    ['Basic realm="unclosed, Negotiate', [{ scheme: 'Basic' }]],
    ['"quoted"', []],
  ])('%s', (header, expected) => {
    expect(plain(header)).toEqual(expected)
  })

  it('ends on any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { scheme } of parseChallenges(text)) expect(text).toContain(scheme)
      }),
    )
  })

  it('reads back whatever is quoted', () => {
    const text = fc.stringMatching(/^[\t -~]*$/)
    fc.assert(
      fc.property(text, (realm) => {
        const quoted = realm.replace(/["\\]/g, '\\$&')
        expect(plain(`Negotiate, Basic realm="${quoted}"`)).toEqual([
          { scheme: 'Negotiate' },
          { scheme: 'Basic', realm },
        ])
      }),
    )
  })
})
