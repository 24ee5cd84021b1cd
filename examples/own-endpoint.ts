/** Tests without a Windows machine: an endpoint that serves your own classes. */
import { WsmanClient } from 'wsman'
import { startEndpoint, type EndpointClass } from 'wsman/testing'

const printers: EndpointClass = {
  name: 'Acme_Printer',
  properties: { Name: { type: 'string', key: true }, Pages: 'uint64', Online: 'boolean' },
  instances: [
    { Name: 'first floor', Pages: 120_345n, Online: true },
    { Name: 'cellar', Pages: 7n, Online: false },
  ],
}

const endpoint = await startEndpoint({
  listeners: [{ transport: 'HTTP', address: '127.0.0.1', port: 0 }],
  users: [{ username: 'alice', password: 'correct horse' }],
  settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
  classes: [printers],
})
const client = new WsmanClient({ ...endpoint.clientOptions('alice') })
try {
  const cellar = await client.get('wmicimv2/Acme_Printer?Name=cellar')
  console.log(`${cellar.Name as string} has printed ${cellar.Pages as string} pages`)
  console.log(`the endpoint saw ${endpoint.requests.length} request`)
} finally {
  await client.close()
  await endpoint.close()
}
