import { WsmanClient } from 'wsman'
import { contend } from '../../support/contender.js'

/** @import { EnumerationTask } from './task.js' */

/** The package as it is built: every item decoded. */

await contend(async (/** @type {EnumerationTask} */ { port, pageItems, by }) => {
  const client = new WsmanClient({
    host: '127.0.0.1',
    port,
    auth: { scheme: 'basic', username: 'alice', password: 'secret' },
    settings: {
      client: { allowUnencrypted: true, trustedHosts: '*' },
      protocol: { maxEnvelopeSizeKb: 8192 },
    },
  })
  const processes = client.enumerate('wmicimv2/Bench_Process', { maxElements: pageItems })
  let done = 0
  if (by === 'pages') for await (const page of processes.pages()) done += page.length
  else for await (const process of processes) done += process.Name === undefined ? 0 : 1
  await client.close()
  return done
})
