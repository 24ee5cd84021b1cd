import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findProgram, Program } from './program.js'

const HELPER = '/usr/lib/squid/basic_ncsa_auth'

/** Whether Debian's Squid is here. */
export function hasSquid(): boolean {
  return findProgram('squid') !== undefined && existsSync(HELPER)
}

export interface SquidOptions {
  /** Who may go through; without anybody, everybody may. */
  readonly users?: Readonly<Record<string, string>>
  /** The ports that tunnels may go to. */
  readonly tunnelTo: readonly number[]
}

/** Squid, which makes tunnels to ports of loopback. */
export function startSquid({ users, tunnelTo }: SquidOptions): Promise<Program> {
  return Program.start(async (folder, port) => {
    const at = (name: string): string => path.join(folder, name)
    const demand = `
auth_param basic program ${HELPER} ${at('passwords')}
auth_param basic realm Squid
acl known proxy_auth REQUIRED
http_access deny !known`
    await writeFile(
      at('passwords'),
      Object.entries(users ?? {})
        .map(passwordLine)
        .join(''),
    )
    await writeFile(
      at('squid.conf'),
      `
http_port 127.0.0.1:${port}
pid_filename none
cache_log stdio:${at('cache.log')}
access_log none
cache deny all
coredump_dir ${folder}
shutdown_lifetime 0 seconds
visible_hostname localhost
acl tunnels method CONNECT
acl allowed port ${tunnelTo.join(' ') || '1'}
${users === undefined ? '' : demand}
http_access deny tunnels !allowed
http_access allow tunnels
http_access deny all
`,
    )
    return { command: findProgram('squid') ?? 'squid', args: ['-N', '-f', at('squid.conf')] }
  })
}

/** In the form of Apache's htpasswd. */
function passwordLine([user, password]: [string, string]): string {
  const hash = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: password, encoding: 'utf8' })
  return `${user}:${hash}`
}
