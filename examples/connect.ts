import { WsmanClient, type AuthOptions, type WsmanClientOptions } from 'wsman'
import { startEndpoint } from 'wsman/testing'

/**
 * Gives an example a client. With WSMAN_HOST set, of that host; otherwise of an endpoint that is started on this
 * machine for the length of the example.
 */
export async function withClient(
  work: (client: WsmanClient) => Promise<void>,
  options: Pick<WsmanClientOptions, 'limiter'> = {},
): Promise<void> {
  const fromEnvironment = hostOptions()
  const endpoint = fromEnvironment
    ? undefined
    : await startEndpoint({
        listeners: [{ transport: 'HTTP', address: '127.0.0.1', port: 0 }],
        users: [{ username: 'demo', password: crypto.randomUUID() }],
      })
  const client = new WsmanClient({ ...(fromEnvironment ?? endpoint?.clientOptions('demo')), ...options })
  try {
    await work(client)
  } finally {
    await client.close()
    await endpoint?.close()
  }
}

/**
 * A real host: WSMAN_HOST, WSMAN_TRANSPORT, WSMAN_USERNAME, WSMAN_PASSWORD, WSMAN_SCHEME, WSMAN_FINGERPRINT and
 * WSMAN_TRUSTED_HOSTS.
 */
function hostOptions(): WsmanClientOptions | undefined {
  const { WSMAN_HOST, WSMAN_TRANSPORT, WSMAN_USERNAME, WSMAN_PASSWORD } = process.env
  const { WSMAN_SCHEME, WSMAN_FINGERPRINT, WSMAN_TRUSTED_HOSTS } = process.env
  if (!WSMAN_HOST) return undefined
  return {
    host: WSMAN_HOST,
    transport: WSMAN_TRANSPORT ?? 'http',
    auth: {
      scheme: WSMAN_SCHEME ?? 'negotiate',
      username: WSMAN_USERNAME ?? '',
      password: WSMAN_PASSWORD ?? '',
    } as AuthOptions,
    settings: { client: { trustedHosts: WSMAN_TRUSTED_HOSTS ?? '' } },
    ...(WSMAN_FINGERPRINT ? { tls: { fingerprint256: WSMAN_FINGERPRINT } } : {}),
  }
}
