/** The stacks whose defaults differ. 1.1: Vista, Server 2008; 2.0: Windows 7, Server 2008 R2; 3.0: Windows 8, Server 2012 and later. */
export type SettingsVersion = '1.1' | '2.0' | '3.0'

/** One value for every version, or one for each version that knows the setting. */
export type Defaults<T> = T | Readonly<Partial<Record<SettingsVersion, T>>>

/** A default that another source names. */
export interface OtherDefault<T = string | number | boolean> {
  readonly version: SettingsVersion
  readonly value: T
  /** Who says so. */
  readonly source: string
}

interface RowFacts<T> {
  /** Name on the wire, of an element unless `attribute` is set. */
  readonly wire: string
  readonly default: Defaults<T>
  /** Where sources disagree: what the others say. */
  readonly otherDefaults?: readonly OtherDefault<T>[]
  /** What it means. */
  readonly about: string
  /** What it affects, and who obeys it. */
  readonly affects: string
  /** Where that is written down. */
  readonly source: string
  readonly unit?: 'ms' | 's' | 'kB' | 'MB'
  readonly readOnly?: boolean
  /** From this version on the service takes no value but its own. */
  readonly deprecatedSince?: SettingsVersion
  readonly attribute?: boolean
  /** Names the item, and is a selector instead of a part of its document. */
  readonly key?: boolean
  /** Is written and never shown. */
  readonly secret?: boolean
}

export interface IntegerRow extends RowFacts<number> {
  readonly type: 'integer'
  readonly min: number
  readonly max: number
  /** Where an older version takes less. */
  readonly olderMax?: Readonly<Partial<Record<SettingsVersion, number>>>
}
export interface BooleanRow extends RowFacts<boolean> {
  readonly type: 'boolean'
}
export interface TextRow extends RowFacts<string> {
  readonly type: 'text'
  readonly pattern?: RegExp
  /** The pattern in words: `40 hexadecimal digits`. Stands where there is a pattern. */
  readonly form?: string
}
export interface ChoiceRow extends RowFacts<string> {
  readonly type: 'choice'
  readonly choices: readonly string[]
}
export type SettingRow = IntegerRow | BooleanRow | TextRow | ChoiceRow
export interface SettingGroup {
  readonly wire: string
  readonly members: SettingTable
}
export type SettingTable = Readonly<Record<string, SettingRow | SettingGroup>>

/** Elements that repeat, in an element of their own or, without `wire`, beside the other members. */
export interface SettingList {
  readonly wire?: string
  /** Name of each. */
  readonly item: string
  readonly items: DocumentTable
}
/** A table that may hold lists. */
export type DocumentTable = Readonly<Record<string, SettingRow | SettingGroup | SettingList>>

export const UINT32 = 4_294_967_295
export const INT32 = 2_147_483_647

/** What every row must say for itself. */
type Facts<Row> = Omit<Row, 'type' | 'wire'>

export const integer = <const Row extends Facts<IntegerRow>>(
  wire: string,
  row: Row,
): IntegerRow & Row & { readonly type: 'integer' } => ({ type: 'integer', wire, ...row })

export const flag = (wire: string, row: Facts<BooleanRow>): BooleanRow => ({ type: 'boolean', wire, ...row })

export const text = (wire: string, row: Facts<TextRow>): TextRow => ({ type: 'text', wire, ...row })

export const choice = <const Choice extends string>(
  wire: string,
  row: Facts<ChoiceRow> & { readonly choices: readonly Choice[] },
): ChoiceRow & { readonly choices: readonly Choice[] } => ({ type: 'choice', wire, ...row })

export const group = <const Members extends SettingTable>(
  wire: string,
  members: Members,
): { readonly wire: string; readonly members: Members } => ({ wire, members })

/** For settings that version 1.1 does not know. */
export const sinceTwo = <T>(value: T): { readonly '2.0': T; readonly '3.0': T } => ({
  '2.0': value,
  '3.0': value,
})

type ValueOf<Entry> = Entry extends IntegerRow
  ? number
  : Entry extends BooleanRow
    ? boolean
    : Entry extends TextRow | ChoiceRow
      ? string
      : Entry extends { readonly members: infer Members extends SettingTable }
        ? ModelOf<Members>
        : Entry extends { readonly items: infer Items extends DocumentTable }
          ? ModelOf<Items>[]
          : never

/** The typed model that a table describes. */
export type ModelOf<Table extends DocumentTable> = { -readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/** A model of which any part may be left out, of the items of its lists too. */
export type PartialModel<Model> = {
  [Name in keyof Model]?: Model[Name] extends readonly (infer Item)[]
    ? readonly PartialModel<Item>[]
    : Model[Name] extends object
      ? PartialModel<Model[Name]>
      : Model[Name]
}
