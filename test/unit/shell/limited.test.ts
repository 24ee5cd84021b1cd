import { describe, expect, it } from 'vitest'
import { createLimiter } from '../../../src/util/limiter.js'
import {
  connect,
  gate,
  rejection,
  SILENCE,
  startService,
  turns,
  windowsFault,
} from '../../support/scripted-service.js'
import { finished, shellScript, SIGNALLED } from './replies.js'

describe('a limiter', () => {
  it('lets one client’s commands run as if they were one operation each', async () => {
    const limiter = createLimiter(1)
    const held = gate()
    let receives = 0
    const service = await startService(
      shellScript({
        Receive: async () => {
          if (++receives === 1) await held.passed
          return finished()
        },
      }),
    )
    const [one, other] = [connect(service, { limiter }), connect(service, { limiter })]
    const first = one.run('a')
    await service.arrival('Receive')
    const second = other.run('b')
    await turns()
    expect([limiter.active, limiter.waiting]).toEqual([1, 1])
    expect(service.actions).toEqual(['Create', 'Command', 'Receive'])
    held.open()
    await Promise.all([first, second])
    // The shell of the first was deleted before the second opened its own.
    expect(service.actions.indexOf('Delete')).toBeLessThan(service.actions.lastIndexOf('Create'))
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
  })

  it('holds requests back, but not those that end something', async () => {
    const limiter = createLimiter(1)
    const held = gate<string>()
    const service = await startService(shellScript({ Get: () => held.passed, Receive: SILENCE }))
    const client = connect(service, { limiter })
    const shell = await client.openShell()
    const command = await shell.spawn('x')
    // A spawned command takes no place while it runs.
    expect(limiter.active).toBe(0)
    const get = client.get('winrm/config')
    await service.arrival('Get')
    const waiting = rejection(client.identify({ timeoutMs: 40 }))
    await command.signal('ctrl_c')
    await shell.close()
    expect(service.actions.slice(-2)).toEqual(['Signal', 'Delete'])
    expect(await waiting).toMatchObject({
      name: 'TimeoutError',
      timeoutMs: 40,
      host: '127.0.0.1',
      operation: 'Identify',
    })
    expect(service.of('Identify')).toEqual([])
    held.open('<p:Config xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/config"/>')
    await get
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
  })

  it('counts the pages of an enumeration one by one', async () => {
    const limiter = createLimiter(1)
    const page = (items: string, rest: string): string => `<n:Items>${items}</n:Items>${rest}`
    const service = await startService({
      Enumerate: '<n:EnumerateResponse><n:EnumerationContext>c</n:EnumerationContext></n:EnumerateResponse>',
      Pull: [
        `<n:PullResponse><n:EnumerationContext>c</n:EnumerationContext>${page('<p:I xmlns:p="x"><p:N>1</p:N></p:I>', '')}</n:PullResponse>`,
        `<n:PullResponse>${page('<p:I xmlns:p="x"><p:N>2</p:N></p:I>', '<n:EndOfSequence/>')}</n:PullResponse>`,
      ],
    })
    const client = connect(service, { limiter })
    const names: unknown[] = []
    for await (const item of client.enumerate('wmicimv2/*', { prefetch: 0, optimize: false })) {
      names.push(item.N)
      expect(limiter.active).toBe(0)
    }
    expect(names).toEqual(['1', '2'])
  })

  it.each(['abort', 'close'])('keeps no place of a run that ends by %s', async (how) => {
    const limiter = createLimiter(1)
    const service = await startService(shellScript({ Receive: SILENCE }))
    const [one, other] = [connect(service, { limiter }), connect(service, { limiter })]
    const controller = new AbortController()
    const options = { signal: controller.signal, abortGraceMs: 20 }
    const running = rejection(one.run('a', [], options))
    await service.arrival('Receive')
    const waiting = rejection(other.run('b', [], options))
    await turns()
    expect([limiter.active, limiter.waiting]).toEqual([1, 1])
    if (how === 'abort') controller.abort()
    else await Promise.all([one.close(), other.close()])
    expect(await waiting).toMatchObject({
      name: 'AbortError',
      remote: 'notStarted',
      host: '127.0.0.1',
      operation: 'Shell.Command',
    })
    expect(await running).toMatchObject({ name: 'AbortError' })
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
    expect(service.of('Command')).toHaveLength(1)
  })

  it('keeps no place of what fails, or of a shell that closes while a command waits', async () => {
    const limiter = createLimiter(1)
    const service = await startService(
      shellScript({ Create: [windowsFault(5), windowsFault(5)], Get: windowsFault(5), Signal: SIGNALLED }),
    )
    const client = connect(service, { limiter })
    for (const failing of [client.run('x'), client.openShell(), client.get('winrm/config')]) {
      expect(await rejection(failing)).toMatchObject({ wsmanCode: 5 })
    }
    expect(limiter.active).toBe(0)
    const shell = client.attachShell('S1')
    const release = await limiter.acquire()
    const waiting = rejection(shell.run('x'))
    await turns()
    expect(limiter.waiting).toBe(1)
    await shell.close()
    expect(await waiting).toMatchObject({ message: 'The shell was closed.', remote: 'notStarted' })
    expect(limiter.waiting).toBe(0)
    release()
    expect(limiter.active).toBe(0)
  })

  it('of a pool is taken for each command, and for nothing before', async () => {
    const limiter = createLimiter(1)
    const service = await startService(shellScript({ Get: windowsFault(5) }))
    const pool = connect(service, { limiter }).shellPool({ max: 2 })
    const release = await limiter.acquire()
    const controller = new AbortController()
    const given = rejection(pool.run('a', [], { signal: controller.signal }))
    await turns()
    expect(service.actions).toEqual([])
    controller.abort()
    expect(await given).toMatchObject({ name: 'AbortError', remote: 'notStarted' })
    const runs = [pool.run('b'), pool.run('c'), pool.run('d')]
    release()
    await Promise.all(runs)
    expect([limiter.active, limiter.waiting]).toEqual([0, 0])
    expect(service.of('Command')).toHaveLength(3)
    await pool.close()
  })
})

it('is no number', async () => {
  const service = await startService({})
  expect(() => connect(service, { limiter: 5 as never })).toThrow(/createLimiter/)
})

it('is shared by a client with its likes for other hosts', async () => {
  const limiter = createLimiter(1)
  const held = gate<string>()
  const service = await startService({ Identify: () => held.passed })
  const client = connect(service, { limiter })
  const other = client.withHost('127.0.0.2')
  const first = rejection(client.identify())
  await service.arrival('Identify')
  const second = rejection(other.identify({ timeoutMs: 20 }))
  expect(await second).toMatchObject({ name: 'TimeoutError', host: '127.0.0.2' })
  held.open('')
  await first
  await other.close()
  expect(limiter.active).toBe(0)
})
