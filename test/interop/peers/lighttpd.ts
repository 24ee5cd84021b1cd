import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findProgram, IDENTIFY_RESPONSE, Program } from './program.js'

/** Whether Debian's lighttpd is here. */
export function hasLighttpd(): boolean {
  return findProgram('lighttpd') !== undefined
}

export interface LighttpdOptions {
  readonly modules: readonly string[]
  /** Files beside the configuration. */
  readonly files?: Readonly<Record<string, string>>
  /** What stands in the configuration besides; `$FOLDER` is the folder of the files. */
  readonly directives: string
}

/** lighttpd, with a file that answers Identify at /wsman.xml. */
export function startLighttpd({ modules, files = {}, directives }: LighttpdOptions): Promise<Program> {
  return Program.start(async (folder, port) => {
    const configuration = `
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = (${modules.map((module) => `"mod_${module}"`).join(', ')})
mimetype.assign = (".xml" => "application/soap+xml")
${directives.replaceAll('$FOLDER', folder)}
`
    const all = { ...files, 'wsman.xml': IDENTIFY_RESPONSE, 'lighttpd.conf': configuration }
    for (const [name, text] of Object.entries(all)) await writeFile(path.join(folder, name), text)
    return {
      command: findProgram('lighttpd') ?? 'lighttpd',
      args: ['-D', '-f', path.join(folder, 'lighttpd.conf')],
    }
  })
}
