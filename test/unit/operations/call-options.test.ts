import { expect, it } from 'vitest'
import { WsmanClient } from 'wsman'
import { CallScope } from '../../../src/util/call-scope.js'

const client = new WsmanClient({
  host: '127.0.0.1',
  port: 1,
  settings: { client: { allowUnencrypted: true } },
})

it.each([
  [{ timeoutMs: 0 }, 'timeoutMs must be a positive number; it is 0.'],
  [{ timeoutMs: Number.NaN }, 'timeoutMs must be a positive number; it is NaN.'],
  [{ operationTimeoutMs: -5 }, 'operationTimeoutMs must be a positive number; it is -5.'],
  [{ maxEnvelopeSizeKb: Number.NaN }, 'maxEnvelopeSizeKb must be a positive number; it is NaN.'],
])('refuses %j before anything is sent', async (options, message) => {
  const error: unknown = await client.identify(options).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'UsageError', message })
})

it('lets any number of calls hang on one signal', () => {
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  const { signal } = new AbortController()
  const scopes = Array.from({ length: 200 }, () => new CallScope({ signal }))
  for (const scope of scopes) scope.dispose()
  process.emitWarning('the last one')
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      process.off('warning', listen)
      expect(warnings.map(({ message }) => message)).toEqual(['the last one'])
      resolve()
    })
  })
})
