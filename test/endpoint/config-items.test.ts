import { describe, expect, it, onTestFinished } from 'vitest'
import { isWsmanFault, WsmanClient } from 'wsman'
import { startEndpoint, type Endpoint, type EndpointOptions } from 'wsman/testing'
import { makeIdentity } from '../unit/testing/support/identities.js'

async function start(options: EndpointOptions = {}): Promise<{ endpoint: Endpoint; client: WsmanClient }> {
  const endpoint = await startEndpoint({
    listeners: [{ transport: 'HTTPS' }],
    users: [
      { username: 'admin', password: 'secret' },
      { username: 'bob', password: 'builder', groups: ['Remote Management Users'] },
    ],
    settings: { service: { auth: { basic: true, certificate: true } } },
    classes: [],
    ...options,
  })
  const client = new WsmanClient(endpoint.clientOptions('admin'))
  onTestFinished(async () => {
    await client.close()
    await endpoint.close()
  })
  return { endpoint, client }
}

describe('certificate mappings', () => {
  it('are made, read, listed, changed and deleted, and let whoever has the certificate in', async () => {
    const authority = await makeIdentity({ CN: 'Authority' })
    const { cert, key } = await makeIdentity({ CN: 'bob' }, authority)
    const { endpoint, client } = await start({ authorities: [authority.cert] })
    const { certMappings, service } = client.config
    const mapping = { issuer: authority.thumbprint, subject: 'bob', uri: '*' }
    const reference = await certMappings.create({
      ...mapping,
      userName: 'bob',
      password: 'builder',
      enabled: true,
    })
    expect(reference.selectors).toEqual({ URI: '*', Subject: 'bob', Issuer: authority.thumbprint })
    const shown = { ...mapping, userName: 'bob', enabled: true }
    expect(await certMappings.get(mapping)).toEqual(shown)
    expect(await certMappings.enumerate().toArray()).toEqual([shown])
    await service.update({ rootSddl: 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;RM)' })

    const { auth, ...options } = endpoint.clientOptions('bob')
    expect(auth.username).toBe('bob')
    const bob = new WsmanClient({
      ...options,
      auth: { scheme: 'certificate' },
      tls: { ...options.tls, cert, key },
    })
    onTestFinished(() => bob.close())
    expect((await bob.config.winrs.get()).maxShellsPerUser).toBe(30)
    const refused: unknown = await bob.config.winrs
      .update({ maxShellsPerUser: 7 })
      .catch((error: unknown) => error)
    expect(isWsmanFault(refused, 'ERROR_ACCESS_DENIED')).toBe(true)

    expect(await certMappings.update(mapping, { enabled: false })).toEqual({ ...shown, enabled: false })
    await expect(bob.config.winrs.get()).rejects.toMatchObject({ wsmanName: 'ERROR_ACCESS_DENIED' })
    await certMappings.delete(mapping)
    expect(await certMappings.enumerate().toArray()).toEqual([])
  })

  it('are planned like everything else', async () => {
    const authority = await makeIdentity({ CN: 'Authority' })
    const { client } = await start({ authorities: [authority.cert] })
    const mapping = {
      issuer: authority.thumbprint,
      subject: '*',
      uri: '*',
      userName: 'bob',
      password: 'builder',
    }
    const plan = await client.config.plan({ certMappings: [mapping] })
    expect(plan.changes.map(({ action, path }) => [action, path])).toEqual([
      ['add', `certMappings[${authority.thumbprint}+*+*]`],
    ])
    await plan.apply()
    expect((await client.config.plan({ certMappings: [mapping] })).changed).toBe(false)
  })
})

describe('plug-ins', () => {
  it('are made, read, listed, changed and deleted, and restored', async () => {
    const { client } = await start()
    const { plugins } = client.config
    const resources = [{ resourceUri: 'urn:mine', capabilities: [{ type: 'Get', supportsFragment: true }] }]
    await plugins.create({ name: 'Mine', filename: 'mine.dll', resources, quotas: { maxShells: 7 } })
    expect(await plugins.get({ name: 'Mine' })).toMatchObject({
      name: 'Mine',
      filename: 'mine.dll',
      sdkVersion: 1,
      enabled: true,
      quotas: { maxShells: 7 },
      resources: [
        {
          resourceUri: 'urn:mine',
          exactMatch: false,
          capabilities: [{ type: 'Get', supportsFragment: true, supportsFiltering: false }],
        },
      ],
    })
    const names = async (): Promise<string[]> => (await plugins.enumerate().toArray()).map(({ name }) => name)
    expect(await names()).toEqual(['WMI Provider', 'Event Forwarding Plugin', 'SEL Plugin', 'Mine'])
    const changed = await plugins.update({ name: 'Mine' }, { quotas: { maxShells: 8 } })
    expect(changed).toMatchObject({ filename: 'mine.dll', quotas: { maxShells: 8 } })
    await plugins.delete({ name: 'SEL Plugin' })
    await client.config.restore({ plugins: true })
    expect(await names()).toEqual(['WMI Provider', 'Event Forwarding Plugin', 'SEL Plugin'])
  })
})

it('restore() leaves no listener', async () => {
  const { endpoint, client } = await start()
  await client.config.restore()
  expect(endpoint.listeners).toEqual([])
})
