import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  AbortError,
  AuthenticationError,
  CommandError,
  TimeoutError,
  TransportError,
  UsageError,
} from '../../../src/errors/errors.js'
import { WsmanFault } from '../../../src/errors/fault.js'

const PASSWORD = 'Tr0ub4dor&3'

/** Every way in which an error comes to be seen. */
function allViews(error: Error): string {
  return [
    inspect(error),
    inspect(error, { depth: null, showHidden: true }),
    inspect({ wrapped: { error } }, { depth: null }),
    JSON.stringify(error),
    String(error),
    error.stack,
  ].join('\n')
}

describe('toJSON', () => {
  it('gives exactly what is allowed, and leaves out what is not known', () => {
    expect(new UsageError('bad').toJSON()).toEqual({
      name: 'UsageError',
      code: 'ERR_WSMAN_USAGE',
      message: 'bad',
      retryable: false,
    })
    const error = new TransportError('ERR_WSMAN_REDIRECT', 'moved', {
      host: 'h',
      operation: 'Get',
      resource: 'urn:r',
      hint: 'follow',
      status: 302,
      location: 'http://elsewhere/',
    })
    expect(error.toJSON()).toEqual({
      name: 'TransportError',
      code: 'ERR_WSMAN_REDIRECT',
      message: 'moved',
      hint: 'follow',
      host: 'h',
      operation: 'Get',
      resource: 'urn:r',
      retryable: false,
      status: 302,
      location: 'http://elsewhere/',
    })
  })

  it('gives the details of each class', () => {
    expect(
      new TimeoutError('ERR_WSMAN_TIMEOUT', 'late', { timeoutMs: 5, remote: 'stopped' }).toJSON(),
    ).toMatchObject({ timeoutMs: 5, remote: 'stopped' })
    expect(new AbortError('x').toJSON()).toMatchObject({ remote: 'unknown' })
    expect(
      new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'x', { offered: ['Negotiate'] }).toJSON(),
    ).toMatchObject({ offered: ['Negotiate'] })
    const fault = { faultCode: 'Sender', subcode: 'X', reason: 'r', machine: 'm', wsmanCode: 5, status: 500 }
    expect(new WsmanFault(fault).toJSON()).toMatchObject(fault)
    expect(new WsmanFault({ ...fault, notUnderstood: [] }).toJSON()).not.toHaveProperty('notUnderstood')
  })

  it('shows a field only where a class says so', () => {
    const error = Object.assign(new UsageError('bad'), { authorization: PASSWORD })
    expect(error.toJSON()).not.toHaveProperty('authorization')
    expect(allViews(error)).not.toContain(PASSWORD)
  })
})

describe('a cause', () => {
  it('of this package is shown as its own JSON is', () => {
    const inner = new TransportError('ERR_WSMAN_SOCKET', 'cut', { host: 'h' })
    expect(new UsageError('outer', { cause: inner }).toJSON().cause).toEqual(inner.toJSON())
  })

  it('of Node.js is shown with name, message and code', () => {
    const inner = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 5985 })
    expect(new TransportError('ERR_WSMAN_CONNECT', 'x', { cause: inner }).toJSON().cause).toEqual({
      name: 'Error',
      message: 'connect ECONNREFUSED',
      code: 'ECONNREFUSED',
    })
  })

  it.each([
    ['an object', { auth: { password: PASSWORD } }, 'object'],
    ['a list', [PASSWORD], 'object'],
    ['a function', () => PASSWORD, 'function'],
    ['nothing', null, 'object'],
  ])('that is %s is shown as its type only', (_, cause, shown) => {
    const error = new AbortError('stopped', { cause })
    expect(error.cause).toBe(cause)
    expect(error.toJSON().cause).toBe(shown)
    expect(allViews(error)).not.toContain(PASSWORD)
  })

  it('that carries a request with its credential does not show it', () => {
    const library = Object.assign(new Error('Request failed'), {
      config: { headers: { Authorization: `Basic ${PASSWORD}` }, auth: { password: PASSWORD } },
      request: { _header: `POST /wsman\r\nAuthorization: Basic ${PASSWORD}` },
      toJSON: () => ({ password: PASSWORD }),
      [inspect.custom]: () => PASSWORD,
    })
    const error = new TransportError('ERR_WSMAN_SOCKET', 'failed', { cause: library })
    expect(allViews(error)).not.toContain(PASSWORD)
    expect(allViews(error)).toContain('Request failed')
    expect(allViews(new UsageError('outer', { cause: error }))).not.toContain(PASSWORD)
  })
})

describe('a failed command', () => {
  const error = new CommandError('ERR_WSMAN_COMMAND', 'The command ended with exit code 2.', {
    host: 'server01',
    command: `net user alice ${PASSWORD}`,
    exitCode: 2,
    stdout: `stdout ${PASSWORD}`,
    stderr: `stderr ${PASSWORD}`,
  })

  it('keeps its command line and output for the program', () => {
    expect(error).toMatchObject({
      command: `net user alice ${PASSWORD}`,
      exitCode: 2,
      stdout: `stdout ${PASSWORD}`,
      stderr: `stderr ${PASSWORD}`,
    })
  })

  it('prints neither', () => {
    const shown = allViews(error)
    expect(shown).not.toContain(PASSWORD)
    expect(shown).not.toContain('net user')
    expect(shown).toContain('exitCode')
    expect(shown).toContain('server01')
  })
})

describe('inspect', () => {
  it('begins with name and message and shows where it was thrown', () => {
    const [first = '', second = ''] = inspect(new UsageError('bad option')).split('\n')
    expect(first).toBe('UsageError: bad option')
    expect(second).toMatch(/^\s+at .*shown\.test\.ts/)
  })

  it('shows code and hint', () => {
    const shown = inspect(new UsageError('bad option', { hint: 'try another' }))
    expect(shown).toContain("code: 'ERR_WSMAN_USAGE'")
    expect(shown).toContain("hint: 'try another'")
  })

  it('is short deep inside', () => {
    const shown = inspect({ a: { b: { c: { error: new UsageError('deep') } } } }, { depth: 2 })
    expect(shown).not.toContain('shown.test.ts')
  })
})
