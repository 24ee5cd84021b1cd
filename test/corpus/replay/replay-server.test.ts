import { expect, it } from 'vitest'
import { readExchanges, readRecording } from '../../support/recordings.js'
import { recordedStep, replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'

/** The other tests prove nothing unless the server refuses what was not recorded. */
describeWithShared('corpus', 'the server that plays recordings', () => {
  const config = readRecording('pypsrp/xml/test_wsman_update_envelope_size_500/00-response.xml')
  const shell = (): readonly ReplayStep[] => readExchanges('pypsrp/xml/test_winrs_standard').map(recordedStep)
  const playShell = (steps: readonly ReplayStep[]): Promise<unknown> =>
    replay(steps, (client) => client.run('cmd.exe /c echo hi'))

  it('refuses another action', async () => {
    const playing = replay([replyTo('Get', config)], (client) => client.enumerate('winrm/config').toArray())
    await expect(playing).rejects.toThrow(
      /transfer\/Get was recorded here, and .*enumeration\/Enumerate came/,
    )
  })

  it('refuses what comes after the end', async () => {
    const playing = replay([replyTo('Get', config)], async (client) => {
      await client.get('winrm/config')
      await client.get('winrm/config')
    })
    await expect(playing).rejects.toThrow(/recording has ended, and .*transfer\/Get came/)
  })

  it('tells what nobody asked for', async () => {
    const playing = replay([replyTo('Get', config), replyTo('Pull', config)], (client) =>
      client.get('winrm/config'),
    )
    await expect(playing).rejects.toThrow(/Nobody asked for the reply to .*Pull/)
  })

  it.each(['shellId', 'commandId'] as const)('refuses another %s', async (part) => {
    const steps = shell().map((step) => {
      const { [part]: id } = step.expects
      return id === undefined ? step : { ...step, expects: { ...step.expects, [part]: 'another' } }
    })
    await expect(playShell(steps)).rejects.toThrow(/another.* was recorded here, and .* came/)
  })

  it('refuses another context, as Wiseman did', async () => {
    const folder = 'wsmancli-interop/xml/WISEMAN/7.3-Enumerate-failure-10'
    const reply = readRecording('python-dracclient/wsman-enum_context-1.xml')
    const playing = replay([replyTo('Enumerate', reply), replyTo('Pull', reply)], async (_, { options }) => {
      for (const file of ['01.xml', '04.xml']) {
        await fetch(`http://127.0.0.1:${options.port ?? 0}/`, {
          method: 'POST',
          headers: { Authorization: 'Basic anything' },
          body: readRecording(`${folder}/${file}`),
        })
      }
    })
    await expect(playing).rejects.toThrow('The context is enum-context-uuid, and xxxx came.')
  })
})
