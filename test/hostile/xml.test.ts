import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors/errors.js'
import { isWsmanFault } from '../../src/errors/fault.js'
import { reply, startRawServer, type RawRequest } from '../unit/http/raw-server.js'
import { answerTo, attack, clientOf, failureOf, goodReply, SOAP, thing } from './support.js'

const replying =
  (make: (request: RawRequest) => string) =>
  (request: RawRequest): void => {
    request.socket.write(reply(make(request), { headers: [SOAP] }))
  }

const withProlog = (prolog: string, body: string): ((request: RawRequest) => void) =>
  replying((request) => prolog + answerTo(request, body))

const laughs = [
  '<!DOCTYPE lolz [<!ENTITY lol "lol">',
  ...Array.from(
    { length: 9 },
    (_, index) => `<!ENTITY lol${index + 1} "${`&lol${index === 0 ? '' : index};`.repeat(10)}">`,
  ),
  ']>',
].join('')

describe('a message that is not the XML of SOAP', () => {
  it.each([
    ['billion laughs', withProlog(laughs, thing('&lol9;'))],
    [
      'a quadratic bomb',
      withProlog(`<!DOCTYPE x [<!ENTITY a "${'a'.repeat(100_000)}">]>`, thing('&a;'.repeat(1000))),
    ],
    ['a parameter entity', withProlog('<!DOCTYPE x [<!ENTITY % a "<!ENTITY b \'c\'>">%a;]>', thing('&b;'))],
    ['an empty DTD', withProlog('<!DOCTYPE x>', thing('a'))],
    ['an entity that was never declared', replying((request) => answerTo(request, thing('&evil;')))],
    ['a processing instruction', replying((request) => answerTo(request, '<?php evil() ?>'))],
    ['text after the end', replying((request) => `${answerTo(request, thing('a'))}evil`)],
    ['two envelopes', replying((request) => answerTo(request, thing('a')).repeat(2))],
    ['an end that is missing', replying((request) => answerTo(request, thing('a')).slice(0, -1))],
    ['tags that cross', replying((request) => answerTo(request, '<a><b></a></b>'))],
    ['a prefix that was never declared', replying((request) => answerTo(request, '<evil:a/>'))],
    ['an attribute twice', replying((request) => answerTo(request, '<a b="1" b="2"/>'))],
    ['a character that XML has not', replying((request) => answerTo(request, thing('&#0;')))],
    [
      'bytes that are not UTF-8',
      (request: RawRequest) => {
        const body = Buffer.from(answerTo(request, thing('\xff\xfe')), 'latin1')
        request.socket.write(`HTTP/1.1 200 OK\r\n${SOAP}\r\nContent-Length: ${body.length}\r\n\r\n`)
        request.socket.write(body)
      },
    ],
    ['nothing but blanks', replying(() => '   \r\n ')],
    ['a web page in its place', replying(() => '<html><body/></html>')],
    [
      'an envelope without a body',
      replying(() => '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>'),
    ],
  ])('%s', async (_, hostile) => {
    const { error } = await attack(hostile)
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error.message).not.toContain('lollol')
  })

  it('names something outside, which is never asked for', async () => {
    const elsewhere = await startRawServer(() => undefined)
    const outside = `http://127.0.0.1:${elsewhere.port}/evil`
    for (const prolog of [
      `<!DOCTYPE x SYSTEM "${outside}">`,
      `<!DOCTYPE x [<!ENTITY evil SYSTEM "${outside}">]>`,
      `<!DOCTYPE x [<!ENTITY evil SYSTEM "file:///etc/passwd">]>`,
    ]) {
      const { error } = await attack(withProlog(prolog, thing('&evil;')))
      expect(error.code).toBe('ERR_WSMAN_MALFORMED_XML')
    }
    const include = `<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="${outside}"/>`
    const located = `<t:Thing xmlns:t="urn:things" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:things ${outside}">${include}</t:Thing>`
    const server = await startRawServer(replying((request) => answerTo(request, located)))
    expect(Object.keys(await clientOf(server).get('urn:things'))).toEqual(['include'])
    expect(elsewhere.sockets).toEqual([])
  })
})

describe('a message that is too much of something', () => {
  it.each([
    [
      'nested elements',
      replying((request) => answerTo(request, '<a>'.repeat(100_000) + '</a>'.repeat(100_000))),
    ],
    [
      'nested elements in a header',
      replying(
        () =>
          `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${'<a>'.repeat(100_000)}`,
      ),
    ],
    [
      'attributes',
      replying((request) =>
        answerTo(request, `<a ${Array.from({ length: 100_000 }, (_, index) => `a${index}="x"`).join(' ')}/>`),
      ),
    ],
  ])('%s', async (_, hostile) => {
    const { error } = await attack(hostile)
    expect(error).toMatchObject({ code: 'ERR_WSMAN_LIMIT' })
  })

  it('takes ten megabytes in one text', async () => {
    const long = 'ä&amp;x]'.repeat(1_700_000)
    const expected = 'ä&x]'.repeat(1_700_000)
    const server = await startRawServer(replying((request) => answerTo(request, thing(long))))
    const found = await clientOf(server).get('urn:things')
    expect(found.Name === expected).toBe(true)
  })

  it('takes a hundred thousand properties, and as many values of one', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `<p${index}>${index}</p${index}>`).join('')
    const server = await startRawServer((request) => {
      const content = request.index === 0 ? many : '<p>x</p>'.repeat(100_000)
      replying((asked) => answerTo(asked, `<Thing>${content}</Thing>`))(request)
    })
    const client = clientOf(server)
    const properties = await client.get('urn:things')
    expect([Object.keys(properties).length, properties.p99999]).toEqual([100_000, '99999'])
    const values = await client.get('urn:things')
    expect((values.p as unknown[]).length).toBe(100_000)
  })
})

describe('a message with names that mean something to JavaScript', () => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    'length',
  ]

  it('is data as any other', async () => {
    const content = names.map((name) => `<${name}><polluted>yes</polluted></${name}>`).join('')
    const server = await startRawServer(
      replying((request) => answerTo(request, `<constructor xmlns="urn:__proto__">${content}</constructor>`)),
    )
    const found = await clientOf(server).get('urn:things')
    expect(Object.keys(found)).toEqual(names)
    for (const name of names)
      expect(Object.getOwnPropertyDescriptor(found, name)?.value).toMatchObject({ polluted: 'yes' })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(Object.keys(JSON.parse(JSON.stringify({ ...found, toJSON: undefined })) as object)).toContain(
      'constructor',
    )
  })

  it('may stand in headers, selectors and faults', async () => {
    const fault =
      '<s:Fault><s:Code><s:Value>s:__proto__</s:Value></s:Code><s:Reason><s:Text xml:lang="__proto__">constructor</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="constructor" Machine="__proto__"><f:Message>x</f:Message></f:WSManFault></s:Detail></s:Fault>'
    const { error } = await attack((request) =>
      request.socket.write(
        reply(answerTo(request, fault), { status: '500 X', headers: [SOAP, 'Connection: close'] }),
      ),
    )
    expect(isWsmanFault(error)).toBe(true)
    expect(error.message).toContain('constructor')
    expect(({} as { machine?: unknown }).machine).toBeUndefined()
  })
})

describe('a fault', () => {
  it('is one whatever status it comes with, also 200 as openwsman sends it', async () => {
    const fault =
      '<s:Fault><s:Code><s:Value>s:MustUnderstand</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason></s:Fault>'
    for (const status of ['200 OK', '400 (null)', '500 (null)', '503 (null)']) {
      const server = await startRawServer((request) =>
        request.socket.write(
          server.requests.length === 1
            ? reply(answerTo(request, fault), { status, headers: [SOAP] })
            : goodReply(request),
        ),
      )
      const client = clientOf(server)
      expect(isWsmanFault(await failureOf(client.get('urn:things')))).toBe(true)
      // A fault is a reply like any other: the connection is good.
      expect(await client.get('urn:things')).toEqual({ Name: 'good' })
      expect(server.sockets).toHaveLength(1)
    }
  })
})
