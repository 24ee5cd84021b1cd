/** What the configuration is, what it should be, what would change, and how that goes. */
import { quickConfigScript, sourceOf } from 'wsman'
import { withClient } from './connect.js'

await withClient(async (client) => {
  const { service, winrs } = await client.config.get()
  console.log(
    `${client.host} takes ${service.maxConnections} connections (${sourceOf(service, 'maxConnections')})`,
  )
  console.log(`and keeps idle shells for ${winrs.idleTimeoutMs / 60_000} minutes.`)

  // What is not named stays as it is.
  const desired = {
    service: { maxConnections: service.maxConnections === 100 ? 200 : 100 },
    winrs: { idleTimeoutMs: winrs.idleTimeoutMs === 3_600_000 ? 1_800_000 : 3_600_000 },
  }
  const plan = await client.config.plan(desired)
  for (const { path, from, to } of plan.changes) console.log(`  ${path}:`, from, '→', to)
  for (const { code, message } of plan.warnings) console.log(`  ${code}: ${message}`)

  for await (const { step, of, name, status } of plan.steps()) console.log(`${step}/${of} ${name}: ${status}`)
  console.log((await client.config.plan(desired)).changed ? 'There is more to do.' : 'It is as it should be.')

  // This would cut the connection off, so it is refused unless it is forced.
  const reckless = await client.config.plan({ service: { allowRemoteAccess: false } })
  await reckless.apply().catch((error: unknown) => {
    console.log(error instanceof Error ? error.message : error)
  })

  // And put back.
  const { maxConnections } = service
  const { idleTimeoutMs } = winrs
  await (await client.config.plan({ service: { maxConnections }, winrs: { idleTimeoutMs } })).apply()
})

const script = quickConfigScript({ transport: 'HTTPS' })
console.log(`A script for hosts that do not answer yet has ${script.split('\n').length} lines.`)
