import fc from 'fast-check'

type Mutation = (octets: Buffer) => Buffer

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const at = (octets: Buffer, where: number): number => Math.floor(where * octets.length)

const overwrite = (octets: Buffer, where: number, put: Uint8Array): Buffer => {
  const changed = Buffer.from(octets)
  changed.set(put.subarray(0, changed.length - at(octets, where)), at(octets, where))
  return changed
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Other octets, and the lengths and offsets that hurt most.
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(
    ([where, put]): Mutation =>
      (octets) =>
        overwrite(octets, where, put),
  ),
  fc
    .tuple(
      place,
      fc.constantFrom('ff', 'ffff', 'ffffffff', '00000000', 'ffffff7f', '00000080', '80', '84ffffffff'),
    )
    .map(
      ([where, put]): Mutation =>
        (octets) =>
          overwrite(octets, where, Buffer.from(put, 'hex')),
    ),
  // Cut off, something taken out, something put in.
  place.map(
    (where): Mutation =>
      (octets) =>
        octets.subarray(0, at(octets, where)),
  ),
  fc.tuple(place, fc.nat({ max: 40 })).map(
    ([where, length]): Mutation =>
      (octets) =>
        Buffer.concat([octets.subarray(0, at(octets, where)), octets.subarray(at(octets, where) + length)]),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 40 })).map(
    ([where, put]): Mutation =>
      (octets) =>
        Buffer.concat([octets.subarray(0, at(octets, where)), put, octets.subarray(at(octets, where))]),
  ),
)

/** What may happen to a token on its way. */
export const mutations: fc.Arbitrary<Mutation> = fc.array(mutation, { minLength: 1, maxLength: 4 }).map(
  (list): Mutation =>
    (octets) =>
      list.reduce((changed, change) => change(changed), octets),
)
