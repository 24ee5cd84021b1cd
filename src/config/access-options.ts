import { UsageError } from '../errors/errors.js'
import { assertAccount } from './accounts.js'
import { assertOptions } from './quick-config-options.js'

/**
 * What a descriptor of WinRM lets an account do (MS-WSMV 3.1.4.1.28): `GR` get, enumerate, pull and subscribe; `GW` put,
 * create and delete; `GX` shells, methods and every other action; `GA` everything.
 */
export type AccessRight = 'GA' | 'GR' | 'GW' | 'GX'

/** A right to a WMI namespace: `enableAccount` is reading it, `remoteEnable` doing so from another machine. */
export type WmiRight =
  | 'enableAccount'
  | 'executeMethods'
  | 'fullWrite'
  | 'partialWrite'
  | 'providerWrite'
  | 'remoteEnable'
  | 'readSecurity'
  | 'editSecurity'

/** Named as the console for WMI names them, with their bits (WBEM_RIGHTS_FLAGS). */
export const WMI_RIGHTS: Readonly<Record<WmiRight, number>> = {
  enableAccount: 0x1,
  executeMethods: 0x2,
  fullWrite: 0x4,
  partialWrite: 0x8,
  providerWrite: 0x10,
  remoteEnable: 0x20,
  readSecurity: 0x2_0000,
  editSecurity: 0x4_0000,
}

interface AccountOption {
  /**
   * `name` or `.\name` for one of the host, `DOMAIN\name`, or a SID in full, which is taken as it is. Names are looked up
   * over WMI, on the host.
   */
  readonly account: string
}

interface AccessPath {
  /**
   * `descriptors`: the account gets entries of its own in RootSDDL and in the descriptors of the plug-ins. `group`: it
   * becomes a member of Remote Management Users (S-1-5-32-580), or, where the host has no such group, of
   * WinRMRemoteWMIUsers__; that opens the plug-ins, not RootSDDL, so it is for WMI and PowerShell and not for shells.
   * WMI cannot change groups: membership is changed by a PowerShell script in a remote shell. Default `descriptors`.
   */
  readonly through?: 'descriptors' | 'group' | undefined
  /** Names of the plug-ins whose descriptors are meant. Default: `['WMI Provider']`. */
  readonly plugins?: readonly string[] | undefined
}

/** Who gets access to WinRM. */
export interface GrantAccessOptions extends AccountOption, AccessPath {
  /** Default: `['GR', 'GX']`, which is everything but changing resources. */
  readonly rights?: readonly AccessRight[] | undefined
}

/** Who loses access to WinRM. What groups of the account have stays. */
export interface RevokeAccessOptions extends AccountOption, AccessPath {
  /** WMI namespaces whose descriptors are to lose the account, too. Default: none. */
  readonly namespaces?: readonly string[] | undefined
}

/** Who gets access to WMI over WinRM. */
export interface GrantWmiAccessOptions extends AccountOption {
  /** Default `root/cimv2`. */
  readonly namespace?: string | undefined
  /** Default: `['enableAccount', 'remoteEnable']`, which is reading. */
  readonly rights?: readonly WmiRight[] | undefined
  /** Whether namespaces below it inherit the rights. Default false. */
  readonly inherit?: boolean | undefined
}

/** The plug-in that answers for WMI (MS-WSMV 3.1.4.1.34.3.1). */
export const WMI_PLUGIN = 'WMI Provider'

type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> }

/** @throws UsageError for options that are unknown or malformed */
export function resolveGrant(given: GrantAccessOptions): Resolved<GrantAccessOptions> {
  assertOptions(given, { account: true, through: true, plugins: true, rights: true }, [])
  const { account, rights = ['GR', 'GX'] } = given
  assertAccount(account)
  assertList('rights', rights, (right) => ['GA', 'GR', 'GW', 'GX'].includes(right), 'GA, GR, GW or GX')
  return { account, rights, ...pathOf(given) }
}

/** @throws UsageError for options that are unknown or malformed */
export function resolveRevoke(given: RevokeAccessOptions): Resolved<RevokeAccessOptions> {
  assertOptions(given, { account: true, through: true, plugins: true, namespaces: true }, [])
  const { account, namespaces = [] } = given
  assertAccount(account)
  assertList('namespaces', namespaces, isNamespace, NAMESPACE_FORM, 0)
  return { account, namespaces: namespaces.map(normalized), ...pathOf(given) }
}

/** @throws UsageError for options that are unknown or malformed */
export function resolveWmiGrant(given: GrantWmiAccessOptions): Resolved<GrantWmiAccessOptions> {
  assertOptions(given, { account: true, namespace: true, rights: true, inherit: true }, ['inherit'])
  const { account, namespace = 'root/cimv2', rights = ['enableAccount', 'remoteEnable'] } = given
  assertAccount(account)
  if (!isNamespace(namespace)) throw new UsageError(`namespace must be ${NAMESPACE_FORM}.`)
  const known = Object.keys(WMI_RIGHTS)
  assertList('rights', rights, (right) => known.includes(right), known.join(', '))
  return { account, namespace: normalized(namespace), rights, inherit: given.inherit ?? false }
}

const NAMESPACE_FORM = 'the path of a namespace, such as root/cimv2'
const isNamespace = (text: unknown): boolean =>
  typeof text === 'string' && /^[A-Za-z]\w*([/\\][A-Za-z_]\w*)*$/.test(text)
const normalized = (namespace: string): string => namespace.replaceAll('\\', '/')

function pathOf({ through = 'descriptors', plugins = [WMI_PLUGIN] }: AccessPath) {
  if (!['descriptors', 'group'].includes(through)) {
    throw new UsageError("through must be 'descriptors' or 'group'.")
  }
  assertList('plugins', plugins, (name) => typeof name === 'string' && name !== '', 'names of plug-ins', 0)
  return { through, plugins: [...new Set(plugins)] }
}

function assertList<Item>(
  name: string,
  list: readonly Item[],
  isValid: (item: Item) => boolean,
  form: string,
  least = 1,
): void {
  if (!isList(list) || list.length < least || !list.every(isValid)) {
    throw new UsageError(`${name} must be a list of ${form}.`)
  }
}

/** Array.isArray would make the items anything at all. */
const isList = (value: unknown): boolean => Array.isArray(value)
