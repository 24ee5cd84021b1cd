import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { hasPythonModule } from '../../support/shared.js'

const run = promisify(execFile)

export interface RealmOptions {
  /** Default: `WSMAN.TEST`. */
  readonly name?: string
  /** Of all keys, tickets and sessions. Default: `aes256-cts-hmac-sha1-96`. */
  readonly enctype?: string
  /** User names with their passwords. */
  readonly users?: Readonly<Record<string, string>>
  /** Services whose keys go into the default keytab. Default: `HTTP/localhost`. */
  readonly services?: readonly string[]
  /** Lines for `[libdefaults]` of krb5.conf. */
  readonly libdefaults?: readonly string[]
}

interface Kdc {
  readonly process: ChildProcess
  log: string
}

/** A Kerberos realm of its own, by MIT's KDC, on loopback and in a temporary folder. Any user can start one. */
export class Realm {
  readonly #kdc: Kdc

  private constructor(
    readonly name: string,
    readonly folder: string,
    /** What programs need to live in the realm: KRB5_CONFIG, KRB5_KTNAME, KRB5CCNAME, … */
    readonly environment: Readonly<Record<string, string>>,
    kdc: Kdc,
  ) {
    this.#kdc = kdc
  }

  static async start(options: RealmOptions = {}): Promise<Realm> {
    const { name = 'WSMAN.TEST', users = {}, services = ['HTTP/localhost'] } = options
    const folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-realm-'))
    try {
      const environment = environmentOf(folder)
      await writeConfiguration(folder, name, await freePort(), options)
      await kadmin(environment, 'kdb5_util', [
        'create',
        '-s',
        '-P',
        'master key of a realm that lives for one test',
      ])
      await kadmin(
        environment,
        'kadmin.local',
        [],
        [
          ...Object.entries(users).map(
            ([user, password]) => `addprinc -pw ${quoted(password)} ${quoted(user)}`,
          ),
          ...services.flatMap((service) => [
            `addprinc -randkey ${quoted(service)}`,
            `ktadd ${quoted(service)}`,
          ]),
        ],
      )
      const kdc = await startKdc(environment).catch(async () => {
        // Somebody else may have taken the port meanwhile.
        await writeConfiguration(folder, name, await freePort(), options)
        return startKdc(environment)
      })
      return new Realm(name, folder, environment, kdc)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** What the KDC has written about its requests; a line may arrive a little after the answer it tells of. */
  get log(): string {
    return this.#kdc.log
  }

  /** Runs commands of kadmin.local, one after the other. */
  async administer(...commands: string[]): Promise<void> {
    await kadmin(this.environment, 'kadmin.local', [], commands)
  }

  /** Writes a keytab for a principal, whose password stays as it is. */
  async keytab(principal: string): Promise<string> {
    const file = path.join(this.folder, `${principal.replaceAll('/', '-')}.keytab`)
    await this.administer(`ktadd -norandkey -k ${file} ${quoted(principal)}`)
    return file
  }

  /** Gets tickets as users do, into the default cache unless another is named. */
  async kinit(user: string, password: string, ...args: string[]): Promise<void> {
    const kinit = run('kinit', [...args, user], { env: { ...process.env, ...this.environment } })
    kinit.child.stdin?.end(`${password}\n`)
    await kinit
  }

  async stop(): Promise<void> {
    const { process: kdc } = this.#kdc
    if (kdc.exitCode === null && kdc.signalCode === null) {
      kdc.kill()
      await once(kdc, 'exit')
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

function environmentOf(folder: string): Record<string, string> {
  return {
    KRB5_CONFIG: path.join(folder, 'krb5.conf'),
    KRB5_KDC_PROFILE: path.join(folder, 'kdc.conf'),
    KRB5_KTNAME: path.join(folder, 'service.keytab'),
    KRB5_CLIENT_KTNAME: path.join(folder, 'client.keytab'),
    KRB5CCNAME: `FILE:${path.join(folder, 'ccache')}`,
    KRB5RCACHEDIR: folder,
  }
}

async function writeConfiguration(
  folder: string,
  realm: string,
  port: number,
  { enctype = 'aes256-cts-hmac-sha1-96', libdefaults = [] }: RealmOptions,
): Promise<void> {
  const at = (file: string): string => path.join(folder, file)
  const clients = `
[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  allow_weak_crypto = true
  allow_rc4 = true
  permitted_enctypes = ${enctype}
  ${libdefaults.join('\n  ')}
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
`
  const kdc = `
[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${realm} = {
    database_name = ${at('principal')}
    key_stash_file = ${at('stash')}
    acl_file = ${at('acl')}
    master_key_type = aes256-cts-hmac-sha1-96
    supported_enctypes = ${enctype}:normal
    max_life = 1d
    default_principal_flags = +preauth
  }
[logging]
  kdc = STDERR
  admin_server = STDERR
`
  await writeFile(at('krb5.conf'), clients)
  await writeFile(at('kdc.conf'), kdc)
  await writeFile(at('acl'), '')
}

/** The KDC needs to be told a port before it starts. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port for the KDC')
  return address.port
}

async function startKdc(environment: Record<string, string>): Promise<Kdc> {
  const child = spawn('krb5kdc', ['-n'], {
    env: { ...withAdministration(), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const kdc: Kdc = { process: child, log: '' }
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.once('exit', () => reject(new Error(`krb5kdc did not start: ${kdc.log}`)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      kdc.log += text
      if (kdc.log.includes('commencing operation')) resolve()
    })
  })
  return kdc
}

/** kadmin.local ends with 0 whatever happens, and tells of errors only in words. */
async function kadmin(
  environment: Record<string, string>,
  command: string,
  args: readonly string[],
  input: readonly string[] = [],
): Promise<void> {
  const running = run(command, args, { env: { ...withAdministration(), ...environment } })
  running.child.stdin?.end(input.map((line) => `${line}\n`).join(''))
  const { stderr } = await running
  const complaint = stderr.split('\n').find((line) => /^\S+: /.test(line) && !line.includes('No policy'))
  if (complaint !== undefined) throw new Error(complaint)
}

/** Debian keeps the programs of administrators out of the path of users. */
function withAdministration(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/** Whether this machine can run a realm and drive an acceptor in it. */
export function hasKerberos(): boolean {
  const programs = ['krb5kdc', 'kdb5_util', 'kadmin.local', 'kinit']
  const folders = (withAdministration().PATH ?? '').split(path.delimiter)
  return (
    programs.every((program) => folders.some((folder) => existsSync(path.join(folder, program)))) &&
    hasPythonModule('gssapi')
  )
}

/** Lets this very process live in the realm: the library reads its environment anew for each operation. */
export function useRealm(realm: Realm): void {
  Object.assign(process.env, realm.environment)
}
