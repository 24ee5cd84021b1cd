import { onTestFinished, vi } from 'vitest'

/** Waits until `condition` holds, one turn of the event loop after another. The test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Timers go on as they do, and a test can move them on besides. For limits that must not pass by themselves while a
 * loaded machine takes its time: make them long, wait for what must come before, and move the time on.
 */
export function followTheClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
}

/** Longer than a test takes, and shorter than a service may take for an operation by default. */
export const LONG_MS = 50_000
