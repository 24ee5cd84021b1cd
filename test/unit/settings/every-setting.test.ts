import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CERT_MAPPING_KIND } from '../../../src/config/cert-mapping-kind.js'
import { LISTENER_KIND } from '../../../src/config/listener-kind.js'
import { PLUGIN_KIND } from '../../../src/config/plugin-kind.js'
import { formatSettings } from '../../../src/settings/format-settings.js'
import { parseSettings } from '../../../src/settings/parse.js'
import type { DocumentTable } from '../../../src/settings/rows.js'
import { CONFIG_TABLE, type Settings } from '../../../src/settings/table.js'
import { validateSettings } from '../../../src/settings/validate.js'
import { TreeBuilder, type XmlElement } from '../../../src/xml/element.js'
import { XmlReader } from '../../../src/xml/reader.js'
import { escapeAttribute, escapeText } from '../../../src/xml/escape.js'
import { writeXml } from '../../../src/xml/writer.js'
import { rightValue, rowsOf, TABLES } from '../../support/settings-rows.js'
import { elementsOf, parseXml, textOf, type PlainElement } from '../../support/xml-compare.js'

type Model = Readonly<Record<string, unknown>>

/** A model of the table of which any members may be missing, secrets and keys among them. */
function modelOf(table: DocumentTable, path: string): fc.Arbitrary<Model> {
  const members = Object.entries(table).map(([name, entry]): [string, fc.Arbitrary<unknown>] => {
    const here = `${path}.${name}`
    if ('members' in entry) return [name, modelOf(entry.members, here)]
    if ('items' in entry) return [name, fc.array(modelOf(entry.items, here), { maxLength: 3 })]
    return [name, rightValue({ names: [name], path: here, row: entry })]
  })
  // Lists without an element of their own are read as empty where there is none of them.
  const always = Object.entries(table).flatMap(([name, entry]) =>
    'items' in entry && entry.wire === undefined ? [name] : [],
  )
  return fc.record(Object.fromEntries(members), { requiredKeys: always, noNullPrototype: true })
}

const FUTURE = 'urn:future'

/** What a later version may have added: elements and attributes that no table knows, at any place. */
class Decorations {
  readonly #choose: fc.GeneratorValue
  #count = 0

  constructor(choose: fc.GeneratorValue) {
    this.#choose = choose
  }

  element(): string {
    if (this.#choose(() => fc.nat(3)) > 0) return ''
    this.#count += 1
    const text = escapeText(this.#choose(() => fc.constantFrom('', 'text', 'a < b & c')))
    return `<f:Future${this.#count} xmlns:f="${FUTURE}" n="${this.#count}"><f:Inner>${text}</f:Inner></f:Future${this.#count}>`
  }

  attribute(): string {
    if (this.#choose(() => fc.nat(3)) > 0) return ''
    this.#count += 1
    return ` future${this.#count}="${this.#count}"`
  }
}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** A document as a service of a later version might send it. */
function documentOf(
  wire: string,
  namespace: string,
  table: DocumentTable,
  model: Model,
  more: Decorations,
): string {
  const attributes = Object.entries(table).map(([name, entry]) =>
    'type' in entry && entry.attribute && model[name] !== undefined
      ? ` ${entry.wire}="${escapeAttribute(textIn(model[name]))}"`
      : '',
  )
  return (
    `<p:${wire} xmlns:p="${namespace}"${attributes.join('')}${more.attribute()}>${more.element()}` +
    `${contentOf(namespace, table, model, more)}</p:${wire}>`
  )
}

function contentOf(namespace: string, table: DocumentTable, model: Model, more: Decorations): string {
  const parts = Object.entries(table).map(([name, entry]): string => {
    const value = model[name]
    if (value === undefined || ('type' in entry && entry.attribute)) return ''
    if ('members' in entry) {
      return documentOf(entry.wire, namespace, entry.members, value as Model, more) + more.element()
    }
    if ('items' in entry) {
      const items = (value as readonly Model[]).map((item) =>
        documentOf(entry.item, namespace, entry.items, item, more),
      )
      return entry.wire === undefined
        ? items.join('')
        : `<p:${entry.wire}${more.attribute()}>${items.join('')}</p:${entry.wire}>${more.element()}`
    }
    const text = escapeText(textIn(value))
    return `<p:${entry.wire}${more.attribute()}>${text}</p:${entry.wire}>${more.element()}`
  })
  return parts.join('')
}

/** What no table knows of a document, in order, with where it stands. */
function unknownIn(element: PlainElement, at = ''): string[] {
  const here = `${at}/${element.name.replace(/^.*\}/, '')}`
  if (element.name.startsWith(`{${FUTURE}}`)) {
    return [`${here} ${JSON.stringify(element.attributes)} ${elementsOf(element).map(textOf).join()}`]
  }
  const attributes = Object.entries(element.attributes).filter(([name]) => name.startsWith('future'))
  return [
    ...attributes.map(([name, value]) => `${here}@${name}=${value}`),
    ...elementsOf(element).flatMap((child) => unknownIn(child, here)),
  ]
}

function elementIn(xml: string): XmlElement {
  let root: XmlElement | undefined
  const reader = new XmlReader(new TreeBuilder((element) => (root = element)))
  reader.write(Buffer.from(xml))
  reader.end()
  if (!root) throw new Error('The document is empty.')
  return root
}

/** Models of everything shrink for minutes. */
const SHORT = { endOnFailure: true, numRuns: 40 }

const merged = (before: Model, changes: Model): Model => {
  const entries = Object.entries(changes).map(([name, value]): [string, unknown] => {
    const was = before[name]
    const nests = [was, value].every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
    return [name, nests ? merged(was as Model, value as Model) : value]
  })
  return { ...before, ...Object.fromEntries(entries) }
}

/** The protocol has no element of its own: its members stand among the sections. */
const CONFIG_URI = 'http://schemas.microsoft.com/wbem/wsman/1/config'
const { protocol: PROTOCOL, ...SECTIONS } = CONFIG_TABLE
const SECTION_GROUPS: DocumentTable = {
  client: { wire: 'Client', members: SECTIONS.client },
  service: { wire: 'Service', members: SECTIONS.service },
  winrs: { wire: 'Winrs', members: SECTIONS.winrs },
}

const settings = fc.record({
  protocol: modelOf(PROTOCOL, 'protocol'),
  client: modelOf(SECTIONS.client, 'client'),
  service: modelOf(SECTIONS.service, 'service'),
  winrs: modelOf(SECTIONS.winrs, 'winrs'),
})

describe('every setting of winrm/config', () => {
  it('is read as it was written, and found to be right', () => {
    fc.assert(
      fc.property(settings, (model) => {
        const typed = model as unknown as Settings
        expect(validateSettings(typed).filter(({ severity }) => severity === 'error')).toEqual([])
        expect(parseSettings(formatSettings(typed))).toEqual(model)
      }),
    )
  })

  it('is changed without a loss of what is not known, nor of its place', () => {
    fc.assert(
      fc.property(settings, settings, fc.gen(), (model, changes, choose) => {
        const more = new Decorations(choose)
        const { protocol, ...sections } = model
        const xml =
          `<p:Config xmlns:p="${CONFIG_URI}"${more.attribute()}>${contentOf(CONFIG_URI, PROTOCOL, protocol, more)}` +
          `${contentOf(CONFIG_URI, SECTION_GROUPS, sections, more)}</p:Config>`
        const read = parseSettings(xml)
        expect(read).toEqual(model)
        const wanted = merged(model, changes)
        const written = formatSettings(wanted, read)
        expect(parseSettings(written)).toEqual(wanted)
        expect(unknownIn(parseXml(written))).toEqual(unknownIn(parseXml(xml)))
      }),
      SHORT,
    )
  })
})

describe.each([
  ['listener', LISTENER_KIND, 'Listener'],
  ['certMapping', CERT_MAPPING_KIND, 'CertMapping'],
  ['plugin', PLUGIN_KIND, 'PlugInConfiguration'],
] as const)('every setting of a %s', (name, kind, wire) => {
  const table = TABLES[name] ?? {}
  const keys: readonly string[] = kind.selectors.map(([, member]) => member)
  const secrets = rowsOf(table, name).flatMap(({ names: [member = ''], row }) => (row.secret ? [member] : []))
  const without = (model: Model, names: readonly string[]): Model =>
    Object.fromEntries(Object.entries(model).filter(([member]) => !names.includes(member)))
  const read = (document: XmlElement): Model => {
    const { listeningOn, ...members } = kind.read(document) as Model & { listeningOn?: unknown }
    expect(listeningOn).toEqual(name === 'listener' ? [] : undefined)
    return members
  }
  /** Windows wants these, and a new plug-in has them where nothing else is said. */
  const added = name === 'plugin' ? { sdkVersion: 1, xmlRenderingType: 'text' } : {}
  const models = modelOf(table, name)

  it('is right, and read as it was written', () => {
    fc.assert(
      fc.property(models, (model) => {
        kind.validate(model)
        const written = elementIn(writeXml(kind.create(model as never)))
        const shown = without(model, [...secrets, ...(name === 'plugin' ? [] : keys)])
        expect(read(written)).toEqual({ ...added, ...shown })
        for (const secret of secrets) {
          if (model[secret] === undefined) continue
          const texts = [
            ...written.attributes.map(({ value }) => value),
            ...written.elements.map(({ text }) => text),
          ]
          expect(texts).toContain(model[secret])
        }
      }),
    )
  })

  it('is changed without a loss of what is not known, nor of its place', () => {
    fc.assert(
      fc.property(models, models, fc.gen(), (model, desired, choose) => {
        const xml = documentOf(wire, 'urn:items', table, without(model, secrets), new Decorations(choose))
        // A list that is given replaces the one that was there, and what it held goes with it.
        const lists = Object.entries(table).flatMap(([member, entry]) => ('items' in entry ? [member] : []))
        const changes = without(desired, [...keys, ...secrets, ...lists])
        const document = elementIn(xml)
        const before = read(document)
        expect(before).toEqual(without(model, secrets))
        const written = writeXml(kind.rewrite(document, changes))
        expect(read(elementIn(written))).toEqual(merged(before, changes))
        expect(unknownIn(parseXml(written))).toEqual(unknownIn(parseXml(xml)))
      }),
      SHORT,
    )
  })
})
