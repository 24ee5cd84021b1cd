import wsman = require('wsman')
import testing = require('wsman/testing')

async function exitCode(): Promise<number> {
  const endpoint = await testing.startEndpoint({ users: [{ username: 'alice', password: 'secret' }] })
  const client: wsman.WsmanClient = new wsman.WsmanClient({ ...endpoint.clientOptions('alice') })
  try {
    const result = await client.run('hostname')
    return result.exitCode
  } catch (error) {
    if (wsman.isWsmanError(error) && error.retryable) return exitCode()
    throw error
  } finally {
    await client.close()
    await endpoint.close()
  }
}

export = { exitCode }
