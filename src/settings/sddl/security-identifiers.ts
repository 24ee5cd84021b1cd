/** The SIDs that SDDL has two letters for, and more that are the same everywhere (MS-DTYP 2.4.2.4 and 2.5.1.1). */
interface WellKnownSid {
  readonly letters?: string
  readonly sid: string
  readonly name: string
}

const known = (letters: string | undefined, sid: string, name: string): WellKnownSid => ({
  ...(letters === undefined ? {} : { letters }),
  sid,
  name,
})

const WELL_KNOWN: readonly WellKnownSid[] = [
  known(undefined, 'S-1-0-0', 'Nobody'),
  known('WD', 'S-1-1-0', 'Everyone'),
  known(undefined, 'S-1-2-0', 'Local users'),
  known(undefined, 'S-1-2-1', 'Console logon'),
  known('CO', 'S-1-3-0', 'Creator owner'),
  known('CG', 'S-1-3-1', 'Creator group'),
  known('OW', 'S-1-3-4', 'Owner rights'),
  known(undefined, 'S-1-5-1', 'NT AUTHORITY\\Dialup'),
  known('NU', 'S-1-5-2', 'NT AUTHORITY\\Network'),
  known(undefined, 'S-1-5-3', 'NT AUTHORITY\\Batch'),
  known('IU', 'S-1-5-4', 'NT AUTHORITY\\Interactive'),
  known('SU', 'S-1-5-6', 'NT AUTHORITY\\Service'),
  known('AN', 'S-1-5-7', 'NT AUTHORITY\\Anonymous Logon'),
  known('ED', 'S-1-5-9', 'NT AUTHORITY\\Enterprise Domain Controllers'),
  known('PS', 'S-1-5-10', 'NT AUTHORITY\\Self'),
  known('AU', 'S-1-5-11', 'NT AUTHORITY\\Authenticated Users'),
  known('RC', 'S-1-5-12', 'NT AUTHORITY\\Restricted'),
  known(undefined, 'S-1-5-13', 'NT AUTHORITY\\Terminal Server User'),
  known(undefined, 'S-1-5-14', 'NT AUTHORITY\\Remote Interactive Logon'),
  known(undefined, 'S-1-5-15', 'NT AUTHORITY\\This Organization'),
  known(undefined, 'S-1-5-17', 'NT AUTHORITY\\IUSR'),
  known('SY', 'S-1-5-18', 'NT AUTHORITY\\System'),
  known('LS', 'S-1-5-19', 'NT AUTHORITY\\Local Service'),
  known('NS', 'S-1-5-20', 'NT AUTHORITY\\Network Service'),
  known('WR', 'S-1-5-33', 'NT AUTHORITY\\Write Restricted'),
  known(undefined, 'S-1-5-113', 'NT AUTHORITY\\Local account'),
  known(undefined, 'S-1-5-114', 'NT AUTHORITY\\Local account and member of Administrators group'),
  known('UD', 'S-1-5-84-0-0-0-0-0', 'NT AUTHORITY\\User Mode Drivers'),
  known('BA', 'S-1-5-32-544', 'BUILTIN\\Administrators'),
  known('BU', 'S-1-5-32-545', 'BUILTIN\\Users'),
  known('BG', 'S-1-5-32-546', 'BUILTIN\\Guests'),
  known('PU', 'S-1-5-32-547', 'BUILTIN\\Power Users'),
  known('AO', 'S-1-5-32-548', 'BUILTIN\\Account Operators'),
  known('SO', 'S-1-5-32-549', 'BUILTIN\\Server Operators'),
  known('PO', 'S-1-5-32-550', 'BUILTIN\\Print Operators'),
  known('BO', 'S-1-5-32-551', 'BUILTIN\\Backup Operators'),
  known('RE', 'S-1-5-32-552', 'BUILTIN\\Replicator'),
  known('RU', 'S-1-5-32-554', 'BUILTIN\\Pre-Windows 2000 Compatible Access'),
  known('RD', 'S-1-5-32-555', 'BUILTIN\\Remote Desktop Users'),
  known('NO', 'S-1-5-32-556', 'BUILTIN\\Network Configuration Operators'),
  known('MU', 'S-1-5-32-558', 'BUILTIN\\Performance Monitor Users'),
  known('LU', 'S-1-5-32-559', 'BUILTIN\\Performance Log Users'),
  known(undefined, 'S-1-5-32-562', 'BUILTIN\\Distributed COM Users'),
  known('IS', 'S-1-5-32-568', 'BUILTIN\\IIS_IUSRS'),
  known('CY', 'S-1-5-32-569', 'BUILTIN\\Cryptographic Operators'),
  known('ER', 'S-1-5-32-573', 'BUILTIN\\Event Log Readers'),
  known('CD', 'S-1-5-32-574', 'BUILTIN\\Certificate Service DCOM Access'),
  known('RA', 'S-1-5-32-575', 'BUILTIN\\RDS Remote Access Servers'),
  known('ES', 'S-1-5-32-576', 'BUILTIN\\RDS Endpoint Servers'),
  known('MS', 'S-1-5-32-577', 'BUILTIN\\RDS Management Servers'),
  known('HA', 'S-1-5-32-578', 'BUILTIN\\Hyper-V Administrators'),
  known('AA', 'S-1-5-32-579', 'BUILTIN\\Access Control Assistance Operators'),
  known('RM', 'S-1-5-32-580', 'BUILTIN\\Remote Management Users'),
  known('AC', 'S-1-15-2-1', 'All application packages'),
  known('LW', 'S-1-16-4096', 'Low integrity'),
  known('ME', 'S-1-16-8192', 'Medium integrity'),
  known('MP', 'S-1-16-8448', 'Medium plus integrity'),
  known('HI', 'S-1-16-12288', 'High integrity'),
  known('SI', 'S-1-16-16384', 'System integrity'),
  known('AS', 'S-1-18-1', 'Identity asserted by an authentication authority'),
  known('SS', 'S-1-18-2', 'Identity asserted by a service'),
]

/** The letters whose SID ends on this number and begins with that of a domain or machine. */
const DOMAIN_RELATIVE: Readonly<Record<string, { readonly rid: number; readonly name: string }>> = {
  RO: { rid: 498, name: 'Enterprise Read-only Domain Controllers' },
  LA: { rid: 500, name: 'Administrator' },
  LG: { rid: 501, name: 'Guest' },
  DA: { rid: 512, name: 'Domain Admins' },
  DU: { rid: 513, name: 'Domain Users' },
  DG: { rid: 514, name: 'Domain Guests' },
  DC: { rid: 515, name: 'Domain Computers' },
  DD: { rid: 516, name: 'Domain Controllers' },
  CA: { rid: 517, name: 'Cert Publishers' },
  SA: { rid: 518, name: 'Schema Admins' },
  EA: { rid: 519, name: 'Enterprise Admins' },
  PA: { rid: 520, name: 'Group Policy Creator Owners' },
  CN: { rid: 522, name: 'Cloneable Domain Controllers' },
  AP: { rid: 525, name: 'Protected Users' },
  KA: { rid: 526, name: 'Key Admins' },
  EK: { rid: 527, name: 'Enterprise Key Admins' },
  RS: { rid: 553, name: 'RAS and IAS Servers' },
}

const BY_LETTERS = new Map(WELL_KNOWN.flatMap((row) => (row.letters ? [[row.letters, row]] : [])))
const BY_SID = new Map(WELL_KNOWN.map((row) => [row.sid, row]))

/** Every pair of letters that names somebody. */
export const SID_LETTERS: readonly string[] = [...BY_LETTERS.keys(), ...Object.keys(DOMAIN_RELATIVE)]

/**
 * A SID in one spelling: letters in upper case; numbers without leading zeros; an authority from 2³² on in hexadecimal.
 * @returns undefined where the text is no SID
 */
export function canonicalSid(text: string): string | undefined {
  const upper = text.toUpperCase()
  if (BY_LETTERS.has(upper) || Object.hasOwn(DOMAIN_RELATIVE, upper)) return upper
  const match = /^S-1-(0X[0-9A-F]{1,12}|\d{1,15})((?:-\d{1,10}){0,15})$/.exec(upper)
  if (!match) return undefined
  const authority = Number(match[1])
  const parts = (match[2] ?? '').split('-').slice(1).map(Number)
  if (authority > 0xffff_ffff_ffff || parts.some((part) => part > 0xffff_ffff)) return undefined
  return sidText(authority, parts)
}

/** Authorities from 2³² on are written in hexadecimal (MS-DTYP 2.4.2.1). */
export function sidText(authority: number, parts: readonly number[]): string {
  const written =
    authority > 0xffff_ffff ? `0x${authority.toString(16).padStart(12, '0')}` : String(authority)
  return ['S-1', written, ...parts].join('-')
}

/**
 * The SID in full.
 * @param domainSid the SID of the domain or machine that letters such as `DA` belong to
 * @returns undefined for such letters without a domain, and for what is no SID
 */
export function fullSid(text: string, domainSid?: string): string | undefined {
  const sid = canonicalSid(text)
  if (sid === undefined || sid.startsWith('S-')) return sid
  const relative = Object.hasOwn(DOMAIN_RELATIVE, sid) ? DOMAIN_RELATIVE[sid] : undefined
  if (relative === undefined) return BY_LETTERS.get(sid)?.sid
  return domainSid === undefined ? undefined : `${domainSid}-${relative.rid}`
}

/** Its two letters, where it has some; else itself. */
export function shortSid(sid: string): string {
  return BY_SID.get(sid)?.letters ?? sid
}

/** The SID in full of what people call so, with or without the part before the backslash. */
export function sidOfName(name: string): string | undefined {
  const wanted = name.toLowerCase()
  return WELL_KNOWN.find((row) => {
    const full = row.name.toLowerCase()
    return full === wanted || full.slice(full.indexOf('\\') + 1) === wanted
  })?.sid
}

/** Whether both name the same account. */
export function isSameSid(a: string, b: string): boolean {
  return (fullSid(a) ?? a.toUpperCase()) === (fullSid(b) ?? b.toUpperCase())
}

/** What people call it; the SID itself where it belongs to one machine or domain only. */
export function sidName(text: string): string {
  const relative = Object.hasOwn(DOMAIN_RELATIVE, text) ? DOMAIN_RELATIVE[text] : undefined
  if (relative) return relative.name
  const sid = fullSid(text) ?? text
  const row = BY_SID.get(sid)
  if (row) return row.name
  const rid = /^S-1-5-21-\d+-\d+-\d+-(\d+)$/.exec(sid)?.[1]
  const account = Object.values(DOMAIN_RELATIVE).find((one) => String(one.rid) === rid)
  return account ? `${account.name} (${sid})` : sid
}
