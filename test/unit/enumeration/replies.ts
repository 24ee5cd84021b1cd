/** The content of one reply of an enumeration. */
export interface PageText {
  /** Values of the property N, one instance each. */
  readonly items?: readonly (number | string)[]
  /** XML of the items, in place of `items`. */
  readonly raw?: string
  /** Undefined: no element; empty: an empty element. */
  readonly context?: string
  /** Namespace of EndOfSequence. */
  readonly end?: 'n' | 'w'
}

const instance = (value: number | string): string => `<p:S xmlns:p="urn:s"><p:N>${value}</p:N></p:S>`

/** Items of Enumerate stand in the namespace of WS-Management, those of Pull in that of WS-Enumeration. */
function page(root: string, prefix: 'w' | 'n', { items = [], raw, context, end }: PageText): string {
  const parts = [
    ...(context === undefined ? [] : [`<n:EnumerationContext>${context}</n:EnumerationContext>`]),
    ...(items.length > 0 || raw !== undefined
      ? [`<${prefix}:Items>${raw ?? items.map(instance).join('')}</${prefix}:Items>`]
      : []),
    ...(end === undefined ? [] : [`<${end}:EndOfSequence/>`]),
  ]
  return `<n:${root}>${parts.join('')}</n:${root}>`
}

export const enumerated = (text: PageText): string => page('EnumerateResponse', 'w', text)
export const pulled = (text: PageText): string => page('PullResponse', 'n', text)

/** The items that belong to such a page. */
export const instances = (...values: readonly (number | string)[]): { N: string }[] =>
  values.map((value) => ({ N: String(value) }))
