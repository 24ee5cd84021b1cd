import { describe, expect, it } from 'vitest'
import type { Settings } from '../../../../src/settings/table.js'
import type { ShellService } from '../../../../src/testing/shell/shell-service.js'
import { Client, faultOf, startService } from './harness.js'

const quota = (wsmanCode: number) => ({ code: 'Receiver', subcode: 'w:InternalError', wsmanCode })
const MAX_SHELLS = quota(2150859173)
const MAX_OPERATIONS = quota(2150859174)
const MAX_USERS = quota(2150859179)
const NOT_ALLOWED = quota(2150859180)
const MAX_COMMANDS = quota(2150859241)

const clientOf = (service: ShellService, username: string): Client =>
  new Client(service, { principal: { username, domain: 'TEST' } })

function start(change: (settings: Settings) => void) {
  const { service, settings } = startService(change)
  return { service, settings, alice: clientOf(service, 'alice'), bob: clientOf(service, 'bob') }
}

describe('Winrs MaxShellsPerUser', () => {
  it('bounds the shells of each user, and a deleted one makes room', async () => {
    const { service, alice, bob } = start(({ winrs }) => (winrs.maxShellsPerUser = 2))
    await alice.open()
    await clientOf(service, 'alice').open()
    expect(await faultOf(clientOf(service, 'ALICE').open())).toEqual(MAX_SHELLS)
    await bob.open()
    await alice.delete()
    await alice.open()
    expect(service.list().map(({ owner }) => owner)).toEqual(['TEST\\alice', 'TEST\\bob', 'TEST\\alice'])
  })

  it('0 is no bound', async () => {
    const { service } = start(({ winrs }) => (winrs.maxShellsPerUser = 0))
    for (let count = 0; count < 40; count += 1) await clientOf(service, 'alice').open()
    expect(service.list()).toHaveLength(40)
  })
})

describe('Winrs MaxConcurrentUsers', () => {
  it('bounds the users who have shells', async () => {
    const { service, alice, bob } = start(({ winrs }) => (winrs.maxConcurrentUsers = 1))
    await alice.open()
    await clientOf(service, 'alice').open()
    expect(await faultOf(bob.open())).toEqual(MAX_USERS)
    await service.close()
  })
})

describe('Winrs AllowRemoteShellAccess', () => {
  it('keeps shells from being opened, from the moment it is set', async () => {
    const { settings, alice } = start(() => undefined)
    await alice.open()
    settings.winrs.allowRemoteShellAccess = false
    expect(await faultOf(alice.open())).toEqual(NOT_ALLOWED)
  })
})

describe('Winrs MaxProcessesPerShell', () => {
  it('bounds the commands that run, those being started included', async () => {
    const { alice } = start(({ winrs }) => (winrs.maxProcessesPerShell = 2))
    await alice.open()
    const outcomes = await Promise.allSettled(['cat', 'cat', 'cat'].map((command) => alice.start(command)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(await faultOf(alice.start('cat'))).toEqual(MAX_COMMANDS)
    const [first = ''] = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : ''))
    await alice.send(first, '', 'true')
    expect((await alice.drain(first)).exitCode).toBe(0)
    expect((await alice.run('echo room')).stdout.toString()).toBe('room\n')
  })
})

describe.runIf(process.platform === 'linux')('Winrs MaxMemoryPerShellMb', () => {
  /** Says `ready` when it has so many megabytes, and ends when its input does. */
  const taking = (megabytes: number): string =>
    `node -e "const taken = Buffer.alloc(${megabytes} * 1048576, 1); console.log('ready'); ` +
    `process.stdin.on('end', () => console.log(taken.length)).resume()"`

  const NO_MEMORY = 0xc0000017

  it('ends the command that takes most, and leaves the others of the shell alone', async () => {
    const { alice, bob } = start(({ winrs }) => (winrs.maxMemoryPerShellMb = 150))
    await alice.open()
    await bob.open()
    const [small, others] = [await alice.start('cat'), await bob.start(taking(10))]
    const large = await alice.start(taking(200))
    expect((await alice.drain(large)).exitCode).toBe(NO_MEMORY)
    await alice.send(small, 'still there', 'true')
    expect(await alice.drain(small)).toMatchObject({ exitCode: 0, stdout: Buffer.from('still there') })
    await bob.send(others, '', 'true')
    expect((await bob.drain(others)).exitCode).toBe(0)
  })

  it('adds up what the commands of a shell and their children take, from the moment it is set', async () => {
    const { alice, settings } = start(({ winrs }) => (winrs.maxMemoryPerShellMb = 0))
    await alice.open()
    const first = await alice.start(`sh -c '${taking(150).replaceAll("'", `'\\''`)}'; true`)
    const second = await alice.start(taking(200))
    for (const id of [first, second]) {
      expect((await alice.receive(id)).stdout.toString()).toBe('ready\n')
    }
    settings.winrs.maxMemoryPerShellMb = 300
    expect((await alice.drain(second)).exitCode).toBe(NO_MEMORY)
    await alice.send(first, '', 'true')
    expect((await alice.drain(first)).exitCode).toBe(0)
  })
})

describe('Service MaxConcurrentOperationsPerUser', () => {
  it('counts the shell and every command it was given; terminating does not lower it, deleting does', async () => {
    const { alice, bob } = start(({ service }) => (service.maxConcurrentOperationsPerUser = 3))
    await alice.open()
    for (let count = 0; count < 2; count += 1) {
      const id = await alice.start('true')
      expect((await alice.drain(id)).exitCode).toBe(0)
      await alice.signal(id, 'terminate')
    }
    expect(await faultOf(alice.start('true'))).toEqual(MAX_OPERATIONS)
    expect(await faultOf(clientOf(alice.service, 'alice').open())).toEqual(MAX_OPERATIONS)
    await bob.open()
    expect((await bob.run('true')).exitCode).toBe(0)
    await alice.delete()
    await alice.open()
    expect((await alice.run('true')).exitCode).toBe(0)
  })

  it('does not count commands that could not be started', async () => {
    const { alice } = start(({ service }) => (service.maxConcurrentOperationsPerUser = 2))
    await alice.open()
    const options = { WINRS_SKIP_CMD_SHELL: 'TRUE' }
    expect(await faultOf(alice.start('no-such-program', [], options))).toMatchObject({
      wsmanCode: 0x80070002,
    })
    expect((await alice.run('true')).exitCode).toBe(0)
  })
})
