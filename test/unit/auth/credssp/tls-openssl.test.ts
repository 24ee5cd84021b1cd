import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { TlsChannel, type TlsIdentity } from '../../../../src/auth/credssp/tls-channel.js'
import { ProtocolError } from '../../../../src/errors/errors.js'
import { requirePeer, succeeds } from '../../../support/shared.js'
import { makeIdentity } from './handshake.js'
import { RecordReader } from './tls-pipe.js'

/** The flags of the command, and what stands behind the data of a record that carries `hello\n`. */
const AGREEMENTS: [name: string, flags: string[], trailerLength: number][] = [
  ['TLS 1.3, AES-GCM', ['-tls1_3'], 17],
  ['TLS 1.3, ChaCha20', ['-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'], 17],
  ['TLS 1.2, AES-GCM', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'], 16],
  ['TLS 1.2, ChaCha20', ['-tls1_2', '-cipher', 'ECDHE-RSA-CHACHA20-POLY1305'], 16],
  // 6 octets and the MAC's 20 or 48, filled up to whole blocks
  ['TLS 1.2, AES-CBC and SHA-1', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA', '-no_etm'], 26],
  ['TLS 1.2, AES-CBC and SHA-384', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES256-SHA384', '-no_etm'], 58],
  // 6 octets filled up to 16, and the MAC's 32 (RFC 7366)
  ['TLS 1.2, AES-CBC, encrypt then MAC', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA256'], 42],
]

requirePeer('openssl', () => succeeds('openssl', 'version'))('TLS without a socket, and OpenSSL', () => {
  let folder: string
  let identity: TlsIdentity
  let files: string[]
  const running: ChildProcessWithoutNullStreams[] = []
  const sockets: Socket[] = []

  beforeAll(async () => {
    identity = await makeIdentity('rsa')
    folder = mkdtempSync(path.join(tmpdir(), 'wsman-credssp-'))
    writeFileSync(path.join(folder, 'cert.pem'), identity.cert)
    writeFileSync(path.join(folder, 'key.pem'), identity.key)
    files = ['-cert', path.join(folder, 'cert.pem'), '-key', path.join(folder, 'key.pem')]
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const child of running.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill()
      await once(child, 'exit')
    }
  })

  function openssl(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn('openssl', args)
    child.stdin.on('error', () => undefined)
    running.push(child)
    return child
  }

  /** A server that sends every line back in reverse. */
  async function reversingServer(flags: readonly string[]): Promise<Socket> {
    const server = openssl('s_server', '-accept', '127.0.0.1:0', '-rev', ...files, ...flags)
    for await (const line of createInterface({ input: server.stdout })) {
      const port = /^ACCEPT .*:(\d+)$/.exec(line)?.[1]
      if (port === undefined) continue
      const socket = connect(Number(port), '127.0.0.1')
      sockets.push(socket)
      return socket
    }
    throw new Error('openssl s_server did not listen')
  }

  it.each(AGREEMENTS)('a client: %s', async (_name, flags, trailerLength) => {
    const socket = await reversingServer(flags)
    const reader = new RecordReader(socket)
    const client = TlsChannel.client({ ciphers: 'ALL' })
    let plaintext = await client.receive(new Uint8Array())
    while (!client.secure) {
      socket.write(client.takeRecords())
      plaintext = await client.receive(await reader.read())
    }
    socket.write(client.takeRecords())
    for (const word of ['hello', 'again', 'x'.repeat(5000)]) {
      const sealed = await client.seal(Buffer.from(`${word}\n`))
      if (word === 'hello') expect(sealed.trailerLength).toBe(trailerLength)
      socket.write(sealed.records)
      // Tickets of TLS 1.3 may come first, alone or with the answer.
      while (plaintext.length < word.length + 1) {
        plaintext = Buffer.concat([plaintext, await client.receive(await reader.read())])
      }
      expect(plaintext.toString()).toBe(`${word.split('').reverse().join('')}\n`)
      plaintext = Buffer.alloc(0)
    }
    client.dispose()
  })

  it.each(AGREEMENTS)('a server: %s', async (_name, flags, trailerLength) => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    const client = openssl('s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-no_ign_eof', ...flags)
    const [socket] = (await once(listener, 'connection')) as [Socket]
    listener.close()
    sockets.push(socket)
    const reader = new RecordReader(socket)
    const server = TlsChannel.server(identity, { ciphers: 'ALL' })
    while (!server.secure) {
      await server.receive(await reader.read())
      socket.write(server.takeRecords())
    }

    client.stdin.write('over to you\n')
    expect((await server.receive(await reader.read())).toString()).toBe('over to you\n')
    const sealed = await server.seal(Buffer.from('hello\n'))
    expect(sealed.trailerLength).toBe(trailerLength)
    socket.write(sealed.records)
    const [line] = (await once(createInterface({ input: client.stdout }), 'line')) as [string]
    expect(line).toBe('hello')

    // At its end the client says goodbye (close_notify).
    client.stdin.end()
    const goodbye = server.receive(await reader.read())
    await expect(goodbye).rejects.toThrow('has closed the TLS channel')
    await expect(goodbye).rejects.toThrow(ProtocolError)
    server.dispose()
  })
})
