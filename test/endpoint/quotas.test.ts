import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createLimiter, WsmanClient, type WsmanClientOptions } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { until } from '../support/gates.js'
import { usedHeap } from '../support/processes.js'
import { rejection } from '../support/scripted-service.js'

const cleanUps: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start({ settings, ...options }: EndpointOptions = {}): Promise<{
  endpoint: Endpoint
  connect: (options?: WsmanClientOptions) => WsmanClient
}> {
  const endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: {
      ...settings,
      service: { auth: { basic: true }, allowUnencrypted: true, ...settings?.service },
    },
    classes: [],
    ...options,
  })
  cleanUps.push(() => endpoint.close())
  const connect = (own: WsmanClientOptions = {}): WsmanClient => {
    const client = new WsmanClient({ ...endpoint.clientOptions('alice'), ...own })
    cleanUps.push(() => client.close())
    return client
  }
  return { endpoint, connect }
}

const count = (endpoint: Endpoint, action: string): number =>
  endpoint.requests.filter((request) => request.action?.endsWith(`/${action}`)).length
const faults = (endpoint: Endpoint): number => endpoint.requests.filter(({ status }) => status === 500).length

const UNREADABLE = {
  match: { action: 'Get' },
  fault: { code: 'Sender', subcode: 'w:AccessDenied', wsmanCode: 5, message: 'Access is denied.' },
} as const

const refusing = (wsmanCode: number) =>
  ({ code: 'Receiver', subcode: 'w:InternalError', wsmanCode, message: 'Not now.' }) as const

describe('MaxConcurrentOperationsPerUser', () => {
  const settings = { service: { maxConcurrentOperationsPerUser: 15 } }

  it('of 15 is enough for 5,000 commands one after the other', async () => {
    const { endpoint, connect } = await start({ settings })
    const pool = connect().shellPool()
    let recycled = 0
    pool.on('recycled', ({ commands }) => {
      recycled++
      expect(commands).toBe(14)
    })
    for (let index = 0; index < 5000; index++) {
      if ((await pool.run('exit 7')).exitCode !== 7) throw new Error(`command ${index} failed`)
    }
    expect(recycled).toBe(357)
    // The newest ten thousand requests are kept.
    expect(faults(endpoint)).toBe(0)
  }, 600_000)

  it('of 15 is enough for many at once, and learnt where it cannot be read', async () => {
    const { endpoint, connect } = await start({ settings, script: [UNREADABLE] })
    const pool = connect().shellPool({ max: 6 })
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => pool.run('echo', [String(index)])),
    )
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, index) => `${index}\n`))
    const refused = faults(endpoint)
    expect(refused).toBeGreaterThan(1)
    for (let index = 0; index < 20; index++) await pool.run('true')
    expect(faults(endpoint)).toBe(refused)
  })

  it('filled by others is waited for', async () => {
    const { connect } = await start({ settings: { service: { maxConcurrentOperationsPerUser: 2 } } })
    const other = await connect().openShell()
    const pool = connect().shellPool()
    const waits: string[] = []
    pool.on('waiting', ({ reason }) => waits.push(reason))
    // There is room for the shell, and none for a command in it.
    const waiting = pool.run('echo at last')
    await until(() => waits.includes('quota'))
    await other.close()
    expect((await waiting).stdout).toBe('at last\n')
  })
})

describe('a quota that the service tells only by refusing', () => {
  it.each([2150859241])('of commands in a shell (%i): the next one goes into a new shell', async (code) => {
    const { endpoint, connect } = await start({
      script: [{ match: { action: 'Command', nth: 3 }, fault: refusing(code) }],
    })
    const pool = connect().shellPool({ max: 1 })
    const recycled: number[] = []
    pool.on('recycled', ({ commands }) => recycled.push(commands))
    for (let index = 0; index < 7; index++) {
      expect((await pool.run('echo', [String(index)])).stdout).toBe(`${index}\n`)
    }
    expect(recycled).toEqual([2, 2, 2])
    expect([count(endpoint, 'Create'), count(endpoint, 'Command'), faults(endpoint)]).toEqual([4, 8, 1])
  })

  // The first four are asked again by every operation; the last is known to the pool alone, which opens another shell.
  it.each([
    [170, 2],
    [2150858815, 2],
    [2150859175, 2],
    [2150859176, 2],
    [2150859242, 3],
  ])('and that passes (%i): the command comes again later', async (code, creates) => {
    const { endpoint, connect } = await start({
      script: [
        { match: { action: 'Command', nth: 1 }, fault: refusing(code) },
        { match: { action: 'Create', nth: 1 }, fault: refusing(code) },
      ],
    })
    const pool = connect().shellPool()
    expect((await pool.run('echo once')).stdout).toBe('once\n')
    expect([count(endpoint, 'Create'), count(endpoint, 'Command')]).toEqual([creates, 2])
  })

  it('any other refusal is told at once', async () => {
    const { endpoint, connect } = await start({
      script: [{ match: { action: 'Command', nth: 1 }, fault: refusing(1326) }],
    })
    const pool = connect().shellPool()
    expect(await rejection(pool.run('true'))).toMatchObject({ wsmanCode: 1326, operation: 'Shell.Command' })
    expect(count(endpoint, 'Command')).toBe(1)
  })
})

describe('a fleet', () => {
  it('of 50 clients runs no more than its limiter allows, and its results are plain data', async () => {
    const { endpoint, connect } = await start({ listeners: [{ address: '0.0.0.0' }] })
    const limiter = createLimiter(8)
    const first = connect({ limiter })
    const hosts = Array.from({ length: 50 }, (_, index) => `127.0.${index}.7`)
    const fleet = hosts.map((host) => first.withHost(host))
    let most = 0
    const results = await Promise.all(
      fleet.map((client) =>
        client.run('echo $WHO >&2; exit 4', undefined, {
          environment: { WHO: client.host },
          onOutput: () => (most = Math.max(most, endpoint.shells.length)),
        }),
      ),
    )
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
    expect(results.map(({ host, stderr }) => [host, stderr])).toEqual(
      hosts.map((host) => [host, `${host}\n`]),
    )
    expect(JSON.parse(JSON.stringify(results))).toEqual(results)
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
    await Promise.all(fleet.map((client) => client.close()))
    expect(endpoint.shells).toEqual([])
  })

  it('that is given up leaves no place taken', async () => {
    const { endpoint, connect } = await start({ listeners: [{ address: '0.0.0.0' }] })
    const limiter = createLimiter(5)
    const first = connect({ limiter })
    const fleet = Array.from({ length: 20 }, (_, index) => first.withHost(`127.1.${index}.1`))
    const controller = new AbortController()
    const running = fleet.map((client) =>
      rejection(client.run('exec sleep 1000', undefined, { signal: controller.signal })),
    )
    await until(() => endpoint.shells.flatMap(({ commands }) => commands).length === 5)
    expect([limiter.active, limiter.waiting]).toEqual([5, 15])
    controller.abort()
    const errors = await Promise.all(running)
    expect(errors.filter((error) => (error as { remote: string }).remote === 'notStarted')).toHaveLength(15)
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
    await Promise.all(fleet.map((client) => client.close()))
    expect(endpoint.shells).toEqual([])
  })
})

describe('256 MB of output', () => {
  const MB = 1024 * 1024

  it('come through in little memory, and a reader who pauses stops the sender', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wsman-flood-'))
    cleanUps.push(() => rm(folder, { recursive: true }))
    const counter = path.join(folder, 'megabytes')
    const produced = (): number => Number(readFileSync(counter, 'utf8') || '0')
    const protocol = { maxEnvelopeSizeKb: 2048 }
    const { connect } = await start({ settings: { protocol } })
    const client = connect({ settings: { client: { allowUnencrypted: true }, protocol } })
    const [shell, other] = [await client.openShell(), await client.openShell()]
    const command = await shell.spawn(
      `i=0; while [ $i -lt 256 ]; do head -c ${MB} /dev/zero; i=$((i + 1)); echo $i > ${counter}; done`,
      undefined,
      { stderr: 'ignore' },
    )
    /** Comes back when nothing more is produced although other commands go on. */
    const stalled = async (): Promise<number> => {
      for (let last = -1; ; last = produced()) {
        for (let turn = 0; turn < 10; turn++) {
          expect((await other.run('sleep 0.02; echo alive')).stdout).toBe('alive\n')
        }
        if (produced() === last) return last
      }
    }
    const held = (): number => usedHeap() + process.memoryUsage().arrayBuffers
    let size = 0
    let before = 0
    let most = 0
    for await (const chunk of command.stdout) {
      const passed = Math.floor(size / MB)
      size += (chunk as Buffer).length
      const megabytes = Math.floor(size / MB)
      if (megabytes === passed) continue
      if (megabytes === 16) before = held()
      // What the stream, the endpoint and the pipe hold comes on top of what was read.
      if (megabytes === 64) expect(await stalled()).toBeLessThan(80)
      if (megabytes > 16 && megabytes % 32 === 0) most = Math.max(most, held() - before)
    }
    expect(size).toBe(256 * MB)
    expect(await command.exit).toEqual({ exitCode: 0 })
    expect(produced()).toBe(256)
    expect(most).toBeLessThan(48 * MB)
  }, 300_000)
})
