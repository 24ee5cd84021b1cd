import { describe, expect, it, vi } from 'vitest'
import type { WireLogEntry } from '../../../src/diagnostics/wire-log.js'
import { connect, CUT, rejection, startService, windowsFault } from '../../support/scripted-service.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Password>hunter2</p:Password></p:C>'

function logTo(entries: WireLogEntry[]): { wireLog: (entry: WireLogEntry) => void } {
  return { wireLog: (entry) => void entries.push(entry) }
}

describe('the wire log', () => {
  it('gets each request and each reply, without what may be secret', async () => {
    const entries: WireLogEntry[] = []
    const service = await startService({ Put: INSTANCE })
    await connect(service, logTo(entries)).put('http://x/C', { Password: 'hunter2' })
    const [asked] = service.requests
    expect(entries).toEqual([
      {
        direction: 'request',
        host: '127.0.0.1',
        operation: 'Put',
        messageId: asked?.messageId,
        attempt: 1,
        bytes: Buffer.byteLength(asked?.text ?? ''),
        message: expect.stringContaining('Password>[7 characters]</') as string,
      },
      {
        direction: 'reply',
        host: '127.0.0.1',
        operation: 'Put',
        messageId: asked?.messageId,
        attempt: 1,
        bytes: expect.any(Number) as number,
        status: 200,
        durationMs: expect.any(Number) as number,
        message: expect.stringContaining('<p:Password>[7 characters]</p:Password>') as string,
      },
    ])
    expect(entries[1]?.message).toContain(`<a:RelatesTo>${asked?.messageId ?? ''}</a:RelatesTo>`)
    expect(JSON.stringify(entries)).not.toContain('hunter2')
  })

  it('tells of attempts, of replies that broke off, and of those that are no messages', async () => {
    const entries: WireLogEntry[] = []
    const service = await startService({
      Get: [CUT, windowsFault(5, 'No.')],
      Delete: { raw: 'Service Unavailable', status: 503, headers: { 'Content-Type': 'text/html' } },
    })
    const client = connect(service, logTo(entries))
    await rejection(client.get('urn:r'))
    await rejection(client.delete('urn:r'))
    const shape = entries.map(({ direction, operation, attempt, status }) => [
      direction,
      operation,
      attempt,
      status,
    ])
    expect(shape).toEqual([
      ['request', 'Get', 1, undefined],
      ['request', 'Get', 2, undefined],
      ['reply', 'Get', 2, 500],
      ['request', 'Delete', 1, undefined],
      ['reply', 'Delete', 1, 503],
    ])
    expect(entries[2]?.message).toContain('<f:Message>No.</f:Message>')
    expect(entries[4]?.message).toBe('')
  })

  it('harms no call by failing', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const service = await startService({ Get: INSTANCE })
    const wireLog = (): never => {
      throw new Error('the disk is full')
    }
    expect(await connect(service, { wireLog }).get('urn:r')).toEqual({ Password: 'hunter2' })
    expect(warn.mock.calls).toEqual([
      ['The function given as wireLog failed: Error: the disk is full', 'WsmanWarning'],
      ['The function given as wireLog failed: Error: the disk is full', 'WsmanWarning'],
    ])
    warn.mockRestore()
  })

  it('is a function', async () => {
    const service = await startService({})
    expect(() => connect(service, { wireLog: true as never })).toThrow('wireLog must be a function')
  })
})
