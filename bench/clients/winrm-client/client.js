import { createRequire } from 'node:module'
import { contend, inParallel } from '../../support/contender.js'

/** @import { ShellTask } from '../shell-task.js' */

/**
 * npm's winrm-client. `runCommand` asks for output once, so that it loses what is not in the first reply; for longer
 * output the functions below it are called as it calls them, until all replies were asked for.
 */

/**
 * @typedef {{ host: string, port: number, path: string, username: string, password: string, authMethod: 'basic' }} Service
 * @typedef {Service & { shellId: string }} InShell
 * @typedef {InShell & { command: string }} WithCommand
 * @typedef {object} WinrmClient
 * @property {(command: string, host: string, username: string, password: string, port: number) => Promise<string>} runCommand
 * @property {{ doCreateShell(service: Service): Promise<string>, doDeleteShell(shell: InShell): Promise<void> }} Shell
 * @property {{ doExecuteCommand(parameters: WithCommand): Promise<string>, doReceiveOutput(parameters: WithCommand & { commandId: string }): Promise<string> }} Command
 */

/** @type {unknown} */
const library = createRequire(import.meta.url)('winrm-client')
const { runCommand, Shell, Command } = /** @type {WinrmClient} */ (library)

await contend(async (/** @type {ShellTask} */ told) => {
  const { port, task, count, parallel, replies, hosts } = told
  let done = 0
  if (task === 'run' && replies > 1) return await output(port, replies)
  await inParallel(count, parallel, async (index) => {
    const host = task === 'fleet' ? (hosts[index] ?? '') : '127.0.0.1'
    const text = await runCommand('hostname', host, 'alice', 'secret', port)
    done += text.length
  })
  return done
})

/**
 * @param {number} port
 * @param {number} replies
 */
async function output(port, replies) {
  /** @type {Service} */
  const service = {
    host: '127.0.0.1',
    port,
    path: '/wsman',
    username: 'alice',
    password: 'secret',
    authMethod: 'basic',
  }
  const shellId = await Shell.doCreateShell(service)
  const running = { ...service, shellId, command: 'hostname' }
  const commandId = await Command.doExecuteCommand(running)
  let text = ''
  for (let count = 0; count < replies; count++) {
    text += await Command.doReceiveOutput({ ...running, commandId })
  }
  await Shell.doDeleteShell(running)
  return text.length
}
