import { createServer, type Server } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AbortError } from '../../../src/errors/errors.js'
import { ProxyServer } from '../../../src/http/proxy.js'
import { Dialer } from '../../../src/transport/dialer.js'

const NEVER = new AbortController().signal

/** Linux takes all of 127.0.0.0/8 for itself, so that well-known ports are free on an address nobody else uses. */
const canHaveOwnAddress = process.platform === 'linux'

let addresses = 0
const ownAddress = (): string =>
  `127.${process.pid % 200}.${Math.floor(process.pid / 200) % 250}.${++addresses}`

/** Counts who connects, and hangs up on them. */
async function listen(host: string, port: number): Promise<{ readonly count: () => number; server: Server }> {
  let count = 0
  const server = createServer((socket) => {
    count++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  return { count: () => count, server }
}

const dialer = (hostname: string, port: number, proxy?: ProxyServer): Dialer =>
  new Dialer({ target: { hostname, port, secure: false }, proxy, connectTimeoutMs: 10_000 })

const failure = (dialing: Dialer, signal = NEVER): Promise<unknown> =>
  dialing.open(undefined, signal).then(
    () => {
      throw new Error('it connected')
    },
    (error: unknown) => error,
  )

describe.skipIf(!canHaveOwnAddress)(
  'a refused port of WinRM (skipped off Linux: it needs an address of its own)',
  () => {
    it.each([
      [5985, 5986, "use transport: 'https'"],
      [5986, 5985, "Use transport: 'http'"],
    ])('%i gets a hint about %i, which is asked once for all attempts', async (closed, open, words) => {
      const host = ownAddress()
      const other = await listen(host, open)
      const dialing = dialer(host, closed)
      const errors = await Promise.all([failure(dialing), failure(dialing)])
      for (const error of [...errors, await failure(dialing)]) {
        expect(error).toMatchObject({
          code: 'ERR_WSMAN_CONNECT',
          host,
          retryable: true,
          hint: expect.stringContaining(words) as string,
          cause: { code: 'ECONNREFUSED' },
        })
      }
      expect(other.count()).toBe(1)
    })

    it('gets the usual hint where the other one is closed, too', async () => {
      expect(await failure(dialer(ownAddress(), 5985))).toMatchObject({
        hint: expect.stringContaining('winrm quickconfig') as string,
      })
    })

    it('is no reason to ask where it is any other port, or behind a proxy', async () => {
      const host = ownAddress()
      const other = await listen(host, 5986)
      expect(await failure(dialer(host, 5987))).toMatchObject({
        hint: expect.stringContaining('Nothing listens on that port') as string,
      })
      const { server } = await listen(host, 0)
      const { port } = server.address() as { port: number }
      server.close()
      const proxy = new ProxyServer({ url: `http://${host}:${port}` })
      expect(await failure(dialer(host, 5985, proxy))).toMatchObject({ code: 'ERR_WSMAN_PROXY' })
      expect(other.count()).toBe(0)
    })

    it('is forgotten by who gives up meanwhile', async () => {
      const host = ownAddress()
      await listen(host, 5986)
      const controller = new AbortController()
      const reason = new AbortError('enough')
      const dialing = dialer(host, 5985)
      const failed = failure(dialing, controller.signal)
      controller.abort(reason)
      expect(await failed).toBe(reason)
      expect(await failure(dialing)).toMatchObject({
        hint: expect.stringContaining('5986 is open') as string,
      })
    })
  },
)
