import { inspect } from 'node:util'
import { Enumeration } from '../enumeration/enumeration.js'
import { createEnumeration, type EnumerateOptions, type ItemOf } from '../enumeration/enumerate-options.js'
import type { Instance } from '../envelope/instance.js'
import { locate, type Resource } from '../envelope/resource.js'
import { AbortError } from '../errors/errors.js'
import type { CallOptions } from '../operations/call-options.js'
import type { EnumerationMode } from '../operations/enumerate.js'
import { OperationExecutor } from '../operations/executor.js'
import { identifyOperation, type IdentifyResult } from '../operations/identify.js'
import { getOperation } from '../operations/transfer.js'
import type { CommandResult, RunOptions, ShellOptions } from '../shell/shell-options.js'
import { Shell } from '../shell/shell.js'
import { HttpTransport } from '../transport/http-transport.js'
import { sleep } from '../util/abortable.js'
import { Lifetime } from '../util/lifetime.js'
import { resolveClientOptions, type WsmanClientOptions } from './client-options.js'

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
  readonly #runner: OperationExecutor
  readonly #secure: boolean
  #closed: Promise<void> | undefined

  /** @throws UsageError for options that are missing, unknown or out of range. No connection is made yet. */
  constructor(options: WsmanClientOptions) {
    const resolved = resolveClientOptions(options)
    const { endpoint, auth, client } = resolved
    this.#options = { ...options }
    this.#secure = endpoint.secure
    this.#transport = new HttpTransport({
      endpoint,
      auth,
      settings: client,
      tls: options.tls,
      maxConnections: options.maxConnections,
      connectTimeoutMs: options.connectTimeoutMs,
      inactivityTimeoutMs: options.inactivityTimeoutMs,
      axios: options.axios,
    })
    this.#runner = new OperationExecutor({
      ...resolved,
      transport: this.#transport,
      lifetime: this.#lifetime,
    })
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

  /** Reads a resource (WS-Transfer Get, MS-WSMV 3.1.4.2). Values are the text of the wire. */
  async get(resource: Resource, options: CallOptions = {}): Promise<Instance> {
    return await this.#runner.run(getOperation(locate(resource)), options)
  }

  /** The instances of a resource, streamed (MS-WSMV 3.1.4.8). Nothing is sent before the first item is asked for. */
  enumerate<Mode extends EnumerationMode = 'object'>(
    resource: Resource,
    options: EnumerateOptions<Mode> = {},
  ): Enumeration<ItemOf<Mode>> {
    this.#lifetime.assertAlive()
    return createEnumeration(this.#runner, locate(resource), options)
  }

  /** Opens a text shell (MS-WSMV 3.1.4.5.2). Close it when done. */
  async openShell(options: ShellOptions & CallOptions = {}): Promise<Shell> {
    return await Shell.open(this.#runner, options)
  }

  /**
   * Runs one command in a shell of its own, which is deleted afterwards.
   * @param args without them, `command` is the whole command line as cmd takes it
   * @throws CommandError with `check` for an exit code other than 0
   */
  async run(
    command: string,
    args?: readonly string[],
    options: RunOptions & ShellOptions = {},
  ): Promise<CommandResult> {
    const shell = await this.openShell(options)
    try {
      return await shell.run(command, args, options)
    } finally {
      // Its commands are over; a shell that could not be deleted dies by its idle timeout.
      await shell.close().catch(() => undefined)
    }
  }

  /** Ends every pending wait, enumeration, shell and socket within a second. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  [inspect.custom](): string {
    return `WsmanClient { url: '${this.url}' }`
  }

  async #close(): Promise<void> {
    const message = 'The client was closed.'
    const timer = new AbortController()
    const limit = sleep(CLOSE_LIMIT_MS, timer.signal).catch(() => undefined)
    await Promise.race([this.#lifetime.end(message), limit])
    timer.abort()
    this.#transport.close(new AbortError(message, { cause: new Error(message) }))
  }
}

function partsOf(url: string, secure: boolean): Pick<WsmanClientOptions, 'transport' | 'port' | 'urlPrefix'> {
  const { port, pathname } = new URL(url)
  return {
    transport: secure ? 'https' : 'http',
    ...(port === '' ? {} : { port: Number(port) }),
    ...(pathname === '/' ? {} : { urlPrefix: pathname }),
  }
}
