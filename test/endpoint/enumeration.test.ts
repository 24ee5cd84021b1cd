import { afterEach, describe, expect, it } from 'vitest'
import { AbortError, WsmanClient, wql } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointClass, type EndpointOptions } from 'wsman/testing'
import { until } from '../support/gates.js'
import { usedHeap } from '../support/processes.js'

const COUNT = 100_000

/** Made one at a time, so that the endpoint in this process holds no more than the client does. */
const numbers: EndpointClass = {
  name: 'Test_Number',
  properties: { Id: { type: 'uint32', key: true }, Text: 'string', Square: 'uint64' },
  instances: function* () {
    for (let id = 0; id < COUNT; id++) yield { Id: id, Text: `number ${id}`, Square: BigInt(id) * BigInt(id) }
  },
}

let endpoint: Endpoint
let client: WsmanClient

async function start(options: Pick<EndpointOptions, 'script'> = {}): Promise<void> {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [numbers],
    ...options,
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
}

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

const lastPart = (uri: string | undefined): string => uri?.split('/').at(-1) ?? ''
const actions = (): string[] => endpoint.requests.map(({ action }) => lastPart(action))

describe('enumerating a hundred thousand items', () => {
  it('gives every item once, in order, and keeps memory flat', async () => {
    await start()
    let count = 0
    let sum = 0n
    let early = 0
    for await (const item of client.enumerate('wmicimv2/Test_Number', { maxElements: 500 })) {
      expect(item.Id).toBe(String(count))
      sum += BigInt(item.Square as string)
      count += 1
      if (count === 10_000) early = usedHeap()
    }
    const late = usedHeap()
    expect(count).toBe(COUNT)
    const n = BigInt(COUNT - 1)
    expect(sum).toBe((n * (n + 1n) * (2n * n + 1n)) / 6n)
    // The whole would be some 40 MB.
    expect(late - early).toBeLessThan(4 * 1024 * 1024)
  })
})

describe('leaving a loop early', () => {
  it('sends Release before the loop is left', async () => {
    await start()
    for await (const item of client.enumerate('wmicimv2/Test_Number', { maxElements: 10 })) {
      if (item.Id === '25') break
    }
    expect(actions().at(-1)).toBe('Release')
    expect(actions().filter((action) => action === 'Release')).toHaveLength(1)
  })

  it('sends Release when the body of the loop throws', async () => {
    await start()
    const loop = async (): Promise<void> => {
      for await (const item of client.enumerate('wmicimv2/Test_Number', { maxElements: 10, prefetch: 0 })) {
        throw new Error(`stopped at ${item.Id as string}`)
      }
    }
    await expect(loop()).rejects.toThrow('stopped at 0')
    expect(actions()).toEqual(['Enumerate', 'Release'])
  })

  it('sends none after the last item', async () => {
    await start()
    const filter = wql`SELECT Id FROM Test_Number WHERE Id < ${30}`
    const items = await client.enumerate('wmicimv2/*', { filter, maxElements: 10 }).toArray()
    expect(items.map(({ Id }) => Id)).toEqual(Array.from({ length: 30 }, (_, id) => String(id)))
    expect(actions()).not.toContain('Release')
  })
})

describe('aborting and closing', () => {
  /** The endpoint holds every Pull back for longer than the test may take. */
  const held = { script: [{ match: { action: 'Pull' }, delayMs: 600_000 }] }

  it('ends a pending Pull at once and releases the enumeration', async () => {
    await start(held)
    const controller = new AbortController()
    const options = { maxElements: 1, prefetch: 0, signal: controller.signal } as const
    const iterator = client.enumerate('wmicimv2/Test_Number', options)[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toMatchObject({ Id: '0' })
    const pending = iterator.next()
    await until(() => actions().includes('Pull'))
    controller.abort(new Error('enough'))
    const error = await pending.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AbortError)
    expect((error as AbortError).cause).toMatchObject({ message: 'enough' })
    expect((error as AbortError).operation).toBe('Pull')
    expect(actions().at(-1)).toBe('Release')
  })

  it('ends with the client, which tells the service first', async () => {
    await start(held)
    const iterator = client
      .enumerate('wmicimv2/Test_Number', { maxElements: 1, prefetch: 0 })
      [Symbol.asyncIterator]()
    await iterator.next()
    const pending = iterator.next().catch((reason: unknown) => reason)
    await until(() => actions().includes('Pull'))
    await client.close()
    expect(await pending).toMatchObject({ name: 'AbortError', message: 'The client was closed.' })
    expect(actions().at(-1)).toBe('Release')
    expect(() => client.enumerate('wmicimv2/Test_Number')).toThrow('The client was closed.')
  })
})
