import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { xml, type Xml } from '../xml/template.js'
import { scalarText } from './scalar-text.js'

/** What an option may hold; null for one that has a name only (`xsi:nil`). */
type OptionScalar = string | number | bigint | boolean | null

/** One switch of `w:OptionSet` (DSP0226 6.4). */
export interface WsmanOption {
  readonly value: OptionScalar
  /** The XML type, such as `xs:boolean` (MS-WSMV 3.1.4.1.10.1). */
  readonly type?: string
  /** The service must refuse the request when it does not know this option. */
  readonly mustComply?: boolean
}

/** An option, or its bare value where it has no type. */
export type OptionValue = OptionScalar | WsmanOption

/** Options by name. A list repeats the option, which is how arrays are written (`wmiarray:`, MS-WSMV 3.1.4.1.10). */
export type OptionSet = Readonly<Record<string, OptionValue | readonly OptionValue[]>>

/** `w:OptionSet`, if there is any option. @throws UsageError for what is no value of an option */
export function optionSet(options: OptionSet): Xml {
  const names = Object.keys(options)
  const children = names.flatMap((name) => {
    const given = options[name]
    return isList(given) ? given.map((value) => optionXml(name, value)) : [optionXml(name, given)]
  })
  if (children.length === 0) return xml``
  // A header that need not be understood may be left out of account whole (SOAP 1.2 part 1, 2.4).
  const must = names.some((name) => isBinding(options[name])) ? xml` s:mustUnderstand="true"` : undefined
  return xml`<w:OptionSet xmlns:xsi="${NS.xsi}"${must}>${children}</w:OptionSet>`
}

type Given = OptionValue | readonly OptionValue[] | undefined

function isBinding(given: Given): boolean {
  return isList(given) ? given.some(isBinding) : isOption(given) && given.mustComply === true
}

function optionXml(name: string, given: OptionValue | undefined): Xml {
  const { value, type, mustComply } = isOption(given) ? given : { value: given }
  const attributes: Xml[] = []
  if (mustComply !== undefined) attributes.push(xml` MustComply="${String(mustComply)}"`)
  if (type !== undefined) attributes.push(xml` Type="${type}"`)
  if (value === null) return xml`<w:Option Name="${name}"${attributes} xsi:nil="true"/>`
  return xml`<w:Option Name="${name}"${attributes}>${scalarText(`The option ${name}`, value)}</w:Option>`
}

const isOption = (given: OptionValue | undefined): given is WsmanOption =>
  typeof given === 'object' && given !== null

function isList(value: Given): value is readonly OptionValue[] {
  return Array.isArray(value)
}

/** One option as it came. */
export interface ReceivedOption {
  readonly name: string
  /** Null for `xsi:nil`. */
  readonly value: string | null
  readonly type: string | undefined
  readonly mustComply: boolean
}

/** The options of a message in their order, repeated ones included. */
export function readOptionList(set: XmlElement): readonly ReceivedOption[] {
  return set.all(NS.wsman, 'Option').map((option) => ({
    name: option.attribute('Name') ?? '',
    value: isTrue(option.attribute('nil', NS.xsi)) ? null : option.text.trim(),
    type: option.attribute('Type'),
    mustComply: isTrue(option.attribute('MustComply')),
  }))
}

const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1'

/** The options of a message, as text, by name; of a repeated one the last. */
export function readOptions(set: XmlElement): ReadonlyMap<string, string> {
  return new Map(readOptionList(set).map(({ name, value }) => [name, value ?? ''] as const))
}
