import { escapeAttribute, escapeText } from '../xml/escape.js'
import { NS } from '../xml/namespaces.js'
import type { Fill, Shape } from '../xml/shape-tree.js'
import { attribute, element, writeXml, type AttributeTree, type ElementTree } from '../xml/writer.js'
import { ANONYMOUS } from './actions.js'
import { optionSet, type OptionSet } from './options.js'
import type { Selectors } from './endpoint-reference.js'
import { selectorSet } from './selectors.js'

/** What the headers of a request say, in their order. */
export interface HeaderTexts {
  readonly to: string
  readonly resourceUri: string
  readonly action: string
  readonly maxEnvelopeSize: string
  readonly messageId: string
  readonly locale: string
  readonly dataLocale: string
  /** Absent for services that know nothing of Microsoft's headers. */
  readonly sessionId: string | undefined
  readonly selectors: Selectors | undefined
  readonly options: OptionSet | undefined
  readonly fragment: string | undefined
  readonly operationTimeout: string
}

const must = (value: boolean): AttributeTree => attribute('mustUnderstand', String(value), NS.soap)
const MUST = [must(true)]

const language = (tag: string): readonly AttributeTree[] => [attribute('lang', tag, NS.xml), must(false)]

/** @throws UsageError for what a header cannot carry */
export function headerTrees(texts: HeaderTexts): readonly (ElementTree | undefined)[] {
  const { sessionId, selectors, options, fragment } = texts
  return [
    element(NS.addressing, 'To', texts.to),
    element(NS.wsman, 'ResourceURI', texts.resourceUri, MUST),
    element(NS.addressing, 'ReplyTo', [element(NS.addressing, 'Address', ANONYMOUS, MUST)]),
    element(NS.addressing, 'Action', texts.action, MUST),
    element(NS.wsman, 'MaxEnvelopeSize', texts.maxEnvelopeSize, MUST),
    element(NS.addressing, 'MessageID', texts.messageId),
    element(NS.wsman, 'Locale', [], language(texts.locale)),
    ...(sessionId === undefined
      ? []
      : [
          element(NS.microsoft, 'DataLocale', [], language(texts.dataLocale)),
          element(NS.microsoft, 'SessionId', sessionId, [must(false)]),
        ]),
    selectors && selectorSet(selectors),
    options && optionSet(options),
    fragment === undefined ? undefined : element(NS.wsman, 'FragmentTransfer', fragment, MUST),
    element(NS.wsman, 'OperationTimeout', texts.operationTimeout),
  ]
}

const DECLARED = [NS.addressing, NS.wsman]
const DECLARED_BY_MICROSOFT = [...DECLARED, NS.microsoft]

export function envelope(
  isMicrosoft: boolean,
  header: readonly (ElementTree | undefined)[],
  body: readonly ElementTree[],
): ElementTree {
  const content = [element(NS.soap, 'Header', header), element(NS.soap, 'Body', body)]
  return element(NS.soap, 'Envelope', content, [], isMicrosoft ? DECLARED_BY_MICROSOFT : DECLARED)
}

/** Where the headers are over. */
export const BODY_START = '<s:Body'

/** Names that mean nothing else in a form, nor in its key. */
const PLAIN_NAME = /^\w+$/

/**
 * Adds the texts of selectors or options to `values`.
 * @returns their names; undefined where one of them is more than a name and a scalar
 */
export function plainNames(given: Selectors | OptionSet | undefined, values: string[]): string | undefined {
  let names = ''
  if (given === undefined) return names
  for (const name of Object.keys(given)) {
    const text = plainText(given[name])
    if (text === undefined || !PLAIN_NAME.test(name)) return undefined
    values.push(text)
    names += ` ${name}`
  }
  return names
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const isScalar = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  return isScalar ? String(value) : undefined
}

/** What the headers of two requests must have in common to differ in nothing but texts. */
export interface HeaderStructure {
  readonly isMicrosoft: boolean
  /** As `plainNames` returns them. */
  readonly selectorNames: string
  readonly optionNames: string
  readonly hasFragment: boolean
}

/** Callers decide what selectors and options are called, and so how many forms there are. */
const MAX_FORMS = 256

const forms = new Map<string, Shape>()

/** Everything before the body, written once for each structure. Its values are those of the headers, in their order. */
export function headerForm(structure: HeaderStructure): Shape {
  const { isMicrosoft, selectorNames, optionNames, hasFragment } = structure
  const key = `${isMicrosoft ? 'm' : 'p'}${hasFragment ? 'f' : ''}${selectorNames}/${optionNames}`
  const known = forms.get(key)
  if (known !== undefined) return known
  if (forms.size >= MAX_FORMS) forms.clear()
  const form = writeForm(structure)
  forms.set(key, form)
  return form
}

function writeForm({ isMicrosoft, selectorNames, optionNames, hasFragment }: HeaderStructure): Shape {
  const fills: Fill[] = []
  const hole = (fill: Fill = escapeText): string => `{${fills.push(fill)}}`
  const holes = (names: string): Readonly<Record<string, string>> =>
    Object.fromEntries(names.split(' ').flatMap((name) => (name === '' ? [] : [[name, hole()]])))
  const trees = headerTrees({
    to: hole(),
    resourceUri: hole(),
    action: hole(),
    maxEnvelopeSize: hole(),
    messageId: hole(),
    locale: hole(escapeAttribute),
    dataLocale: isMicrosoft ? hole(escapeAttribute) : '',
    sessionId: isMicrosoft ? hole() : undefined,
    selectors: holes(selectorNames),
    options: holes(optionNames),
    fragment: hasFragment ? hole() : undefined,
    operationTimeout: hole(),
  })
  const xml = writeXml(envelope(isMicrosoft, trees, []))
  return { pieces: xml.slice(0, xml.indexOf(BODY_START)).split(/\{\d+\}/), fills }
}
