import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { element, type ElementTree } from '../xml/writer.js'

/** One switch of `w:OptionSet` (DSP0226 6.4). */
export interface WsmanOption {
  readonly value: string | number | boolean
  /** The XML type, such as `xs:boolean` (MS-WSMV 3.1.4.1.10.1). */
  readonly type?: string
  /** The service must refuse the request when it does not know this option. */
  readonly mustComply?: boolean
}

/** An option, or its bare value where it has no type. */
export type OptionValue = string | number | boolean | WsmanOption

/** Options by name. A list repeats the option, which is how arrays are written (`wmiarray:`, MS-WSMV 3.1.4.1.10). */
export type OptionSet = Readonly<Record<string, OptionValue | readonly OptionValue[]>>

/** `w:OptionSet`, or nothing where there is no option. */
export function optionSet(options: OptionSet): readonly ElementTree[] {
  const entries = Object.entries(options).flatMap(([name, given]) =>
    isList(given) ? given.map((value) => [name, value] as const) : [[name, given] as const],
  )
  if (entries.length === 0) return []
  const children = entries.map(([name, given]) => {
    const option: WsmanOption = typeof given === 'object' ? given : { value: given }
    return element(NS.wsman, 'Option', String(option.value), [
      { name: 'Name', value: name },
      ...(option.mustComply === undefined ? [] : [{ name: 'MustComply', value: String(option.mustComply) }]),
      ...(option.type === undefined ? [] : [{ name: 'Type', value: option.type }]),
    ])
  })
  return [{ ...element(NS.wsman, 'OptionSet', children), declares: [NS.xsi] }]
}

function isList(value: OptionValue | readonly OptionValue[]): value is readonly OptionValue[] {
  return Array.isArray(value)
}

/** The options of a message, as text, by name. */
export function readOptions(set: XmlElement): ReadonlyMap<string, string> {
  return new Map(
    set
      .all(NS.wsman, 'Option')
      .map((option) => [option.attribute('Name') ?? '', option.text.trim()] as const),
  )
}
