/** A query the endpoint cannot run. On the wire it becomes the fault for WBEM_E_INVALID_QUERY. */
export class WqlError extends Error {
  override readonly name: string = 'WqlError'
  /** Where in the query text, counted in UTF-16 units from 0. */
  readonly position: number

  constructor(message: string, position: number) {
    super(`${message} (position ${position})`)
    this.position = position
  }
}

/** The text is not WQL. */
export class WqlSyntaxError extends WqlError {
  override readonly name = 'WqlSyntaxError'
}

/** The text is WQL, but the class has no such property, or the operator does not fit its type. */
export class WqlSchemaError extends WqlError {
  override readonly name = 'WqlSchemaError'
}
