import { NS } from '../xml/namespaces.js'
import { Xml } from '../xml/template.js'
import { element, TreeWriter, type ElementTree } from '../xml/writer.js'

/** What an envelope declares, so that templates can use the prefixes. */
export const DECLARED = [NS.addressing, NS.wsman]

const writer = new TreeWriter(
  (trees) => element(NS.soap, 'Envelope', [element(NS.soap, 'Body', trees)], [], DECLARED),
  's:Body',
)

/**
 * Writes what callers give its structure, as it stands in an envelope; what the protocol fixes is a template.
 * @throws UsageError for what XML cannot carry
 */
export function writeInEnvelope(trees: readonly ElementTree[]): Xml {
  return new Xml(trees.length === 0 ? '' : writer.write(trees))
}
