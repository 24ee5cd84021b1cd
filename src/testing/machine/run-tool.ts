import { execFile } from 'node:child_process'

/** Runs a program of the system and resolves with its output; undefined when it is missing, fails or takes too long. */
export type RunTool = (
  file: string,
  args: readonly string[],
  timeoutMs?: number,
) => Promise<string | undefined>

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Output is in the C locale, so that it can be parsed. The default time limit is 10 seconds. */
export const runTool: RunTool = (file, args, timeoutMs = 10_000) =>
  new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' }
    const options = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true }
    execFile(file, [...args], options, (error, stdout) => resolve(error === null ? stdout : undefined))
  })
