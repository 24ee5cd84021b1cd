import { afterEach, beforeEach, expect, it } from 'vitest'
import { isWsmanFault, WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint } from 'wsman/testing'

let endpoint: Endpoint
let client: WsmanClient

beforeEach(async () => {
  endpoint = await startEndpoint({
    users: [
      { username: 'alice', password: 'secret' },
      { username: 'bob', password: 'other' },
    ],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
})

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

it('lists the shells of the account, with what the service tells of them', async () => {
  const bob = new WsmanClient({ ...endpoint.clientOptions('bob') })
  await bob.openShell()
  const shell = await client.openShell({ environment: { COLOUR: 'blue' }, idleTimeoutMs: 90_000 })
  const shells = await client.shells().toArray()
  expect(shells).toHaveLength(1)
  expect(shells[0]).toMatchObject({
    shellId: shell.shellId,
    resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd',
    clientIp: '127.0.0.1',
    environment: { COLOUR: 'blue' },
    idleTimeoutMs: 90_000,
  })
  expect(shells[0]?.owner).toMatch(/\\alice$/)
  await bob.close()
})

it('attaches to a shell by its id, runs in it and sees its commands', async () => {
  const shell = await client.openShell({ environment: { COLOUR: 'blue' } })
  const running = await shell.spawn('sleep 1000')
  const other = new WsmanClient({ ...endpoint.clientOptions('alice') })
  const attached = other.attachShell(shell.shellId)
  const commands = await attached.commands().toArray()
  expect(commands).toEqual([{ commandId: running.commandId, commandLine: 'sleep 1000', state: 'Running' }])
  expect((await attached.run('echo $COLOUR')).stdout).toBe('blue\n')
  await other.close()
  // Closing the client that only attached leaves the shell as it was.
  expect(endpoint.shells.map(({ shellId }) => shellId)).toEqual([shell.shellId])
})

it('deletes a shell by its id, and one that is gone without complaint', async () => {
  const { shellId } = await client.openShell()
  await client.deleteShell(shellId)
  expect(endpoint.shells).toEqual([])
  await client.deleteShell(shellId)
  const error: unknown = await client
    .attachShell(shellId)
    .run('hostname')
    .catch((reason: unknown) => reason)
  expect(isWsmanFault(error, 'ERROR_WSMAN_UNEXPECTED_SELECTORS')).toBe(true)
})
