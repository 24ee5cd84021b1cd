import { createServer } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const MESSAGE_ID = Buffer.from('MessageID>')
/** Where the MessageID of the request goes in a canned reply. */
const HOLE = '{MessageID}'

/** A reply whose bytes are ready but for the MessageID of the request, which clients look for in `RelatesTo`. */
export class CannedReply {
  #before
  #after
  #length

  /** @param {string} xml ASCII, with `{MessageID}` in the place of the request's */
  constructor(xml) {
    const [before = '', after = ''] = xml.split(HOLE)
    this.#before = before
    this.#after = Buffer.from(after)
    this.#length = before.length + after.length
  }

  /**
   * @param {import('node:net').Socket} socket
   * @param {string} messageId
   */
  write(socket, messageId) {
    socket.cork()
    socket.write(
      'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\nServer: Microsoft-HTTPAPI/2.0\r\n' +
        `Content-Length: ${this.#length + messageId.length}\r\n\r\n${this.#before}${messageId}`,
      'latin1',
    )
    socket.write(this.#after)
    socket.uncork()
  }
}

/**
 * Answers HTTP requests on raw sockets, as cheaply as Node.js can: nothing of a request is parsed but its length and
 * its MessageID.
 *
 * @param {(body: Buffer) => CannedReply} answer
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
 * @param {(body: Buffer) => CannedReply} answer
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
      answer(body).write(socket, messageIdOf(body))
    }
  })
}

/** @param {Buffer} body */
function messageIdOf(body) {
  const start = body.indexOf(MESSAGE_ID)
  if (start < 0) return ''
  const from = start + MESSAGE_ID.length
  return body.toString('latin1', from, body.indexOf('<', from))
}
