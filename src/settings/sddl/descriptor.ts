/**
 * A security descriptor as the Security Descriptor Definition Language writes it (MS-DTYP 2.5.1): who owns an object
 * and who may do what with it. Everything stands as it was written, so that what nobody changed stays as it was.
 */
export interface SecurityDescriptor {
  /** A SID: two letters (`BA`) or in full (`S-1-5-32-544`). */
  readonly owner?: string
  /** The primary group, written like the owner. */
  readonly group?: string
  /** Who may do what. Without it, or with `NO_ACCESS_CONTROL`, everybody may do everything. */
  readonly dacl?: AccessControlList
  /** What is recorded in the security log. */
  readonly sacl?: AccessControlList
  /**
   * The control bits that SDDL has no letters for, such as that a part was filled in by default, and the byte of the
   * resource manager. Only descriptors that were read from bytes have them.
   */
  readonly control?: { readonly bits: number; readonly resourceManager: number }
}

/** One of the two lists of a descriptor. An empty one that is present grants nothing. */
export interface AccessControlList {
  readonly flags: readonly AclFlag[]
  /** In the order of evaluation. */
  readonly entries: readonly AccessControlEntry[]
}

/** `P`: nothing is inherited from above; `AI`: inherited entries are in it; `AR`: children are to inherit. */
export type AclFlag = 'P' | 'AR' | 'AI' | 'NO_ACCESS_CONTROL'

/** One entry of a list (MS-DTYP 2.5.1.1, `ace`). */
export interface AccessControlEntry {
  /** `A` allows, `D` denies, `AU` audits; `OA`, `OD` and `OU` do so for a part of a directory object, `XA`, `XD`, `XU` and `ZA` on a condition. */
  readonly type: AceType
  /** How it is inherited (`OI`, `CI`, `NP`, `IO`, `ID`) and, for audits, on success (`SA`) or failure (`FA`). */
  readonly flags: readonly AceFlag[]
  /** Letters (`['GR', 'GX']`), or one number (`['0x1200a9']`). */
  readonly rights: readonly string[]
  /** GUID of the property, right or class that an object entry speaks of. */
  readonly objectType?: string
  /** GUID of the class of objects that inherit an object entry. */
  readonly inheritedObjectType?: string
  /** Whom it is about, as a SID: `IU`, `S-1-5-4`. */
  readonly trustee: string
  /** The condition or resource attribute as text, with its parentheses; its bytes, where the descriptor was read from bytes. */
  readonly data?: string | Uint8Array
}

/** The types of entries that SDDL has letters for, with their numbers in bytes (MS-DTYP 2.4.4.1). */
export const ACE_TYPES = {
  A: 0x00,
  D: 0x01,
  AU: 0x02,
  AL: 0x03,
  OA: 0x05,
  OD: 0x06,
  OU: 0x07,
  OL: 0x08,
  XA: 0x09,
  XD: 0x0a,
  ZA: 0x0b,
  XU: 0x0d,
  ML: 0x11,
  RA: 0x12,
  SP: 0x13,
  TL: 0x14,
  FL: 0x15,
} as const
/** The letters of the type of an entry (MS-DTYP 2.5.1.1): `A` allows, `D` denies, `AU` audits. */
export type AceType = keyof typeof ACE_TYPES

/** Those that may name object types. */
export const OBJECT_ACES: ReadonlySet<AceType> = new Set(['OA', 'OD', 'OU', 'OL', 'ZA'])
/** Those with a condition or a resource attribute at their end. */
export const DATA_ACES: ReadonlySet<AceType> = new Set(['XA', 'XD', 'XU', 'ZA', 'RA', 'FL'])
/** Those that let their trustee do something. */
export const ALLOWING_ACES: ReadonlySet<AceType> = new Set(['A', 'OA', 'XA', 'ZA'])
/** Those that keep their trustee from something. */
export const DENYING_ACES: ReadonlySet<AceType> = new Set(['D', 'OD', 'XD'])

/** MS-DTYP 2.4.4.1, in the order in which Windows writes them. */
export const ACE_FLAGS = {
  OI: 0x01,
  CI: 0x02,
  NP: 0x04,
  IO: 0x08,
  ID: 0x10,
  CR: 0x20,
  SA: 0x40,
  FA: 0x80,
} as const
/** The letters of a flag of an entry (MS-DTYP 2.5.1.1): how it is inherited, and what an audit records. */
export type AceFlag = keyof typeof ACE_FLAGS

/** The control bits of the two lists (MS-DTYP 2.4.6). */
export const CONTROL = {
  daclPresent: 0x0004,
  saclPresent: 0x0010,
  dacl: { P: 0x1000, AR: 0x0100, AI: 0x0400 },
  sacl: { P: 0x2000, AR: 0x0200, AI: 0x0800 },
  selfRelative: 0x8000,
} as const

export const isKey = <Table extends object>(table: Table, key: string): key is keyof Table & string =>
  Object.hasOwn(table, key)
