import { CERT_MAPPING_TABLE } from '../settings/cert-mapping-table.js'
import { readModel } from '../settings/read-model.js'
import type { CertMappingSettings } from '../settings/table.js'
import { assertMembers } from '../settings/validate.js'
import { withoutMembers, type ItemKind } from './item-kind.js'
import { CONFIG_URI } from './resources.js'
import { assertGiven, tableKind } from './table-kind.js'

/** What names a mapping of client certificates. */
export type CertMappingKey = Pick<CertMappingSettings, 'issuer' | 'subject' | 'uri'>

/** A mapping as it can be read: without its password, which hosts do not always keep to themselves. */
export type CertMapping = Omit<CertMappingSettings, 'password'> & { readonly password?: string | undefined }

const validate = (members: Partial<CertMapping>): void => {
  assertMembers(CERT_MAPPING_TABLE, members, 'certMapping')
}

/** Mappings of client certificates to local accounts (MS-WSMV 2.2.4.3, 4.2.3). */
export const CERT_MAPPING_KIND: ItemKind<CertMapping, CertMappingKey> = tableKind<
  CertMapping,
  CertMappingKey
>({
  what: 'certificate mapping',
  plural: 'certMappings',
  wire: 'CertMapping',
  table: CERT_MAPPING_TABLE,
  resourceUri: CONFIG_URI.certMapping,
  selectors: [
    ['Issuer', 'issuer'],
    ['Subject', 'subject'],
    ['URI', 'uri'],
  ],
  secrets: ['password'],
  readOnly: ['PassCertToPlugin'],
  read: (document) => withoutMembers(readModel(document, CERT_MAPPING_TABLE), 'password'),
  validate,
  validateNew: (item) => {
    validate(item)
    assertGiven('certificate mapping', item, ['userName', 'password'])
  },
})
