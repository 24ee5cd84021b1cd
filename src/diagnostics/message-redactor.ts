import { NS } from '../xml/namespaces.js'
import { escapeAttribute, escapeText } from '../xml/escape.js'
import type { XmlAttribute, XmlHandler } from '../xml/handler.js'
import { XmlReader } from '../xml/reader.js'
import { NamespaceScope, type XmlName } from '../xml/scope.js'

const ALL = Symbol('all')
type Shown = typeof ALL | ReadonlySet<string>

const only = (...names: readonly string[]): ReadonlySet<string> => new Set(names)

/** Elements whose text is shown, by namespace. What is not in here is hidden. */
const ELEMENTS: ReadonlyMap<string, Shown> = new Map<string, Shown>([
  [NS.soap, ALL],
  [NS.soap11, ALL],
  [NS.addressing, ALL],
  [NS.identity, ALL],
  [NS.cimBinding, only('PolymorphismMode', 'IncludeInheritedElements')],
  [
    NS.wsman,
    only(
      'EnumerationMode',
      'FaultDetail',
      'MaxElements',
      'MaxEnvelopeSize',
      'OperationTimeout',
      'RequestTotalItemsCountEstimate',
      'ResourceURI',
      'TotalItemsCountEstimate',
    ),
  ],
  [
    NS.enumeration,
    only('EnumerationContext', 'EnumerationMode', 'Expires', 'MaxCharacters', 'MaxElements', 'MaxTime'),
  ],
  [NS.microsoft, only('ActivityId', 'OperationID', 'SequenceId', 'SessionId')],
  [NS.fault, only('Message')],
  [
    NS.shell,
    only(
      'Code',
      'CommandId',
      'DesiredStream',
      'ExitCode',
      'IdleTimeOut',
      'InputStreams',
      'Lifetime',
      'MaxIdleTimeOut',
      'OutputStreams',
      'ProcessId',
      'ResourceUri',
      'ShellId',
      'ShellInactivity',
      'ShellRunTime',
      'State',
    ),
  ],
  // The settings themselves; certificate mappings and plug-ins, which hold passwords, have namespaces of their own.
  ...['', '/client', '/client/auth', '/service', '/service/auth', '/winrs', '/listener'].map(
    (path): [string, Shown] => [NS.config + path, ALL],
  ),
])

/** Attributes that are shown wherever they stand. */
const ATTRIBUTES = only(
  'Code',
  'CommandId',
  'Dialect',
  'End',
  'Machine',
  'State',
  'lang',
  'mustUnderstand',
  'nil',
  'type',
)

/** Elements that have a name, which is shown, and a value, which is shown where its name is in the pattern. */
const NAMED: ReadonlyMap<string, RegExp> = new Map([
  ['Selector', /^(?:Address|CommandId|ShellId|Transport|__cimnamespace)$/i],
  ['Option', /^(?:WINRS|WSMAN)_/],
  ['Stream', /^$/],
])

const LIMIT = 64 * 1024

interface Open {
  readonly tag: string
  readonly isShown: boolean
  readonly scope: NamespaceScope
  /** Text that has come and is not written yet. */
  text: string
}

/** Writes a message anew as it arrives, and shows of it what is known to be harmless. */
export class MessageRedactor {
  readonly #reader = new XmlReader(this.#handler())
  readonly #open: Open[] = []
  #written = ''
  /** Whether the start tag written last still waits for its end. */
  #isTagOpen = false
  #end: string | undefined

  /** Never throws: what cannot be read is not shown. */
  write(bytes: Uint8Array): void {
    if (this.#end !== undefined) return
    try {
      this.#reader.write(bytes)
    } catch {
      this.#end = '[the rest is not well-formed]'
    }
    if (this.#written.length > LIMIT) this.#end ??= '[cut]'
  }

  /** What may be shown of what has come so far. */
  get shown(): string {
    return this.#written.slice(0, LIMIT) + (this.#end ?? '')
  }

  #handler(): XmlHandler {
    return {
      startElement: (name, attributes, scope) => {
        const parent = this.#open.at(-1)
        if (parent) this.#flush(parent)
        this.#endTag()
        const isNew = scope !== (parent?.scope ?? NamespaceScope.root)
        const pattern = NAMED.get(name.local)
        const own = pattern && attributes.find((attribute) => attribute.name.local === 'Name')?.value
        const tag = qualified(name)
        this.#written += `<${tag}${isNew ? declarations(scope) : ''}${written(attributes, pattern !== undefined)}`
        this.#isTagOpen = true
        const isShown = isAllowed(name) || (own !== undefined && pattern?.test(own) === true)
        this.#open.push({ tag, isShown, scope, text: '' })
      },
      endElement: () => {
        const element = this.#open.pop()
        if (!element) return
        this.#flush(element)
        if (this.#isTagOpen) this.#written += '/>'
        else this.#written += `</${element.tag}>`
        this.#isTagOpen = false
      },
      text: (text) => {
        const element = this.#open.at(-1)
        if (element) element.text += text
      },
    }
  }

  #flush(element: Open): void {
    const { text, isShown } = element
    element.text = ''
    if (text.trim() === '') return
    this.#endTag()
    this.#written += isShown ? escapeText(text) : lengthOf(text)
  }

  #endTag(): void {
    if (this.#isTagOpen) this.#written += '>'
    this.#isTagOpen = false
  }
}

function isAllowed({ namespace, local }: XmlName): boolean {
  const shown = ELEMENTS.get(namespace)
  return shown === ALL || (shown?.has(local) ?? false)
}

function written(attributes: readonly XmlAttribute[], isNamed: boolean): string {
  return attributes
    .map(({ name, value }) => {
      const isShown = ATTRIBUTES.has(name.local) || (isNamed && name.local === 'Name')
      return ` ${qualified(name)}="${isShown ? escapeAttribute(value) : lengthOf(value)}"`
    })
    .join('')
}

function declarations(scope: NamespaceScope): string {
  return [...scope.declarations]
    .map(([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttribute(uri)}"`)
    .join('')
}

const qualified = ({ prefix, local }: XmlName): string => (prefix === '' ? local : `${prefix}:${local}`)

const lengthOf = (text: string): string => `[${text.length} characters]`
