import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { ACTION } from '../../../../src/envelope/actions.js'
import { TreeBody } from '../../../../src/envelope/body-decoders.js'
import { EnvelopeDecoder } from '../../../../src/envelope/decoder.js'
import { encodeRequest } from '../../../../src/envelope/encoder.js'
import { writeInEnvelope } from '../../../../src/envelope/envelope-trees.js'
import type { OptionSet } from '../../../../src/envelope/options.js'
import { SHELL_RESOURCE } from '../../../../src/envelope/resource.js'
import { defaultSettings } from '../../../../src/settings/defaults.js'
import type { Settings } from '../../../../src/settings/table.js'
import {
  EndpointFault,
  type EndpointFaultParts,
  type EndpointReply,
  type EndpointRequest,
} from '../../../../src/testing/message.js'
import { Enumerations } from '../../../../src/testing/enumerations.js'
import { OperationQuota } from '../../../../src/testing/operation-quota.js'
import { writeReply } from '../../../../src/testing/reply-writer.js'
import { ShellService } from '../../../../src/testing/shell/shell-service.js'
import type { XmlElement } from '../../../../src/xml/element.js'
import { NS } from '../../../../src/xml/namespaces.js'
import { element, type ElementTree } from '../../../../src/xml/writer.js'

/** Of every request that is not a recorded one. */
export const MESSAGE_ID = 'uuid:FC40E3CD-53E9-4315-B486-6D538B25D1F5'

export const ALL_SHELLS = NS.shell
export const SELECTOR_FILTER = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter'

/** A service that is closed when the test ends. */
export function startService(change?: (settings: Settings) => void): {
  service: ShellService
  settings: Settings
} {
  const settings = defaultSettings()
  change?.(settings)
  const quota = new OperationQuota(settings)
  const enumerations = new Enumerations(settings, quota)
  const service = new ShellService({ settings, machine: 'TESTHOST', enumerations, quota })
  onTestFinished(async () => {
    enumerations.close()
    await service.close()
  })
  return { service, settings }
}

export interface RequestParts {
  readonly action: string
  readonly resourceUri?: string
  readonly shellId?: string | undefined
  readonly options?: OptionSet
  readonly body?: ElementTree
  readonly over?: Partial<EndpointRequest>
}

/** A request as the HTTP part hands it over, written and read by the package's own codec. */
export function request(parts: RequestParts): EndpointRequest {
  const resource = {
    resourceUri: parts.resourceUri ?? SHELL_RESOURCE,
    ...(parts.shellId === undefined ? {} : { selectors: { ShellId: parts.shellId } }),
  }
  const xml = encodeRequest(
    {
      to: 'http://127.0.0.1:5985/wsman',
      action: parts.action,
      resource,
      maxEnvelopeSize: 153600,
      operationTimeoutMs: 20_000,
      locale: 'en-US',
      dataLocale: 'en-US',
      sessionId: 'uuid:A635D444-7E75-4E46-9A68-2FFF53AF45CA',
      options: parts.options,
    },
    MESSAGE_ID,
    parts.body && writeInEnvelope([parts.body]),
  )
  return requestFrom(xml, parts.over)
}

/** A request made of a whole message, such as a recorded one. */
export function requestFrom(xml: string, over: Partial<EndpointRequest> = {}): EndpointRequest {
  const { headers, body } = readMessage(xml)
  return {
    action: headers.action ?? '',
    resourceUri: headers.resourceUri ?? '',
    headers,
    body,
    principal: { username: 'vagrant', domain: '' },
    clientIp: '192.168.56.1',
    url: headers.to ?? '',
    operationTimeoutMs: headers.operationTimeoutMs ?? 60_000,
    maxEnvelopeSize: headers.maxEnvelopeSize ?? 512_000,
    signal: new AbortController().signal,
    ...over,
  }
}

export function readMessage(xml: string) {
  const decoder = new EnvelopeDecoder(new TreeBody((body, headers) => ({ body, headers })))
  decoder.write(Buffer.from(xml))
  const message = decoder.end()
  if (message.fault) throw new Error(`The message is a fault: ${message.fault.reason}`)
  return message.body
}

/** Text of a recorded file, without the declaration, whose encoding is not that of the file. */
export function recording(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF?<\?xml[^>]*\?>/, '')
}

/** The body of a reply as a client reads it. */
export function bodyOf(reply: EndpointReply): readonly XmlElement[] {
  return readMessage(writeReply(reply, MESSAGE_ID)).body
}

/** Structure and text without prefixes, for comparing messages; `names` replaces texts that differ each time. */
export function plain(tree: XmlElement, names: ReadonlyMap<string, string> = new Map()): unknown {
  const text = tree.text.trim()
  return {
    name: `{${tree.name.namespace}}${tree.name.local}`,
    attributes: Object.fromEntries(
      tree.attributes.map(({ name, value }) => [name.local, names.get(value) ?? value]),
    ),
    ...(tree.elements.length > 0
      ? { children: tree.elements.map((child) => plain(child, names)) }
      : { text: names.get(text) ?? text }),
  }
}

/** The parts of the fault that the work ends in. */
export async function faultOf(work: Promise<unknown>): Promise<EndpointFaultParts> {
  const outcome: unknown = await work.then(
    () => 'no fault',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(EndpointFault)
  return (outcome as EndpointFault).parts
}

export const rsp = (
  name: string,
  children: string | readonly ElementTree[] = [],
  attributes: Readonly<Record<string, string>> = {},
): ElementTree =>
  element(
    NS.shell,
    name,
    children,
    Object.entries(attributes).map(([key, value]) => ({ name: key, value })),
  )

export interface ShellOptions {
  readonly input?: string
  readonly output?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
  readonly extra?: readonly ElementTree[]
  readonly options?: OptionSet
  readonly over?: Partial<EndpointRequest>
}

export interface Received {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly done: boolean
  readonly exitCode: number | undefined
  /** Names of the streams that ended. */
  readonly ends: readonly string[]
}

/** What a client does with a shell. */
export class Client {
  readonly service: ShellService
  readonly over: Partial<EndpointRequest>
  shellId = ''

  constructor(service: ShellService, over: Partial<EndpointRequest> = {}) {
    this.service = service
    this.over = over
  }

  /** Sends one request to the shell. */
  ask(parts: RequestParts): Promise<EndpointReply> {
    return this.service.handle(
      request({ shellId: this.shellId, ...parts, over: { ...this.over, ...parts.over } }),
    )
  }

  async open(options: ShellOptions = {}): Promise<XmlElement> {
    const body = rsp('Shell', [
      rsp('InputStreams', options.input ?? 'stdin'),
      rsp('OutputStreams', options.output ?? 'stdout stderr'),
      ...(options.environment
        ? [
            rsp(
              'Environment',
              Object.entries(options.environment).map(([Name, value]) => rsp('Variable', value, { Name })),
            ),
          ]
        : []),
      ...(options.workingDirectory === undefined ? [] : [rsp('WorkingDirectory', options.workingDirectory)]),
      ...(options.extra ?? []),
    ])
    const reply = await this.ask({
      action: ACTION.create,
      shellId: undefined,
      body,
      options: options.options ?? {},
      over: options.over ?? {},
    })
    const shell = bodyOf(reply)[1]
    this.shellId = shell?.childText(NS.shell, 'ShellId') ?? ''
    if (!shell) throw new Error('The reply tells no shell.')
    return shell
  }

  async start(command: string, args: readonly string[] = [], options: OptionSet = {}): Promise<string> {
    const reply = await this.ask({
      action: ACTION.command,
      options,
      body: rsp('CommandLine', [rsp('Command', command), ...args.map((arg) => rsp('Arguments', arg))]),
    })
    return bodyOf(reply)[0]?.childText(NS.shell, 'CommandId') ?? ''
  }

  async receive(
    commandId: string,
    over: Partial<EndpointRequest> = {},
    streams = 'stdout stderr',
  ): Promise<Received> {
    const reply = await this.ask({
      action: ACTION.receive,
      body: rsp('Receive', [rsp('DesiredStream', streams, { CommandId: commandId })]),
      over,
    })
    return readReceived(reply)
  }

  /** Receives until the command has ended. */
  async drain(commandId: string, over: Partial<EndpointRequest> = {}): Promise<Received> {
    const parts: Received[] = []
    for (;;) {
      const part = await this.receive(commandId, over)
      parts.push(part)
      if (!part.done) continue
      return {
        ...part,
        stdout: Buffer.concat(parts.map(({ stdout }) => stdout)),
        stderr: Buffer.concat(parts.map(({ stderr }) => stderr)),
      }
    }
  }

  async run(command: string, args: readonly string[] = [], options: OptionSet = {}): Promise<Received> {
    return this.drain(await this.start(command, args, options))
  }

  async send(
    commandId: string,
    data: string | Uint8Array,
    end?: string,
    over: Partial<EndpointRequest> = {},
  ): Promise<void> {
    const attributes = { Name: 'stdin', CommandId: commandId, ...(end === undefined ? {} : { End: end }) }
    const reply = await this.ask({
      action: ACTION.send,
      body: rsp('Send', [rsp('Stream', Buffer.from(data).toString('base64'), attributes)]),
      over,
    })
    expect(reply.action).toBe(`${NS.shell}/SendResponse`)
  }

  async signal(commandId: string | undefined, code: string): Promise<void> {
    const reply = await this.ask({
      action: ACTION.signal,
      body: rsp(
        'Signal',
        [rsp('Code', code.includes('/') ? code : `${NS.shell}/signal/${code}`)],
        commandId === undefined ? {} : { CommandId: commandId },
      ),
    })
    expect(reply.action).toBe(`${NS.shell}/SignalResponse`)
  }

  async delete(): Promise<void> {
    const reply = await this.ask({ action: ACTION.delete })
    expect(reply.action).toBe('http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse')
  }

  /** The items of the enumeration of the shell's commands. */
  async commands(): Promise<readonly XmlElement[]> {
    const filter: ElementTree = {
      ...element(NS.wsman, 'Filter', [
        element(NS.wsman, 'SelectorSet', [
          element(NS.wsman, 'Selector', this.shellId, [{ name: 'Name', value: 'ShellId' }]),
        ]),
      ]),
      attributes: [{ name: 'Dialect', value: SELECTOR_FILTER }],
    }
    const reply = await this.ask({
      action: ACTION.enumerate,
      resourceUri: `${ALL_SHELLS}/Command`,
      body: element(NS.enumeration, 'Enumerate', [
        element(NS.wsman, 'OptimizeEnumeration'),
        element(NS.wsman, 'MaxElements', '32000'),
        filter,
      ]),
    })
    return bodyOf(reply)[0]?.child(NS.wsman, 'Items')?.elements ?? []
  }

  /** Receives until stdout holds a whole line, and returns it as a number: the pid that a script printed. */
  async printedPid(commandId: string): Promise<number> {
    let text = ''
    while (!text.includes('\n')) text += (await this.receive(commandId)).stdout.toString()
    const pid = Number(text)
    expect(pid).toBeGreaterThan(1)
    return pid
  }
}

export function readReceived(reply: EndpointReply): Received {
  const [response] = bodyOf(reply)
  const streams = response?.all(NS.shell, 'Stream') ?? []
  const bytes = (name: string): Buffer =>
    Buffer.concat(
      streams
        .filter((stream) => stream.attribute('Name') === name)
        .map((stream) => Buffer.from(stream.text, 'base64')),
    )
  const state = response?.child(NS.shell, 'CommandState')
  const exitCode = state?.childText(NS.shell, 'ExitCode')
  return {
    stdout: bytes('stdout'),
    stderr: bytes('stderr'),
    done: state?.attribute('State')?.endsWith('/Done') ?? false,
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
    ends: streams
      .filter((stream) => stream.attribute('End') === 'true')
      .map((stream) => stream.attribute('Name') ?? ''),
  }
}

/** Whether the process runs. One that ended and was not reaped by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // No /proc, or the process is gone by now.
    return process.platform !== 'linux'
  }
}

/** Settles when the condition holds; the test's own timeout ends it otherwise. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2)
}

/** Settles when the service lists the command as done: what is left of it then comes in one reply. */
export async function commandEnded(client: Client, commandId: string): Promise<void> {
  for (;;) {
    const states = (await client.commands()).map((command) => [
      command.childText(NS.shell, 'CommandId'),
      command.childText(NS.shell, 'CommandState'),
    ])
    if (states.some(([id, state]) => id === commandId && state === 'Done')) return
    await delay(2)
  }
}
