import { afterEach, describe, expect, it } from 'vitest'
import {
  isWsmanFault,
  WsmanClient,
  type ShellPoolEvents,
  type ShellPoolOptions,
  type ShellSessionManager,
} from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { until } from '../support/gates.js'
import { isAlive } from '../support/processes.js'
import { rejection } from '../support/scripted-service.js'

const cleanUps: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start({ settings, ...options }: EndpointOptions = {}): Promise<{
  endpoint: Endpoint
  connect: () => WsmanClient
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
  const connect = (): WsmanClient => {
    const client = new WsmanClient({ ...endpoint.clientOptions('alice') })
    cleanUps.push(() => client.close())
    return client
  }
  return { endpoint, connect }
}

type Seen = { [Name in keyof ShellPoolEvents]: ShellPoolEvents[Name][0][] }

function watched(client: WsmanClient, options?: ShellPoolOptions): { pool: ShellSessionManager; seen: Seen } {
  const pool = client.shellPool(options)
  const seen: Seen = { opened: [], recycled: [], deleted: [], waiting: [], reaped: [] }
  pool.on('opened', (event) => seen.opened.push(event))
  pool.on('recycled', (event) => seen.recycled.push(event))
  pool.on('deleted', (event) => seen.deleted.push(event))
  pool.on('waiting', (event) => seen.waiting.push(event))
  pool.on('reaped', (event) => seen.reaped.push(event))
  return { pool, seen }
}

const count = (endpoint: Endpoint, action: string): number =>
  endpoint.requests.filter((request) => request.action?.endsWith(`/${action}`)).length

const faults = (endpoint: Endpoint): number => endpoint.requests.filter(({ status }) => status === 500).length

/** Whoever may not read the configuration. */
const UNREADABLE = {
  match: { action: 'Get' },
  fault: { code: 'Sender', subcode: 'w:AccessDenied', wsmanCode: 5, message: 'Access is denied.' },
} as const

const GONE = {
  code: 'Sender',
  subcode: 'w:InvalidSelectors',
  wsmanCode: 2150858843,
  message: 'There is no such shell.',
} as const

describe('a pool', () => {
  it('uses a shell again, and deletes it when it is closed', async () => {
    const { endpoint, connect } = await start()
    const { pool, seen } = watched(connect())
    for (let turn = 0; turn < 5; turn++) {
      expect(await pool.run('echo', [String(turn)])).toMatchObject({ stdout: `${turn}\n`, exitCode: 0 })
    }
    expect(count(endpoint, 'Create')).toBe(1)
    expect(pool.size).toBe(1)
    await pool.close()
    const [shell] = seen.opened
    expect(seen.deleted).toEqual([{ ...shell, reason: 'closed' }])
    expect([pool.size, endpoint.shells]).toEqual([0, []])
  })

  it('opens its shells as it is told, so that what is lost dies by itself', async () => {
    const { connect } = await start()
    const client = connect()
    const { pool } = watched(client, { idleMs: 5000, shell: { environment: { COLOUR: 'blue' } } })
    expect((await pool.run('echo $COLOUR')).stdout).toBe('blue\n')
    const [shell] = await client.shells().toArray()
    expect(shell).toMatchObject({ environment: { COLOUR: 'blue' }, idleTimeoutMs: 65_000 })
    expect(shell?.environment.WSMAN_SESSION).toMatch(/^[\da-f-]{36}\/[\da-f-]{36}$/)
  })

  it('deletes a shell that nobody uses', async () => {
    const { endpoint, connect } = await start()
    const { pool, seen } = watched(connect(), { idleMs: 1 })
    await pool.run('true')
    await until(() => endpoint.shells.length === 0)
    await until(() => seen.deleted.length === 1)
    expect(seen.deleted).toMatchObject([{ reason: 'idle' }])
    expect((await pool.run('echo again')).stdout).toBe('again\n')
  })

  it('keeps a shell whose command failed, whose line was wrong or whose caller gave up in time', async () => {
    const { endpoint, connect } = await start()
    const { pool } = watched(connect(), { max: 1 })
    expect(await rejection(pool.run('exit 3', undefined, { check: true }))).toMatchObject({ exitCode: 3 })
    expect(await rejection(pool.run('echo', ['line\nbreak']))).toMatchObject({ name: 'UsageError' })
    expect(await rejection(pool.run('true', [], { signal: AbortSignal.abort() }))).toMatchObject({
      remote: 'notStarted',
    })
    expect((await pool.run('exit 4')).exitCode).toBe(4)
    expect(count(endpoint, 'Create')).toBe(1)
  })

  it('replaces a shell whose command was aborted, and its process is gone', async () => {
    const { endpoint, connect } = await start()
    const { pool, seen } = watched(connect(), { max: 1 })
    const controller = new AbortController()
    const running = rejection(pool.run('exec sleep 1000', undefined, { signal: controller.signal }))
    await until(() => endpoint.shells[0]?.commands.length === 1)
    const pid = endpoint.shells[0]?.commands[0]?.pid ?? 0
    const next = pool.run('echo next')
    controller.abort('enough')
    expect(await running).toMatchObject({ name: 'AbortError', cause: 'enough', remote: 'stopped' })
    expect((await next).stdout).toBe('next\n')
    await until(() => !isAlive(pid))
    expect(seen.deleted).toMatchObject([{ reason: 'failed' }])
    expect(seen.opened).toHaveLength(2)
  })

  it.each([{ max: 0 }, { max: 1.5 }, { idleMs: -1 }, { idleMs: NaN }, { session: '' }])(
    'is not made with %j',
    async (options) => {
      const { connect } = await start()
      expect(() => connect().shellPool(options)).toThrow(
        expect.objectContaining({ name: 'UsageError' }) as Error,
      )
    },
  )
})

describe('who has to wait for a shell', () => {
  it('comes in turn', async () => {
    const { endpoint, connect } = await start()
    const { pool, seen } = watched(connect(), { max: 1 })
    const ended: string[] = []
    await Promise.all(
      ['1', '2', '3', '4'].map(async (name) => ended.push((await pool.run('echo', [name])).stdout.trim())),
    )
    expect(ended).toEqual(['1', '2', '3', '4'])
    expect(seen.waiting).toEqual([1, 2, 3].map((waiting) => ({ waiting, reason: 'shell' })))
    expect(count(endpoint, 'Create')).toBe(1)
  })

  it('may give up, and nothing is sent', async () => {
    const { endpoint, connect } = await start()
    const { pool } = watched(connect(), { max: 1 })
    const controller = new AbortController()
    const first = rejection(pool.run('exec sleep 1000', undefined, { signal: controller.signal }))
    await until(() => endpoint.shells[0]?.commands.length === 1)
    const givesUp = new AbortController()
    const second = rejection(pool.run('echo second', undefined, { signal: givesUp.signal }))
    const third = pool.run('echo third')
    const late = rejection(pool.run('echo late', undefined, { timeoutMs: 30 }))
    await until(() => pool.waiting >= 2)
    givesUp.abort('changed my mind')
    expect(await second).toMatchObject({
      name: 'AbortError',
      cause: 'changed my mind',
      remote: 'notStarted',
      host: '127.0.0.1',
    })
    expect(await late).toMatchObject({ name: 'TimeoutError', timeoutMs: 30, remote: 'notStarted' })
    expect(pool.waiting).toBe(1)
    controller.abort()
    await first
    expect((await third).stdout).toBe('third\n')
    expect(count(endpoint, 'Command')).toBe(2)
  })

  it('leaves a shell that is being opened for him to the next one', async () => {
    const { endpoint, connect } = await start({ script: [{ match: { action: 'Create' }, delayMs: 50 }] })
    const { pool, seen } = watched(connect(), { max: 1 })
    const controller = new AbortController()
    const first = rejection(pool.run('echo first', undefined, { signal: controller.signal }))
    const second = pool.run('echo second')
    await until(() => count(endpoint, 'Create') === 1)
    controller.abort()
    expect(await first).toMatchObject({ name: 'AbortError', remote: 'notStarted' })
    expect((await second).stdout).toBe('second\n')
    expect(seen.opened).toHaveLength(1)
    expect(count(endpoint, 'Create')).toBe(1)
  })
})

describe('a shell that is gone', () => {
  it('is replaced, and the command runs once', async () => {
    const { endpoint, connect } = await start()
    const client = connect()
    const { pool, seen } = watched(client)
    await pool.run('true')
    const [gone] = seen.opened
    await client.deleteShell(gone?.shellId ?? '')
    expect((await pool.run('echo here')).stdout).toBe('here\n')
    expect(seen.deleted).toEqual([{ ...gone, reason: 'gone' }])
    expect(count(endpoint, 'Command')).toBe(3)
    expect(faults(endpoint)).toBe(1)
  })

  it('is replaced by a new one, not by another old one', async () => {
    const { connect } = await start()
    const client = connect()
    const { pool, seen } = watched(client, { max: 2 })
    await Promise.all([pool.run('sleep 0.05'), pool.run('sleep 0.05')])
    expect(seen.opened).toHaveLength(2)
    for (const { shellId } of seen.opened) await client.deleteShell(shellId)
    expect((await pool.run('echo here')).stdout).toBe('here\n')
    expect(seen.opened).toHaveLength(3)
  })

  it('is replaced once: what the service says of the new one is told', async () => {
    const { endpoint, connect } = await start({ script: [{ match: { action: 'Command' }, fault: GONE }] })
    const { pool } = watched(connect())
    const error = await rejection(pool.run('true'))
    expect(isWsmanFault(error, 'ERROR_WSMAN_UNEXPECTED_SELECTORS')).toBe(true)
    expect(error).toMatchObject({ operation: 'Shell.Command' })
    expect([count(endpoint, 'Create'), count(endpoint, 'Command')]).toEqual([2, 2])
  })

  it('while its command runs ends the command, which is not run again', async () => {
    const { endpoint, connect } = await start()
    const client = connect()
    const { pool } = watched(client)
    const running = rejection(pool.run('exec sleep 1000'))
    await until(() => endpoint.shells[0]?.commands.length === 1)
    await client.deleteShell(endpoint.shells[0]?.shellId ?? '')
    expect(await running).toMatchObject({
      name: 'CommandError',
      message: expect.stringContaining('The command is gone') as string,
    })
    expect(count(endpoint, 'Command')).toBe(1)
    expect((await pool.run('echo next')).stdout).toBe('next\n')
  })
})

describe('MaxShellsPerUser', () => {
  const settings = { winrs: { maxShellsPerUser: 5 } }
  const runs = (pool: ShellSessionManager) =>
    Promise.all(Array.from({ length: 64 }, (_, index) => pool.run('echo', [String(index)])))
  const expected = Array.from({ length: 64 }, (_, index) => `${index}\n`)

  it('of 5 is enough for 64 commands at once, and nothing is refused where the configuration tells it', async () => {
    const { endpoint, connect } = await start({ settings })
    const { pool } = watched(connect(), { max: 64 })
    expect((await runs(pool)).map(({ stdout }) => stdout)).toEqual(expected)
    expect([count(endpoint, 'Create'), faults(endpoint)]).toEqual([5, 0])
  })

  it('is learnt by running into it where it cannot be read', async () => {
    const { endpoint, connect } = await start({ settings, script: [UNREADABLE] })
    const { pool } = watched(connect(), { max: 8 })
    expect((await runs(pool)).map(({ stdout }) => stdout)).toEqual(expected)
    // The configuration, and three of eight shells.
    expect(faults(endpoint)).toBe(4)
    expect(endpoint.shells).toHaveLength(5)
    expect((await runs(pool)).map(({ stdout }) => stdout)).toEqual(expected)
    expect(faults(endpoint)).toBe(4)
  })

  it('filled by others is waited for', async () => {
    const { endpoint, connect } = await start({ settings: { winrs: { maxShellsPerUser: 1 } } })
    const other = await connect().openShell()
    const { pool, seen } = watched(connect())
    const waiting = pool.run('echo at last')
    await until(() => seen.waiting.some(({ reason }) => reason === 'quota'))
    await other.close()
    expect((await waiting).stdout).toBe('at last\n')
    expect(endpoint.shells).toHaveLength(1)
  })

  it('filled by others is waited for no longer than the caller wants', async () => {
    const { connect } = await start({ settings: { winrs: { maxShellsPerUser: 1 } } })
    await connect().openShell()
    const { pool, seen } = watched(connect())
    const controller = new AbortController()
    const waiting = rejection(pool.run('true', [], { signal: controller.signal }))
    await until(() => seen.waiting.length > 0)
    controller.abort()
    expect(await waiting).toMatchObject({ name: 'AbortError', remote: 'notStarted' })
    expect(pool.size).toBe(0)
  })
})

describe('lost shells', () => {
  it('whose reply never came are found at once, and the command is not run', async () => {
    const { endpoint, connect } = await start({
      script: [{ match: { action: 'Create', nth: 1 }, cutSocket: 'after' }],
    })
    const { pool, seen } = watched(connect())
    expect(await rejection(pool.run('true'))).toMatchObject({ code: 'ERR_WSMAN_SOCKET' })
    await until(() => endpoint.shells.length === 0)
    await until(() => seen.reaped.length === 1)
    expect(seen.reaped[0]?.shellIds).toHaveLength(1)
    expect([count(endpoint, 'Create'), count(endpoint, 'Command')]).toEqual([1, 0])
    expect((await pool.run('echo next')).stdout).toBe('next\n')
  })

  it('that could not be deleted are found when there is no room', async () => {
    const { endpoint, connect } = await start({
      settings: { winrs: { maxShellsPerUser: 2 } },
      // Two tries each.
      script: [{ match: { action: 'Delete', nth: 1 }, times: 4, cutSocket: 'before' }],
    })
    const client = connect()
    const { pool, seen } = watched(client, { idleMs: 1 })
    await Promise.all([pool.run('sleep 0.05'), pool.run('sleep 0.05')])
    await until(() => pool.size === 0)
    expect(endpoint.shells).toHaveLength(2)
    expect((await pool.run('echo room')).stdout).toBe('room\n')
    expect(seen.reaped.flatMap(({ shellIds }) => shellIds).sort()).toEqual(
      seen.opened
        .slice(0, 2)
        .map(({ shellId }) => shellId)
        .sort(),
    )
  })

  it('of an earlier life are found by the name they share', async () => {
    const { endpoint, connect } = await start({ settings: { winrs: { maxShellsPerUser: 1 } } })
    await connect().openShell({ environment: { WSMAN_SESSION: 'nightly/1' } })
    const { pool, seen } = watched(connect(), { session: 'nightly' })
    expect((await pool.run('echo room')).stdout).toBe('room\n')
    expect(seen.reaped).toHaveLength(1)
    expect(endpoint.shells).toHaveLength(1)
  })

  it('are never those of others', async () => {
    const { endpoint, connect } = await start({ settings: { winrs: { maxShellsPerUser: 3 } } })
    const others = [
      await connect().openShell(),
      await connect().openShell({ environment: { WSMAN_SESSION: 'night/1' } }),
    ].map(({ shellId }) => shellId)
    const own = watched(connect())
    await own.pool.run('true')
    const { pool, seen } = watched(connect(), { session: 'nigh' })
    await rejection(pool.run('true', [], { timeoutMs: 600 }))
    expect(seen.reaped).toEqual([])
    expect(endpoint.shells.map(({ shellId }) => shellId)).toEqual([...others, own.seen.opened[0]?.shellId])
  })

  it('without a mark are deleted only where the caller says whose they are', async () => {
    const { endpoint, connect } = await start({ settings: { winrs: { maxShellsPerUser: 2 } } })
    const client = connect()
    const left = await client.openShell()
    const marked = await client.openShell({ environment: { WSMAN_SESSION: 'other/1' } })
    const [{ owner = '', clientIp = '' } = {}] = await client.shells().toArray()
    for (const reap of [
      { owner: `${owner}x`, clientIp, idleMs: 0 },
      { owner, clientIp: '10.0.0.1', idleMs: 0 },
      { owner, clientIp },
    ]) {
      const { pool } = watched(connect(), { reap })
      await rejection(pool.run('true', [], { timeoutMs: 300 }))
      expect(endpoint.shells).toHaveLength(2)
    }
    const { pool, seen } = watched(connect(), { reap: { owner: owner.toUpperCase(), clientIp, idleMs: 0 } })
    expect((await pool.run('echo room')).stdout).toBe('room\n')
    expect(seen.reaped).toEqual([{ shellIds: [left.shellId] }])
    expect(endpoint.shells.map(({ shellId }) => shellId)).toContain(marked.shellId)
  })
})

describe('closing', () => {
  it('a pool ends what runs, refuses what waits and takes nothing more', async () => {
    const { endpoint, connect } = await start()
    const client = connect()
    const { pool } = watched(client, { max: 1 })
    const running = rejection(pool.run('exec sleep 1000'))
    await until(() => endpoint.shells[0]?.commands.length === 1)
    const pid = endpoint.shells[0]?.commands[0]?.pid ?? 0
    const waiting = rejection(pool.run('true'))
    await Promise.all([pool.close(), pool[Symbol.asyncDispose]()])
    expect(await running).toMatchObject({ message: 'The pool was closed.', remote: 'stopped' })
    expect(await waiting).toMatchObject({ message: 'The pool was closed.', remote: 'notStarted' })
    expect(await rejection(pool.run('true'))).toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
    expect(endpoint.shells).toEqual([])
    await until(() => !isAlive(pid))
    expect((await client.run('echo still')).stdout).toBe('still\n')
  })

  it('a pool waits for a shell that is being opened, and deletes it', async () => {
    const { endpoint, connect } = await start({ script: [{ match: { action: 'Create' }, delayMs: 50 }] })
    const { pool } = watched(connect())
    const opening = rejection(pool.run('true'))
    await until(() => count(endpoint, 'Create') === 1)
    await pool.close()
    expect(await opening).toMatchObject({ message: 'The pool was closed.', remote: 'notStarted' })
    expect(count(endpoint, 'Delete')).toBe(1)
    expect(endpoint.shells).toEqual([])
  })

  it('the client closes its pools', async () => {
    const { endpoint, connect } = await start()
    const client = connect()
    const { pool } = watched(client, { max: 1 })
    const running = rejection(pool.run('exec sleep 1000'))
    await until(() => endpoint.shells[0]?.commands.length === 1)
    const waiting = rejection(pool.run('true'))
    await client.close()
    expect(await running).toMatchObject({ message: 'The client was closed.' })
    expect(await waiting).toMatchObject({ message: 'The client was closed.', remote: 'notStarted' })
    expect(await rejection(pool.run('true'))).toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
    expect(() => client.shellPool()).toThrow(expect.objectContaining({ code: 'ERR_WSMAN_CLOSED' }) as Error)
    expect(endpoint.shells).toEqual([])
  })
})
