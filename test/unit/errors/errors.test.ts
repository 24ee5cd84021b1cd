import { describe, expect, it } from 'vitest'
import { ERROR_CODES, type WsmanErrorCode } from '../../../src/errors/codes.js'
import {
  AbortError,
  AuthenticationError,
  CommandError,
  PolicyError,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
} from '../../../src/errors/errors.js'
import { isWsmanFault, WsmanFault } from '../../../src/errors/fault.js'
import { isWsmanError, WsmanError } from '../../../src/errors/wsman-error.js'

const output = { command: 'net user', exitCode: 2, stdout: 'out', stderr: 'err' }

/** One of each class. */
const SAMPLES: readonly WsmanError[] = [
  new UsageError('usage'),
  new PolicyError('ERR_WSMAN_UNENCRYPTED', 'policy'),
  new TransportError('ERR_WSMAN_SOCKET', 'transport'),
  new AuthenticationError('ERR_WSMAN_UNAUTHORIZED', 'authentication'),
  new ProtocolError('protocol'),
  new TimeoutError('ERR_WSMAN_TIMEOUT', 'timeout', { timeoutMs: 1 }),
  new AbortError('abort'),
  new CommandError('ERR_WSMAN_COMMAND', 'command', output),
  new WsmanFault({ faultCode: 'Sender', reason: 'fault' }),
]

const CLASSES = [
  UsageError,
  PolicyError,
  TransportError,
  AuthenticationError,
  ProtocolError,
  TimeoutError,
  AbortError,
  CommandError,
  WsmanFault,
] as const

describe('every error', () => {
  it.each(SAMPLES.map((error, index) => [error.name, error, index] as const))(
    '%s is of its class, of the base class, and of no other',
    (name, error, index) => {
      expect(error).toBeInstanceOf(Error)
      expect(error).toBeInstanceOf(WsmanError)
      expect(isWsmanError(error)).toBe(true)
      expect(CLASSES.map((candidate) => error instanceof candidate)).toEqual(
        CLASSES.map((_, position) => position === index),
      )
      expect(name).toBe(CLASSES[index]?.name)
      expect(error.stack).toContain('errors.test.ts')
    },
  )

  it.each(SAMPLES.map((error) => [error.name, error] as const))(
    '%s carries a code that the table assigns to it',
    (name, error) => {
      expect(ERROR_CODES[error.code]).toMatchObject({ class: name, retryable: error.retryable })
    },
  )

  it('is what its context says, and what lower layers could not know is added once', () => {
    const error = new TransportError('ERR_WSMAN_SOCKET', 'gone', { host: 'one', hint: 'look', cause: 'x' })
    const described = error.describe({ host: 'two', operation: 'Get', resource: 'urn:r' })
    expect(described).toBe(error)
    error.describe({ operation: 'Pull' })
    expect(error).toMatchObject({
      message: 'gone',
      host: 'one',
      operation: 'Get',
      resource: 'urn:r',
      hint: 'look',
      cause: 'x',
    })
  })

  it('has a cause only where one was given, also where that is undefined', () => {
    expect('cause' in new UsageError('x')).toBe(false)
    expect('cause' in new AbortError('x', { cause: undefined })).toBe(true)
  })

  it('may differ from the table in whether it is worth a retry', () => {
    expect(new TransportError('ERR_WSMAN_HTTP_STATUS', 'x', { status: 503, retryable: true }).retryable).toBe(
      true,
    )
    expect(new TransportError('ERR_WSMAN_CONNECT', 'x', { retryable: false }).retryable).toBe(false)
  })
})

describe('the classes of another build of the package', () => {
  /** What the other build's error looks like from here: the same brands on a prototype that is not ours. */
  function foreign(...brands: string[]): object {
    return Object.create({ [Symbol.for('wsman.brands')]: brands }) as object
  }

  it('are recognised by their brands', () => {
    const fault = Object.assign(foreign('WsmanError', 'WsmanFault'), {
      wsmanName: 'ERROR_ACCESS_DENIED',
      wsmanCode: 5,
    })
    expect(fault).toBeInstanceOf(WsmanError)
    expect(fault).toBeInstanceOf(WsmanFault)
    expect(fault).not.toBeInstanceOf(UsageError)
    expect(isWsmanError(fault)).toBe(true)
    expect(isWsmanFault(fault, 'ERROR_ACCESS_DENIED')).toBe(true)
    expect(isWsmanFault(fault, 5)).toBe(true)
    expect(isWsmanFault(fault, 'ERROR_BUSY')).toBe(false)
  })

  it('are not mistaken for subclasses that users make', () => {
    class OwnError extends UsageError {}
    const own = new OwnError('mine')
    expect(own).toBeInstanceOf(OwnError)
    expect(own).toBeInstanceOf(UsageError)
    expect(new UsageError('theirs')).not.toBeInstanceOf(OwnError)
    expect(foreign('WsmanError', 'UsageError')).not.toBeInstanceOf(OwnError)
  })

  it.each([undefined, null, 0, '', 'WsmanError', Symbol('x'), {}, [], new Error('plain'), () => undefined])(
    '%s is none of them',
    (value) => {
      expect(isWsmanError(value)).toBe(false)
      expect(isWsmanFault(value)).toBe(false)
      expect(value instanceof WsmanError).toBe(false)
    },
  )
})

describe('the table of codes', () => {
  const entries = Object.entries(ERROR_CODES) as [WsmanErrorCode, (typeof ERROR_CODES)[WsmanErrorCode]][]

  it('knows only classes that exist', () => {
    const names = new Set<string>(CLASSES.map(({ name }) => name))
    expect(entries.filter(([, entry]) => !names.has(entry.class))).toEqual([])
    expect(new Set(entries.map(([, entry]) => entry.class))).toEqual(names)
  })

  it('names and explains each', () => {
    for (const [code, { meaning }] of entries) {
      expect(code).toMatch(/^(?:ABORT_ERR|ERR_WSMAN_[A-Z_]+)$/)
      expect(meaning).toMatch(/\S.*\.$/)
    }
  })

  it('calls worth a retry only what surely did not run, or what the caller limited', () => {
    expect(entries.filter(([, { retryable }]) => retryable).map(([code]) => code)).toEqual([
      'ERR_WSMAN_CONNECT',
      'ERR_WSMAN_TIMEOUT',
      'ERR_WSMAN_CONNECT_TIMEOUT',
    ])
  })
})

describe('the message of a fault', () => {
  it.each([
    [
      'its detail and its name',
      { detail: 'inner ', reason: 'outer', wsmanCode: 5, wsmanName: 'E' },
      'inner (E)',
    ],
    ['its reason where it has no detail', { reason: ' outer\n', wsmanName: 'E' }, 'outer (E)'],
    ['its code where that has no name', { reason: 'why', wsmanCode: 4711 }, 'why (4711)'],
    ['its subcode where it has no code', { reason: 'why', subcode: 'TimedOut' }, 'why (TimedOut)'],
    ['its SOAP code where it says nothing', { reason: '  ' }, 'Receiver fault without a reason'],
  ])('is %s', (_, parts, message) => {
    expect(new WsmanFault({ faultCode: 'Receiver', ...parts }).message).toBe(message)
  })
})
