import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findProgram, IDENTIFY_RESPONSE, Program } from './program.js'

const MODULES = '/usr/lib/apache2/modules'

/** Whether Debian's Apache is here, with its modules. */
export function hasApache(...modules: readonly string[]): boolean {
  return (
    findProgram('apache2') !== undefined &&
    modules.every((module) => existsSync(path.join(MODULES, `mod_${module}.so`)))
  )
}

export interface ApacheOptions {
  /** Besides those that every server needs. */
  readonly modules: readonly string[]
  /** Files beside the configuration. */
  readonly files?: Readonly<Record<string, string>>
  /** Directives for the server. */
  readonly directives: string
}

/** Apache, with a file that answers Identify at /wsman. */
export function startApache({ modules, files = {}, directives }: ApacheOptions): Promise<Program> {
  return Program.start(async (folder, port) => {
    const loads = ['mpm_event', 'authz_core', 'mime', 'alias', ...modules].map(
      (module) => `LoadModule ${module}_module ${MODULES}/mod_${module}.so`,
    )
    const configuration = `
ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
${loads.join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
DocumentRoot ${folder}
Alias /wsman ${folder}/identify.xml
TypesConfig /dev/null
AddType application/soap+xml .xml
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
${directives}
`
    const all = { ...files, 'identify.xml': IDENTIFY_RESPONSE, 'apache.conf': configuration }
    for (const [name, text] of Object.entries(all)) await writeFile(path.join(folder, name), text)
    const command = findProgram('apache2') ?? 'apache2'
    return {
      command,
      args: ['-DFOREGROUND', '-f', path.join(folder, 'apache.conf')],
      log: { file: path.join(folder, 'error.log'), ready: 'resuming normal operations' },
    }
  })
}
