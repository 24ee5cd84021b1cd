import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CredSspAcceptor } from '../../../../src/auth/credssp/acceptor.js'
import { CredSspInitiator } from '../../../../src/auth/credssp/initiator.js'
import type { CredSspVersion } from '../../../../src/auth/credssp/key-binding.js'
import type { TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { NtlmAcceptor } from '../../../../src/auth/ntlm/acceptor.js'
import { NtlmInitiator } from '../../../../src/auth/ntlm/initiator.js'
import { ntHash } from '../../../../src/auth/ntlm/ntlmv2.js'
import { AuthenticationError } from '../../../../src/errors/errors.js'
import { requirePeer, succeeds } from '../../../support/shared.js'
import { hex } from '../hex.js'
import { makeIdentity } from './handshake.js'
import { askForCredSsp, grantCredSsp } from './rdp.js'

const PASSWORD = 'öffne dich'
const VERSIONS: readonly CredSspVersion[] = [2, 3, 4, 5, 6]
const PROGRAMS = ['xfreerdp', 'freerdp-shadow-cli', 'winpr-hash', 'Xvfb']
const areInstalled = () => PROGRAMS.every((name) => succeeds('sh', '-c', `command -v ${name}`))

/** Remote Desktop speaks CredSSP over a TCP connection, with NTLM inside and without SPNEGO. */
requirePeer('FreeRDP and Xvfb', areInstalled)('CredSSP, and FreeRDP', () => {
  let folder: string
  let display: string
  let screen: ChildProcessWithoutNullStreams
  const running: ChildProcessWithoutNullStreams[] = []
  const sockets: Socket[] = []

  const start = (command: string, ...args: string[]): ChildProcessWithoutNullStreams =>
    spawn(command, args, { env: { ...process.env, DISPLAY: display, HOME: folder, WLOG_LEVEL: 'INFO' } })

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'wsman-freerdp-'))
    screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '640x480x24', '-nolisten', 'tcp', '-noreset'])
    const [number] = (await once(createInterface({ input: screen.stdout }), 'line')) as [string]
    display = `:${number}`
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(running.splice(0).map(stop))
  })
  afterAll(async () => {
    await stop(screen)
    rmSync(folder, { recursive: true })
  })

  describe('its client', () => {
    let identity: TlsIdentity
    beforeAll(async () => {
      identity = await makeIdentity('rsa')
    })

    /** Takes one client; @returns its connection's acceptor once that is complete, or what it threw */
    async function accept(password: string, maxVersion: CredSspVersion, tls: 'TLSv1.2' | 'TLSv1.3') {
      const listener = createServer().listen(0, '127.0.0.1')
      await once(listener, 'listening')
      const { port } = listener.address() as AddressInfo
      const account = ['/u:alice', '/d:TEST', `/p:${password}`]
      const client = start('xfreerdp', `/v:127.0.0.1:${port}`, ...account, '/cert:ignore', '+auth-only')
      running.push(client)
      const output = outputOf(client)
      const closed = once(client, 'close')
      const [socket] = (await once(listener, 'connection')) as [Socket]
      listener.close()
      sockets.push(socket)
      const reader = await grantCredSsp(socket)
      const server = new CredSspAcceptor({
        ...identity,
        maxVersion,
        tls: { maxVersion: tls },
        createInner: () =>
          new NtlmAcceptor({ computerName: 'SERVER01', lookup: () => ({ ntHash: ntHash(PASSWORD) }) }),
      })
      const error: unknown = await (async () => {
        while (!server.complete) socket.write((await server.step(await reader.readToken())) ?? '')
      })().catch((thrown: unknown) => thrown)
      socket.end(server.refusal ?? '')
      await closed
      return { server, error, output: output() }
    }

    it.each(VERSIONS)('delegates to a server of version %i', async (version) => {
      for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { server, error } = await accept(PASSWORD, version, tls)
        expect(error).toBeUndefined()
        expect(server.principal).toBe(String.raw`TEST\alice`)
        expect(server.delegated).toEqual({ domain: 'TEST', user: 'alice' })
        expect(server.delegatedPassword()).toBe(PASSWORD)
      }
    })

    it('understands why it is refused', async () => {
      const { server, error, output } = await accept('wrong', 6, 'TLSv1.3')
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(server.delegated).toBeUndefined()
      expect(output).toContain('ERRCONNECT_LOGON_FAILURE')
    })
  })

  describe('its server', () => {
    /** @returns a connection to a server that knows alice, and what the server says */
    async function serve() {
      const sam = path.join(folder, 'sam')
      const { stdout } = spawnSync('winpr-hash', ['-u', 'alice', '-d', 'TEST', '-p', PASSWORD, '-f', 'sam'])
      writeFileSync(sam, stdout)
      const port = await freePort()
      const server = start(
        'freerdp-shadow-cli',
        `/port:${port}`,
        '/bind-address:127.0.0.1',
        `/sam-file:${sam}`,
        '+auth',
        '/sec:nla',
      )
      running.push(server)
      const said = outputOf(server)
      const socket = await connectWhenListening(port, server)
      sockets.push(socket)
      return { socket, said }
    }

    const initiator = (password: string, maxVersion: CredSspVersion) =>
      new CredSspInitiator({
        domain: 'TEST',
        user: 'alice',
        password,
        minVersion: 2,
        maxVersion,
        // Its tickets of TLS 1.3 come as they like, while tokens hold all there is to say.
        tls: { maxVersion: 'TLSv1.2' },
        createInner: () =>
          new NtlmInitiator({
            credential: { username: String.raw`TEST\alice`, password },
            target: { service: 'TERMSRV', host: '127.0.0.1' },
          }),
      })

    it.each(VERSIONS)('takes the delegation of a client of version %i', async (version) => {
      const { socket, said } = await serve()
      const reader = await askForCredSsp(socket)
      const client = initiator(PASSWORD, version)
      for (let token: Uint8Array | undefined; ; token = await reader.readToken()) {
        socket.write((await client.step(token)) ?? '')
        if (client.complete) break
      }
      // Remote Desktop goes on with its own messages over TLS, which this is none of.
      const { signature, data } = await client.seal(hex('03 00 00 08 02 f0 80 00'))
      socket.end(Buffer.concat([signature, data]))
      await once(socket, 'close')
      await expect.poll(said).toContain('rdp_server_accept_mcs_connect_initial() fail')
    })

    it.each([2, 6] as const)('is not convinced by a wrong password in version %i', async (version) => {
      const { socket, said } = await serve()
      const reader = await askForCredSsp(socket)
      const client = initiator('wrong', version)
      const exchange = async () => {
        for (let token: Uint8Array | undefined; ; token = await reader.readToken()) {
          socket.write((await client.step(token)) ?? '')
        }
      }
      await expect(exchange()).rejects.toThrow()
      expect(client.complete).toBe(false)
      await expect.poll(said).toContain('client authentication failure')
    })
  })
})

function outputOf(child: ChildProcessWithoutNullStreams): () => string {
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => output.push(text.toString()))
  }
  return () => output.join('')
}

async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

/** Knocks until the server opens, or is gone. */
async function connectWhenListening(port: number, server: ChildProcessWithoutNullStreams): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      if (server.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
