/** Running services, streamed: values in the query are escaped, pages are fetched while the loop works. */
import { wql } from 'wsman'
import { withClient } from './connect.js'

await withClient(async (client) => {
  const services = client.enumerate('wmicimv2/*', {
    filter: wql`SELECT Name, State, ProcessId FROM Win32_Service WHERE State = ${'Running'}`,
  })
  let count = 0
  for await (const { Name, ProcessId } of services) {
    count += 1
    console.log(`${Number(ProcessId)}`.padStart(7), Name)
  }
  console.log(`${count} services are running.`)
})
