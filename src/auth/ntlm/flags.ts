/** NEGOTIATE flags by the letters' meaning: MS-NLMP 2.2.2.5. */
export const FLAG = {
  unicode: 0x0000_0001,
  oem: 0x0000_0002,
  requestTarget: 0x0000_0004,
  sign: 0x0000_0010,
  seal: 0x0000_0020,
  ntlm: 0x0000_0200,
  anonymous: 0x0000_0800,
  alwaysSign: 0x0000_8000,
  targetTypeDomain: 0x0001_0000,
  targetTypeServer: 0x0002_0000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  key128: 0x2000_0000,
  keyExchange: 0x4000_0000,
  key56: 0x8000_0000,
} as const

export type Flag = (typeof FLAG)[keyof typeof FLAG]

/** Flags as the unsigned number that goes into a message. */
export const union = (...flags: readonly number[]): number => flags.reduce((all, flag) => all | flag, 0) >>> 0

export const intersection = (one: number, other: number): number => (one & other) >>> 0

export const has = (flags: number, flag: Flag): boolean => (flags & flag) !== 0
