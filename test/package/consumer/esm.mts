import { isWsmanFault, wql, WsmanClient, WsmanError, type Instance, type WsmanErrorCode } from 'wsman'
import { startEndpoint } from 'wsman/testing'

export async function services(): Promise<readonly Instance[]> {
  const endpoint = await startEndpoint({ users: [{ username: 'alice', password: 'secret' }] })
  const client = new WsmanClient({ ...endpoint.clientOptions('alice') })
  try {
    const filter = wql`SELECT * FROM Win32_Service WHERE StartMode = ${'Auto'}`
    const found: Instance[] = []
    for await (const service of client.enumerate('wmicimv2/*', { filter })) found.push(service)
    return found
  } finally {
    await client.close()
    await endpoint.close()
  }
}

export function codeOf(error: unknown): WsmanErrorCode | number | undefined {
  if (isWsmanFault(error, 'ERROR_WSMAN_QUOTA_MAX_SHELLS')) return error.wsmanCode
  return error instanceof WsmanError ? error.code : undefined
}

// @ts-expect-error a host is text
export const nowhere = new WsmanClient({ host: 5985 })
