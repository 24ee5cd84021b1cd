import { describe, expect, it } from 'vitest'
import {
  connect,
  gate,
  rejection,
  SILENCE,
  startService,
  turns,
  UNEXPECTED_SELECTORS,
  windowsFault,
  type Answer,
} from '../../support/scripted-service.js'
import { finished, received, shellScript, SIGNALLED, signalsOf, started } from './replies.js'

/** A command that ends when its shell is deleted, as Windows ends it: with a fault. */
function endingWithTheShell() {
  const deleted = gate()
  return shellScript({
    Receive: async () => {
      await deleted.passed
      return UNEXPECTED_SELECTORS
    },
    Delete: () => {
      deleted.open()
      return ''
    },
  })
}

describe('closing a shell', () => {
  it('deletes it once, however often it is closed', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    await Promise.all([shell.close(), shell.close(), shell[Symbol.asyncDispose]()])
    await shell.close()
    expect(service.actions).toEqual(['Create', 'Delete'])
    expect(service.of('Delete')[0]?.texts('Selector')).toEqual(['S1'])
  })

  it('ends its running commands', async () => {
    const service = await startService(endingWithTheShell())
    const shell = await connect(service).openShell()
    const running = rejection(shell.run('ping', ['-t', 'localhost']))
    const command = await shell.spawn('other')
    const exit = rejection(command.exit)
    await service.arrival('Receive', 2)
    await shell.close()
    for (const error of [await running, await exit]) {
      expect(error).toMatchObject({
        name: 'AbortError',
        message: 'The shell was closed.',
        remote: 'stopped',
        host: '127.0.0.1',
      })
    }
    expect(signalsOf(service)).toEqual([])
    expect(service.of('Delete')).toHaveLength(1)
  })

  it('ends commands also when the service does not answer them', async () => {
    const service = await startService(shellScript({ Receive: SILENCE }))
    const shell = await connect(service).openShell()
    const running = rejection(shell.run('x'))
    const receive = await service.arrival('Receive')
    await shell.close()
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    await receive.disconnected
  })

  it('waits until its commands have been given up', async () => {
    const held = gate<Answer>()
    const service = await startService(shellScript({ Signal: () => held.passed }))
    const shell = await connect(service).openShell()
    await shell.run('x')
    const closing = shell.close()
    await service.arrival('Signal')
    await turns(50)
    expect(service.of('Delete')).toEqual([])
    held.open(SIGNALLED)
    await closing
    expect(service.actions).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Delete'])
  })

  it('ends a command that is just starting', async () => {
    const held = gate<Answer>()
    const service = await startService(
      shellScript({
        Command: () => held.passed,
        Receive: UNEXPECTED_SELECTORS,
        Signal: UNEXPECTED_SELECTORS,
      }),
    )
    const shell = await connect(service).openShell()
    const running = rejection(shell.run('x'))
    await service.arrival('Command')
    await shell.close()
    held.open(started())
    expect(await running).toMatchObject({
      name: 'AbortError',
      message: 'The shell was closed.',
      remote: 'stopped',
    })
    expect(service.of('Receive')).toEqual([])
  })

  it('of one that is gone already is done', async () => {
    const service = await startService(shellScript({ Delete: UNEXPECTED_SELECTORS }))
    await (await connect(service).openShell()).close()
    expect(service.of('Delete')).toHaveLength(1)
  })

  it('that fails says so, also the second time', async () => {
    const service = await startService(shellScript({ Delete: windowsFault(5) }))
    const shell = await connect(service).openShell()
    const first = await rejection(shell.close())
    expect(first).toMatchObject({ name: 'WsmanFault', wsmanCode: 5, operation: 'Shell.Delete' })
    expect(await rejection(shell.close())).toBe(first)
    expect(service.of('Delete')).toHaveLength(1)
  })

  it('lets no command begin', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    await shell.close()
    const closed = { name: 'UsageError', code: 'ERR_WSMAN_CLOSED', message: 'The shell was closed.' }
    expect(await rejection(shell.run('x'))).toMatchObject(closed)
    expect(await rejection(shell.spawn('x'))).toMatchObject(closed)
    expect(service.actions).toEqual(['Create', 'Delete'])
  })
})

describe('closing the client', () => {
  it('deletes its shells and ends their commands', async () => {
    let shells = 0
    const service = await startService({
      ...endingWithTheShell(),
      Create: () => `<rsp:Shell><rsp:ShellId>S${++shells}</rsp:ShellId></rsp:Shell>`,
    })
    const client = connect(service)
    const one = await client.openShell()
    await client.openShell()
    const running = rejection(one.run('x'))
    await service.arrival('Receive')
    await client.close()
    expect(await running).toMatchObject({
      name: 'AbortError',
      message: 'The client was closed.',
      remote: 'stopped',
    })
    expect(
      service
        .of('Delete')
        .flatMap((request) => request.texts('Selector'))
        .sort(),
    ).toEqual(['S1', 'S2'])
    await service.empty()
    expect(await rejection(one.run('x'))).toMatchObject({ code: 'ERR_WSMAN_CLOSED' })
  })

  it('does not wait for a service that says nothing', async () => {
    const service = await startService(shellScript({ Receive: SILENCE, Delete: SILENCE }))
    const client = connect(service)
    const shell = await client.openShell()
    const running = rejection(shell.run('x'))
    await service.arrival('Receive')
    await client.close()
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'unknown' })
    await service.empty()
  })

  it('ends a shell that is opening', async () => {
    const service = await startService(shellScript({ Create: SILENCE }))
    const client = connect(service)
    const opening = rejection(client.openShell())
    await service.arrival('Create')
    await client.close()
    expect(await opening).toMatchObject({
      name: 'AbortError',
      message: 'The client was closed.',
      operation: 'Shell.Create',
    })
    await service.empty()
  })

  it('leaves a shell alone that was only attached to', async () => {
    const service = await startService(shellScript({ Receive: SILENCE }))
    const client = connect(service)
    const shell = client.attachShell('S9')
    const running = rejection(shell.run('x', [], { abortGraceMs: 10 }))
    await service.arrival('Receive')
    await client.close()
    expect(await running).toMatchObject({ name: 'AbortError' })
    expect(service.of('Delete')).toEqual([])
  })
})

describe('opening a shell', () => {
  it('takes the id from the body where there is no reference', async () => {
    const service = await startService(
      shellScript({ Create: '<rsp:Shell><rsp:ShellId>B1</rsp:ShellId></rsp:Shell>' }),
    )
    const shell = await connect(service).openShell()
    expect(shell.shellId).toBe('B1')
    await shell.close()
    expect(service.of('Delete')[0]?.texts('Selector')).toEqual(['B1'])
  })

  it.each(['', '<rsp:Shell/>', '<x:ResourceCreated/>'])('fails where none is told: %j', async (body) => {
    const service = await startService(shellScript({ Create: body }))
    expect(await rejection(connect(service).openShell())).toMatchObject({
      name: 'ProtocolError',
      operation: 'Shell.Create',
    })
  })

  it('tells what the service refuses', async () => {
    const service = await startService(shellScript({ Create: windowsFault(2150859173) }))
    expect(await rejection(connect(service).openShell())).toMatchObject({
      wsmanName: 'ERROR_WSMAN_QUOTA_MAX_SHELLS',
      operation: 'Shell.Create',
      host: '127.0.0.1',
    })
  })

  it('refuses options that no shell can have, before it asks', async () => {
    const service = await startService(shellScript())
    const client = connect(service)
    expect(await rejection(client.openShell({ codepage: 1 }))).toMatchObject({ name: 'UsageError' })
    expect(await rejection(client.openShell({ environment: { A: '\u0000' } }))).toMatchObject({
      name: 'UsageError',
    })
    expect(service.requests).toEqual([])
  })

  it('keeps the languages it was opened with', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell({ locale: 'de-DE', dataLocale: 'fr-FR' })
    await shell.run('x', [], { locale: 'it-IT' })
    await shell.close()
    for (const request of service.requests) {
      expect(request.text, request.action).toContain('xml:lang="de-DE"')
      expect(request.text, request.action).toContain('xml:lang="fr-FR"')
      expect(request.text, request.action).not.toContain('it-IT')
    }
  })

  it('returns the cookies of a service with each later request', async () => {
    const headers = { 'Content-Type': 'application/soap+xml', 'Set-Cookie': 'Node=7; path=/' }
    const raw = (body: string): string =>
      `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header/><s:Body>${body}</s:Body></s:Envelope>`
    const service = await startService(
      shellScript({
        Create: { raw: raw('<rsp:Shell><rsp:ShellId>S1</rsp:ShellId></rsp:Shell>'), headers },
        Receive: [received([], { state: 'Running' }), finished()],
      }),
    )
    const shell = await connect(service).openShell()
    await shell.run('x')
    await shell.close()
    expect(service.requests.map(({ http }) => http.headers.cookie)).toEqual([
      undefined,
      ...Array<string>(service.requests.length - 1).fill('Node=7'),
    ])
  })
})
