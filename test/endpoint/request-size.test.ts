import { afterEach, beforeEach, expect, it } from 'vitest'
import { UsageError, WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointClass } from 'wsman/testing'

const echo: EndpointClass = {
  name: 'Test_Echo',
  properties: { Id: { type: 'uint32', key: true } },
  instances: [{ Id: 1 }],
  methods: { Length: ({ parameters }) => ({ ReturnValue: 0, Length: (parameters.Text as string).length }) },
}

let endpoint: Endpoint
let client: WsmanClient

beforeEach(async () => {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: {
      service: { auth: { basic: true }, allowUnencrypted: true },
      protocol: { maxEnvelopeSizeKb: 300 },
    },
    classes: [echo],
  })
  client = new WsmanClient({ ...endpoint.clientOptions('alice') })
})

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

const call = (length: number) =>
  client.invoke('wmicimv2/Test_Echo?Id=1', 'Length', { Text: 'x'.repeat(length) })

it('keeps requests below what every service takes until the service has told its own limit', async () => {
  expect(await call(140_000)).toEqual({ ReturnValue: '0', Length: '140000' })
  const refused: unknown = await call(160_000).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(UsageError)
  expect(refused).toMatchObject({ message: expect.stringContaining('150 kB') as string, operation: 'Invoke' })
  expect(endpoint.requests).toHaveLength(1)

  await client.get('winrm/config')
  expect(await call(290_000)).toEqual({ ReturnValue: '0', Length: '290000' })
  await expect(call(310_000)).rejects.toThrow('300 kB')
})
