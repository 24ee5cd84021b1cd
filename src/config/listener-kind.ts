import { UsageError } from '../errors/errors.js'
import { LISTENER_TABLE } from '../settings/listener-table.js'
import type { ListenerSettings } from '../settings/table.js'
import { assertMembers } from '../settings/validate.js'
import type { ItemKind } from './item-kind.js'
import { readModel } from '../settings/read-model.js'
import { CONFIG_URI } from './resources.js'
import { tableKind } from './table-kind.js'

/** What names a listener. */
export type ListenerKey = Pick<ListenerSettings, 'address' | 'transport'>

/** Listeners (MS-WSMV 2.2.4.19, 3.1.4.1.29.5). */
export const LISTENER_KIND: ItemKind<ListenerSettings, ListenerKey> = tableKind<
  ListenerSettings,
  ListenerKey
>({
  what: 'listener',
  plural: 'listeners',
  wire: 'Listener',
  table: LISTENER_TABLE,
  resourceUri: CONFIG_URI.listener,
  selectors: [
    ['Address', 'address'],
    ['Transport', 'transport'],
  ],
  secrets: [],
  readOnly: ['ListeningOn'],
  read: (document) => ({
    ...readModel(document, LISTENER_TABLE),
    listeningOn: document.elements
      .filter(({ name }) => name.local === 'ListeningOn')
      .map(({ text }) => text.trim()),
  }),
  validate,
  // What is left out has a default; a certificate, the one whose common name is the hostname, if there is one.
  validateNew: validate,
})

function validate({ listeningOn, ...members }: Partial<ListenerSettings>): void {
  if (listeningOn !== undefined) throw new UsageError('listener.listeningOn is told by the host.')
  assertMembers(LISTENER_TABLE, members, 'listener')
}
