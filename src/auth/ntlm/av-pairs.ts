import { malformed, utf16 } from './message.js'

/** The kinds of attributes: MS-NLMP 2.2.2.1. */
export const AV = {
  endOfList: 0,
  computerName: 1,
  domainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const

/** Bit of `AV.flags`: the AUTHENTICATE_MESSAGE carries a MIC. */
export const AV_FLAG_MIC = 2

/** An attribute of the target or of the client's answer. Kinds that are not listed above pass through. */
export interface AvPair {
  readonly id: number
  readonly value: Uint8Array
}

export const textPair = (id: number, text: string): AvPair => ({ id, value: utf16(text) })

export function uint32Pair(id: number, number: number): AvPair {
  const value = Buffer.alloc(4)
  value.writeUInt32LE(number)
  return { id, value }
}

export const valueOf = (pairs: readonly AvPair[], id: number): Uint8Array | undefined =>
  pairs.find((pair) => pair.id === id)?.value

export function textOf(pairs: readonly AvPair[], id: number): string | undefined {
  const value = valueOf(pairs, id)
  return value && Buffer.from(value).toString('utf16le')
}

/** The flags of the list, 0 where there are none. */
export function flagsOf(pairs: readonly AvPair[]): number {
  const value = valueOf(pairs, AV.flags)
  return value?.length === 4 ? Buffer.from(value).readUInt32LE() : 0
}

/** The pairs with the end of the list behind them. */
export function encodeAvPairs(pairs: readonly AvPair[]): Buffer {
  return Buffer.concat(
    [...pairs, { id: AV.endOfList, value: new Uint8Array() }].flatMap(({ id, value }) => {
      const head = Buffer.alloc(4)
      head.writeUInt16LE(id, 0)
      head.writeUInt16LE(value.length, 2)
      return [head, value]
    }),
  )
}

/**
 * What stands behind the end of the list is padding.
 * @throws ProtocolError when a pair is cut off
 */
export function decodeAvPairs(octets: Buffer): AvPair[] {
  const pairs: AvPair[] = []
  for (let position = 0; position < octets.length;) {
    const start = position + 4
    if (start > octets.length) throw malformed('holds half an attribute')
    const id = octets.readUInt16LE(position)
    if (id === AV.endOfList) break
    position = start + octets.readUInt16LE(position + 2)
    if (position > octets.length) throw malformed('holds half an attribute')
    pairs.push({ id, value: Buffer.from(octets.subarray(start, position)) })
  }
  return pairs
}
