import { describe, expect, it } from 'vitest'
import { WsmanClient } from '../../../src/client/wsman-client.js'
import type { PartialModel } from '../../../src/settings/rows.js'
import type { ClientSettings, ProtocolSettings } from '../../../src/settings/table.js'
import { CLIENT_TABLE } from '../../../src/settings/client-table.js'
import { PROTOCOL_TABLE } from '../../../src/settings/protocol-table.js'
import type { SettingTable } from '../../../src/settings/rows.js'
import { makeCertificate } from '../../../src/testing/certificate.js'
import type { AuthOptions } from '../../../src/transport/credentials.js'
import { connect, rejection, SILENCE, startService, windowsFault } from '../../support/scripted-service.js'
import { enumerated, pulled } from '../enumeration/replies.js'

const INSTANCE = '<p:C xmlns:p="urn:c"><p:Name>x</p:Name></p:C>'
const account = { username: 'alice', password: 'secret' }

interface Effect {
  readonly path: string
  readonly effect: () => Promise<void>
}

/** A handshake begins with a request without a message. */
const serve = () => startService({ Get: INSTANCE, Identify: INSTANCE })

/** A scheme that is switched off is refused before a socket opens; switched on, the refusal is gone. */
function schemeSwitch(name: keyof ClientSettings['auth'], auth: AuthOptions): Effect {
  return {
    path: `client.auth.${name}`,
    effect: async () => {
      const service = await serve()
      const refusal = (enabled: boolean): Promise<unknown> => {
        const client = connect(service, { auth, settings: { client: { auth: { [name]: enabled } } } })
        return client.get('urn:r').catch((error: unknown) => error)
      }
      expect(await refusal(false)).toMatchObject({
        code: 'ERR_WSMAN_SCHEME_DISABLED',
        hint: `To allow it: settings: { client: { auth: { ${name}: true } } }`,
      })
      expect([service.requests.length, service.openSockets]).toEqual([0, 0])
      expect(await refusal(true)).not.toMatchObject({ code: 'ERR_WSMAN_SCHEME_DISABLED' })
    },
  }
}

const urlWith = (client: PartialModel<ClientSettings>, transport?: string): string =>
  new WsmanClient({ host: 'server01', transport, settings: { client } }).url

const client = (settings: PartialModel<ClientSettings>) => ({ settings: { client: settings } })
const protocol = (settings: PartialModel<ProtocolSettings>) => ({ settings: { protocol: settings } })

const EFFECTS: readonly Effect[] = [
  {
    path: 'protocol.maxEnvelopeSizeKb',
    effect: async () => {
      const service = await startService({ Get: INSTANCE, Put: INSTANCE })
      const small = connect(service, protocol({ maxEnvelopeSizeKb: 32 }))
      await small.get('urn:r')
      expect(service.requests[0]?.texts('MaxEnvelopeSize')).toEqual([String(32 * 1024)])
      const large = { Text: 'x'.repeat(40 * 1024) }
      expect(await rejection(small.put('urn:r/C', large))).toMatchObject({
        code: 'ERR_WSMAN_USAGE',
        message: 'The request is larger than the 32 kB that protocol.maxEnvelopeSizeKb allows.',
      })
      await connect(service, protocol({ maxEnvelopeSizeKb: 64 })).put('urn:r/C', large)
      expect(service.actions).toEqual(['Get', 'Put'])
    },
  },
  {
    path: 'protocol.maxTimeoutMs',
    effect: async () => {
      const service = await serve()
      await connect(service, protocol({ maxTimeoutMs: 2500 })).get('urn:r')
      expect(service.requests[0]?.texts('OperationTimeout')).toEqual(['PT2.500S'])
    },
  },
  {
    path: 'protocol.maxBatchItems',
    effect: async () => {
      const service = await startService({
        Enumerate: enumerated({ items: [1], context: 'E' }),
        Pull: pulled({ items: [2], end: 'n' }),
      })
      const few = connect(service, protocol({ maxBatchItems: 7 }))
      await few.enumerate('urn:r').toArray()
      await few.enumerate('urn:r', { maxElements: 100 }).toArray()
      await few.enumerate('urn:r', { maxElements: 3 }).toArray()
      expect(service.requests.map((request) => request.texts('MaxElements'))).toEqual(
        ['7', '7', '7', '7', '3', '3'].map((text) => [text]),
      )
      await few.shells().toArray()
      expect(service.requests.at(-1)?.texts('MaxElements')).toEqual(['7'])
    },
  },
  {
    path: 'client.networkDelayMs',
    effect: async () => {
      const service = await startService({ Get: SILENCE })
      const impatient = connect(service, {
        ...client({ networkDelayMs: 500 }),
        retry: { attempts: 1 },
      })
      expect(await rejection(impatient.get('urn:r', { operationTimeoutMs: 7 }))).toMatchObject({
        code: 'ERR_WSMAN_REPLY_TIMEOUT',
        timeoutMs: 507,
      })
    },
  },
  {
    path: 'client.urlPrefix',
    effect: async () => {
      const service = await serve()
      await connect(service, client({ urlPrefix: 'team/wsman' })).get('urn:r')
      expect(service.requests[0]?.http.url).toBe('/team/wsman')
      expect(service.requests[0]?.texts('To')).toEqual([`http://127.0.0.1:${service.port}/team/wsman`])
    },
  },
  {
    path: 'client.allowUnencrypted',
    effect: async () => {
      const service = await serve()
      const auth = { scheme: 'basic', ...account } as const
      const refused = connect(service, { auth, ...client({ allowUnencrypted: false }) })
      expect(await rejection(refused.get('urn:r'))).toMatchObject({ code: 'ERR_WSMAN_UNENCRYPTED' })
      expect([service.requests.length, service.openSockets]).toEqual([0, 0])
      await connect(service, { auth, ...client({ allowUnencrypted: true }) }).get('urn:r')
      expect(service.actions).toEqual(['Get'])
    },
  },
  schemeSwitch('basic', { scheme: 'basic', ...account }),
  schemeSwitch('digest', { scheme: 'digest', ...account }),
  schemeSwitch('kerberos', { scheme: 'kerberos', ccache: '/nonexistent/ccache' }),
  schemeSwitch('negotiate', { scheme: 'negotiate', ...account }),
  schemeSwitch('credSsp', { scheme: 'credssp', ...account }),
  {
    path: 'client.auth.certificate',
    effect: async () => {
      const service = await serve()
      const refused = connect(service, {
        auth: { scheme: 'certificate' },
        transport: 'https',
        tls: await makeCertificate('client'),
        ...client({ auth: { certificate: false } }),
      })
      expect(await rejection(refused.get('urn:r'))).toMatchObject({ code: 'ERR_WSMAN_SCHEME_DISABLED' })
      expect(service.openSockets).toBe(0)
    },
  },
  {
    path: 'client.defaultPorts.http',
    effect: () => {
      expect(urlWith({ defaultPorts: { http: 80 } })).toBe('http://server01:80/wsman')
      return Promise.resolve()
    },
  },
  {
    path: 'client.defaultPorts.https',
    effect: () => {
      expect(urlWith({ defaultPorts: { https: 443 } }, 'https')).toBe('https://server01:443/wsman')
      return Promise.resolve()
    },
  },
  {
    path: 'client.trustedHosts',
    effect: async () => {
      // A name that leads nowhere: the refusal comes before it would be looked up.
      const ask = (trustedHosts: string): Promise<unknown> => {
        const other = new WsmanClient({
          host: 'server01.invalid',
          auth: { scheme: 'basic', ...account },
          retry: { attempts: 1 },
          ...client({ trustedHosts, allowUnencrypted: true }),
        })
        return rejection(other.get('urn:r')).finally(() => other.close())
      }
      expect(await ask('other')).toMatchObject({ code: 'ERR_WSMAN_HOST_NOT_TRUSTED' })
      expect(await ask('*.invalid')).toMatchObject({ code: 'ERR_WSMAN_CONNECT' })
    },
  },
]

/** Rows that a client cannot obey, and why. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'protocol.maxProviderRequests': 'it bounds the providers of a service, and has had no effect since 2.0',
}

const paths = (table: SettingTable, prefix: string): string[] =>
  Object.entries(table).flatMap(([name, entry]) =>
    'members' in entry ? paths(entry.members, `${prefix}${name}.`) : [prefix + name],
  )

describe('a client obeys its own', () => {
  it.each(EFFECTS)('$path', async ({ effect }) => {
    await effect()
  })

  it('settings, each of them', () => {
    const rows = [...paths(CLIENT_TABLE, 'client.'), ...paths(PROTOCOL_TABLE, 'protocol.')]
    const covered = [...EFFECTS.map(({ path }) => path), ...Object.keys(WITHOUT_EFFECT)]
    expect(covered.sort()).toEqual(rows.sort())
  })
})

describe('limits of both sides', () => {
  it('hold together: the lower one of what the service takes and what the client may send', async () => {
    const config = (kilobytes: number): string =>
      '<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config">' +
      `<cfg:MaxEnvelopeSizekb>${kilobytes}</cfg:MaxEnvelopeSizekb></cfg:Config>`
    const service = await startService({ Get: [config(40), config(1000)], Put: INSTANCE })
    const own = connect(service, protocol({ maxEnvelopeSizeKb: 200 }))
    const sized = (kilobytes: number) => own.put('urn:r/C', { Text: 'x'.repeat(kilobytes * 1024) })
    await own.get('winrm/config')
    expect(await rejection(sized(50))).toMatchObject({ message: /40 kB that the service is known to take/ })
    await own.get('winrm/config')
    await sized(190)
    expect(await rejection(sized(210))).toMatchObject({ message: /200 kB that protocol.maxEnvelopeSizeKb/ })
    expect(service.actions).toEqual(['Get', 'Get', 'Put'])
  })

  it('leave a longer operation timeout that a call asks for to the service, as clients of Windows do', async () => {
    const service = await startService({ Get: windowsFault(5) })
    await rejection(connect(service).get('urn:r', { operationTimeoutMs: 180_000 }))
    expect(service.requests[0]?.texts('OperationTimeout')).toEqual(['PT180.000S'])
  })
})
