/**
 * The main job, end to end, with nothing but this machine: `npm run demo`.
 */
import { isWsmanError, isWsmanFault, wql, WsmanClient } from 'wsman'
import { startEndpoint } from 'wsman/testing'

const step = (text: string): void => {
  console.log(`\n\u001B[1m${text}\u001B[0m`)
}

step('1. Start a WinRM service on this machine')
const endpoint = await startEndpoint({
  listeners: [{ transport: 'HTTP', address: '127.0.0.1', port: 0 }],
  users: [{ username: 'demo', password: crypto.randomUUID() }],
})
console.log(`   It listens on ${endpoint.url} with WinRM's default settings:`)
console.log('   Basic is off, and every message is encrypted with the keys of the handshake.')

// host, port and credentials
const client = new WsmanClient({ ...endpoint.clientOptions('demo') })

try {
  step('2. Ask it what it is (Identify)')
  const identity = await client.identify()
  console.log(`   ${identity.productVendor ?? ''}, ${identity.productVersion ?? ''}`)

  step('3. Read its configuration, as `winrm get winrm/config` does')
  const config = await client.get('winrm/config')
  console.log('   MaxEnvelopeSizekb', config.MaxEnvelopeSizekb, 'MaxTimeoutms', config.MaxTimeoutms)
  for await (const listener of client.enumerate('winrm/config/listener')) {
    console.log('   Listener', listener.Address, listener.Transport, 'on port', listener.Port)
  }

  step('4. Stream processes of this machine through a WQL filter, page by page')
  const processes = client.enumerate('wmicimv2/*', {
    filter: wql`SELECT Name, ProcessId, WorkingSetSize FROM Win32_Process WHERE WorkingSetSize > ${20_000_000}`,
    maxElements: 5,
  })
  let count = 0
  for await (const { Name, ProcessId, WorkingSetSize } of processes) {
    const megabytes = `${(Number(WorkingSetSize) / 1e6).toFixed(0)} MB`
    console.log('  ', `${Number(ProcessId)}`.padStart(7), megabytes.padStart(8), Name)
    if (++count === 8) break // leaving the loop tells the service to release the enumeration
  }

  step('5. Run a command in a remote shell and show its output while it runs')
  const commandLine =
    process.platform === 'win32'
      ? 'for /L %i in (1,1,3) do @(echo line %i & ping -n 2 127.0.0.1 >nul)'
      : 'for i in 1 2 3; do echo "line $i"; sleep 0.3; done; echo "and one for stderr" >&2; exit 3'
  const result = await client.run(commandLine, undefined, {
    onOutput: ({ stream, text }) => {
      for (const line of text.trimEnd().split(/\r?\n/)) console.log(`   ${stream}: ${line}`)
    },
  })
  console.log(`   Exit code ${result.exitCode} after ${result.durationMs} ms.`)

  step('6. Ask for something that is not there: a typed fault with a hint')
  try {
    await client.get('wmicimv2/Win32_Nonsense?Name=nothing')
  } catch (error) {
    if (!isWsmanError(error)) throw error
    console.log(`   ${error.name}: ${error.message}`)
    if (isWsmanFault(error)) console.log(`   wsmanCode ${String(error.wsmanCode)}, ${error.wsmanName ?? ''}`)
    console.log(`   Hint: ${error.hint ?? ''}`)
  }
} finally {
  step('7. Close: shells, enumerations and sockets are gone')
  await client.close()
  await endpoint.close()
}
console.log('\nPoint the same code at a Windows host: see README.md, "On a real host".')
