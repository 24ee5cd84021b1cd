/** One bit each, in ascending order, which is how Windows writes them (MS-DTYP 2.5.1.1, `rights`). */
const SINGLE_RIGHTS: Readonly<Record<string, number>> = {
  CC: 0x0000_0001,
  DC: 0x0000_0002,
  LC: 0x0000_0004,
  SW: 0x0000_0008,
  RP: 0x0000_0010,
  WP: 0x0000_0020,
  DT: 0x0000_0040,
  LO: 0x0000_0080,
  CR: 0x0000_0100,
  SD: 0x0001_0000,
  RC: 0x0002_0000,
  WD: 0x0004_0000,
  WO: 0x0008_0000,
  GA: 0x1000_0000,
  GX: 0x2000_0000,
  GW: 0x4000_0000,
  GR: 0x8000_0000,
}

/** Many bits under one name: files, and registry keys. */
const COMBINED_RIGHTS: Readonly<Record<string, number>> = {
  FA: 0x001f_01ff,
  FR: 0x0012_0089,
  FW: 0x0012_0116,
  FX: 0x0012_00a0,
  KA: 0x000f_003f,
  KR: 0x0002_0019,
  KW: 0x0002_0006,
  KX: 0x0002_0019,
}

/** Of mandatory labels: what processes of lower integrity may not do. */
const LABEL_RIGHTS: Readonly<Record<string, number>> = { NW: 0x1, NR: 0x2, NX: 0x4 }

const RIGHTS: Readonly<Record<string, number>> = { ...SINGLE_RIGHTS, ...COMBINED_RIGHTS, ...LABEL_RIGHTS }

/** Everything: it covers the three other generic rights. */
export const GENERIC_ALL = 0x1000_0000
const GENERIC_READ = 0x8000_0000
const GENERIC_WRITE = 0x4000_0000
const GENERIC_EXECUTE = 0x2000_0000
/** Reading, writing and executing, which `GENERIC_ALL` covers. */
export const GENERIC_PARTS = GENERIC_READ + GENERIC_WRITE + GENERIC_EXECUTE

export const isRight = (letters: string): boolean => Object.hasOwn(RIGHTS, letters)

/** The number a right stands for: that of its letters, or the one it is written as (`0x…`, octal `0…`, decimal). */
export function rightValue(right: string): number | undefined {
  if (Object.hasOwn(RIGHTS, right)) return RIGHTS[right]
  const value = /^0x[0-9a-f]+$|^[1-9]\d*$/i.test(right)
    ? Number(right)
    : /^0[0-7]*$/.test(right)
      ? Number.parseInt(right, 8)
      : Number.NaN
  return value <= 0xffff_ffff ? value : undefined
}

/** Set operations on masks, without the sign that JavaScript's operators give to the highest bit. */
export const union = (a: number, b: number): number => (a | b) >>> 0
export const intersection = (a: number, b: number): number => (a & b) >>> 0
export const without = (a: number, b: number): number => (a & ~b) >>> 0

/** A mask in letters, or as one hexadecimal number where a bit of it has no letters. */
export function lettersOf(mask: number, label = false): string[] {
  if (label) return ascending(LABEL_RIGHTS, mask)
  const combined = Object.entries(COMBINED_RIGHTS).find(([, value]) => value === mask)
  return combined ? [combined[0]] : ascending(SINGLE_RIGHTS, mask)
}

function ascending(table: Readonly<Record<string, number>>, mask: number): string[] {
  const found = Object.entries(table).filter(([, value]) => intersection(mask, value) !== 0)
  const named = found.reduce((sum, [, value]) => union(sum, value), 0)
  return named === mask ? found.map(([letters]) => letters) : [`0x${mask.toString(16)}`]
}
