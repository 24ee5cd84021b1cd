/** What a contender or responder is told: its last argument, which is JSON. */
export function lastArgument() {
  /** @type {unknown} */
  const argument = JSON.parse(process.argv.at(-1) ?? '')
  return argument
}
