import { NS } from '../xml/namespaces.js'
import { writeXml } from '../xml/writer.js'
import { CONFIG_DOCUMENT, documentOf } from './parse.js'
import { newDocument, rewriteDocument } from './rewrite-document.js'
import type { PartialModel } from './rows.js'
import type { Settings } from './table.js'

/**
 * Writes winrm/config as XML, the reverse of `parseSettings`. What the model lacks is left out. A model that was parsed
 * keeps its document: order, namespaces, and the elements and attributes that are not known here.
 * @param original the parsed model whose document is to be kept, where `model` is a changed copy of it
 */
export function formatSettings(model: PartialModel<Settings>, original: object = model): string {
  const { protocol, ...sections } = model
  const values = { ...protocol, ...sections }
  const read = documentOf(original)
  return writeXml(
    read
      ? rewriteDocument(read, CONFIG_DOCUMENT, values)
      : newDocument('Config', NS.config, CONFIG_DOCUMENT, values),
  )
}
