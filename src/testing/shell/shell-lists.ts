import type { XmlElement } from '../../xml/element.js'
import { NS } from '../../xml/namespaces.js'
import { writeXml } from '../../xml/writer.js'
import type { EnumerationItem } from '../enumeration-context.js'
import { writeReference } from '../reference-writer.js'
import type { Command } from './command.js'
import * as faults from './shell-faults.js'
import { commandTree, shellTree } from './shell-replies.js'
import type { Shell } from './shell.js'

const SELECTOR_FILTER = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter'

/**
 * The items of the list of shells (MS-WSMV 3.1.4.8.2).
 * @throws EndpointFault for a filter: there is none for shells
 */
export function shellItems(enumerate: XmlElement, shells: readonly Shell[]): readonly EnumerationItem[] {
  if (filterOf(enumerate)) throw faults.filteringNotSupported()
  return shells.map((shell) => ({
    object: () => writeXml(shellTree(shell.describe())),
    reference: () => writeReference(shell.resourceUri, { ShellId: shell.id }),
  }))
}

/**
 * The items of the list of a shell's commands.
 * @throws EndpointFault without a selector filter that names the shell, or where references are asked for
 */
export function commandItems(
  enumerate: XmlElement,
  commandsOf: (shellId: string) => readonly Command[],
): readonly EnumerationItem[] {
  const mode = enumerate.childText(NS.wsman, 'EnumerationMode')
  if (mode !== undefined && mode !== 'EnumerateObject') throw faults.commandReferencesNotSupported()
  return commandsOf(filteredShellId(enumerate)).map((command) => ({
    object: () => writeXml(commandTree(command.id, command.commandLine, command.running)),
    // The mode was refused above.
    reference: () => '',
  }))
}

function filterOf(enumerate: XmlElement): XmlElement | undefined {
  return enumerate.child(NS.wsman, 'Filter') ?? enumerate.child(NS.enumeration, 'Filter')
}

function filteredShellId(enumerate: XmlElement): string {
  const filter = filterOf(enumerate)
  if (filter?.attribute('Dialect') !== SELECTOR_FILTER) throw faults.shellFilterExpected()
  const selectors = filter.child(NS.wsman, 'SelectorSet')?.all(NS.wsman, 'Selector') ?? []
  const shellId = selectors.find((selector) => selector.attribute('Name')?.toLowerCase() === 'shellid')
  if (!shellId) throw faults.shellFilterExpected()
  return shellId.text.trim()
}
