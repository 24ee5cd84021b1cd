import { WsmanClient } from 'wsman'
import { contend, inParallel } from '../support/contender.js'

/** @import { ShellTask } from './shell-task.js' */

/** The package as it is built. */

const credentials = {
  auth: { scheme: /** @type {const} */ ('basic'), username: 'alice', password: 'secret' },
  settings: { client: { allowUnencrypted: true, trustedHosts: '*' } },
}

await contend(async (/** @type {ShellTask} */ told) => {
  const { port, task, count, parallel, hosts } = told
  if (task === 'fleet') return await fleet(port, hosts, parallel)
  const client = new WsmanClient({
    ...credentials,
    host: '127.0.0.1',
    port,
    maxConnections: Math.max(parallel, 2),
  })
  let done = 0
  await inParallel(count, parallel, async () => {
    const length = task === 'stream' ? await stream(client) : await run(client)
    done += length
  })
  await client.close()
  return done
})

/** @param {WsmanClient} client */
async function run(client) {
  const { stdout } = await client.run('hostname')
  return stdout.length
}

/** @param {WsmanClient} client */
async function stream(client) {
  const shell = await client.openShell()
  const command = await shell.spawn('hostname')
  let done = 0
  for await (const chunk of /** @type {AsyncIterable<Uint8Array>} */ (command.stdout)) done += chunk.length
  await command.exit
  await shell.close()
  return done
}

/**
 * @param {number} port
 * @param {readonly string[]} hosts
 * @param {number} parallel
 */
async function fleet(port, hosts, parallel) {
  const first = new WsmanClient({ ...credentials, host: '127.0.0.1', port })
  let done = 0
  await inParallel(hosts.length, parallel, async (index) => {
    const client = first.withHost(hosts[index] ?? '')
    const length = await run(client)
    done += length
    await client.close()
  })
  await first.close()
  return done
}
