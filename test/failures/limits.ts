import type { WsmanClient } from 'wsman'
import { reply } from '../unit/http/raw-server.js'
import { times, type Failure, type Failures } from './failure.js'
import { closedPort, createThing, endpoint, getThing, greeter, peer, THING, type Stage } from './scenes.js'

const silence = (): void => undefined
const GET = 'POST Get'
const RUN = ['POST Create Basic', 'POST Command Basic']
/** A command that is stopped gets Ctrl+C; `terminate` tells the service that its end is known. */
const STOPPED_RUN = [...RUN, 'POST Signal Basic', 'POST Signal Basic', 'POST Delete Basic']
/** A reply that has begun. */
const BEGUN =
  'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 5000\r\n\r\n<s:Envelope '

/** Lets time pass as soon as so many requests are there. */
const passing =
  (ms: number, requests = 1) =>
  async ({ arrived, pass }: Stage): Promise<void> => {
    await arrived(requests)
    pass(ms)
  }

const BUSY = { fault: { code: 'Receiver', wsmanCode: 170, message: 'Busy.' } } as const

export const TIMES: Failures = {
  'timeoutMs passes while a reply is awaited': {
    scene: peer(silence, {
      call: (client) => client.get(THING, { timeoutMs: 30_000 }),
      meanwhile: passing(30_000),
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_TIMEOUT',
    hint: ['timeoutMs'],
    retryable: true,
    tried: [GET],
  },
  'timeoutMs passes while a connection is made': {
    scene: greeter(silence, {
      call: (client) => client.get(THING, { timeoutMs: 3000 }),
      meanwhile: passing(3000),
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_TIMEOUT',
    hint: ['timeoutMs'],
    retryable: true,
    tried: ['connection'],
    remote: 'notStarted',
  },
  'timeoutMs passes in the pause before another try': {
    scene: endpoint({
      options: { script: [BUSY] },
      client: { retry: { attempts: 5, baseDelayMs: 20_000, maxDelayMs: 20_000 } },
      call: (client) => client.get(THING, { timeoutMs: 25_000 }),
      meanwhile: async ({ paused, pass }) => {
        await paused(1)
        pass(20_000)
        await paused(2)
        pass(20_000)
      },
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_TIMEOUT',
    hint: ['the cause says what with'],
    retryable: true,
    tried: times(2, 'POST Get Basic'),
  },
  'no reply comes within operationTimeoutMs plus networkDelayMs': {
    scene: peer(silence, {
      call: (client) => client.get(THING, { operationTimeoutMs: 40_000 }),
      meanwhile: passing(45_000),
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_REPLY_TIMEOUT',
    hint: ['operationTimeoutMs plus settings.client.networkDelayMs'],
    retryable: false,
    tried: [GET],
    remote: 'unknown',
  },
  'a reply has begun and stalls': {
    scene: peer(({ socket }) => socket.write(BEGUN), {
      meanwhile: async ({ answered, pass }) => {
        await answered()
        pass(31_000)
      },
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_INACTIVITY',
    hint: ['inactivityTimeoutMs'],
    retryable: false,
    tried: [GET],
    remote: 'unknown',
  },
  'a command writes nothing for inactivityTimeoutMs': {
    scene: endpoint({
      call: (client) =>
        client.run('sleep 1000', undefined, { inactivityTimeoutMs: 20_000, abortGraceMs: 20_000 }),
      meanwhile: passing(21_000, 3),
    }),
    error: 'TimeoutError',
    code: 'ERR_WSMAN_INACTIVITY',
    hint: ['inactivityTimeoutMs'],
    retryable: false,
    tried: STOPPED_RUN,
    remote: 'stopped',
  },
}

const aborted = (
  scene: Failure['scene'],
  remote: NonNullable<Failure['remote']>,
  tried: readonly string[],
): Failure => ({
  scene,
  error: 'AbortError',
  code: 'ABORT_ERR',
  hint: [],
  retryable: false,
  tried,
  remote,
})

const get = (client: WsmanClient, signal: AbortSignal): Promise<unknown> => client.get(THING, { signal })
const abortAt =
  (requests: number) =>
  async ({ arrived, abort }: Stage): Promise<void> => {
    await arrived(requests)
    abort()
  }
const closeAt =
  (requests: number) =>
  async ({ arrived, client }: Stage): Promise<void> => {
    await arrived(requests)
    await client.close()
  }

const HANDSHAKE = reply('', {
  status: '401 Unauthorized',
  headers: [`WWW-Authenticate: Negotiate ${Buffer.from('server').toString('base64')}`],
})
const NTLM = { auth: { scheme: 'ntlm', username: 'alice', password: 'never-sent-anywhere' } } as const

/** Given up at every phase: by the signal of the call, and by closing the client. */
export const GIVEN_UP: Failures = {
  'the signal is aborted before the call': aborted(
    endpoint({ call: (client) => client.get(THING, { signal: AbortSignal.abort('before') }) }),
    'notStarted',
    [],
  ),
  'the signal is aborted while a connection is made': aborted(
    greeter(silence, { call: get, meanwhile: abortAt(1) }),
    'notStarted',
    ['connection'],
  ),
  'the signal is aborted during the handshake': aborted(
    peer(silence, { client: NTLM, call: get, meanwhile: abortAt(1) }),
    'notStarted',
    ['POST - Negotiate'],
  ),
  'the signal is aborted while a reply is awaited': aborted(
    peer(silence, { call: get, meanwhile: abortAt(1) }),
    'unknown',
    [GET],
  ),
  'the signal is aborted within a reply': aborted(
    peer(({ socket }) => socket.write(BEGUN), {
      call: get,
      meanwhile: async ({ answered, abort }) => {
        await answered()
        abort()
      },
    }),
    'unknown',
    [GET],
  ),
  'the signal is aborted in the pause before another try': aborted(
    endpoint({
      options: { script: [BUSY] },
      client: { retry: { attempts: 5, baseDelayMs: 50_000, maxDelayMs: 50_000 } },
      call: get,
      meanwhile: async ({ paused, abort }) => {
        await paused(1)
        abort()
      },
    }),
    'unknown',
    ['POST Get Basic'],
  ),
  'the signal is aborted during an enumeration, which is released': aborted(
    endpoint({
      call: async (client) => {
        const controller = new AbortController()
        const { signal } = controller
        const things = client.enumerate('wmicimv2/Thing', { signal, maxElements: 1, prefetch: 0 })
        for await (const thing of things) if (thing.Name) controller.abort()
      },
    }),
    'notStarted',
    ['POST Enumerate Basic', 'POST Release Basic'],
  ),
  'the signal is aborted while a command runs, which is stopped': aborted(
    endpoint({
      call: (client, signal) => client.run('sleep 1000', undefined, { signal, abortGraceMs: 20_000 }),
      meanwhile: abortAt(3),
    }),
    'stopped',
    STOPPED_RUN,
  ),
  'the client is closed while a connection is made': aborted(
    greeter(silence, { meanwhile: closeAt(1) }),
    'notStarted',
    ['connection'],
  ),
  'the client is closed during the handshake': aborted(
    peer([HANDSHAKE, silence], { client: NTLM, meanwhile: closeAt(1) }),
    'notStarted',
    ['POST - Negotiate'],
  ),
  'the client is closed while a reply is awaited': aborted(
    peer(silence, { meanwhile: closeAt(1) }),
    'unknown',
    [GET],
  ),
  'the client is closed in the pause before another try': aborted(
    endpoint({
      options: { script: [BUSY] },
      client: { retry: { attempts: 5, baseDelayMs: 50_000, maxDelayMs: 50_000 } },
      meanwhile: async ({ paused, client }) => {
        await paused(1)
        await client.close()
      },
    }),
    'unknown',
    ['POST Get Basic'],
  ),
  'the client is closed while a command runs, whose shell is deleted': aborted(
    endpoint({ call: (client) => client.run('sleep 1000'), meanwhile: closeAt(3) }),
    'stopped',
    [...RUN, 'POST Delete Basic'],
  ),
  'the client is used after it was closed': {
    scene: endpoint({
      call: async (client) => {
        await client.close()
        return await getThing(client)
      },
    }),
    error: 'UsageError',
    code: 'ERR_WSMAN_CLOSED',
    hint: ['make another one'],
    retryable: false,
    tried: [],
  },
}

export const EXHAUSTED: Failures = {
  'every try finds the port closed': {
    scene: closedPort({ client: { retry: { attempts: 4, baseDelayMs: 0 } } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_CONNECT',
    hint: ['winrm quickconfig'],
    retryable: true,
    tried: [],
  },
  'every try finds the service busy': {
    scene: endpoint({
      options: { script: [BUSY] },
      client: { retry: { attempts: 4, baseDelayMs: 0 } },
      call: createThing,
    }),
    error: 'WsmanFault',
    fault: 'ERROR_BUSY',
    hint: ['Wait'],
    retryable: true,
    tried: times(4, 'POST Create Basic'),
  },
  'retries are switched off': {
    scene: endpoint({ options: { script: [BUSY] }, client: { retry: { attempts: 1 } } }),
    error: 'WsmanFault',
    fault: 'ERROR_BUSY',
    hint: ['Wait'],
    retryable: true,
    tried: ['POST Get Basic'],
  },
}

/** The end of a command of the shell. */
const command = (
  call: (client: WsmanClient) => Promise<unknown>,
  code: 'ERR_WSMAN_COMMAND' | 'ERR_WSMAN_OUTPUT_LIMIT',
  hint: readonly string[],
  tried: readonly string[],
): Failure => ({ scene: endpoint({ call }), error: 'CommandError', code, hint, retryable: false, tried })

const WHOLE_RUN = [...RUN, 'POST Signal Basic', 'POST Delete Basic']

export const COMMANDS: Failures = {
  'a command ends with another exit code than 0': command(
    (client) => client.run('exit 3', undefined, { check: true }),
    'ERR_WSMAN_COMMAND',
    [],
    WHOLE_RUN,
  ),
  'a command line is longer than cmd takes': command(
    (client) => client.run(`exit 1; #${'x'.repeat(8200)}`, undefined, { check: true }),
    'ERR_WSMAN_COMMAND',
    ['8191', '`input`', 'runPowerShell'],
    WHOLE_RUN,
  ),
  'a command writes more than maxOutputBytes': command(
    (client) =>
      client.run('echo 0123456789; exec sleep 1000', undefined, { maxOutputBytes: 5, abortGraceMs: 20_000 }),
    'ERR_WSMAN_OUTPUT_LIMIT',
    ['maxOutputBytes', 'spawn'],
    STOPPED_RUN,
  ),
  'a request is larger than the service is known to take': {
    scene: endpoint({ call: (client) => client.create('wmicimv2/Thing', { Name: 'x'.repeat(200_000) }) }),
    error: 'UsageError',
    code: 'ERR_WSMAN_USAGE',
    hint: ["await client.get('winrm/config')", '150 kB'],
    retryable: false,
    tried: [],
  },
}
