import { ACTION } from '../../envelope/actions.js'
import { SHELL_RESOURCE } from '../../envelope/resource.js'
import type { Settings } from '../../settings/table.js'
import { NS } from '../../xml/namespaces.js'
import type { Enumerations } from '../enumerations.js'
import { actionNotSupported, fragmentsNotSupported, unknownResource } from '../faults.js'
import type { EndpointReply, EndpointRequest, EndpointService } from '../message.js'
import { userKey, type OperationQuota } from '../operation-quota.js'
import { writeReply } from '../reply-writer.js'
import { affinityHeader, hasAffinity } from './affinity.js'
import { OUTPUT_STREAMS } from './output-buffer.js'
import { MemoryWatch } from './memory-watch.js'
import * as faults from './shell-faults.js'
import { commandItems, shellItems } from './shell-lists.js'
import * as replies from './shell-replies.js'
import * as requests from './shell-requests.js'
import { Shell, ownerOf } from './shell.js'

/** A shell that is open, for assertions. */
export interface OpenShell {
  readonly shellId: string
  readonly owner: string
  readonly commands: readonly {
    readonly commandId: string
    readonly pid: number
    readonly commandLine: string
  }[]
}

export interface ShellServiceOptions {
  /** Read whenever they matter, so that changes take effect at once. */
  readonly settings: Settings
  /** Name of the machine: the domain of accounts that have none. */
  readonly machine: string
  readonly enumerations: Enumerations
  /** The one that the enumerations count in. */
  readonly quota: OperationQuota
  /** Whether requests to a shell must bring back its cookie. Default false. */
  readonly affinityCookie?: boolean
}

type Handler = (request: EndpointRequest) => Promise<EndpointReply> | EndpointReply

/** Every shell, of whatever kind, is read and listed here (MS-WSMV notes 103 and 114). */
const ALL_SHELLS = NS.shell
const ALL_COMMANDS = `${NS.shell}/Command`

/** One element with some octets of output. */
const LEAST_ROOM = 256

/**
 * Remote shells that run real local processes (MS-WSMV 3.1.4.1.31). Only the text-based shell exists, and users see
 * nobody's shells but their own. Off Windows `sh` takes the place of `cmd.exe`: code page and profile mean nothing
 * there, PowerShell is not emulated, and a shell without a working directory has the endpoint's own.
 */
export class ShellService implements EndpointService {
  readonly #settings: Settings
  readonly #machine: string
  readonly #shells = new Map<string, Shell>()
  /** Shells on their way out, whose processes are not gone yet. */
  readonly #closing = new Set<Promise<void>>()
  readonly #enumerations: Enumerations
  readonly #quota: OperationQuota
  readonly #affinityCookie: boolean
  readonly #memory: MemoryWatch
  #closed = false

  constructor(options: ShellServiceOptions) {
    this.#settings = options.settings
    this.#machine = options.machine
    this.#enumerations = options.enumerations
    this.#quota = options.quota
    this.#affinityCookie = options.affinityCookie ?? false
    this.#memory = new MemoryWatch(
      () => this.#shells.values(),
      () => this.#settings.winrs.maxMemoryPerShellMb,
    )
  }

  readonly #handlers: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
    [
      SHELL_RESOURCE.toLowerCase(),
      new Map<string, Handler>([
        [ACTION.create, (request) => this.#create(request)],
        [ACTION.delete, (request) => this.#delete(request)],
        [ACTION.command, (request) => this.#command(request)],
        [ACTION.receive, (request) => this.#receive(request)],
        [ACTION.send, (request) => this.#send(request)],
        [ACTION.signal, (request) => this.#signal(request)],
      ]),
    ],
    [
      ALL_SHELLS.toLowerCase(),
      new Map<string, Handler>([
        [ACTION.get, (request) => replies.getReply(this.#shell(request).describe())],
        [ACTION.delete, (request) => this.#delete(request)],
        [ACTION.enumerate, (request) => this.#enumerateShells(request)],
        [ACTION.pull, (request) => this.#enumerations.pull(request)],
        [ACTION.release, (request) => this.#enumerations.release(request)],
      ]),
    ],
    [
      ALL_COMMANDS.toLowerCase(),
      new Map<string, Handler>([
        [ACTION.enumerate, (request) => this.#enumerateCommands(request)],
        [ACTION.pull, (request) => this.#enumerations.pull(request)],
        [ACTION.release, (request) => this.#enumerations.release(request)],
      ]),
    ],
  ])

  async handle(request: EndpointRequest): Promise<EndpointReply> {
    if (this.#closed) throw faults.aborted()
    const actions = this.#handlers.get(request.resourceUri.toLowerCase())
    if (!actions) throw unknownResource(request.resourceUri)
    const handler = actions.get(request.action)
    if (!handler) throw actionNotSupported(request.action)
    if (request.headers.fragment !== undefined) throw fragmentsNotSupported()
    return handler(request)
  }

  /** The shells that are open, in the order in which they were opened. */
  list(): OpenShell[] {
    return [...this.#shells.values()].map(({ id, owner, commands }) => ({
      shellId: id,
      owner: owner.name,
      commands: commands.map((command) => ({
        commandId: command.id,
        pid: command.pid,
        commandLine: command.commandLine,
      })),
    }))
  }

  /** Ends every shell with all its processes, and settles when they are gone. */
  async close(): Promise<void> {
    this.#closed = true
    for (const shell of this.#shells.values()) void this.#end(shell)
    await Promise.all(this.#closing)
  }

  #create(request: EndpointRequest): EndpointReply {
    const spec = requests.readShell(request)
    const { winrs } = this.#settings
    const owner = ownerOf(request, this.#machine)
    this.#assertMayOpen(owner.key)
    const timeouts = {
      idleTimeoutMs: spec.idleTimeoutMs ?? winrs.idleTimeoutMs,
      lifetimeMs: spec.lifetimeMs ?? winrs.maxShellRunTimeMs,
    }
    const operation = this.#quota.take(request.principal)
    const shell: Shell = new Shell(SHELL_RESOURCE, owner, spec, timeouts, operation, () => {
      void this.#end(shell)
    })
    this.#shells.set(shell.id, shell)
    const reply = replies.createReply(shell.describe(), request.url)
    if (!this.#affinityCookie) return reply
    return { ...reply, httpHeaders: affinityHeader(shell.cookie, request) }
  }

  async #delete(request: EndpointRequest): Promise<EndpointReply> {
    await this.#end(this.#shell(request))
    return replies.deleteReply()
  }

  async #command(request: EndpointRequest): Promise<EndpointReply> {
    const spec = requests.readCommandLine(request)
    const shell = this.#shell(request)
    const limit = this.#settings.winrs.maxProcessesPerShell
    if (exceeds(shell.running + 1, limit)) throw faults.quotaExceeded.commands(limit)
    const operation = this.#quota.take(request.principal)
    return shell.serve(async () => {
      const { id } = await shell.start(spec, operation)
      this.#memory.begin()
      return replies.commandReply(id)
    })
  }

  #receive(request: EndpointRequest): Promise<EndpointReply> {
    const { commandId, streams } = requests.readReceive(request)
    const shell = this.#shell(request)
    const room = roomFor(request, commandId)
    return shell.serve(async () =>
      replies.receiveReply(await shell.command(commandId).receive(streams, room, request)),
    )
  }

  #send(request: EndpointRequest): Promise<EndpointReply> {
    const blocks = requests.readSend(request)
    const shell = this.#shell(request)
    shell.assertInput()
    return shell.serve(async () => {
      for (const { commandId, bytes, end } of blocks) await shell.command(commandId).send(bytes, end, request)
      return replies.sendReply()
    })
  }

  #signal(request: EndpointRequest): Promise<EndpointReply> {
    const { commandId, code } = requests.readSignal(request)
    const shell = this.#shell(request)
    return shell.serve(async () => {
      const commands = commandId === undefined ? shell.commands : [shell.command(commandId)]
      await Promise.all(
        commands.map((command) =>
          code === 'terminate' ? shell.terminate(command) : command.interrupt(code, request),
        ),
      )
      return replies.signalReply()
    })
  }

  /** Forgets the shell at once and settles when its processes are gone. */
  #end(shell: Shell): Promise<void> {
    this.#shells.delete(shell.id)
    const closing = shell.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
    return closing
  }

  #enumerateShells(request: EndpointRequest): Promise<EndpointReply> {
    return this.#enumerations.enumerate(request, (enumerate) =>
      shellItems(enumerate, this.#ownedBy(userKey(request.principal))),
    )
  }

  #enumerateCommands(request: EndpointRequest): Promise<EndpointReply> {
    return this.#enumerations.enumerate(request, (enumerate) =>
      commandItems(enumerate, (shellId) => this.#find(request, shellId).commands),
    )
  }

  #ownedBy(key: string): Shell[] {
    return [...this.#shells.values()].filter(({ owner }) => owner.key === key)
  }

  /** The shell that the selectors name. */
  #shell(request: EndpointRequest): Shell {
    for (const [name, value] of Object.entries(request.headers.selectors)) {
      if (name.toLowerCase() === 'shellid' && typeof value === 'string') return this.#find(request, value)
    }
    throw faults.missingShellId()
  }

  #find(request: EndpointRequest, shellId: string): Shell {
    const shell = this.#shells.get(shellId.toUpperCase())
    if (shell?.owner.key !== userKey(request.principal)) throw faults.shellNotFound(shellId)
    if (this.#affinityCookie && !hasAffinity(shell.cookie, request)) throw faults.shellElsewhere(shellId)
    return shell
  }

  #assertMayOpen(key: string): void {
    const { allowRemoteShellAccess, maxShellsPerUser, maxConcurrentUsers } = this.#settings.winrs
    if (!allowRemoteShellAccess) throw faults.shellsNotAllowed()
    const users = new Set([...this.#shells.values()].map(({ owner }) => owner.key)).add(key)
    if (exceeds(users.size, maxConcurrentUsers)) throw faults.quotaExceeded.users(maxConcurrentUsers)
    const own = this.#ownedBy(key)
    if (exceeds(own.length + 1, maxShellsPerUser)) throw faults.quotaExceeded.shells(maxShellsPerUser)
  }
}

/**
 * Octets that output may take in the reply: what the longest reply without any leaves.
 * @throws EndpointFault where that is nothing
 */
function roomFor({ maxEnvelopeSize, headers }: EndpointRequest, commandId: string): number {
  const done = { streams: new Set(OUTPUT_STREAMS), exitCode: 0xffffffff }
  const bare = writeReply(replies.receiveReply({ commandId, chunks: [], done }), headers.messageId)
  const room = maxEnvelopeSize - Buffer.byteLength(bare)
  if (room < LEAST_ROOM) throw faults.envelopeTooSmall()
  return room
}

/** 0 means no limit. */
function exceeds(count: number, limit: number): boolean {
  return limit > 0 && count > limit
}
