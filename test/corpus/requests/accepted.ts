import { expect } from 'vitest'
import { differences, parseXml, trimmed } from '../../support/xml-compare.js'

/** Differences that are meant to be, as `where what`, each with its reason. */
export type Accepted = Readonly<Record<string, string>>

/**
 * Compares a request of ours with a recorded one, element by element. Every difference must be in the table, and
 * everything in the table must be a difference, so that the table stays true.
 */
export function expectLike(ours: string, theirs: string, ...accepted: readonly Accepted[]): void {
  const own = parseXml(ours)
  expect(trimmed(own), 'white space of our own').toEqual(own)
  const table: Accepted = Object.assign({}, ...accepted) as Accepted
  const found = differences(own, trimmed(parseXml(theirs)))
  const keys = found.map(({ at, what }) => `${at} ${what}`)
  const unlisted = found.filter((_, index) => !Object.hasOwn(table, keys[index] ?? ''))
  expect(unlisted, 'differences that nobody accepted').toEqual([])
  expect(
    Object.keys(table).filter((key) => !keys.includes(key)),
    'accepted differences that there are not',
  ).toEqual([])
}

/** The same reason for several places. */
export const because = (reason: string, ...places: readonly string[]): Accepted =>
  Object.fromEntries(places.map((place) => [place, reason]))

/** Two requests are never the same in these. */
export const BY_NATURE: Accepted = {
  'Header/To text': 'another host',
  'Header/MessageID text': 'every message has a name of its own',
}

export const OTHER_SESSION: Accepted = { 'Header/SessionId text': 'every client has a session of its own' }

export const NOT_ROBUST = because(
  'asks for robust connections, whose replies hold several envelopes (MS-WSMV 3.1.4.1.39); we do not',
  'Header/OperationID only theirs',
  'Header/SequenceId only theirs',
)

export const NEWER = because(
  'printed from a client that had not this header yet (MS-WSMV 3.1.4.1.9, 3.1.4.1.37)',
  'Header/DataLocale only ours',
  'Header/SessionId only ours',
)

export const NO_LOCALE = because(
  'left out in print; clients should send it (MS-WSMV 3.2.4.1.4)',
  'Header/Locale only ours',
)

/** The older examples of shells have ResourceURI behind Locale, and not marked; 4.7.1 and 4.11.1 have it as we do. */
export const OLD_SHELL = because(
  'the shell examples put it behind Locale and do not mark it; 4.7.1, 4.7.2 and 4.11.1 do as we do',
  'Header order',
  'Header/ResourceURI@s:mustUnderstand only ours',
)

export const CLEAN_UP = because(
  'nobody waits for these any more, so the service gets 5 seconds',
  'Header/OperationTimeout text',
)
