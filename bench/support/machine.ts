import os from 'node:os'

/** What the figures were measured on. */
export function describeMachine(): string {
  const [cpu] = os.cpus()
  const memory = (os.totalmem() / 2 ** 30).toFixed(0)
  return `${os.cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${memory} GB, ${os.type()} ${os.release()}, Node.js ${process.version}`
}
