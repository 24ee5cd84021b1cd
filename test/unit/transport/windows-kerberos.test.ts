import { afterEach, describe, expect, it, vi } from 'vitest'
import { SspiInitiator } from '../../../src/auth/kerberos/sspi-context.js'
import { kerberosScheme } from '../../../src/transport/handshake-schemes.js'
import { KerberosSource } from '../../../src/transport/kerberos-source.js'
import type { ChannelFacts } from '../../../src/transport/authenticator.js'

const channel: ChannelFacts = {
  host: 'server01',
  port: 5985,
  secure: false,
  path: '/wsman',
  peerCertificate: undefined,
}
const surroundings = { spn: {}, allowNtlm: () => undefined }

const begin = (auth: object) =>
  kerberosScheme(new KerberosSource({ scheme: 'kerberos', ...auth }), surroundings).begin(channel, 'Kerberos')

describe('Kerberos on Windows', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('goes through SSPI, with the tickets of the user or a password', async () => {
    vi.stubGlobal('process', Object.create(process, { platform: { value: 'win32' } }))
    expect((await begin({})).context).toBeInstanceOf(SspiInitiator)
    expect((await begin({ username: 'alice', password: () => 'secret' })).context).toBeInstanceOf(
      SspiInitiator,
    )
  })

  it('has no use for a keytab or cache', async () => {
    vi.stubGlobal('process', Object.create(process, { platform: { value: 'win32' } }))
    await expect(begin({ keytab: 'C:\\http.keytab' })).rejects.toMatchObject({ name: 'UsageError' })
    await expect(begin({ ccache: 'MEMORY:x' })).rejects.toMatchObject({ name: 'UsageError' })
  })
})
