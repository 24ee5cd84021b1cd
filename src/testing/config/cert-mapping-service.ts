import { ACTION } from '../../envelope/actions.js'
import { FAULT } from '../../errors/fault-codes.js'
import { CERT_MAPPING_TABLE } from '../../settings/cert-mapping-table.js'
import { formatSection } from '../../settings/format.js'
import type { CertMappingSettings } from '../../settings/table.js'
import { NS } from '../../xml/namespaces.js'
import type { ElementTree } from '../../xml/writer.js'
import type { Enumerations } from '../enumerations.js'
import { internalError, schemaValidation } from '../faults.js'
import { canonicalThumbprint } from '../listening/certificate-store.js'
import type { EndpointFault, EndpointReply, EndpointRequest } from '../message.js'
import { referenceContent } from '../reference-writer.js'
import type { CertMappingKey, CertMappingStore } from './cert-mapping-store.js'
import { answerItemRequest, created, objectsOnly, replyTo, type ItemActions } from './item-actions.js'
import { assertSchema, itemExists, itemNotFound, keyValues, readItem } from './item-requests.js'

export const CERT_MAPPING_URI = `${NS.config}/service/certmapping`

/** The example of a Create has the namespace of the first version (MS-WSMV 4.2.3). */
const SCHEMA = {
  wire: 'CertMapping',
  namespaces: [CERT_MAPPING_URI, `${CERT_MAPPING_URI}.xsd`],
  table: CERT_MAPPING_TABLE,
}
const { issuer: ISSUER, subject: SUBJECT, uri: URI } = CERT_MAPPING_TABLE
const LONGEST_SUBJECT = 1023
const LONGEST_PASSWORD = 255

type Sent = Partial<CertMappingSettings>

/** winrm/config/service/certmapping (MS-WSMV 3.1.4.1.29.3). */
export class CertMappingService {
  readonly #mappings: CertMappingStore
  readonly #enumerations: Enumerations

  constructor(mappings: CertMappingStore, enumerations: Enumerations) {
    this.#mappings = mappings
    this.#enumerations = enumerations
  }

  handle(request: EndpointRequest): Promise<EndpointReply> | EndpointReply {
    return answerItemRequest(request, this.#actions, this.#enumerations)
  }

  readonly #actions: ItemActions = {
    get: (request) => replyTo(ACTION.get, [write(this.#find(request))]),
    put: (request) => this.#put(request),
    create: (request) => this.#create(request),
    delete: (request) => {
      this.#mappings.delete(this.#find(request))
      return replyTo(ACTION.delete, [])
    },
    items: (enumerate) => objectsOnly(enumerate, this.#mappings.all, write),
  }

  #create(request: EndpointRequest): EndpointReply {
    const key = keyOf(request)
    this.#assertKey(key)
    const { userName = '', password = '', enabled = true } = read(request, key)
    this.#assertCredentials(userName, password)
    if (this.#mappings.find(key)) throw itemExists(named(key))
    this.#mappings.set({ ...key, userName, password, enabled })
    const { uri, subject, issuer } = key
    return created(referenceContent(CERT_MAPPING_URI, { URI: uri, Subject: subject, Issuer: issuer }))
  }

  #put(request: EndpointRequest): EndpointReply {
    const before = this.#find(request)
    const { userName = before.userName, password = '', enabled = before.enabled } = read(request, before)
    // What Get shows of a password is empty, and may be sent back (MS-WSMV 4.2.3).
    const isSame = userName === before.userName && password === ''
    if (!isSame) this.#assertCredentials(userName, password)
    const changed = { ...before, userName, enabled, password: isSame ? before.password : password }
    this.#mappings.set(changed)
    return replyTo(ACTION.put, [write(changed)])
  }

  #assertKey({ issuer, subject, uri }: CertMappingKey): void {
    if (!SUBJECT.pattern?.test(subject) || subject.length > LONGEST_SUBJECT) {
      throw internalError(FAULT.CERTMAPPING_INVALIDSUBJECTKEY, `The Subject must be ${String(SUBJECT.form)}.`)
    }
    if (!URI.pattern?.test(uri)) throw schemaValidation(`The URI must be ${String(URI.form)}.`)
    if (!ISSUER.pattern?.test(issuer) || !this.#mappings.trusts(issuer)) {
      throw internalError(FAULT.CERTMAPPING_INVALIDISSUERKEY, `The machine trusts no authority ${issuer}.`)
    }
  }

  #assertCredentials(userName: string, password: string): void {
    if (userName === '') {
      throw internalError(FAULT.CERTMAPPING_PASSWORDUSERTUPLE, 'UserName and Password go together.')
    }
    if (password === '') throw internalError(FAULT.CERTMAPPING_PASSWORDBLANK, 'The Password is empty.')
    if (password.length > LONGEST_PASSWORD) {
      throw internalError(FAULT.CERTMAPPING_PASSWORDTOOLONG, 'The Password has more than 255 characters.')
    }
    const isLocal = CERT_MAPPING_TABLE.userName.pattern?.test(userName) ?? true
    if (isLocal && this.#mappings.accountOf(userName, password)) return
    throw internalError(
      FAULT.CERTMAPPING_INVALIDUSERCREDENTIALS,
      `There is no local account ${userName} with this password.`,
    )
  }

  #find(request: EndpointRequest): CertMappingSettings {
    const key = keyOf(request)
    const found = this.#mappings.find(key)
    if (found) return found
    throw itemNotFound(named(key))
  }
}

function keyOf(request: EndpointRequest): CertMappingKey {
  const [issuer = '', subject = '', uri = ''] = keyValues(
    request,
    ['Issuer', 'Subject', 'URI'],
    'A certificate mapping',
  )
  return { issuer: canonicalThumbprint(issuer), subject, uri }
}

/** Keys may be repeated; they cannot be changed. */
function read({ body }: EndpointRequest, key: CertMappingKey): Sent {
  const members = readItem(body, SCHEMA)
  const { userName, issuer, subject, uri, ...rest } = members
  assertSchema(CERT_MAPPING_TABLE, rest, 'certMapping')
  const sent = { issuer, subject, uri }
  for (const name of ['issuer', 'subject', 'uri'] as const) {
    if (sent[name] !== undefined && !isSame(String(sent[name]), key[name], name)) throw changedKey()
  }
  // Checked against the table that the type is derived from; texts need no check.
  return { ...rest, ...(typeof userName === 'string' ? { userName } : {}) }
}

function isSame(sent: string, key: string, name: keyof CertMappingKey): boolean {
  const given = name === 'issuer' ? canonicalThumbprint(sent) : sent
  return given.toLowerCase() === key.toLowerCase()
}

const changedKey = (): EndpointFault =>
  internalError(
    FAULT.CONFIG_CANNOT_CHANGE_CERTMAPPING_KEYS,
    'Issuer, Subject and URI of a mapping cannot be changed.',
  )

/** The mapping as Windows shows it, its password empty. */
const write = (mapping: CertMappingSettings): ElementTree =>
  formatSection(CERT_MAPPING_TABLE, { ...mapping, password: '' }, SCHEMA.wire, CERT_MAPPING_URI)

const named = ({ issuer, subject, uri }: CertMappingKey): string =>
  `certificate mapping with Issuer ${issuer}, Subject ${subject} and URI ${uri}`
