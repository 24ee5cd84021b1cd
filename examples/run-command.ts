/** One command with arguments and input; the result is plain data. */
import { CommandError } from 'wsman'
import { withClient } from './connect.js'

await withClient(async (client) => {
  const sorted = await client.run('sort', [], { input: 'pear\napple\nfig\n' })
  console.log(sorted.stdout.split(/\r?\n/).filter(Boolean).join(', '))

  try {
    await client.run('exit 7', undefined, { check: true })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.log(`check: ${error.message}`)
  }
})
