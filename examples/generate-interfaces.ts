/**
 * TypeScript interfaces for classes, from the definitions that the host gives of them. They describe what calls with
 * `typed: true` give: `client.cim.query<Win32_Process>(…, { typed: true })`.
 *
 *     npx tsx examples/generate-interfaces.ts Win32_Service Win32_Process > win32.ts
 */
import { generateInterfaces } from 'wsman'
import { withClient } from './connect.js'

const given = process.argv.slice(2)
const names = given.length > 0 ? given : ['Win32_OperatingSystem', 'Win32_Process']

await withClient(async (client) => {
  const classes = await Promise.all(names.map((name) => client.cim.getClass(name)))
  process.stdout.write(generateInterfaces(classes))
})
