/** What a program says that goes into one file with all that it imports. */
import { WsmanClient } from 'wsman'
import { startEndpoint } from 'wsman/testing'

async function converse() {
  const endpoint = await startEndpoint({ users: [{ username: 'alice', password: 'secret' }] })
  const client = new WsmanClient(endpoint.clientOptions('alice'))
  const { stdout } = await client.run('echo bundled')
  await client.close()
  await endpoint.close()
  process.stdout.write(stdout)
}

void converse()
