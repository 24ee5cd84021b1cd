import { describe, expect, it, vi } from 'vitest'
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
import { followTheClock, LONG_MS } from '../../support/gates.js'
import { SignalSpy } from '../util/signal-spy.js'
import {
  created,
  finished,
  onSignal,
  received,
  shellScript,
  signalOf,
  SIGNALLED,
  signalsOf,
  started,
} from './replies.js'

/** A command that ends when it gets the signal. */
function endingOn(name: string) {
  const ended = gate()
  return shellScript({
    Receive: async () => {
      await ended.passed
      return finished('', 1)
    },
    Signal: onSignal({
      [name]: () => {
        ended.open()
        return SIGNALLED
      },
    }),
  })
}

describe('the abort of a running command', () => {
  it('interrupts it, and rejects when its end has been told', async () => {
    const service = await startService(endingOn('ctrl_c'))
    const shell = await connect(service).openShell()
    const spy = new SignalSpy()
    const running = rejection(shell.run('ping', ['-t', 'localhost'], { signal: spy.signal }))
    await service.arrival('Receive')
    spy.abort('enough')
    expect(await running).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      cause: 'enough',
      remote: 'stopped',
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
    expect(spy.listening).toBe(0)
  })

  it('terminates one that does not mind the interrupt', async () => {
    followTheClock()
    const service = await startService(endingOn('terminate'))
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal, abortGraceMs: LONG_MS }))
    await service.arrival('Receive')
    controller.abort()
    await service.arrival('Signal')
    vi.advanceTimersByTime(LONG_MS / 2)
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
  })

  it('counts it as gone when the service forgot it', async () => {
    followTheClock()
    const service = await startService(
      shellScript({ Receive: SILENCE, Signal: onSignal({ terminate: () => UNEXPECTED_SELECTORS }) }),
    )
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal, abortGraceMs: LONG_MS }))
    const receive = await service.arrival('Receive')
    controller.abort()
    await service.arrival('Signal')
    vi.advanceTimersByTime(LONG_MS / 2)
    expect(await running).toMatchObject({ remote: 'stopped' })
    await receive.disconnected
  })

  it.each<[string, () => Answer]>([
    ['cannot be signalled', () => windowsFault(5)],
    ['does not answer', () => SILENCE],
  ])('does not know what became of one that %s', async (_, answer) => {
    followTheClock()
    const service = await startService(shellScript({ Receive: SILENCE, Signal: answer }))
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal, abortGraceMs: LONG_MS }))
    await service.arrival('Receive')
    controller.abort()
    await service.arrival('Signal')
    vi.advanceTimersByTime(LONG_MS / 2)
    await service.arrival('Signal', 2)
    vi.advanceTimersByTime(LONG_MS / 2)
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'unknown' })
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
  })

  it('is the same for a spawned one, and its streams end with it', async () => {
    const service = await startService(endingOn('ctrl_c'))
    const controller = new AbortController()
    const command = await (await connect(service).openShell()).spawn('x', [], { signal: controller.signal })
    const reading = rejection(
      (async () => {
        for await (const chunk of command.stdout) expect(chunk).toBeUndefined()
      })(),
    )
    await service.arrival('Receive')
    controller.abort('enough')
    expect(await rejection(command.exit)).toMatchObject({ name: 'AbortError', remote: 'stopped' })
    expect(await reading).toMatchObject({ name: 'AbortError', cause: 'enough' })
  })

  it('is also what a deadline does', async () => {
    followTheClock()
    const service = await startService(endingOn('ctrl_c'))
    const shell = await connect(service).openShell()
    const limits = { timeoutMs: LONG_MS, abortGraceMs: LONG_MS }
    const running = rejection(shell.run('x', [], limits))
    await service.arrival('Receive')
    vi.advanceTimersByTime(LONG_MS)
    expect(await running).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_WSMAN_TIMEOUT',
      timeoutMs: LONG_MS,
      remote: 'stopped',
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
  })

  it('says which host and operation it was', async () => {
    const service = await startService(endingOn('ctrl_c'))
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal }))
    await service.arrival('Receive')
    controller.abort()
    expect(await running).toMatchObject({ host: '127.0.0.1', operation: 'Shell.Command' })
  })

  it('comes too late after the end', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    const spy = new SignalSpy()
    const command = await shell.spawn('x', [], { signal: spy.signal })
    expect(await command.exit).toEqual({ exitCode: 0 })
    spy.abort()
    await turns()
    expect(await command.exit).toEqual({ exitCode: 0 })
    await shell.close()
    expect(signalsOf(service)).toEqual(['terminate'])
  })

  it('does not touch the other commands of the shell', async () => {
    let commands = 0
    const service = await startService(
      shellScript({
        Command: () => started(`C${++commands}`),
        Receive: (request) =>
          request.attribute('DesiredStream', 'CommandId') === 'C1' ? SILENCE : finished('other'),
      }),
    )
    const shell = await connect(service, { maxConnections: 8 }).openShell()
    const controller = new AbortController()
    const first = rejection(shell.run('a', [], { signal: controller.signal, abortGraceMs: 20 }))
    await service.arrival('Receive')
    controller.abort()
    expect(await shell.run('b')).toMatchObject({ stdout: 'other' })
    expect(await first).toMatchObject({ name: 'AbortError' })
    await service.arrival('Signal')
    expect(
      service
        .of('Signal')
        .filter((request) => signalOf(request) === 'ctrl_c')
        .map((request) => request.attribute('Signal', 'CommandId')),
    ).toEqual(['C1'])
  })
})

describe('the abort of a command that is starting', () => {
  it('terminates it as soon as its name is known', async () => {
    const held = gate<Answer>()
    const service = await startService(shellScript({ Command: () => held.passed }))
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal }))
    await service.arrival('Command')
    controller.abort('enough')
    held.open(started('C7'))
    expect(await running).toMatchObject({ name: 'AbortError', cause: 'enough', remote: 'stopped' })
    expect(signalsOf(service)).toEqual(['terminate'])
    expect(service.of('Signal')[0]?.attribute('Signal', 'CommandId')).toBe('C7')
    expect(service.of('Receive')).toEqual([])
  })

  it('rejects after the grace, and terminates it all the same', async () => {
    const held = gate<Answer>()
    const service = await startService(shellScript({ Command: () => held.passed }))
    const shell = await connect(service).openShell()
    const controller = new AbortController()
    const running = rejection(shell.run('x', [], { signal: controller.signal, abortGraceMs: 10 }))
    await service.arrival('Command')
    controller.abort()
    expect(await running).toMatchObject({ name: 'AbortError', remote: 'unknown' })
    held.open(started('C7'))
    expect(signalOf(await service.arrival('Signal'))).toBe('terminate')
  })

  it('before anything was sent starts nothing, and says so', async () => {
    const service = await startService(shellScript())
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('x', [], { signal: AbortSignal.abort() }))).toMatchObject({
      name: 'AbortError',
      remote: 'notStarted',
    })
    expect(service.actions).toEqual(['Create'])
    expect(await shell.run('y')).toMatchObject({ exitCode: 0 })
  })
})

describe('the abort of a shell that is opening', () => {
  it('rejects at once, and deletes the shell as soon as it is there', async () => {
    const held = gate<Answer>()
    const service = await startService(shellScript({ Create: () => held.passed }))
    const controller = new AbortController()
    const opening = rejection(connect(service).openShell({ signal: controller.signal }))
    await service.arrival('Create')
    controller.abort('enough')
    expect(await opening).toMatchObject({ name: 'AbortError', cause: 'enough', operation: 'Shell.Create' })
    expect(service.of('Delete')).toEqual([])
    held.open(created('S7'))
    expect((await service.arrival('Delete')).texts('Selector')).toEqual(['S7'])
  })

  it('does nothing more when the shell could not be opened', async () => {
    followTheClock()
    const held = gate<Answer>()
    const service = await startService(shellScript({ Create: () => held.passed }))
    const client = connect(service)
    const opening = rejection(client.openShell({ timeoutMs: LONG_MS }))
    await service.arrival('Create')
    vi.advanceTimersByTime(LONG_MS)
    expect(await opening).toMatchObject({ name: 'TimeoutError', timeoutMs: LONG_MS })
    held.open(windowsFault(2150859173))
    await turns(50)
    expect(service.actions).toEqual(['Create'])
  })

  it('before anything was sent sends nothing, and says so', async () => {
    const service = await startService(shellScript())
    expect(await rejection(connect(service).openShell({ signal: AbortSignal.abort() }))).toMatchObject({
      name: 'AbortError',
      remote: 'notStarted',
      host: '127.0.0.1',
      operation: 'Shell.Create',
    })
    expect(service.requests).toEqual([])
  })
})

it('an exit that nobody waits for is never an unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const listener = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', listener)
  try {
    const service = await startService(
      shellScript({ Receive: [windowsFault(5), received([], { state: 'Done' }), SILENCE] }),
    )
    const shell = await connect(service).openShell()
    await shell.spawn('fails')
    await service.arrival('Signal')
    await shell.spawn('tells no exit code')
    await service.arrival('Signal', 2)
    const controller = new AbortController()
    await shell.spawn('is aborted', [], { signal: controller.signal, abortGraceMs: 10 })
    await service.arrival('Receive', 3)
    controller.abort()
    await service.arrival('Signal', 4)
    await shell.close()
    await turns(50)
  } finally {
    process.off('unhandledRejection', listener)
  }
  expect(unhandled).toEqual([])
})

describe('a signal of the caller', () => {
  it.each(['ctrl_c', 'ctrl_break', 'terminate'] as const)('%s is passed on', async (name) => {
    const service = await startService(endingOn(name))
    const command = await (await connect(service).openShell()).spawn('x')
    await command.signal(name)
    expect(await command.exit).toEqual({ exitCode: 1 })
    expect(service.of('Signal')[0]?.texts('Code')).toEqual([
      `http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/${name}`,
    ])
  })

  it('that the service refuses is told', async () => {
    const service = await startService(shellScript({ Receive: SILENCE, Signal: windowsFault(5) }))
    const command = await (await connect(service).openShell()).spawn('x')
    expect(await rejection(command.signal('ctrl_c'))).toMatchObject({
      name: 'WsmanFault',
      operation: 'Shell.Signal',
    })
  })
})
