import { describe, expect, it } from 'vitest'
import { connect, gate, rejection, startService, windowsFault } from '../../support/scripted-service.js'
import { finished, onSignal, received, shellScript, SIGNALLED, signalsOf } from './replies.js'

describe('a command that goes too far is stopped', () => {
  /** Output until it is interrupted. */
  function endless(piece: string) {
    const interrupted = gate()
    let stopped = false
    void interrupted.passed.then(() => (stopped = true))
    return shellScript({
      Receive: () =>
        stopped
          ? received([], { state: 'Done', exitCode: 1 })
          : received([['stdout', piece]], { state: 'Running' }),
      Signal: onSignal({
        ctrl_c: () => {
          interrupted.open()
          return SIGNALLED
        },
      }),
    })
  }

  it('when it writes more than maxOutputBytes', async () => {
    const service = await startService(endless('12345'))
    const shell = await connect(service).openShell()
    const error = await rejection(shell.run('yes', [], { maxOutputBytes: 12 }))
    expect(error).toMatchObject({
      name: 'CommandError',
      code: 'ERR_WSMAN_OUTPUT_LIMIT',
      stdout: '1234512345',
      exitCode: undefined,
      command: 'yes',
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
    expect(service.of('Receive').length).toBeGreaterThanOrEqual(3)
  })

  it('when it writes exactly so much it is not', async () => {
    const service = await startService(shellScript({ Receive: finished('12345') }))
    expect(await (await connect(service).openShell()).run('x', [], { maxOutputBytes: 5 })).toMatchObject({
      stdout: '12345',
    })
  })

  it('when onOutput throws, and the error is the caller’s', async () => {
    const service = await startService(endless('x'))
    const shell = await connect(service).openShell()
    const own = new RangeError('mine')
    let calls = 0
    const error = await rejection(
      shell.run('yes', [], {
        onOutput: () => {
          if (++calls === 2) throw own
        },
      }),
    )
    expect(error).toBe(own)
    expect(calls).toBe(2)
    await shell.close()
    expect(signalsOf(service)).toEqual(['ctrl_c', 'terminate'])
  })
})

describe('a Receive that fails', () => {
  it('ends the command with the failure and lets the service forget it', async () => {
    const service = await startService(shellScript({ Receive: windowsFault(5, 'Not allowed. ') }))
    const shell = await connect(service).openShell()
    expect(await rejection(shell.run('x'))).toMatchObject({
      name: 'WsmanFault',
      wsmanCode: 5,
      operation: 'Shell.Receive',
    })
    await shell.close()
    expect(signalsOf(service)).toEqual(['terminate'])
  })

  it('because the command is gone says so', async () => {
    const service = await startService(
      shellScript({ Receive: windowsFault(2150858843), Signal: windowsFault(2150858843) }),
    )
    expect(await rejection((await connect(service).openShell()).run('x'))).toMatchObject({
      name: 'CommandError',
      message: expect.stringContaining('The command is gone') as string,
      cause: { wsmanName: 'ERROR_WSMAN_UNEXPECTED_SELECTORS' },
      hint: expect.stringContaining('no longer there') as string,
    })
  })

  it.each(['', '<rsp:Other/>'])('is one that answers %j', async (body) => {
    const service = await startService(shellScript({ Receive: body }))
    expect(await rejection((await connect(service).openShell()).run('x'))).toMatchObject({
      name: 'ProtocolError',
    })
  })
})
