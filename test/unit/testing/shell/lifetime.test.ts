import { afterEach, describe, expect, it, vi } from 'vitest'
import { ACTION } from '../../../../src/envelope/actions.js'
import { ALL_SHELLS, Client, eventually, faultOf, isAlive, rsp, startService } from './harness.js'

const NO_SUCH_SHELL = {
  code: 'Sender',
  subcode: 'w:InvalidSelectors',
  faultDetail: 'UnexpectedSelectors',
  wsmanCode: 2150858843,
}

async function openShell(): Promise<Client> {
  const client = new Client(startService().service)
  await client.open()
  return client
}

describe('Delete', () => {
  it('kills everything that the commands started, what ignores signals too', async () => {
    const client = await openShell()
    const id = await client.start("trap '' TERM INT; sh -c 'sleep 1000 & echo $!; wait'")
    const grandchild = await client.printedPid(id)
    const child = client.service.list()[0]?.commands[0]?.pid ?? 0
    expect([isAlive(child), isAlive(grandchild)]).toEqual([true, true])
    await client.delete()
    expect([isAlive(child), isAlive(grandchild)]).toEqual([false, false])
    expect(client.service.list()).toEqual([])
  })

  it('kills what commands that have ended left behind', async () => {
    const client = await openShell()
    const id = await client.start('sleep 1000 >/dev/null 2>&1 </dev/null & echo $!')
    const left = Number((await client.drain(id)).stdout)
    expect(isAlive(left)).toBe(true)
    await client.delete()
    expect(isAlive(left)).toBe(false)
  })

  it('aborts a Receive and a Send that wait', async () => {
    const client = await openShell()
    const id = await client.start('sleep 1000')
    const receiving = faultOf(client.receive(id))
    const sending = faultOf(client.send(id, Buffer.alloc(200_000)))
    await client.delete()
    expect(await receiving).toMatchObject({ wsmanCode: 995 })
    expect(await sending).toMatchObject({ wsmanCode: 995 })
  })

  it('leaves nothing to use or to delete', async () => {
    const client = await openShell()
    const id = await client.start('cat')
    await client.delete()
    expect(await faultOf(client.delete())).toMatchObject(NO_SUCH_SHELL)
    expect(await faultOf(client.start('cat'))).toMatchObject(NO_SUCH_SHELL)
    expect(await faultOf(client.receive(id))).toMatchObject(NO_SUCH_SHELL)
    expect(await faultOf(client.send(id, ''))).toMatchObject(NO_SUCH_SHELL)
    expect(await faultOf(client.signal(id, 'terminate'))).toMatchObject(NO_SUCH_SHELL)
    expect(await faultOf(client.ask({ action: ACTION.get, resourceUri: ALL_SHELLS }))).toMatchObject(
      NO_SUCH_SHELL,
    )
  })

  it('works on the resource of all shells too, and without regard to the case of the id', async () => {
    const client = await openShell()
    client.shellId = client.shellId.toLowerCase()
    await client.ask({ action: ACTION.delete, resourceUri: ALL_SHELLS })
    expect(client.service.list()).toEqual([])
  })

  it('twice at once succeeds once', async () => {
    const client = await openShell()
    await client.start('sleep 1000')
    const outcomes = await Promise.allSettled([client.delete(), client.delete()])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('closing the service', () => {
  it('kills every process and settles when they are gone', async () => {
    const { service } = startService()
    const pids: number[] = []
    for (const username of ['alice', 'bob']) {
      const client = new Client(service, { principal: { username, domain: 'TEST' } })
      await client.open()
      pids.push(await client.printedPid(await client.start("sh -c 'sleep 1000 & echo $!; wait'")))
    }
    pids.push(...service.list().flatMap(({ commands }) => commands.map(({ pid }) => pid)))
    expect(pids.map(isAlive)).toEqual([true, true, true, true])
    await service.close()
    expect(pids.map(isAlive)).toEqual([false, false, false, false])
    expect(service.list()).toEqual([])
  })

  it('ends commands that are just being started, and takes no more requests', async () => {
    const client = await openShell()
    const starting = faultOf(client.start('sleep 1000'))
    await client.service.close()
    expect(await starting).toMatchObject({ wsmanCode: 995 })
    expect(await faultOf(client.open())).toMatchObject({ wsmanCode: 995 })
  })

  it('does not keep the process from ending', async () => {
    const listeners = process.listenerCount('exit')
    const client = await openShell()
    await client.start('sleep 1000')
    expect(process.listenerCount('exit')).toBe(listeners + 1)
    await client.service.close()
    expect(process.listenerCount('exit')).toBe(listeners)
  })
})

describe('a shell that nobody deletes', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  const openTimed = async (name: string, value: string): Promise<Client> => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const client = new Client(startService().service)
    await client.open({ extra: [rsp(name, value)] })
    return client
  }

  it('is deleted with its processes when it was idle for IdleTimeOut', async () => {
    const client = await openTimed('IdleTimeOut', 'PT60S')
    await client.start('sleep 1000')
    const pid = client.service.list()[0]?.commands[0]?.pid ?? 0
    vi.advanceTimersByTime(59_999)
    expect(client.service.list()).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(client.service.list()).toEqual([])
    vi.useRealTimers()
    await eventually(() => !isAlive(pid))
  })

  it('is not idle while a request is served, and starts anew after each', async () => {
    const client = await openTimed('IdleTimeOut', 'PT60S')
    const id = await client.start('cat')
    const receiving = faultOf(client.receive(id, { operationTimeoutMs: 200_000 }))
    vi.advanceTimersByTime(199_999)
    expect(client.service.list()).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(await receiving).toMatchObject({ wsmanCode: 2150858793 })
    vi.advanceTimersByTime(59_999)
    expect(client.service.list()).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(client.service.list()).toEqual([])
  })

  it('is deleted after its Lifetime, used or not', async () => {
    const client = await openTimed('Lifetime', 'PT60S')
    const id = await client.start('cat')
    const receiving = faultOf(client.receive(id, { operationTimeoutMs: 200_000 }))
    vi.advanceTimersByTime(59_999)
    expect(client.service.list()).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(client.service.list()).toEqual([])
    expect(await receiving).toMatchObject({ wsmanCode: 995 })
  })

  it('obeys the settings where the client asks for nothing; 0 and more than a timer takes are no limit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { service, settings } = startService(({ winrs }) => {
      winrs.idleTimeoutMs = 0
      winrs.maxShellRunTimeMs = 4_000_000_000
    })
    await new Client(service).open()
    vi.advanceTimersByTime(1_000_000_000)
    expect(service.list()).toHaveLength(1)
    settings.winrs.idleTimeoutMs = 180_000
    await new Client(service).open()
    vi.advanceTimersByTime(180_000)
    expect(service.list()).toHaveLength(1)
    settings.winrs.maxShellRunTimeMs = 90_000
    await new Client(service).open()
    vi.advanceTimersByTime(89_999)
    expect(service.list()).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(service.list()).toHaveLength(1)
  })
})
