import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  AbortError,
  AuthenticationError,
  CommandError,
  isWsmanError,
  PolicyError,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
  WsmanFault,
  type RemoteState,
  type WsmanErrorCode,
} from 'wsman'
import { until } from '../support/gates.js'
import { rejection } from '../support/scripted-service.js'
import { SECRETS, type Scene } from './scenes.js'

const CLASSES = {
  AbortError,
  AuthenticationError,
  CommandError,
  PolicyError,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
  WsmanFault,
}

/** One thing that goes wrong, and what whoever meets it has to be told. */
export interface Failure {
  /** Sets up what goes wrong. */
  readonly scene: () => Promise<Scene>
  readonly error: keyof typeof CLASSES
  /** Default: that of a fault. */
  readonly code?: WsmanErrorCode
  /** The name of a fault. */
  readonly fault?: string
  /** What the hint names: settings, options, commands. Nothing for what callers did themselves. */
  readonly hint: readonly (string | RegExp)[]
  readonly retryable: boolean
  /** What arrived, one request after another: method, action (`-` without a message), scheme of the credential. */
  readonly tried: readonly string[]
  readonly remote?: RemoteState
  /** Whether addresses and ports of its own are needed, which Linux alone gives. */
  readonly needsLinux?: boolean
}

export type Failures = Readonly<Record<string, Failure>>

/** The same request so many times. */
export const times = (count: number, request: string): readonly string[] =>
  Array.from({ length: count }, () => request)

/** Every way in which people come to see an error. */
export const shown = (error: unknown): string =>
  [
    inspect(error, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(error),
    String(error),
  ].join('\n')

export function describeFailures(title: string, failures: Failures): void {
  describe(title, () => {
    for (const [name, failure] of Object.entries(failures)) {
      const skipped = failure.needsLinux === true && process.platform !== 'linux'
      it.skipIf(skipped)(
        `${name}${skipped ? ' (skipped off Linux: it needs an address of its own)' : ''}`,
        () => verify(failure),
      )
    }
  })
}

async function verify({
  scene,
  error: name,
  code,
  fault,
  hint,
  retryable,
  tried,
  remote,
}: Failure): Promise<void> {
  const { call, requests } = await scene()
  const error = await rejection(call())
  if (!isWsmanError(error)) throw new Error('it failed with an error of another kind', { cause: error })
  // What is cleaned up may still be on its way.
  await until(() => requests().length >= tried.length)
  expect(error, shown(error)).toBeInstanceOf(CLASSES[name])
  expect({ code: error.code, retryable: error.retryable, tried: requests() }, shown(error)).toEqual({
    code: code ?? 'ERR_WSMAN_FAULT',
    retryable,
    tried,
  })
  if (fault !== undefined) expect(error).toMatchObject({ wsmanName: fault })
  if (remote !== undefined) expect(error).toMatchObject({ remote })
  if (hint.length === 0) expect(error.hint).toBeUndefined()
  for (const part of hint) expect(error.hint).toMatch(part instanceof RegExp ? part : literally(part))
  for (const secret of SECRETS) expect(shown(error)).not.toContain(secret)
}

const literally = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
