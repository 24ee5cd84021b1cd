import { inspect } from 'node:util'
import { CimClient } from '../cim/cim-client.js'
import { ClassCache } from '../cim/class-cache.js'
import { Typing, typingContext } from '../cim/typing.js'
import { ConfigClient } from '../config/config-client.js'
import { Enumeration } from '../enumeration/enumeration.js'
import { createEnumeration, type EnumerateOptions, type ItemOf } from '../enumeration/enumerate-options.js'
import type { CimInstance } from '../envelope/cim-value.js'
import type { EndpointReference } from '../envelope/endpoint-reference.js'
import { mergeInstance, type Instance, type RawValue } from '../envelope/instance.js'
import type { Properties, PropertyValue } from '../envelope/instance-encoder.js'
import { locate, type FragmentLocator, type Resource } from '../envelope/resource.js'
import { AbortError, UsageError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { EnumerationMode } from '../operations/enumerate.js'
import { OperationExecutor } from '../operations/executor.js'
import { identifyOperation, type IdentifyResult } from '../operations/identify.js'
import { invokeOperation } from '../operations/invoke.js'
import type { ElementName } from '../operations/root-element.js'
import {
  createOperation,
  deleteOperation,
  getFragmentOperation,
  getOperation,
  putFragmentOperation,
  putOperation,
} from '../operations/transfer.js'
import type { ShellInfo } from '../operations/shell-listing.js'
import { inOwnShell } from '../shell/own-shell.js'
import { runPowerShell, type PowerShellOptions, type PowerShellResult } from '../shell/powershell.js'
import type { ShellPoolOptions } from '../shell/pool-options.js'
import { ReceiveTurns } from '../shell/receive-turns.js'
import type { ShellContext } from '../shell/shell-context.js'
import { listShells } from '../shell/shell-lists.js'
import type { AttachOptions, CommandResult, RunOptions, ShellOptions } from '../shell/shell-options.js'
import { ShellSessionManager } from '../shell/shell-pool.js'
import { Shell } from '../shell/shell.js'
import { DEFAULT_CONNECT_TIMEOUT_MS, HttpTransport } from '../transport/http-transport.js'
import { within } from '../util/abortable.js'
import { asOneCall } from '../util/call-scope.js'
import { Lifetime } from '../util/lifetime.js'
import { NS } from '../xml/namespaces.js'
import { hostAddresses } from './host-addresses.js'
import { diagnose, type DiagnoseOptions } from '../diagnose/diagnose.js'
import type { DiagnosisReport } from '../diagnose/report.js'
import { resolveProxy } from '../http/proxy.js'
import {
  partsOf,
  resolveClientOptions,
  usernameOf,
  type ResolvedClientOptions,
  type WsmanClientOptions,
} from './client-options.js'
import { LimitedRunner } from './limited-runner.js'

/** For resources whose URI does not tell the element their properties go into. */
export interface ElementOption {
  readonly element?: ElementName
}

/** One of them is never held by a request that waits for output. */
const DEFAULT_CONNECTIONS = 4

/** How long closing may take to tell the service, before sockets are cut. */
const CLOSE_LIMIT_MS = 900

/**
 * A client of one WS-Management service. It opens connections when they are needed and keeps a few; close it when done.
 *
 * Every method rejects with a subclass of WsmanError.
 */
export class WsmanClient implements AsyncDisposable {
  readonly #options: WsmanClientOptions
  readonly #lifetime = new Lifetime()
  readonly #transport: HttpTransport
  readonly #runner: OperationRunner
  readonly #shells: ShellContext
  readonly #secure: boolean
  // Made when they are asked for: most clients of a fleet only run something.
  #classes: ClassCache | undefined
  #typing: Typing | undefined
  #cim: CimClient | undefined
  #config: ConfigClient | undefined
  readonly #resolved: ResolvedClientOptions
  /** Makes connections of their own, with the credential that all share. */
  readonly #connect: () => { readonly transport: HttpTransport; readonly executor: OperationExecutor }
  #closed: Promise<void> | undefined

  /** @throws UsageError for options that are missing, unknown or out of range. No connection is made yet. */
  constructor(options: WsmanClientOptions) {
    const resolved = resolveClientOptions(options)
    const { client, protocol } = resolved
    this.#options = { ...options, settings: { client, protocol } }
    this.#secure = resolved.endpoint.secure
    this.#connect = () => {
      const transport = openTransport(resolved, options)
      return {
        transport,
        executor: new OperationExecutor({ ...resolved, transport, lifetime: this.#lifetime }),
      }
    }
    const { transport, executor } = this.#connect()
    this.#transport = transport
    this.#resolved = resolved
    const { limiter, maxConnections = DEFAULT_CONNECTIONS } = options
    this.#runner = limiter ? new LimitedRunner(executor, limiter) : executor
    // Shells take their places themselves: a whole command counts as one operation.
    this.#shells = { runner: executor, turns: new ReceiveTurns(maxConnections - 1), limiter }
  }

  /** CIM classes by name, with typed values. */
  get cim(): CimClient {
    this.#cim ??= new CimClient({
      runner: this.#runner,
      classes: this.#knownClasses,
      typing: this.#types,
      family: this.#resolved.microsoftHeaders ? 'wmi' : 'dmtf',
    })
    return this.#cim
  }

  /** The configuration of WinRM on the host, typed: read, planned and changed. */
  get config(): ConfigClient {
    const { facts } = this.#transport
    this.#config ??= new ConfigClient({
      runner: this.#runner,
      connection: facts,
      addresses: () => hostAddresses(facts),
      username: usernameOf(this.#options.auth),
      runScript: async (script, bounds) =>
        (await this.runPowerShell(script, { ...bounds, check: true })).stdout,
    })
    return this.#config
  }

  /** The host as it was given. */
  get host(): string {
    return this.#transport.host
  }

  /** Where the service is. */
  get url(): string {
    return this.#transport.url
  }

  /** A client with the same options for another host. */
  withHost(host: string, overrides: Omit<WsmanClientOptions, 'host' | 'url'> = {}): WsmanClient {
    const { url, ...rest } = this.#options
    const from = url === undefined ? {} : partsOf(url, this.#secure)
    return new WsmanClient({ ...rest, ...from, ...overrides, host })
  }

  /**
   * Asks the service what it is (DSP0226 11).
   * @param options.anonymous send no credentials; Windows then tells no version
   */
  async identify(options: CallOptions & { readonly anonymous?: boolean } = {}): Promise<IdentifyResult> {
    return await this.#runner.run(identifyOperation(options.anonymous ?? false), options)
  }

  /** Reads a part of a resource: what the fragment selects, as bare text where it selects text (DSP0226 7.7). */
  async get(resource: FragmentLocator, options?: CallOptions): Promise<RawValue>
  /** Reads a resource of CIM, with values of the types that its class declares. */
  async get(resource: Resource, options: CallOptions & { readonly typed: true }): Promise<CimInstance>
  /** Reads a resource (WS-Transfer Get, MS-WSMV 3.1.4.2). Values are the text of the wire. */
  async get(resource: Resource, options?: CallOptions & { readonly typed?: false }): Promise<Instance>
  async get(
    resource: Resource,
    options: CallOptions & { readonly typed?: boolean } = {},
  ): Promise<RawValue | CimInstance> {
    const locator = locate(resource)
    if (options.typed === true && locator.fragment === undefined) {
      return await asOneCall(options, async (call) =>
        this.#types.one(await this.#runner.run(getOperation(locator), call), typingContext(locator), call),
      )
    }
    const operation = locator.fragment === undefined ? getOperation(locator) : getFragmentOperation(locator)
    const value = await this.#runner.run<RawValue>(operation, options)
    if (locator.resourceUri.toLowerCase() === NS.config) this.#learn(value)
    return value
  }

  /**
   * Replaces a resource (WS-Transfer Put, MS-WSMV 3.1.4.3). What was read with `get` goes back in the form it came in.
   * @returns the resource as the service then has it; empty where it does not say
   */
  async put(
    resource: Resource,
    properties: Properties | string,
    options: CallOptions & ElementOption = {},
  ): Promise<Instance> {
    const locator = locate(resource)
    if (locator.fragment !== undefined) {
      return await this.#runner.run(putFragmentOperation(locator, properties, options.element), options)
    }
    if (typeof properties === 'string') throw new UsageError('Bare text can be put into a fragment only.')
    return await this.#runner.run(putOperation(locator, properties, options.element), options)
  }

  /** Reads a resource, puts the changes in place, nested ones likewise, and writes it back. */
  async update(
    resource: Resource,
    changes: Properties,
    options: CallOptions & ElementOption = {},
  ): Promise<Instance> {
    const current: Instance<PropertyValue> = await this.#runner.run(getOperation(locate(resource)), options)
    return await this.put(resource, mergeInstance(current, changes), options)
  }

  /**
   * Makes a new resource (WS-Transfer Create, MS-WSMV 3.1.4.5). Never sent twice.
   * @returns the way to it, which can be passed wherever a resource goes
   */
  async create(
    resource: Resource,
    properties: Properties,
    options: CallOptions & ElementOption = {},
  ): Promise<EndpointReference> {
    return await this.#runner.run(createOperation(locate(resource), properties, options.element), options)
  }

  /** Deletes a resource (WS-Transfer Delete, MS-WSMV 3.1.4.4). */
  async delete(resource: Resource, options: CallOptions = {}): Promise<void> {
    await this.#runner.run(deleteOperation(locate(resource)), options)
  }

  /**
   * Calls a method of a resource (MS-WSMV 3.1.4.1.32). Never sent twice.
   * @param action the method's name, or its whole action URI
   * @returns the out parameters, `ReturnValue` among them
   */
  async invoke(
    resource: Resource,
    action: string,
    parameters: Properties = {},
    options: CallOptions = {},
  ): Promise<Instance> {
    return await this.#runner.run(invokeOperation(locate(resource), action, parameters), options)
  }

  /** The instances of a resource, streamed (MS-WSMV 3.1.4.8). Nothing is sent before the first item is asked for. */
  enumerate<Mode extends EnumerationMode = 'object', Typed extends boolean = false>(
    resource: Resource,
    options: EnumerateOptions<Mode, Typed> = {},
  ): Enumeration<ItemOf<Mode, Typed>> {
    this.#lifetime.assertAlive()
    const locator = locate(resource)
    const context = typingContext(locator, options.filter)
    const typing = (instances: Instance[], call: CallOptions) => this.#types.all(instances, context, call)
    const items = createEnumeration(
      this.#runner,
      locator,
      options,
      options.typed === true ? typing : undefined,
    )
    return items as Enumeration<ItemOf<Mode, boolean>> as Enumeration<ItemOf<Mode, Typed>>
  }

  /** Opens a text shell (MS-WSMV 3.1.4.5.2). Close it when done. */
  async openShell(options: ShellOptions & CallOptions = {}): Promise<Shell> {
    return await Shell.open(this.#shells, options)
  }

  /** The shells that the account has open on the service (MS-WSMV 3.1.4.8.2). */
  shells(options: CallOptions = {}): Enumeration<ShellInfo> {
    return listShells(this.#runner, options)
  }

  /**
   * A shell that is open already, by its id. Nothing is sent; closing the client leaves it open, closing the shell
   * deletes it.
   */
  attachShell(shellId: string, options: AttachOptions = {}): Shell {
    return Shell.attach(this.#shells, shellId, options)
  }

  /** Deletes a shell by its id, and ends the commands in it. One that is gone already counts as deleted. */
  async deleteShell(shellId: string): Promise<void> {
    await this.attachShell(shellId).close()
  }

  /**
   * Runs one command in a shell of its own, which is deleted afterwards.
   * @param args without them, `command` is the whole command line as cmd takes it
   * @throws CommandError with `check` for an exit code other than 0
   */
  run(
    command: string,
    args?: readonly string[],
    options: RunOptions & ShellOptions = {},
  ): Promise<CommandResult> {
    return inOwnShell(this.#shells, options, (shell, bounded) => shell.run(command, args, bounded))
  }

  /**
   * Runs a PowerShell script in a shell of its own: `powershell.exe -NoProfile -NonInteractive -EncodedCommand`. A
   * script that is too long for a command line goes through the input, before the caller's own. Either way the caller's
   * `input` is `$input` in the script, line by line.
   *
   * What PowerShell writes to its streams other than the output comes as `records`; its errors are in `stderr` as it
   * prints them, too. The exit code is that of `exit` in the script, 1 where the script failed, else 0.
   * @throws CommandError with `check` for an exit code other than 0, and for output that is not JSON where `json` is set
   */
  async runPowerShell<T = unknown>(
    script: string,
    options: PowerShellOptions & ShellOptions = {},
  ): Promise<PowerShellResult<T>> {
    return await runPowerShell<T>(
      (command, args, rest) => this.run(command, args, { ...options, ...rest }),
      script,
      options,
    )
  }

  /** Runs many short commands over few shells, which are kept and used again. Close it when done. */
  shellPool(options: ShellPoolOptions = {}): ShellSessionManager {
    return new ShellSessionManager(this.#shells, options)
  }

  /**
   * Goes through everything that can be in the way: name, ports, TLS, schemes, Identify, clock, authentication,
   * sealing, channel binding, a shell and the configuration. Over connections of its own; a credential that was refused
   * before is not tried again. What fails is a finding, not an error.
   * @returns a report to paste into a ticket: plain JSON, without credentials
   * @throws AbortError when the signal is aborted or the client is closed
   */
  async diagnose(options: DiagnoseOptions = {}): Promise<DiagnosisReport> {
    const { transport, executor: runner } = this.#connect()
    const { tls, proxy, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = this.#options
    const { endpoint, microsoftHeaders } = this.#resolved
    const server = resolveProxy(proxy, endpoint, process.env)
    try {
      const way = { target: endpoint, proxy: server, tls, connectTimeoutMs }
      const shells = { runner, turns: new ReceiveTurns(1), limiter: undefined }
      return await diagnose({ transport, runner, shells, way, isWindows: microsoftHeaders }, options)
    } finally {
      transport.close(() => new AbortError('The diagnosis has ended.'))
    }
  }

  /** Ends every pending wait, enumeration, shell and socket within a second. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** The same as `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  [inspect.custom](): string {
    return `WsmanClient { url: '${this.url}' }`
  }

  /** Whoever reads winrm/config lets the client send requests as large as the service takes. */
  #learn(config: RawValue): void {
    const { MaxEnvelopeSizekb } = (config ?? {}) as Instance
    if (typeof MaxEnvelopeSizekb === 'string') this.#runner.learnMaxEnvelopeSize(Number(MaxEnvelopeSizekb))
  }

  get #knownClasses(): ClassCache {
    this.#classes ??= new ClassCache(this.#runner)
    return this.#classes
  }

  get #types(): Typing {
    this.#typing ??= new Typing(this.#knownClasses)
    return this.#typing
  }

  async #close(): Promise<void> {
    const message = 'The client was closed.'
    const ended = this.#lifetime.end(message)
    if (ended) await within(ended, CLOSE_LIMIT_MS, undefined)
    this.#transport.close(() => new AbortError(message, { cause: new Error(message) }))
  }
}

function openTransport(
  { endpoint, auth, client }: ResolvedClientOptions,
  options: WsmanClientOptions,
): HttpTransport {
  return new HttpTransport({
    endpoint,
    auth,
    settings: client,
    tls: options.tls,
    proxy: options.proxy,
    maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS,
    connectTimeoutMs: options.connectTimeoutMs,
    inactivityTimeoutMs: options.inactivityTimeoutMs,
    axios: options.axios,
    spn: options.spn,
  })
}
