/** A conversation in the format that is asked for, and which packages were loaded before and after it. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const load = process.argv[2] === 'cjs' ? require : (name) => import(name)
const { WsmanClient } = await load('wsman')

const packages = ['saxes', 'iconv-lite', 'xmlbuilder2.cjs', 'selfsigned', 'koffi', 'axios']
const loaded = () => {
  const files = Object.keys(require.cache).flatMap((file) => file.split(/[\\/]/))
  return packages.filter((name) => files.includes(name))
}
const before = loaded()

const { startEndpoint } = await load('wsman/testing')
const endpoint = await startEndpoint({ users: [{ username: 'alice', password: 'secret' }] })
const client = new WsmanClient(endpoint.clientOptions('alice'))
const echo = `process.stdin.on('data', (bytes) => process.stdout.write(bytes.toString('hex') + ' ' + bytes.toString('latin1'), 'latin1'))`
const { stdout } = await client.run(process.execPath, ['-e', echo], { codepage: 850, input: 'é' })
await client.close()
await endpoint.close()

console.log(JSON.stringify({ before, stdout, after: loaded() }))
