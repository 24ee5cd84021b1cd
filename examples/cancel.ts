/** Cancelling stops the remote process, too, and the error says whether that is known. */
import { AbortError } from 'wsman'
import { withClient } from './connect.js'

await withClient(async (client) => {
  const controller = new AbortController()
  const running = client.run(process.platform === 'win32' ? 'ping -t 127.0.0.1' : 'yes', undefined, {
    signal: controller.signal,
    onOutput: () => {
      controller.abort(new Error('seen enough'))
    },
  })
  try {
    await running
  } catch (error) {
    if (!(error instanceof AbortError)) throw error
    console.log(`${error.name}: remote side ${error.remote}`)
  }
})
