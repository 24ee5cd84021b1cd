import type { CallOptions } from '../operations/call-options.js'
import { getDocumentOperation, putDocumentOperation } from '../operations/document.js'
import type { PartialModel } from '../settings/rows.js'
import { CONFIG_TABLE, type Settings } from '../settings/table.js'
import { assertSection } from '../settings/validate.js'
import type { XmlElement } from '../xml/element.js'
import type { ConfigContext } from './config-context.js'
import { differencesOf } from './differences.js'
import { readModel } from '../settings/read-model.js'
import { SECTIONS, type SectionName } from './resources.js'
import { writableDocument } from './writable-document.js'
import { assertChangeable } from './setting-fixed.js'

/** One section of winrm/config on a host. */
export class ConfigSection<Name extends SectionName> {
  readonly #context: ConfigContext
  readonly #name: Name

  /** @internal */
  constructor(context: ConfigContext, name: Name) {
    this.#context = context
    this.#name = name
  }

  /** The section as the host has it; what its version does not know is absent. */
  async get(options: CallOptions = {}): Promise<Settings[Name]> {
    return this.#model(await this.#read(options))
  }

  /**
   * Changes settings: reads the section, puts the values in place and writes it back, without the elements that hosts
   * do not take back: deprecated, read-only and policy-held ones (MS-WSMV 3.1.4.3 and 4.2.2). Settings that are left out
   * stay as they are; where nothing differs, nothing is written.
   * @returns the section as the host then has it
   * @throws UsageError for a value that is malformed or out of range, before anything is sent; with the code
   *   `ERR_WSMAN_SETTING_FIXED` for a setting that the host does not let be changed, before anything is written
   */
  async update(changes: PartialModel<Settings[Name]>, options: CallOptions = {}): Promise<Settings[Name]> {
    assertSection(this.#name, changes)
    return await this.#context.exclusively(options, async (bounds) => {
      const { uri, table } = SECTIONS[this.#name]
      const read = await this.#read(bounds)
      const differences = differencesOf(read, table, changes, `${this.#name}.`)
      assertChangeable(differences, this.#context.runner.host)
      if (differences.length === 0) return this.#model(read)
      const document = writableDocument(read, table, changes)
      const written = await this.#context.runner.run(
        putDocumentOperation({ resourceUri: uri }, document),
        bounds,
      )
      return this.#model(written ?? (await this.#read(bounds)))
    })
  }

  #read(options: CallOptions): Promise<XmlElement> {
    return this.#context.runner.run(getDocumentOperation({ resourceUri: SECTIONS[this.#name].uri }), options)
  }

  #model(read: XmlElement): Settings[Name] {
    return readModel(read, CONFIG_TABLE[this.#name]) as Settings[Name]
  }
}
