import { spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { makeCertificate } from '../../src/testing/certificate.js'
import { projectRoot } from '../support/project.js'
import { requirePeer, succeeds } from '../support/shared.js'

/** Where Debian puts the sources of Go packages. */
const GOPATH = '/usr/share/gocode'
const library = path.join(GOPATH, 'src/github.com/masterzen/winrm')
const source = path.join(projectRoot, 'test/interop/peers/masterzen')

interface Run {
  readonly Command: string
  readonly Stdin?: string
}
interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  readonly error?: string
}

/** Commands of this system's shell: one that writes to both streams and fails, a reader, a talker, a sleeper. */
const windows = process.platform === 'win32'
const both = windows ? 'echo out & echo err>&2 & exit 3' : 'echo out; echo err >&2; exit 3'
const many = windows ? 'for /l %i in (1,1,20000) do @echo %i' : 'seq 20000'
const cat = windows ? 'findstr "^"' : 'cat'
const special = windows ? 'echo a ^& ^<b^>' : 'echo "a & <b>"'
const wait = windows ? 'ping -n 3 127.0.0.1 >nul & echo done' : 'sleep 2; echo done'

requirePeer(
  "Debian's golang and golang-github-masterzen-winrm-dev",
  () => succeeds('go', 'version') && existsSync(library),
)('masterzen/winrm against the endpoint', () => {
  let endpoint: Endpoint
  let folder: string
  let program: string
  const identities = { server: { cert: '', key: '' }, client: { cert: '', key: '' } }
  const user = { username: 'alice', password: 'pä$$ word:1' }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-masterzen-'))
    program = path.join(folder, windows ? 'masterzen.exe' : 'masterzen')
    const build = spawnSync('go', ['build', '-o', program, '.'], {
      cwd: source,
      env: { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '' },
      encoding: 'utf8',
    })
    if (build.status !== 0) throw new Error(build.stderr)
    for (const name of ['server', 'client'] as const) {
      const { cert, key } = await makeCertificate('localhost')
      identities[name] = { cert: String(cert), key: String(key) }
    }
    endpoint = await startEndpoint({
      listeners: [{}, { transport: 'HTTPS', tls: identities.server }],
      users: [
        user,
        {
          username: 'bob',
          password: 'unused',
          certificate: { fingerprint256: new X509Certificate(identities.client.cert).fingerprint256 },
        },
      ],
      settings: { service: { auth: { basic: true, certificate: true }, allowUnencrypted: true } },
      classes: [],
    })
  }, 300_000)
  afterAll(async () => {
    await endpoint.close()
    await rm(folder, { recursive: true })
  })

  type Options = Readonly<Record<string, string | boolean>>

  /** Has the program run the commands, one after the other. */
  function run(
    transport: string,
    runs: readonly Run[],
    options: Options = {},
    at = endpoint,
  ): Promise<Result[]> {
    const { port } = at.listeners.find((listener) => listener.transport === transport) ?? { port: 0 }
    const spec = {
      Host: '127.0.0.1',
      Port: port,
      HTTPS: transport === 'HTTPS',
      Username: user.username,
      Password: user.password,
      CACert: identities.server.cert,
      Timeout: 'PT60S',
      Runs: runs,
      ...options,
    }
    return new Promise((resolve, reject) => {
      const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] })
      let [output, errors] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
      child.on('error', reject)
      child.on('close', (code) => {
        const lines = output.trim().split('\n')
        if (code === 0) resolve(lines.map((line) => JSON.parse(line) as Result))
        else reject(new Error(errors))
      })
      child.stdin.end(JSON.stringify(spec))
    })
  }

  describe.each(['HTTP', 'HTTPS'])('over %s', (transport) => {
    it('gets output, error output and exit code', async () => {
      const [result] = await run(transport, [{ Command: both }])
      expect(result).toEqual({
        stdout: expect.stringMatching(/^out\s*$/) as unknown,
        stderr: expect.stringMatching(/^err\s*$/) as unknown,
        exitCode: 3,
      })
    })

    it('runs one command after the other, each in a shell that is gone afterwards', async () => {
      const results = await run(transport, [{ Command: 'echo one' }, { Command: special }])
      const outputs = results.map(({ stdout, exitCode }) => [stdout.trim(), exitCode])
      expect(outputs).toEqual([
        ['one', 0],
        ['a & <b>', 0],
      ])
      expect(endpoint.shells).toEqual([])
    })

    it('sends input and its end', async () => {
      const text = 'first line\nzweite Zeile: äöü\n'
      const [result] = await run(transport, [{ Command: cat, Stdin: text }])
      expect(result).toEqual({ stdout: expect.any(String) as unknown, stderr: '', exitCode: 0 })
      expect(result?.stdout.replaceAll('\r', '')).toBe(text)
    })

    it('sends input that takes many requests, and gets as much output', async () => {
      const text = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join('')
      const [result] = await run(transport, [{ Command: cat, Stdin: text }])
      expect(result?.stdout.replaceAll('\r', '')).toBe(text)
      const [counted] = await run(transport, [{ Command: many }])
      const lines = counted?.stdout.trim().split(/\r?\n/) ?? []
      expect(lines).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)))
    })

    it('asks again where a command says nothing for longer than its OperationTimeout', async () => {
      const before = endpoint.requests.length
      const [result] = await run(transport, [{ Command: wait }], { Timeout: 'PT0.5S' })
      expect([result?.stdout.trim(), result?.exitCode]).toEqual(['done', 0])
      const faults = endpoint.requests
        .slice(before)
        .filter(({ action, status }) => action?.endsWith('/Receive') && status === 500)
      expect(faults.length).toBeGreaterThan(0)
    })

    it('is refused with a wrong password', async () => {
      const [result] = await run(transport, [{ Command: 'echo' }], { Password: 'wrong' })
      expect(result?.error).toContain('http response error: 401')
    })
  })

  it('is known by its certificate', async () => {
    const { cert, key } = identities.client
    const certificate = { ClientCert: cert, ClientKey: key }
    const [result] = await run('HTTPS', [{ Command: 'echo trusted' }], certificate)
    expect([result?.error, result?.stdout.trim()]).toEqual([undefined, 'trusted'])
    expect(endpoint.requests.at(-1)?.username).toBe('bob')
    const unknown = { ClientCert: identities.server.cert, ClientKey: identities.server.key }
    const [refused] = await run('HTTPS', [{ Command: 'echo' }], unknown)
    expect(refused?.error).toContain('http response error: 401')
  })

  it('fails where the endpoint refuses', async () => {
    const strict = await startEndpoint({
      users: [user],
      settings: {
        service: { auth: { basic: true }, allowUnencrypted: true },
        winrs: { allowRemoteShellAccess: false },
      },
      classes: [],
    })
    const [result] = await run('HTTP', [{ Command: 'echo' }], {}, strict)
    // It does not look at the status, and finds no shell in the fault.
    expect(result?.error).toBe('Command has already been closed')
    expect(strict.requests[0]).toMatchObject({ username: 'alice', status: 500 })
    await strict.close()
  })
})
