import { setTimeout as pause } from 'node:timers/promises'
import { isWsmanError, type CallOptions, type ShellSessionManager, type WsmanClient } from 'wsman'
import type { Random } from '../fuzz/random.js'
import { isAlive } from '../support/processes.js'
import type { Ledger, Report } from './ledger.js'
import { ITEMS } from './unruly-endpoint.js'

/** What an operation works with. */
export interface Surroundings {
  readonly client: WsmanClient
  readonly pool: ShellSessionManager
  readonly ledger: Ledger
  readonly random: Random
  /** Signal and limits, which may end the call early. */
  readonly bounds: CallOptions
}

const PATH = 'wmicimv2/Chaos'
/** Shells whose deletion got lost die soon, and yet not while they are used. */
export const SHELL = { idleTimeoutMs: 4000 }

/** Faults, and errors before anything was sent. */
const NEVER_BEGAN = [
  'ERR_WSMAN_FAULT',
  'ERR_WSMAN_CONNECT',
  'ERR_WSMAN_CONNECT_TIMEOUT',
  'ERR_WSMAN_USAGE',
  'ERR_WSMAN_CLOSED',
]

/** Whether the error claims that the effect never began. */
function neverBegan(error: unknown): boolean {
  if (!isWsmanError(error)) return false
  const { operation = '', code } = error
  if ('remote' in error && error.remote === 'notStarted') return true
  // Once a command runs, its other requests may fail as well.
  if (operation.startsWith('Shell.') && !['Shell.Create', 'Shell.Command'].includes(operation)) return false
  return operation === 'Shell.Create' || NEVER_BEGAN.includes(code)
}

async function effect(
  { ledger }: Surroundings,
  kind: string,
  work: (ids: readonly string[]) => Promise<unknown>,
  { count = 1, idempotent = false } = {},
): Promise<void> {
  const { ids, tell } = ledger.expect(kind, count, idempotent)
  let report: Report = 'failed'
  try {
    await work(ids)
    report = 'succeeded'
  } catch (error) {
    if (neverBegan(error)) report = 'notStarted'
    throw error
  } finally {
    tell(report)
  }
}

function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** A command that writes its id into the ledger, and says it. */
const sayAndRecord = (id: string, { ledger }: Surroundings): string =>
  `printf '%s\\n' ${id} >> '${ledger.file}'; printf '%s' ${id}`

/** Everything that is done in the chaos, by name. Each throws a WsmanError where it fails, and another one where it lies. */
export const OPERATIONS: Readonly<Record<string, (around: Surroundings) => Promise<void>>> = {
  async identify({ client, bounds, random }) {
    const { productVendor } = await client.identify({ ...bounds, anonymous: random.chance(0.3) })
    assert(productVendor === 'wsman project', 'Identify brought something else')
  },

  async get({ client, bounds, random }) {
    const id = String(random.below(ITEMS))
    const { Id } = await client.get(`${PATH}?Id=${id}`, bounds)
    assert(Id === id, 'Get brought another instance')
  },

  put: (around) =>
    effect(
      around,
      'put',
      ([Value = '']) => around.client.put(`${PATH}?Id=7`, { Id: '7', Value }, around.bounds),
      {
        idempotent: true,
      },
    ),

  create: (around) =>
    effect(around, 'create', ([Id = '']) => around.client.create(PATH, { Id, Value: 'new' }, around.bounds)),

  delete: (around) =>
    effect(around, 'delete', ([id = '']) => around.client.delete(`wmicimv2/Doomed?Id=${id}`, around.bounds)),

  invoke: (around) =>
    effect(around, 'invoke', async ([Value = '']) => {
      const output = await around.client.invoke(`${PATH}?Id=3`, 'Count', { Value }, around.bounds)
      assert(output.Value === Value, 'Invoke brought the output of another call')
    }),

  async enumerate({ client, bounds, random }) {
    const wanted = random.chance(0.5) ? ITEMS : random.below(ITEMS)
    const items = client.enumerate(PATH, {
      ...bounds,
      maxElements: 1 + random.below(20),
      prefetch: random.pick([0, 1]),
    })
    let taken = 0
    try {
      if (wanted === 0) return
      for await (const { Id } of items) {
        assert(Id === String(taken), `item ${taken} is another one`)
        if (++taken === wanted) break
      }
    } catch (error) {
      if (isWsmanError(error)) assert(error.itemsDelivered === taken, 'the error counts items wrong')
      throw error
    }
    assert(taken === wanted, `${taken} of ${wanted} items came`)
  },

  run: (around) =>
    effect(around, 'run', async ([id = '']) => {
      const line = sayAndRecord(id, around)
      const { stdout, exitCode } = await around.client.run(line, undefined, { ...SHELL, ...around.bounds })
      assert(exitCode === 0 && stdout === id, `a command wrote ${JSON.stringify(stdout)} instead of ${id}`)
    }),

  pool: (around) =>
    effect(around, 'pool', async ([id = '']) => {
      const { stdout } = await around.pool.run(sayAndRecord(id, around), undefined, around.bounds)
      assert(stdout === id, `a command of the pool wrote ${JSON.stringify(stdout)} instead of ${id}`)
    }),

  input: (around) =>
    effect(
      around,
      'input',
      async (ids) => {
        const shell = await around.client.openShell({ ...SHELL, ...around.bounds })
        try {
          const { ledger, bounds } = around
          const command = await shell.spawn(`exec cat >> '${ledger.file}'`, undefined, bounds)
          for (const id of ids) {
            await new Promise<void>((resolve, reject) => {
              command.stdin.write(`${id}\n`, (error) => (error ? reject(error) : resolve()))
            })
          }
          command.stdin.end()
          await command.exit
        } finally {
          await shell.close().catch(() => undefined)
        }
      },
      { count: 4 },
    ),

  async cancel({ client, random }) {
    const controller = new AbortController()
    let pid = 0
    const running = client.run('echo $$; exec sleep 1000', undefined, {
      ...SHELL,
      signal: controller.signal,
      onOutput: ({ text }) => {
        pid ||= Number.parseInt(text, 10)
        setTimeout(() => controller.abort(), random.below(30))
      },
    })
    await running.catch(async (error: unknown) => {
      if (isWsmanError(error) && 'remote' in error && error.remote === 'stopped' && pid !== 0)
        await untilGone(pid)
      throw error
    })
  },

  async close({ client, random, bounds }) {
    const other = client.withHost(random.pick(['127.0.0.1', 'localhost']))
    const [call] = await Promise.allSettled([
      other.run('exec sleep 0.02', undefined, { ...SHELL, ...bounds }),
      pause(random.below(400)).then(() => other.close()),
    ])
    if (call.status === 'rejected') throw call.reason
  },

  async withHost({ client, bounds }) {
    const other = client.withHost('localhost')
    try {
      await other.get(`${PATH}?Id=1`, bounds)
    } finally {
      await other.close()
    }
  },
}

/** A process that is said to be stopped is not there any more, or is about to be reaped. */
async function untilGone(pid: number): Promise<void> {
  for (let round = 0; isAlive(pid); round++) {
    assert(round < 500, `process ${pid} was reported as stopped and runs on`)
    await pause(20)
  }
}
