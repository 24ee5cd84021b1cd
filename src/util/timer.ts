/** The longest a timer of Node.js can run; a longer one fires at once. */
const LONGEST_MS = 2 ** 31 - 1

/** How long to set a timer for: settings allow more than a timer can wait. */
export function timerDelay(ms: number): number {
  return Math.min(ms, LONGEST_MS)
}
