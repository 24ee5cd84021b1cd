import { createServer } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const MESSAGE_ID = Buffer.from('MessageID>')
/** The holes in a canned reply: `{MessageID}` for that of the request, and those that the responder fills. */
const HOLE = /\{(\w+)\}/
/** Up to so many characters are put together instead of being sent in pieces. */
const SHORT = 8192

/** A reply whose bytes are ready but for what is different each time. */
export class CannedReply {
  #pieces
  #holes
  #length

  /** @param {string} xml ASCII, with holes such as `{MessageID}` */
  constructor(xml) {
    const parts = xml.split(HOLE)
    const texts = parts.filter((_, index) => index % 2 === 0)
    this.#holes = parts.filter((_, index) => index % 2 === 1)
    this.#length = texts.reduce((sum, { length }) => sum + length, 0)
    this.#pieces = this.#length > SHORT ? texts.map((text) => Buffer.from(text)) : texts
  }

  /**
   * @param {import('node:net').Socket} socket
   * @param {Readonly<Record<string, string>>} values for the holes
   */
  write(socket, values) {
    let length = this.#length
    for (const hole of this.#holes) length += values[hole]?.length ?? 0
    const head =
      'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\nServer: Microsoft-HTTPAPI/2.0\r\n' +
      `Content-Length: ${length}\r\n\r\n`
    if (this.#length > SHORT) this.#writePieces(socket, head, values)
    else {
      let reply = head
      for (const [index, piece] of this.#pieces.entries()) {
        reply += String(piece) + (values[this.#holes[index] ?? ''] ?? '')
      }
      socket.write(reply, 'latin1')
    }
  }

  /**
   * @param {import('node:net').Socket} socket
   * @param {string} head
   * @param {Readonly<Record<string, string>>} values
   */
  #writePieces(socket, head, values) {
    socket.cork()
    socket.write(head, 'latin1')
    for (const [index, piece] of this.#pieces.entries()) {
      socket.write(piece)
      const value = values[this.#holes[index] ?? '']
      if (value !== undefined) socket.write(value, 'latin1')
    }
    socket.uncork()
  }
}

/** @typedef {{ reply: CannedReply, values?: Readonly<Record<string, string>> }} Answer what goes into its holes besides the MessageID */

/**
 * Answers HTTP requests on raw sockets, as cheaply as Node.js can: nothing of a request is parsed but its length and
 * its MessageID.
 *
 * @param {(body: Buffer) => Answer} answer
 * @param {object} [options]
 * @param {readonly string[]} [options.addresses] to listen on, all at the same port
 * @param {Record<string, number>} [options.tell] what the contenders are told besides the port
 */
export async function serve(answer, { addresses = ['127.0.0.1'], tell = {} } = {}) {
  let port = 0
  for (const address of addresses) {
    const server = createServer({ noDelay: true }, (socket) => attend(socket, answer))
    await /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host: address, backlog: 1024 }, resolve)
      })
    )
    const bound = server.address()
    if (typeof bound === 'object' && bound !== null) port = bound.port
  }
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuMs: (user + system) / 1000 })
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ ...tell, port })
}

/**
 * @param {import('node:net').Socket} socket
 * @param {(body: Buffer) => Answer} answer
 */
function attend(socket, answer) {
  let pending = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const headEnd = pending.indexOf(HEAD_END)
      if (headEnd < 0) return
      const [, length = '0'] = /content-length: *(\d+)/i.exec(pending.toString('latin1', 0, headEnd)) ?? []
      const start = headEnd + HEAD_END.length
      const end = start + Number(length)
      if (pending.length < end) return
      const body = pending.subarray(start, end)
      pending = pending.subarray(end)
      const { reply, values } = answer(body)
      reply.write(socket, { ...values, MessageID: textAfter(body, MESSAGE_ID, '<') })
    }
  })
}

/**
 * @param {Buffer} body
 * @param {Buffer} before
 * @param {string} end
 */
export function textAfter(body, before, end) {
  const start = body.indexOf(before)
  if (start < 0) return ''
  const from = start + before.length
  return body.toString('latin1', from, body.indexOf(end, from))
}
