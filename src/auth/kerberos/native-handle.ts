import { UsageError } from '../../errors/errors.js'
import type { Out, Pointer } from './gssapi-library.js'

/** What is left to do for an object outside of JavaScript; it must not refer to the handle. */
interface Resource {
  readonly cell: Out<Pointer>
  readonly free: (cell: Out<Pointer>) => void
}

const forgotten = new FinalizationRegistry(release)

function release(resource: Resource): void {
  if (resource.cell[0] === null) return
  resource.free(resource.cell)
  resource.cell[0] = null
}

/** Owns one object of a C library and frees it exactly once: when closed, else when it is garbage. */
export class NativeHandle {
  readonly #resource: Resource
  #users = 0
  #closed = false

  constructor(free: Resource['free']) {
    this.#resource = { cell: [null], free }
    forgotten.register(this, this.#resource, this)
  }

  /** Lends the pointer to a call, as a cell that the call may write to. What is in use is freed only after it. */
  async use<T>(call: (cell: Out<Pointer>) => T | Promise<T>): Promise<T> {
    if (this.#closed) throw new UsageError('The object was released.', { code: 'ERR_WSMAN_CLOSED' })
    this.#users++
    try {
      return await call(this.#resource.cell)
    } finally {
      this.#users--
      this.#freeWhenIdle()
    }
  }

  close(): void {
    this.#closed = true
    this.#freeWhenIdle()
  }

  #freeWhenIdle(): void {
    if (!this.#closed || this.#users > 0) return
    forgotten.unregister(this)
    release(this.#resource)
  }
}
