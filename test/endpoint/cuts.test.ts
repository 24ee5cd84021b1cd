import { afterEach, describe, expect, it, vi } from 'vitest'
import { isWsmanError, WsmanClient, type CommandResult, type WsmanClientOptions } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { followTheClock, LONG_MS, until } from '../support/gates.js'
import { isAlive } from '../support/processes.js'
import { turns } from '../support/scripted-service.js'

const cleanUps: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

type Cut = NonNullable<NonNullable<EndpointOptions['script']>[number]['cutSocket']>

async function start(
  action: string,
  cutSocket: Cut,
  nth: number,
  options: WsmanClientOptions = {},
): Promise<{ endpoint: Endpoint; client: WsmanClient }> {
  followTheClock()
  const endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
    script: [{ match: { action, nth }, cutSocket }],
  })
  cleanUps.push(() => endpoint.close())
  const client = new WsmanClient({ ...endpoint.clientOptions('alice'), ...options })
  cleanUps.push(() => client.close())
  return { endpoint, client }
}

const count = (endpoint: Endpoint, action: string): number =>
  endpoint.requests.filter((request) => request.action?.endsWith(`/${action}`)).length

const outcomeOf = (call: Promise<CommandResult>): Promise<unknown> => call.catch((error: unknown) => error)

/** What is lost dies by itself after so long, which no test waits for. */
const SHELL = { idleTimeoutMs: LONG_MS }

/** Lets the time pass until nothing is left. A request that is still on its way makes it begin anew. */
async function untilNothingIsLeft(endpoint: Endpoint): Promise<void> {
  while (endpoint.shells.length > 0) {
    vi.advanceTimersByTime(LONG_MS)
    await turns(100)
  }
}

const INPUT = 'some input\n'
/** Tells its process, waits for input and ends with it. */
const COMMAND = 'echo $$; exec cat'

/** The number of octets cuts inside of the reply. */
const PLACES: readonly Cut[] = ['before', 'after', 100]
const ACTIONS = ['Create', 'Command', 'Receive', 'Send', 'Signal', 'Delete'] as const
const CUTS = ACTIONS.flatMap((action) =>
  PLACES.flatMap((place) => [1, 2].map((nth) => [action, place, nth] as const)),
)

describe('a connection that is cut', () => {
  it.each(CUTS)(
    'at %s, %s, number %i, ends a run in a result or an error, and nothing is left',
    async (action, place, nth) => {
      const { endpoint, client } = await start(action, place, nth)
      let pid = 0
      const outcome = await outcomeOf(
        client.run(COMMAND, undefined, {
          ...SHELL,
          input: INPUT,
          onOutput: ({ text }) => (pid ||= Number.parseInt(text, 10)),
        }),
      )
      if (isWsmanError(outcome)) {
        expect(outcome.host).toBe('127.0.0.1')
        expect(outcome.operation).toMatch(/^Shell\./)
        expect(['ERR_WSMAN_SOCKET', 'ERR_WSMAN_COMMAND']).toContain(outcome.code)
        expect(['Create', 'Command', 'Receive', 'Send']).toContain(action)
      } else {
        // A lost Signal or Delete is sent again, and nobody waits for it.
        expect(outcome).toMatchObject({ exitCode: 0, stdout: `${pid}\n${INPUT}` })
      }
      if (nth === 1) expect(isWsmanError(outcome)).toBe(!['Signal', 'Delete'].includes(action))
      // Neither a shell nor a command is ever made twice, and no input is sent again.
      expect(count(endpoint, 'Create')).toBe(1)
      expect(count(endpoint, 'Command')).toBeLessThanOrEqual(1)
      expect(count(endpoint, 'Send')).toBeLessThanOrEqual(2)
      await untilNothingIsLeft(endpoint)
      if (pid !== 0) await until(() => !isAlive(pid))
    },
  )

  it.each(ACTIONS.flatMap((action) => PLACES.map((place) => [action, place] as const)))(
    'at %s, %s, leaves a pool that works',
    async (action, place) => {
      const { endpoint, client } = await start(action, place, 1)
      const pool = client.shellPool({ max: 2, shell: SHELL })
      const outcomes = await Promise.all(
        ['1', '2', '3', '4'].map((name) => outcomeOf(pool.run('cat', undefined, { input: name }))),
      )
      const failed = outcomes.filter(isWsmanError)
      expect(failed.length).toBeLessThanOrEqual(1)
      for (const [index, outcome] of outcomes.entries()) {
        if (!isWsmanError(outcome)) expect(outcome).toMatchObject({ exitCode: 0, stdout: String(index + 1) })
      }
      expect((await pool.run('echo still')).stdout).toBe('still\n')
      expect(count(endpoint, 'Command')).toBeLessThanOrEqual(5)
      await pool.close()
      await untilNothingIsLeft(endpoint)
    },
  )

  it.each(PLACES)('at Receive, %s, ends the streams of a spawned command, and its process', async (place) => {
    const { endpoint, client } = await start('Receive', place, 2)
    const shell = await client.openShell(SHELL)
    const command = await shell.spawn('echo $$; exec sleep 1000')
    let text = ''
    const reading = async (): Promise<void> => {
      for await (const chunk of command.stdout) text += String(chunk)
    }
    const read = reading().catch((error: unknown) => error)
    await until(() => text.includes('\n'))
    expect(isAlive(Number(text))).toBe(true)
    // The cut comes with the next output, or at once.
    if (place !== 'before') process.kill(Number(text))
    const error = await command.exit.catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'CommandError',
      message: expect.stringContaining('was lost') as string,
      cause: { code: 'ERR_WSMAN_SOCKET' },
    })
    expect(await read).toBe(error)
    await until(() => !isAlive(Number(text)))
    await shell.close()
    expect(endpoint.shells).toEqual([])
  })
})

describe('commands that are given up', () => {
  it('are gone, with more of them than sockets', async () => {
    const { endpoint, client } = await start('none', 'before', 1, { maxConnections: 2 })
    const controller = new AbortController()
    const pids = new Set<number>()
    const running = Array.from({ length: 4 }, () =>
      outcomeOf(
        client.run('echo $$; exec sleep 1000', undefined, {
          signal: controller.signal,
          abortGraceMs: 20_000,
          onOutput: ({ text }) => pids.add(Number(text)),
        }),
      ),
    )
    await until(() => pids.size === 4)
    // All four are heard although one connection waits for output; and now they end.
    expect([...pids].every(isAlive)).toBe(true)
    controller.abort()
    for (const outcome of await Promise.all(running)) {
      expect(outcome).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    }
    await until(() => [...pids].every((pid) => !isAlive(pid)))
    expect(endpoint.shells).toEqual([])
  })
})
