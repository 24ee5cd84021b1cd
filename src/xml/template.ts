import { escapeAttribute, escapeText } from './escape.js'

/** XML that is written already. */
export class Xml {
  constructor(readonly text: string) {}
}

/** What goes into a template: text, which is escaped, and XML, which is put in as it is. Undefined leaves nothing. */
type TemplateValue = string | Xml | readonly Xml[] | undefined

/**
 * Writes what the protocol fixes: `` xml`<a:To>${address}</a:To>` ``. Whoever writes a template sees to it that it is
 * well-formed where it ends up, prefixes included. Attributes stand in double quotes.
 * @throws UsageError for a character that XML 1.0 cannot carry
 */
export function xml(pieces: TemplateStringsArray, ...values: readonly TemplateValue[]): Xml {
  let text = ''
  let index = 0
  for (const piece of pieces) {
    text += piece
    const value = values[index++]
    if (value === undefined) continue
    if (typeof value === 'string')
      text += piece.charCodeAt(piece.length - 1) === QUOTE ? escapeAttribute(value) : escapeText(value)
    else if (value instanceof Xml) text += value.text
    else for (const part of value) text += part.text
  }
  return new Xml(text)
}

const QUOTE = 0x22
