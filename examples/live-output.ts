/** A long command: read its lines while it runs, answer it, stop it. */
import { withClient } from './connect.js'

await withClient(async (client) => {
  const shell = await client.openShell()
  try {
    // `sort` writes nothing before its input ends; `cat` (or `more` on Windows) answers line by line.
    const command = await shell.spawn(process.platform === 'win32' ? 'more' : 'cat')
    command.stdin.write('one\n')
    command.stdin.end('two\n')
    for await (const { stream, text } of command.lines()) console.log(`${stream}: ${text}`)
    console.log(`exit code ${(await command.exit).exitCode}`)

    const endless = await shell.spawn(process.platform === 'win32' ? 'ping -t 127.0.0.1' : 'yes', undefined, {
      stderr: 'ignore',
    })
    for await (const { text } of endless.lines()) {
      console.log(`first line: ${text}`)
      break
    }
    await endless.signal('terminate')
    await endless.exit.catch(() => undefined)
  } finally {
    await shell.close()
  }
})
