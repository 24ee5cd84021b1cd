import type { PartialModel } from '../settings/rows.js'
import { isEndpointReference, type EndpointReference } from '../envelope/endpoint-reference.js'
import type { ResourceLocator } from '../envelope/resource.js'
import { Enumeration } from '../enumeration/enumeration.js'
import type { CallOptions } from '../operations/call-options.js'
import {
  createDocumentOperation,
  getDocumentOperation,
  putDocumentOperation,
} from '../operations/document.js'
import { deleteOperation } from '../operations/transfer.js'
import { TreeBuilder, type XmlElement } from '../xml/element.js'
import type { ConfigContext } from './config-context.js'
import { locateItem, type ItemKind } from './item-kind.js'
import { assertChangeable } from './setting-fixed.js'

/** Items of one kind in the configuration of a host: listeners, certificate mappings, plug-ins. */
export class ConfigCollection<Item extends object, Key extends object> {
  readonly #context: ConfigContext
  readonly #kind: ItemKind<Item, Key>

  /** @internal */
  constructor(context: ConfigContext, kind: ItemKind<Item, Key>) {
    this.#context = context
    this.#kind = kind
  }

  /** All of them. Nothing is sent before the first one is asked for. */
  enumerate(options: CallOptions = {}): Enumeration<Item> {
    const { resourceUri, read } = this.#kind
    this.#context.runner.lifetime.assertAlive()
    return new Enumeration(this.#context.runner, {
      resource: { resourceUri },
      mode: 'object',
      optimize: true,
      prefetch: 1,
      items: (deliver) => new TreeBuilder((document) => deliver(read(document))),
      options,
    })
  }

  /**
   * One of them.
   * @param key what names it, or the reference that `create` returned
   */
  async get(key: Key | EndpointReference, options: CallOptions = {}): Promise<Item> {
    return this.#kind.read(await this.#read(this.#locate(key), options))
  }

  /**
   * Makes a new one; members that are left out get the host's defaults. Never sent twice.
   * @returns the way to it
   * @throws UsageError for a value that is malformed or out of range, before anything is sent
   */
  async create(item: PartialModel<Item> & Key, options: CallOptions = {}): Promise<EndpointReference> {
    const { validateNew, create } = this.#kind
    const resource = this.#locate(item)
    validateNew(item)
    return await this.#context.runner.run(createDocumentOperation(resource, create(item)), options)
  }

  /**
   * Changes one: reads it, puts the values in place and writes it back. Members that are left out stay as they are;
   * where nothing differs, nothing is written.
   * @returns the item as the host then has it
   * @throws UsageError for a value that is malformed or out of range, before anything is sent; with the code
   *   `ERR_WSMAN_SETTING_FIXED` for one that the host does not let be changed, before anything is written
   */
  async update(
    key: Key | EndpointReference,
    changes: PartialModel<Item>,
    options: CallOptions = {},
  ): Promise<Item> {
    const { validate, read, differences, rewrite } = this.#kind
    const resource = this.#locate(key)
    validate(changes)
    return await this.#context.exclusively(options, async (bounds) => {
      const current = await this.#read(resource, bounds)
      const found = differences(current, changes, '')
      assertChangeable(found, this.#context.runner.host)
      if (found.length === 0) return read(current)
      const document = rewrite(current, changes)
      const written = await this.#context.runner.run(putDocumentOperation(resource, document), bounds)
      return read(written ?? (await this.#read(resource, bounds)))
    })
  }

  /** Takes one away. */
  async delete(key: Key | EndpointReference, options: CallOptions = {}): Promise<void> {
    await this.#context.runner.run(deleteOperation(this.#locate(key)), options)
  }

  #read(resource: ResourceLocator, options: CallOptions): Promise<XmlElement> {
    return this.#context.runner.run(getDocumentOperation(resource), options)
  }

  #locate(key: Key | EndpointReference): ResourceLocator {
    if (!isEndpointReference(key)) return locateItem(this.#kind, key)
    return { resourceUri: key.resourceUri, selectors: key.selectors }
  }
}
