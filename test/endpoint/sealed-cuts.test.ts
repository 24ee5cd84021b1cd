import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { isWsmanError, WsmanClient } from 'wsman'
import { startEndpoint } from 'wsman/testing'
import { Random } from '../fuzz/random.js'
import { Disclosure } from '../support/disclosure.js'

const PASSWORD = 'Sesame-öffne-Dich'
const RESOURCE = 'wmi/root/test/Counter'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

interface Wire {
  readonly port: number
  /** All octets that came, by connection, both ways. */
  readonly captured: readonly Buffer[][]
  readonly cuts: number
  /** Cuts connections from now on: the one that carries a piece of data, before or after the piece goes on. */
  cutting: boolean
}

/** Somebody on the way to the service who sees everything, and cuts. */
async function startWire(port: number, seed: number): Promise<Wire> {
  const random = new Random(seed)
  const captured: Buffer[][] = []
  const sockets = new Set<net.Socket>()
  const wire = { captured, cuts: 0, cutting: false }
  let pieces = 0
  let cutAt = random.below(15)
  const proxy = net.createServer((client) => {
    const upstream = net.connect(port, '127.0.0.1')
    const seen: Buffer[] = []
    captured.push(seen)
    const cut = (): void => {
      wire.cuts++
      client.destroy()
      upstream.destroy()
    }
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.setNoDelay()
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
      from.on('data', (piece: Buffer) => {
        seen.push(piece)
        const isLast = wire.cutting && ++pieces > cutAt
        if (isLast) cutAt = pieces + 10 + random.below(30)
        if (!isLast) to.write(piece)
        else if (random.chance(0.5)) cut()
        else to.write(piece, cut)
      })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  cleanUps.push(async () => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await once(proxy, 'close')
  })
  return Object.assign(wire, { port: (proxy.address() as net.AddressInfo).port })
}

it.each([
  ['ntlm', 1],
  ['negotiate', 2],
  ['credssp', 3],
  ['credssp', 4],
] as const)(
  'with %s nothing runs twice and nothing is readable while sockets are cut at random (%i)',
  async (scheme, seed) => {
    const ran: number[] = []
    const endpoint = await startEndpoint({
      users: [{ username: 'alice', password: PASSWORD }],
      settings: { service: { auth: { credSsp: true } } },
      classes: [
        {
          name: 'Counter',
          namespace: 'root/test',
          singleton: true,
          properties: { Name: { type: 'string', key: true } },
          instances: [{ Name: 'one' }],
          methods: {
            Count: ({ parameters }) => {
              const number = parameters.Number as string
              ran.push(Number(number))
              return { ReturnValue: 0, Number: number }
            },
          },
        },
      ],
    })
    cleanUps.push(() => endpoint.close())
    const wire = await startWire(endpoint.listeners[0]?.port ?? 0, seed)
    const client = new WsmanClient({
      ...endpoint.clientOptions('alice', { scheme }),
      port: wire.port,
      maxConnections: 4,
      retry: { attempts: 3, baseDelayMs: 0 },
    })
    cleanUps.push(() => client.close())
    await client.identify()
    wire.cutting = true
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1)
    const ended = await Promise.allSettled(
      numbers.map((number) => client.invoke(RESOURCE, 'Count', { Number: number, Text: `secret ${number}` })),
    )
    wire.cutting = false

    expect(new Set(ran).size).toBe(ran.length)
    const disclosure = new Disclosure()
    disclosure.keep('the password', PASSWORD)
    disclosure.show(client)
    for (const [index, outcome] of ended.entries()) {
      if (outcome.status === 'fulfilled') {
        expect(outcome.value.Number).toBe(String(numbers[index]))
        expect(ran).toContain(numbers[index])
        continue
      }
      disclosure.show(outcome.reason)
      expect(isWsmanError(outcome.reason)).toBe(true)
      expect(outcome.reason).toMatchObject({ name: 'TransportError', operation: 'Invoke' })
    }
    expect(ended.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(wire.cuts).toBeGreaterThan(1)
    for (const pieces of wire.captured) {
      const octets = Buffer.concat(pieces)
      for (const text of ['Envelope', 'soap-envelope', 'MessageID', 'Counter', 'secret', PASSWORD]) {
        expect(octets.includes(text)).toBe(false)
        expect(octets.includes(Buffer.from(text, 'utf16le'))).toBe(false)
      }
      for (const [, token = ''] of octets.toString('latin1').matchAll(/^Authorization: \S+ (\S+)/gim)) {
        disclosure.keep(`a token ${token.slice(0, 8)}`, Buffer.from(token, 'base64'))
      }
    }
    disclosure.check()
    // It may be the first to notice that its connection was cut, and may be sent again.
    await client.identify()
    expect((await client.invoke(RESOURCE, 'Count', { Number: 99 })).Number).toBe('99')
  },
)
