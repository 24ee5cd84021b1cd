import { afterEach, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint, type ScriptEntry } from 'wsman/testing'
import { UsageError } from '../../../src/errors/errors.js'
import { Script } from '../../../src/testing/script.js'
import {
  ACTIONS,
  basic,
  faultOf,
  send,
  soap,
  type RawReply,
  type RequestParts,
} from './support/raw-client.js'

let endpoint: Endpoint | undefined
afterEach(() => endpoint?.close())

async function start(...script: readonly ScriptEntry[]) {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
    script,
  })
  const { url } = endpoint
  return {
    endpoint,
    ask: (parts: RequestParts = {}): Promise<RawReply> =>
      send(url, soap(parts), { headers: { Authorization: basic('alice', 'secret') } }),
  }
}

describe('a script', () => {
  it('answers with a fault', async () => {
    const { ask } = await start({
      match: { action: 'get' },
      fault: {
        code: 'Receiver',
        subcode: 'w:QuotaLimit',
        wsmanCode: 2150858815,
        faultDetail: 'Busy',
        message: 'later',
      },
    })
    const reply = await ask()
    expect(faultOf(reply)).toEqual({
      status: 500,
      code: 's:Receiver',
      subcode: 'w:QuotaLimit',
      detail: 'Busy',
      wsmanCode: 2150858815,
    })
    expect(reply.text).toContain('<f:Message>later</f:Message>')
    expect(faultOf(await ask({ action: ACTIONS.create })).subcode).toBe('a:ActionNotSupported')
  })

  it('answers with a status', async () => {
    const { ask, endpoint } = await start({ status: 503, times: 1 })
    expect(await ask()).toMatchObject({ status: 503, text: '' })
    expect((await ask()).status).toBe(200)
    expect(endpoint.requests.map(({ status }) => status)).toEqual([503, 200])
  })

  it('delays the requests it is for', async () => {
    const { ask } = await start({ delayMs: 60_000, match: { nth: 2 } }, { delayMs: 1 })
    expect((await ask()).status).toBe(200)
    const order: string[] = []
    const delayed = ask().then(
      () => order.push('delayed'),
      () => order.push('cut'),
    )
    while ((endpoint?.requests.length ?? 0) < 2) await new Promise((resolve) => setImmediate(resolve))
    expect((await ask()).status).toBe(200)
    order.push('next')
    await endpoint?.close()
    await delayed
    expect(order).toEqual(['next', 'cut'])
  })

  it('cuts the connection before and after the request is carried out', async () => {
    for (const cutSocket of ['before', 'after'] as const) {
      const { ask, endpoint } = await start({ cutSocket, times: 1 })
      await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' })
      expect(endpoint.requests[0]).toMatchObject({ action: ACTIONS.get, status: undefined })
      expect((await ask()).status).toBe(200)
      await endpoint.close()
    }
  })

  it('cuts the connection in the middle of the body', async () => {
    const { ask } = await start({ cutSocket: 100 }, { cutSocket: 0 })
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('does not cut a body that is shorter', async () => {
    const { ask } = await start({ cutSocket: 1_000_000 })
    expect((await ask()).status).toBe(200)
  })

  it('gives up a delay when the endpoint closes', async () => {
    const { ask, endpoint } = await start({ delayMs: 60_000 })
    const reply = ask()
    const refused = expect(reply).rejects.toMatchObject({ code: 'ECONNRESET' })
    while (endpoint.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await endpoint.close()
    await refused
  })
})

describe('the turn of an entry', () => {
  const follow = async (script: Script, action: string, resourceUri = ''): Promise<number | undefined> => {
    const { instead } = await script.follow(action, resourceUri, new AbortController().signal)
    return typeof instead === 'object' ? instead.status : undefined
  }
  const turns = async (script: Script, count: number): Promise<(number | undefined)[]> => {
    const seen = []
    for (let turn = 0; turn < count; turn++) seen.push(await follow(script, ACTIONS.pull))
    return seen
  }

  it.each([
    [{}, [500, 500, 500, 500]],
    [{ times: 2 }, [500, 500, undefined, undefined]],
    [{ match: { nth: 2 } }, [undefined, 500, undefined, undefined]],
    [{ match: { nth: 2 }, times: 2 }, [undefined, 500, 500, undefined]],
  ])('%j', async (entry, expected) => {
    expect(await turns(new Script([{ ...entry, status: 500 }]), 4)).toEqual(expected)
  })

  it('counts what matches for every entry, and the first whose turn it is applies', async () => {
    const script = new Script([
      { match: { action: 'Pull', nth: 1 }, status: 501 },
      { match: { action: 'Pull', nth: 2 }, status: 502 },
      { match: { nth: 3 }, status: 503 },
      { status: 504 },
    ])
    expect(await turns(script, 4)).toEqual([501, 502, 503, 504])
  })

  it.each([
    ['Pull', ACTIONS.pull, true],
    ['PULL', ACTIONS.pull, true],
    [ACTIONS.pull, ACTIONS.pull, true],
    ['ull', ACTIONS.pull, false],
    ['Identify', 'Identify', true],
    ['Get', ACTIONS.pull, false],
  ])('goes by the action: %s', async (wanted, action, matches) => {
    const script = new Script([{ match: { action: wanted }, status: 500 }])
    expect(await follow(script, action)).toBe(matches ? 500 : undefined)
  })

  it.each([
    ['urn:a', 'urn:A', true],
    ['urn:a', 'urn:ab', false],
    ['urn:a*', 'urn:AB', true],
    ['*', 'urn:x', true],
    ['urn:b*', 'urn:a', false],
  ])('goes by the resource: %s', async (wanted, resourceUri, matches) => {
    const script = new Script([{ match: { resourceUri: wanted }, status: 500 }])
    expect(await follow(script, ACTIONS.pull, resourceUri)).toBe(matches ? 500 : undefined)
  })
})

it.each([
  [{ match: { nth: 0 } }, 'script[0].match.nth'],
  [{ times: 0.5 }, 'script[0].times'],
  [{ delayMs: -1 }, 'script[0].delayMs'],
  [{ status: 20 }, 'script[0].status'],
  [{ cutSocket: -1 }, 'script[0].cutSocket'],
  [{ status: 500, cutSocket: 'before' }, 'script[0].fault, status and cutSocket'],
] as const)('refuses %j', (entry, message) => {
  expect(() => new Script([entry])).toThrow(UsageError)
  expect(() => new Script([entry])).toThrow(message)
})
