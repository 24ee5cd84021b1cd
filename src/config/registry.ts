import type { Instance } from '../envelope/instance.js'
import type { Properties } from '../envelope/instance-encoder.js'
import { win32Code } from '../errors/fault-codes.js'
import type { CallOptions } from '../operations/call-options.js'
import { invokeOperation } from '../operations/invoke.js'
import type { OperationRunner } from '../operations/operation.js'
import { methodFailed, texts } from './method-output.js'

const STD_REG_PROV = { resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv' }
const HKEY_LOCAL_MACHINE = 0x80000002

/** What methods return where there is no such value, or no such key (ERROR_FILE_NOT_FOUND). */
const NOT_FOUND: ReadonlySet<number> = new Set([1, 2])

/** HKEY_LOCAL_MACHINE of the host, through the class StdRegProv of WMI. */
export class RemoteRegistry {
  readonly #runner: OperationRunner
  readonly #options: CallOptions

  constructor(runner: OperationRunner, options: CallOptions) {
    this.#runner = runner
    this.#options = options
  }

  /** Names of the values of a key; none where there is no key. */
  async valueNames(key: string): Promise<readonly string[]> {
    return texts((await this.#call('EnumValues', { sSubKeyName: key }))?.sNames)
  }

  /** Names of the keys in a key; none where there is no key. */
  async keyNames(key: string): Promise<readonly string[]> {
    return texts((await this.#call('EnumKey', { sSubKeyName: key }))?.sNames)
  }

  async number(key: string, name: string): Promise<number | undefined> {
    const value = (await this.#call('GetDWORDValue', { sSubKeyName: key, sValueName: name }))?.uValue
    return typeof value === 'string' && value.trim() !== '' ? Number(value) : undefined
  }

  async text(key: string, name: string): Promise<string | undefined> {
    const value = (await this.#call('GetStringValue', { sSubKeyName: key, sValueName: name }))?.sValue
    return typeof value === 'string' ? value : undefined
  }

  async bytes(key: string, name: string): Promise<Buffer | undefined> {
    const output = await this.#call('GetBinaryValue', { sSubKeyName: key, sValueName: name })
    return output && Buffer.from(texts(output.uValue).map(Number))
  }

  async setNumber(key: string, name: string, value: number): Promise<void> {
    await this.#call('SetDWORDValue', { sSubKeyName: key, sValueName: name, uValue: value }, false)
  }

  /** @returns undefined where there is no such key or value, and there need not be one */
  async #call(method: string, parameters: Properties, isOptional = true): Promise<Instance | undefined> {
    const operation = invokeOperation(STD_REG_PROV, method, { hDefKey: HKEY_LOCAL_MACHINE, ...parameters })
    const output = await this.#runner.run(operation, this.#options)
    const code = Number(output.ReturnValue ?? 0)
    if (code === 0) return output
    if (isOptional && NOT_FOUND.has(win32Code(code) ?? code)) return undefined
    throw methodFailed(`StdRegProv.${method}`, code, this.#runner.host)
  }
}
