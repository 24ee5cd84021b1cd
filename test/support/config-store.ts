import {
  bodyOf,
  CONFIG,
  escapeText,
  listenerXml,
  RECORDED,
  type ListenerText,
} from '../unit/config/service.js'
import {
  startService,
  windowsFault,
  type Answer,
  type Asked,
  type ScriptedService,
} from './scripted-service.js'
import { elementsOf, localName, parseXml, textOf, type PlainElement } from './xml-compare.js'

/** What a service takes no change of: since 2.0 (MS-WSMV notes 7, 30 and 34) or because Group Policy has it. */
const FIXED = [
  'Config.MaxProviderRequests',
  'Config.Service.MaxConcurrentOperations',
  'Config.Winrs.MaxShellRunTime',
]

/** A listener with everything it has. */
export type StoredListener = Required<
  Pick<ListenerText, 'address' | 'transport' | 'port' | 'hostname' | 'enabled' | 'thumbprint'>
>

/** A service that has a configuration, takes changes and obeys none of it. Group Policy holds what it is told. */
export class ConfigStore {
  /** Values by the path of their element: `Config.Service.Auth.Basic`. */
  readonly values = new Map<string, string>()
  listeners: StoredListener[] = []
  #held: ReadonlySet<string> = new Set()
  readonly #template: PlainElement

  private constructor(readonly template: PlainElement) {
    this.#template = template
    this.reset({ listeners: [], held: [] })
  }

  static async start(): Promise<{ store: ConfigStore; service: ScriptedService }> {
    const store = new ConfigStore(parseXml(bodyOf(RECORDED)))
    const service = await startService({
      Get: (request) => store.#get(request),
      Put: (request) => store.#put(request),
      Create: (request) => store.#create(request),
      Delete: (request) => store.#delete(request),
      Enumerate: () =>
        '<n:EnumerateResponse><n:EnumerationContext/><w:Items>' +
        `${store.listeners.map(listenerXml).join('')}</w:Items><w:EndOfSequence/></n:EnumerateResponse>`,
      // Whoever asks for policies may not read the registry: the document says them.
      EnumValues: windowsFault(5),
    })
    return { store, service }
  }

  /** As it was recorded, with these listeners. */
  reset(given: { readonly listeners: readonly StoredListener[]; readonly held: readonly string[] }): void {
    this.values.clear()
    for (const [path, element] of leaves(this.#template)) this.values.set(path, textOf(element))
    this.listeners = [...given.listeners]
    this.#held = new Set(given.held)
  }

  #get(request: Asked): Answer {
    const section = sectionOf(request)
    if (section === 'Listener') return listenerXml(this.#find(request) ?? {})
    const root =
      section === '' ? this.#template : elementsOf(this.#template).find((one) => localName(one) === section)
    if (!root) return windowsFault(2150858752)
    const namespace = section === '' ? CONFIG : `${CONFIG}/${section.toLowerCase()}`
    return this.#write(root, section === '' ? 'Config' : `Config.${section}`).replace(
      /^<cfg:\w+/,
      (start) => `${start} xmlns:cfg="${namespace}"`,
    )
  }

  #write(element: PlainElement, path: string): string {
    const name = localName(element)
    const source = this.#held.has(path) ? ' Source="GPO"' : ''
    const content = elementsOf(element).map((child) => this.#write(child, `${path}.${localName(child)}`))
    return `<cfg:${name}${source}>${content.join('') || escapeText(this.values.get(path) ?? '')}</cfg:${name}>`
  }

  #put(request: Asked): Answer {
    const section = sectionOf(request)
    const body = bodyIn(request)
    if (section === 'Listener') {
      const found = this.#find(request)
      if (!found) return windowsFault(2150858752)
      Object.assign(found, listenerFrom(body))
      return listenerXml(found)
    }
    for (const [path, element] of leaves(body, section === '' ? 'Config' : `Config.${section}`)) {
      // All or nothing.
      if (!this.values.has(path)) return windowsFault(2150858817)
      if (FIXED.includes(path)) return windowsFault(2150859182)
      if (this.#held.has(path) || element.attributes.Source !== undefined) return windowsFault(2150858890)
    }
    for (const [path, element] of leaves(body, section === '' ? 'Config' : `Config.${section}`)) {
      this.values.set(path, textOf(element))
    }
    return this.#get(request)
  }

  #create(request: Asked): Answer {
    const key = keyOf(request)
    if (this.#find(request)) return windowsFault(2150858803)
    const port = key.transport === 'HTTPS' ? 5986 : 5985
    const made = {
      port,
      hostname: '',
      enabled: true,
      thumbprint: '',
      ...key,
      ...listenerFrom(bodyIn(request)),
    }
    this.listeners.push(made)
    return (
      '<x:ResourceCreated><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>' +
      `<a:ReferenceParameters><w:ResourceURI>${CONFIG}/listener</w:ResourceURI></a:ReferenceParameters></x:ResourceCreated>`
    )
  }

  #delete(request: Asked): Answer {
    const found = this.#find(request)
    if (!found) return windowsFault(2150858752)
    this.listeners = this.listeners.filter((listener) => listener !== found)
    return ''
  }

  #find(request: Asked): StoredListener | undefined {
    const { address, transport } = keyOf(request)
    return this.listeners.find((one) => one.address === address && one.transport === transport)
  }
}

/** `Service` for …/config/service; empty for the whole. */
function sectionOf(request: Asked): string {
  const name =
    request
      .texts('ResourceURI')[0]
      ?.trim()
      .slice(CONFIG.length + 1) ?? ''
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function keyOf(request: Asked): Pick<StoredListener, 'address' | 'transport'> {
  const selected = request.elements('Selector').map((one) => [one.attributes.Name, textOf(one)] as const)
  const value = (name: string): string => selected.find(([key]) => key === name)?.[1] ?? ''
  return { address: value('Address'), transport: value('Transport') }
}

function bodyIn(request: Asked): PlainElement {
  const [body] = request.elements('Body')
  const [root] = body ? elementsOf(body) : []
  if (!root) throw new Error('The body is empty.')
  return root
}

function listenerFrom(body: PlainElement): Partial<StoredListener> {
  const values = new Map(elementsOf(body).map((child) => [localName(child), textOf(child)]))
  const [port, hostname, enabled, thumbprint] = ['Port', 'Hostname', 'Enabled', 'CertificateThumbprint'].map(
    (name) => values.get(name),
  )
  return {
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(enabled === undefined ? {} : { enabled: enabled === 'true' }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
  }
}

/** The elements that hold text, by the way to them. */
function leaves(element: PlainElement, path = localName(element)): (readonly [string, PlainElement])[] {
  const children = elementsOf(element)
  if (children.length === 0) return [[path, element]]
  return children.flatMap((child) => leaves(child, `${path}.${localName(child)}`))
}
