import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Affinity } from '../../../src/transport/affinity.js'
import { connect as connectClient, envelope, startService } from '../../support/scripted-service.js'
import { reply, startRawServer } from '../http/raw-server.js'
import { connect, send } from './harness.js'

function after(...headers: string[]): string | undefined {
  const affinity = new Affinity()
  affinity.learn(headers)
  return affinity.header
}

describe('the cookies of a shell', () => {
  it.each<[string[], string | undefined]>([
    [[], undefined],
    [['MS-WSMAN=abc'], 'MS-WSMAN=abc'],
    [['MS-WSMAN=abc; Path=/wsman; HttpOnly; Max-Age=60'], 'MS-WSMAN=abc'],
    [['MS-WSMAN="a/b+c=="; Version=1'], 'MS-WSMAN="a/b+c=="'],
    [['a=1', 'b=2', 'a=3'], 'a=3; b=2'],
    [['a=1', 'a=; Max-Age=0'], undefined],
    [['=x', 'a', 'a b=c', 'a="b', 'a=b c', 'a=b,c', 'a=b\\c', 'a=ü', 'a=\tb'], undefined],
    [['a=b\r\nX-Evil: 1', 'a=b\0'], undefined],
    [[`a=${'x'.repeat(1023)}`], `a=${'x'.repeat(1023)}`],
    [[`a=${'x'.repeat(1024)}`], undefined],
    [
      Array.from({ length: 20 }, (_, index) => `c${index}=1`),
      'c0=1; c1=1; c2=1; c3=1; c4=1; c5=1; c6=1; c7=1',
    ],
    [['__proto__=1', 'constructor=2'], '__proto__=1; constructor=2'],
  ])('after %j are %j', (headers, expected) => {
    expect(after(...headers)).toBe(expected)
  })

  it('never break out of their header, and are never more than eight', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.string({ unit: 'binary' }).map((text) => `a=${text}`),
          ),
        ),
        (all) => {
          const header = after(...all) ?? ''
          expect(header).toMatch(/^[\x21-\x7e ]*$/)
          expect(header.split('; ').length).toBeLessThanOrEqual(8)
        },
      ),
    )
  })

  it('are not taken from nothing', () => {
    const affinity = new Affinity()
    affinity.learn(undefined)
    expect(affinity.header).toBeUndefined()
  })
})

describe('a request with an affinity', () => {
  it('sends what its replies have set, and no other request does', async () => {
    const server = await startRawServer(({ socket, index }) =>
      socket.write(reply('x', { headers: [`Set-Cookie: MS-WSMAN=${index}; Path=/`] })),
    )
    const transport = connect(server)
    const [one, other] = [new Affinity(), new Affinity()]
    for (const affinity of [one, one, undefined, other, one]) await send(transport, { affinity })
    expect(server.requests.map(({ headers }) => headers.get('Cookie'))).toEqual([
      undefined,
      'MS-WSMAN=0',
      undefined,
      undefined,
      'MS-WSMAN=1',
    ])
  })

  it('keeps a shell on its server from Create to Delete', async () => {
    const shell = (id: string): string =>
      `<x:ResourceCreated><a:Address>http://x/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`
    let shells = 0
    const cookies = new Map<string, Set<string | undefined>>()
    const service = await startService({
      Create: (request) => ({
        raw: envelope(shell(`shell-${++shells}`), request),
        headers: {
          'Content-Type': 'application/soap+xml;charset=UTF-8',
          'Set-Cookie': `MS-WSMAN=${shells}; Path=/wsman; HttpOnly`,
        },
      }),
      Command: '<rsp:CommandResponse><rsp:CommandId>1</rsp:CommandId></rsp:CommandResponse>',
      Receive:
        '<rsp:ReceiveResponse><rsp:CommandState CommandId="1" State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>',
      Signal: '<rsp:SignalResponse/>',
      Delete: '',
    })
    const client = connectClient(service)
    const [first, second] = [await client.openShell(), await client.openShell()]
    await first.run('a')
    await second.run('b')
    await first.close()
    await second.close()
    for (const request of service.requests) {
      const shellId = request.texts('Selector')[0] ?? 'none'
      cookies.set(shellId, (cookies.get(shellId) ?? new Set()).add(request.http.headers.cookie))
    }
    expect(Object.fromEntries(cookies)).toEqual({
      none: new Set([undefined]),
      'shell-1': new Set(['MS-WSMAN=1']),
      'shell-2': new Set(['MS-WSMAN=2']),
    })
  })
})
