/** A program and its arguments for the local system. */
export interface LocalCommand {
  readonly file: string
  readonly args: readonly string[]
}

/** `cmd` or `cmd.exe`, with or without a path and quotes, any switches, `/c`, and the rest. */
const CMD =
  /^\s*(?:"(?:[^"]*[\\/])?cmd(?:\.exe)?"|(?:[^\s"]*[\\/])?cmd(?:\.exe)?)\s+(?:\/(?!c)\S+\s+)*\/c\s*(.*)$/is

/**
 * The command line that WinRM makes of a Command request: command and arguments joined by spaces, quoted by nobody
 * (MS-WSMV 2.2.4.7).
 */
export function joinCommandLine(command: string, args: readonly string[]): string {
  return [command, ...args].join(' ')
}

/**
 * Runs a command line as a shell of the local system would: `cmd.exe` on Windows, `sh` elsewhere. Clients like to
 * name `cmd /c` themselves; off Windows, where there is none, `sh` takes the rest of such a line. Nothing else of
 * Windows is emulated.
 * @param codepage of the console, on Windows; elsewhere programs write what they write
 */
export function throughShell(line: string, codepage: number | undefined): LocalCommand {
  if (process.platform === 'win32') {
    const prefix = codepage === undefined ? '' : `chcp ${codepage} >nul & `
    return { file: process.env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${prefix}${line}"`] }
  }
  const rest = CMD.exec(line)?.[1]
  return { file: '/bin/sh', args: ['-c', rest === undefined ? line : withoutOuterQuotes(rest)] }
}

/** Like `cmd /c`: a line that begins with a quote loses that one and its last one. */
function withoutOuterQuotes(line: string): string {
  const last = line.lastIndexOf('"')
  if (!line.startsWith('"') || last === 0) return line
  return line.slice(1, last) + line.slice(last + 1)
}
