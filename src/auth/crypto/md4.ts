/**
 * MD4 (RFC 1320). NTLM's hash of a password is made with it, and OpenSSL 3 has it only in its legacy provider.
 * It is broken for every other purpose.
 */
export function md4(message: Uint8Array): Uint8Array {
  const state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  const padded = pad(message)
  const view = new DataView(padded.buffer)
  const block = new Uint32Array(16)
  for (let offset = 0; offset < padded.length; offset += 64) {
    for (let word = 0; word < 16; word++) block[word] = view.getUint32(offset + 4 * word, true)
    compress(state, block)
  }
  padded.fill(0)
  block.fill(0)
  const digest = new DataView(new ArrayBuffer(16))
  state.forEach((word, index) => digest.setUint32(4 * index, word, true))
  return new Uint8Array(digest.buffer)
}

type State = [number, number, number, number]
type Mix = (b: number, c: number, d: number) => number

interface Round {
  readonly mix: Mix
  readonly constant: number
  /** The order in which the words of the block are taken. */
  readonly order: readonly number[]
  readonly shifts: readonly number[]
}

/** RFC 1320, section 3.4. */
const ROUNDS: readonly Round[] = [
  {
    mix: (b, c, d) => (b & c) | (~b & d),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (b, c, d) => (b & c) | (b & d) | (c & d),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (b, c, d) => b ^ c ^ d,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
]

function compress(state: State, block: Uint32Array): void {
  let [a, b, c, d] = state
  for (const { mix, constant, order, shifts } of ROUNDS) {
    for (const [index, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + (block[word] ?? 0) + constant) | 0
      const shift = shifts[index % 4] ?? 0
      ;[a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c]
    }
  }
  state[0] = (state[0] + a) | 0
  state[1] = (state[1] + b) | 0
  state[2] = (state[2] + c) | 0
  state[3] = (state[3] + d) | 0
}

/** A one bit, zeros, and the length in bits as 64 bits, up to a multiple of 64 octets. */
function pad(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  padded.set(message)
  padded[message.length] = 0x80
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(message.length) * 8n, true)
  return padded
}
