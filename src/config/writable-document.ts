import { sourceOfElement } from '../settings/read-model.js'
import { rewriteDocument, type Changes } from '../settings/rewrite-document.js'
import type { SettingTable } from '../settings/rows.js'
import type { XmlElement } from '../xml/element.js'
import type { ElementTree } from '../xml/writer.js'
import { fixedReason, stackOf } from './fixed-settings.js'

/** Whether Group Policy set what the element holds, so that nobody else can. */
export const isHeldByPolicy = (element: XmlElement): boolean => sourceOfElement(element) === 'policy'

/**
 * The document of a Put: what was read, with values replaced and without what a service refuses to take back:
 * deprecated, read-only and policy-held elements (MS-WSMV 4.2.2).
 */
export function writableDocument(read: XmlElement, table: SettingTable, changes: Changes): ElementTree {
  const stack = stackOf(read, table)
  return rewriteDocument(read, table, changes, {
    element: (child, row) =>
      isHeldByPolicy(child) || (row !== undefined && fixedReason(row, stack) !== undefined),
    attribute: ({ name }) => name.local === 'Source',
  })
}
