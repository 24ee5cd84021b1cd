import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { makeCertificate } from '../../src/testing/certificate.js'
import { hasPythonModule, requirePeer, systemPython } from '../support/shared.js'

/** Runs commands as pywinrm's users do, one JSON line on standard output for each. */
const CLIENT = `
import json, sys, warnings
warnings.simplefilter('ignore')
import winrm

spec = json.load(sys.stdin)
session = winrm.Session(spec['url'], auth=(spec['username'], spec['password']), **spec['options'])
for command, args in spec['commands']:
    try:
        result = session.run_cmd(command, args)
        print(json.dumps({'stdout': result.std_out.decode(), 'stderr': result.std_err.decode(), 'exitCode': result.status_code}))
    except Exception as error:
        print(json.dumps({'error': type(error).__name__, 'message': str(error)}))
`

type Command = readonly [command: string, args: readonly string[]]
interface Spec {
  readonly environment: NodeJS.ProcessEnv
  readonly url: string
  readonly username: string
  readonly password: string
  readonly options: Readonly<Record<string, string | number>>
  readonly commands: readonly Command[]
}

function runPywinrm({ environment, ...spec }: Spec): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const python = spawn(systemPython, ['-c', CLIENT], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let [output, errors] = ['', '']
    python.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    python.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    python.on('error', reject)
    python.on('close', (code) => {
      if (code === 0)
        resolve(
          output
            .trim()
            .split('\n')
            .map((line): unknown => JSON.parse(line)),
        )
      else reject(new Error(errors))
    })
    python.stdin.end(JSON.stringify(spec))
  })
}

/** The commands of this system's shell that write to both streams and fail. */
const windows = process.platform === 'win32'
const both = windows ? 'echo out & echo err>&2 & exit 3' : 'echo out; echo err >&2; exit 3'
const many = windows ? 'for /l %i in (1,1,20000) do @echo %i' : 'seq 20000'

/** NTLM needs MD4, which OpenSSL 3 keeps in its legacy provider. */
const LEGACY_PROVIDER = `openssl_conf = openssl_init
[openssl_init]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

/** How pywinrm authenticates, and what the service has to allow for it. */
const MODES = [
  { name: 'Basic over HTTP', transport: 'HTTP', options: { transport: 'basic' } },
  { name: 'Basic over HTTPS', transport: 'HTTPS', options: { transport: 'basic' } },
  {
    name: 'NTLM over HTTP, sealed',
    transport: 'HTTP',
    options: { transport: 'ntlm', message_encryption: 'always' },
  },
  { name: 'NTLM over HTTPS', transport: 'HTTPS', options: { transport: 'ntlm' } },
] as const

requirePeer("Debian's python3-winrm", () => hasPythonModule('winrm'))('pywinrm against the endpoint', () => {
  let endpoint: Endpoint
  /** With WinRM's defaults: neither Basic nor plaintext. */
  let strict: Endpoint
  let folder: string
  let trust: string
  let environment: NodeJS.ProcessEnv
  beforeAll(async () => {
    const tls = await makeCertificate('localhost')
    folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-pywinrm-'))
    trust = path.join(folder, 'cert.pem')
    await writeFile(trust, tls.cert)
    environment = { OPENSSL_CONF: path.join(folder, 'openssl.cnf') }
    await writeFile(path.join(folder, 'openssl.cnf'), LEGACY_PROVIDER)
    const listeners = [{}, { transport: 'HTTPS' as const, tls }]
    const users = [{ username: 'alice', password: 'pä$$ word:1' }]
    const settings = { service: { auth: { basic: true }, allowUnencrypted: true } }
    endpoint = await startEndpoint({ listeners, users, settings, classes: [] })
    strict = await startEndpoint({ listeners, users, classes: [] })
  })
  afterAll(async () => {
    await endpoint.close()
    await strict.close()
    await rm(folder, { recursive: true })
  })

  describe.each(MODES)('$name', ({ transport, options }) => {
    const service = (): Endpoint => (options.transport === 'ntlm' ? strict : endpoint)
    const run = (commands: readonly Command[], password = 'pä$$ word:1'): Promise<unknown[]> =>
      runPywinrm({
        url: service().listeners.find((listener) => listener.transport === transport)?.url ?? '',
        username: 'alice',
        password,
        options: transport === 'HTTP' ? options : { ...options, ca_trust_path: trust },
        commands,
        environment: options.transport === 'ntlm' ? environment : {},
      })

    it('gets output, error output and exit code', async () => {
      const [result] = await run([[both, []]])
      expect(result).toEqual({
        stdout: expect.stringMatching(/^out\s*$/) as unknown,
        stderr: expect.stringMatching(/^err\s*$/) as unknown,
        exitCode: 3,
      })
    })

    it('passes arguments, one command after the other, each in a shell that is gone afterwards', async () => {
      const results = await run([
        ['echo', ['one', 'two']],
        ['echo', ['three']],
      ])
      expect(results).toEqual([
        { stdout: expect.stringMatching(/^one two\s*$/) as unknown, stderr: '', exitCode: 0 },
        { stdout: expect.stringMatching(/^three\s*$/) as unknown, stderr: '', exitCode: 0 },
      ])
      expect(service().shells).toEqual([])
    })

    it('gets output that takes many replies whole', async () => {
      const [result] = (await run([[many, []]])) as { stdout: string }[]
      const lines = result?.stdout.trim().split(/\r?\n/) ?? []
      expect(lines).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)))
    })

    it('is refused with a wrong password', async () => {
      const [result] = await run([['echo', []]], 'wrong')
      expect(result).toMatchObject({ error: 'InvalidCredentialsError' })
    })
  })

  it('reads the faults of the endpoint', async () => {
    const strict = await startEndpoint({
      users: [{ username: 'alice', password: 'secret' }],
      settings: {
        service: { auth: { basic: true }, allowUnencrypted: true },
        winrs: { allowRemoteShellAccess: false },
      },
      classes: [],
    })
    const [result] = await runPywinrm({
      url: strict.url,
      username: 'alice',
      password: 'secret',
      options: { transport: 'basic' },
      commands: [['echo', []]],
      environment: {},
    })
    expect(result).toMatchObject({
      error: 'WinRMError',
      message: expect.stringContaining('2150859180') as unknown,
    })
    await strict.close()
  })
})
