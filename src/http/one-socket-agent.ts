import { Agent, type ClientRequest } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Gives every request the same socket, which is connected already. What the Agent of Node.js does besides (names,
 * queues, lists of sockets) costs a third of a small request and is the pool's business here.
 */
export class OneSocketAgent extends Agent {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#socket = socket
  }

  /** Called by node:http for each request. */
  addRequest(request: ClientRequest): void {
    request.onSocket(this.#socket)
  }
}
