import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TreeBody } from '../../../../src/envelope/body-decoders.js'
import { EnvelopeDecoder } from '../../../../src/envelope/decoder.js'
import type { FaultParts } from '../../../../src/errors/fault.js'
import type { EndpointFaultParts } from '../../../../src/testing/message.js'
import { NS } from '../../../../src/xml/namespaces.js'
import { describeWithShared, shared } from '../../../support/shared.js'
import {
  bodyOf,
  Client,
  commandEnded,
  faultOf,
  plain,
  readMessage,
  recording,
  requestFrom,
  startService,
} from './harness.js'

const file = (...segments: string[]): string => recording(shared('corpus', ...segments))

/** Recorded conversations with text-based shells: requests and replies in turn. */
const CREATED = [
  ['pypsrp', 'xml', 'test_winrs_standard'],
  ['pypsrp', 'xml', 'test_winrs_extra_opts'],
  ['winrmsharp', 'xml', 'ClientRunCommandWithEnvironment'],
  ['winrmsharp', 'xml', 'ProtocolRunCommandWithEnv'],
  ['winrmsharp', 'xml', 'ProtocolRunCommandWithNoProfile'],
  ['winrmsharp', 'xml', 'ProtocolRunCommandWithUnicode'],
  ['winrm4j', 'xml', 'win12'],
]

function recordedFault(...segments: string[]): FaultParts {
  const decoder = new EnvelopeDecoder(new TreeBody(() => undefined))
  decoder.write(Buffer.from(file(...segments)))
  const { fault } = decoder.end()
  if (!fault) throw new Error('The recorded message is no fault.')
  return fault
}

/** What a recorded fault says, in the terms of the endpoint's faults. */
function partsOf({ faultCode, subcode, wsmanCode, faultDetail, provider }: FaultParts) {
  return {
    code: faultCode,
    subcode: `w:${subcode ?? ''}`,
    wsmanCode,
    faultDetail: faultDetail?.split('/').at(-1),
    provider,
  }
}

const comparable = ({ code, subcode, wsmanCode, faultDetail, provider }: EndpointFaultParts) => ({
  code,
  subcode,
  wsmanCode,
  faultDetail,
  provider: provider?.name,
})

/** Windows takes and sends ids of its own, and the client's address as it saw it. */
const VARYING = ['ShellId', 'Owner', 'ClientIP', 'ShellRunTime', 'ShellInactivity']

describeWithShared('corpus', 'compared with recordings of Windows', () => {
  it.each(CREATED)('%s/%s/%s: Create is answered alike', async (...folder) => {
    const { service } = startService()
    const recorded = readMessage(file(...folder, '00-response.xml'))
    const reply = await service.handle(requestFrom(file(...folder, '00-request.xml')))
    expect(reply.action).toBe(recorded.headers.action)

    const [, theirs] = recorded.body
    const [, ours] = bodyOf(reply)
    const names = new Map<string, string>()
    for (const name of VARYING) {
      const [own, their] = [ours?.childText(NS.shell, name), theirs?.childText(NS.shell, name)]
      expect(own, name).toBeTruthy()
      names.set(own ?? '', name).set(their ?? '', name)
    }
    expect(bodyOf(reply).map((tree) => plain(tree, names))).toEqual(
      recorded.body.map((tree) => plain(tree, names)),
    )
  })

  it('echoes an environment with names of every kind', async () => {
    const { service } = startService()
    const request = requestFrom(file('pypsrp', 'xml', 'test_winrs_environment', '00-request.xml'))
    const [, shell] = bodyOf(await service.handle(request))
    const variables = shell?.child(NS.shell, 'Environment')?.elements ?? []
    expect(variables.map((variable) => [variable.attribute('Name'), variable.text])).toEqual([
      ['env1', 'var1'],
      ['1234', '5678'],
      ['_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0', '_-(){}[]<>*+-/\\?"!@#$^&|;:i,.`~0'],
    ])
  })

  it('answers a whole conversation with the same messages', async () => {
    const folder = ['pypsrp', 'xml', 'test_winrs_standard']
    const client = new Client(startService().service)
    const steps = readdirSync(shared('corpus', ...folder)).filter((name) => name.endsWith('-request.xml'))
    expect(steps).toHaveLength(5)
    const ids = new Map<string, string>()
    let commandId = ''
    for (const step of steps) {
      const recorded = readMessage(file(...folder, step.replace('request', 'response')))
      let xml = file(...folder, step)
      for (const [theirs, ours] of ids) xml = xml.replaceAll(theirs, ours)
      if (xml.includes('<rsp:Receive>')) await commandEnded(client, commandId)
      const reply = await client.service.handle(requestFrom(xml))

      for (const name of ['ShellId', 'CommandId']) {
        const [theirs, ours] = [recorded.body, bodyOf(reply)].map((body) =>
          body.map((tree) => tree.childText(NS.shell, name)).find((id) => id !== undefined),
        )
        if (theirs === undefined || ours === undefined) continue
        ids.set(theirs, ours)
        if (name === 'ShellId') client.shellId = ours
        else commandId = ours
      }
      if (step.startsWith('00')) continue
      // cmd ends its lines with CR LF, sh with LF.
      const names = new Map([...[...ids.entries()], ['aGkNCg==', 'aGkK']] as [string, string][])
      expect(reply.action).toBe(recorded.headers.action)
      expect(bodyOf(reply).map((tree) => plain(tree))).toEqual(
        recorded.body.map((tree) => plain(tree, names)),
      )
    }
    expect(client.service.list()).toEqual([])
  })

  it('takes input with the flags as pypsrp writes them', async () => {
    const folder = ['pypsrp', 'xml', 'test_winrs_send']
    const client = new Client(startService().service)
    await client.open()
    const commandId = await client.start('cat')
    for (const step of ['02', '03']) {
      const xml = file(...folder, `${step}-request.xml`)
        .replaceAll('0D6FCA9D-2D40-44C3-B691-E665BE7AA687', client.shellId)
        .replaceAll('B0973E54-434E-4D99-B4BE-ADE584CE3BFB', commandId)
      const reply = await client.service.handle(requestFrom(xml))
      const recorded = readMessage(file(...folder, `${step}-response.xml`))
      expect(bodyOf(reply).map((tree) => plain(tree))).toEqual(recorded.body.map((tree) => plain(tree)))
    }
    const { stdout, exitCode } = await client.drain(commandId)
    expect(stdout.toString()).toBe('Write-Host "output 1";Write-Host "output 2";')
    expect(exitCode).toBe(0)
  })

  it('raises the recorded fault for a Receive without CommandId', async () => {
    const folder = ['pypsrp', 'xml', 'test_winrs_fail_poll_process']
    const client = new Client(startService().service)
    await client.open()
    const xml = file(...folder, '01-request.xml').replaceAll(
      '8ABEA8D2-0438-4D75-A594-55DCA786B4E1',
      client.shellId,
    )
    const recorded = recordedFault(...folder, '01-response.xml')
    const ours = await faultOf(client.service.handle(requestFrom(xml)))
    expect(comparable(ours)).toEqual(partsOf(recorded))
    expect(ours.reason?.trim()).toBe(recorded.reason)
    expect(ours.provider).toEqual({
      name: 'Shell cmd plugin',
      path: '%systemroot%\\system32\\winrscmd.dll',
    })
  })

  it('raises the recorded fault for an unknown command', async () => {
    const client = new Client(startService().service)
    await client.open()
    expect(comparable(await faultOf(client.receive('67A74734-DD32-4F10-89DE-49A060483810')))).toEqual(
      partsOf(recordedFault('pypsrp', 'xml', 'test_psrp_receive_failure', '03-response.xml')),
    )
  })

  it('raises the recorded fault when the time is over', async () => {
    const client = new Client(startService().service)
    await client.open()
    const commandId = await client.start('cat')
    expect(comparable(await faultOf(client.receive(commandId, { operationTimeoutMs: 5 })))).toEqual(
      partsOf(recordedFault('pypsrp', 'xml', 'test_psrp_long_running_cmdlet', '04-response.xml')),
    )
  })

  it('raises the recorded fault for more operations than a user may have', async () => {
    const { service } = startService((settings) => (settings.service.maxConcurrentOperationsPerUser = 1))
    const client = new Client(service)
    await client.open()
    expect(comparable(await faultOf(client.start('true')))).toEqual(
      partsOf(recordedFault('pywinrm', 'test_exceptions', 'L0192-04.xml')),
    )
  })

  it('raises the recorded fault for an element that is not in the schema', async () => {
    const client = new Client(startService().service)
    await client.open()
    const xml = file('pypsrp', 'xml', 'test_winrs_standard', '01-request.xml')
      .replaceAll('4283CBDC-3706-415B-88BD-B385F3E51A53', client.shellId)
      .replaceAll('rsp:Arguments>', 'rsp:Argument>')
    expect(comparable(await faultOf(client.service.handle(requestFrom(xml))))).toEqual(
      partsOf(recordedFault('pypsrp', 'xml', 'adhoc-faults', '02.xml')),
    )
  })

  it('raises the recorded fault for a command line that is too long', async () => {
    const client = new Client(startService().service)
    await client.open()
    const fixture = readdirSync(shared('corpus', 'masterzen-winrm', 'fixture_test')).find((name) =>
      file('masterzen-winrm', 'fixture_test', name).includes('2147942606'),
    )
    expect(comparable(await faultOf(client.start('#'.repeat(40_000))))).toEqual(
      partsOf(recordedFault('masterzen-winrm', 'fixture_test', fixture ?? '')),
    )
  })
})
