import { CLASS_SCHEMA_URI } from '../../envelope/cim-class.js'
import { DMTF, WMI } from '../class-uri.js'
import type { StoredPlugin } from './plugin-documents.js'

type Resource = StoredPlugin['resources'][number]
type Capability = Resource['capabilities'][number]

/** The program behind classes, and the only one that the endpoint has. */
export const WMI_PROGRAM = String.raw`%systemroot%\system32\WsmWmiPl.dll`

const can = (type: string, also: Partial<Capability> = {}): Capability => ({
  type,
  supportsFragment: false,
  supportsFiltering: false,
  ...also,
})
const FRAGMENTS = { supportsFragment: true }
const FILTERS = { supportsFiltering: true }

const resource = (
  resourceUri: string,
  capabilities: readonly Capability[],
  exactMatch = false,
): Resource => ({
  resourceUri,
  supportsOptions: true,
  exactMatch,
  security: [{ uri: '', exactMatch: false, sddl: '' }],
  capabilities: [...capabilities],
})

const CLASSES = [
  can('Get', FRAGMENTS),
  can('Put', FRAGMENTS),
  can('Create'),
  can('Delete'),
  can('Invoke'),
  can('Enumerate', FILTERS),
  can('Subscribe', FILTERS),
]

const plugin = (
  name: string,
  filename: string,
  resources: readonly Resource[],
  quotas: NonNullable<StoredPlugin['quotas']>,
): StoredPlugin => ({
  name,
  filename,
  sdkVersion: 1,
  xmlRenderingType: 'text',
  useSharedProcess: false,
  autoRestart: false,
  processIdleTimeoutSec: 0,
  runAsUser: '',
  runAsPassword: '',
  outputBufferingMode: 'Block',
  enabled: true,
  resources: [...resources],
  initializationParameters: [],
  quotas,
})

/** The operations of one user are as many as the service allows since 3.0; 2.0 had 15 for both (MS-WSMV 3.1.4.1.34.3.1). */
const QUOTAS = {
  maxConcurrentUsers: 100,
  maxConcurrentOperationsPerUser: 1500,
  maxConcurrentOperations: 1500,
}

const MICROSOFT = 'http://schemas.microsoft.com/wbem/wsman/1'
const SUBSCRIBE = [can('Subscribe', FILTERS)]

/** The plug-ins that come with Windows and answer no shells (MS-WSMV 3.1.4.1.34.3.1 to 3.1.4.1.34.3.3). */
export const DEFAULT_PLUGINS: readonly StoredPlugin[] = [
  plugin(
    'WMI Provider',
    WMI_PROGRAM,
    [
      resource(WMI, [can('Identify'), ...CLASSES]),
      resource(`${DMTF}/cim-schema`, CLASSES),
      resource(`${DMTF}/*`, [can('Enumerate', FILTERS), can('Subscribe', FILTERS)], true),
      resource(CLASS_SCHEMA_URI, [can('Get'), can('Enumerate', FILTERS)]),
    ],
    QUOTAS,
  ),
  plugin(
    'Event Forwarding Plugin',
    'wevtfwd.dll',
    [resource(`${MICROSOFT}/windows/EventLog`, SUBSCRIBE)],
    QUOTAS,
  ),
  plugin(
    'SEL Plugin',
    String.raw`%systemroot%\system32\wsmselpl.dll`,
    [resource(`${MICROSOFT}/logrecord/sel`, SUBSCRIBE)],
    QUOTAS,
  ),
]
