import { onTestFinished } from 'vitest'
import { WsmanClient, type WsmanClientOptions } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { WindowsHost } from './host.js'

/** An endpoint with a Windows machine behind it, and a client of it; both end with the test. */
export async function startWindows(
  host = new WindowsHost(),
  { endpoint: given, client: options }: { endpoint?: EndpointOptions; client?: WsmanClientOptions } = {},
): Promise<{ host: WindowsHost; endpoint: Endpoint; client: WsmanClient; config: WsmanClient['config'] }> {
  const endpoint = await startEndpoint({
    users: [{ username: 'admin', password: 'secret', domain: host.machine }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: host.classes(),
    ...given,
  })
  onTestFinished(() => endpoint.close())
  const client = new WsmanClient({ ...endpoint.clientOptions(), ...options })
  onTestFinished(() => client.close())
  return { host, endpoint, client, config: client.config }
}
