import { expect, it } from 'vitest'
import { describeFailures } from './failure.js'
import { TABLES } from './tables.js'

for (const [title, failures] of Object.entries(TABLES)) describeFailures(title, failures)

it('every class of error is among them', () => {
  const failures = Object.values(TABLES).flatMap((table) => Object.values(table))
  expect(failures.length).toBeGreaterThan(120)
  expect(new Set(failures.map(({ error }) => error)).size).toBe(9)
})
