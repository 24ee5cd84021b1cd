/** The configuration of the service, and its listeners. */
import { withClient } from './connect.js'

await withClient(async (client) => {
  const config = await client.get('winrm/config')
  console.log(JSON.stringify(config, null, 2))

  const listeners = await client.enumerate('winrm/config/listener').toArray()
  console.table(listeners, ['Address', 'Transport', 'Port', 'Enabled', 'URLPrefix'])
})
