import { describe, expect, it } from 'vitest'
import { ACTION } from '../../../../src/envelope/actions.js'
import { writeReply } from '../../../../src/testing/reply-writer.js'
import { NS } from '../../../../src/xml/namespaces.js'
import { element } from '../../../../src/xml/writer.js'
import { Client, commandEnded, faultOf, MESSAGE_ID, readReceived, rsp, startService } from './harness.js'

const TIMED_OUT = { code: 'Receiver', subcode: 'w:TimedOut', wsmanCode: 2150858793 }

async function openShell(): Promise<Client> {
  const client = new Client(startService().service)
  await client.open()
  return client
}

describe('Receive', () => {
  it('times out when nothing comes, and goes on afterwards', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    expect(await faultOf(client.receive(id, { operationTimeoutMs: 20 }))).toEqual(TIMED_OUT)
    await client.send(id, 'text')
    const received = await client.receive(id)
    expect(received).toEqual({
      stdout: Buffer.from('text'),
      stderr: Buffer.from(''),
      done: false,
      exitCode: undefined,
      ends: [],
    })
  })

  it('takes attributes in the namespace of shells, as some clients write them', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const qualified = (name: string, value: string) => ({ namespace: NS.shell, name, value })
    const stream = element(NS.shell, 'Stream', 'aGk=', [
      qualified('Name', 'stdin'),
      qualified('CommandId', id),
      qualified('End', 'true'),
    ])
    await client.ask({ action: ACTION.send, body: rsp('Send', [stream]) })
    await commandEnded(client, id)
    const desired = element(NS.shell, 'DesiredStream', 'stdout', [qualified('CommandId', id)])
    const reply = await client.ask({ action: ACTION.receive, body: rsp('Receive', [desired]) })
    expect(readReceived(reply)).toMatchObject({ stdout: Buffer.from('hi'), done: true })
  })

  it('brings output while the command runs, and the end when it has ended', async () => {
    const client = await openShell()
    const id = await client.start('cat; exit 2')
    for (const text of ['one', 'two', 'three']) {
      await client.send(id, text)
      expect((await client.receive(id)).stdout.toString()).toBe(text)
    }
    await client.send(id, '', 'true')
    expect(await client.receive(id)).toMatchObject({ done: true, exitCode: 2, ends: ['stdout', 'stderr'] })
  })

  it('brings the end again until the command is terminated, but no output twice', async () => {
    const client = await openShell()
    const id = await client.start('echo once; exit 6')
    expect((await client.drain(id)).stdout.toString()).toBe('once\n')
    expect(await client.receive(id)).toMatchObject({ stdout: Buffer.from(''), done: true, exitCode: 6 })
  })

  it('keeps every reply below the size that the client takes', async () => {
    const client = await openShell()
    const id = await client.start('seq 1 30000')
    await commandEnded(client, id)
    const texts: string[] = []
    for (let done = false; !done;) {
      const reply = await client.ask({
        action: ACTION.receive,
        body: rsp('Receive', [rsp('DesiredStream', 'stdout stderr', { CommandId: id })]),
        over: { maxEnvelopeSize: 16_384 },
      })
      const xml = writeReply(reply, MESSAGE_ID)
      expect(Buffer.byteLength(xml)).toBeLessThanOrEqual(16_384)
      done = xml.includes('CommandState/Done')
      texts.push(xml)
    }
    const output = texts
      .flatMap((xml) => [...xml.matchAll(/Name="stdout"[^>]*>([^<]*)</g)])
      .map((match) => Buffer.from(match[1] ?? '', 'base64').toString('latin1'))
      .join('')
    expect(output).toBe(Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join(''))
    // 168,894 octets take 225,192 in base64: fourteen replies at the least, and little more around them.
    expect(texts.length).toBeGreaterThanOrEqual(14)
    expect(texts.length).toBeLessThanOrEqual(17)
  })

  it('takes nothing out of the buffer for a reply that has no room for it', async () => {
    const client = await openShell()
    const id = await client.start('echo text')
    await commandEnded(client, id)
    expect(await faultOf(client.receive(id, { maxEnvelopeSize: 1024 }))).toEqual({
      code: 'Sender',
      subcode: 'w:EncodingLimit',
      faultDetail: 'MaxEnvelopeSizeExceeded',
      wsmanCode: 2150858824,
    })
    expect((await client.receive(id)).stdout.toString()).toBe('text\n')
  })

  it('brings the streams that were asked for and keeps the others', async () => {
    const client = await openShell()
    const id = await client.start('echo out; echo err >&2')
    await commandEnded(client, id)
    const err = await client.receive(id, {}, ' stderr ')
    expect([err.stdout.toString(), err.stderr.toString(), err.ends]).toEqual(['', 'err\n', ['stderr']])
    const all = await client.receive(id, {}, '')
    expect([all.stdout.toString(), all.stderr.toString()]).toEqual(['out\n', ''])
    expect(all.ends).toEqual(['stdout', 'stderr'])
  })

  it('of a stream that no shell has is a fault', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    expect(await faultOf(client.receive(id, {}, 'stdout video'))).toMatchObject({ wsmanCode: 87 })
  })

  it('is answered in turn when another one waits', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const order: string[] = []
    const receive = async (name: string): Promise<string> => {
      const { stdout } = await client.receive(id)
      order.push(name)
      return stdout.toString()
    }
    const first = receive('first')
    const second = receive('second')
    await client.send(id, '1')
    expect(await first).toBe('1')
    await client.send(id, '2')
    expect(await second).toBe('2')
    expect(order).toEqual(['first', 'second'])
  })

  it('times out by itself while it waits for its turn', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const first = client.receive(id)
    expect(await faultOf(client.receive(id, { operationTimeoutMs: 20 }))).toEqual(TIMED_OUT)
    await client.send(id, 'text')
    expect((await first).stdout.toString()).toBe('text')
  })

  it('loses nothing when the client goes away while it waits', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    const connection = new AbortController()
    const lost = faultOf(client.receive(id, { signal: connection.signal }))
    const next = client.receive(id)
    connection.abort()
    await lost
    await client.send(id, 'text')
    expect((await next).stdout.toString()).toBe('text')
  })

  it('loses nothing when the client is gone before the reply is made', async () => {
    const client = await openShell()
    const id = await client.start('echo text; exit 3')
    await commandEnded(client, id)
    await faultOf(client.receive(id, { signal: AbortSignal.abort() }))
    expect(await client.drain(id)).toMatchObject({ stdout: Buffer.from('text\n'), exitCode: 3 })
  })

  it('of an unknown command is a fault', async () => {
    const client = await openShell()
    const unknown = 'CF84C20A-0A35-43FA-AF78-0B4711DA5F30'
    expect(await faultOf(client.receive(unknown))).toEqual({
      code: 'Sender',
      subcode: 'w:InvalidSelectors',
      faultDetail: 'UnexpectedSelectors',
      wsmanCode: 2150858843,
    })
  })
})
