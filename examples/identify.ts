/** What is the service, and which authentication does it offer? */
import { withClient } from './connect.js'

await withClient(async (client) => {
  const { productVendor, productVersion, securityProfiles } = await client.identify()
  console.log(`${client.url} is ${productVendor ?? 'unknown'} ${productVersion ?? ''}`)
  for (const profile of securityProfiles) console.log(`  offers ${profile}`)
})
