import { expect, it } from 'vitest'
import { isStranger } from '../../../src/config/accounts.js'

const user = { name: String.raw`SERVER01\bob`, sid: 'S-1-5-21-1-2-3-1001', isUser: true }

it.each([
  ['alice', true],
  [String.raw`SERVER01\alice`, true],
  ['Bob', false],
  // The same name may be that of another account; who knows.
  [String.raw`EXAMPLE\bob`, false],
  // What stands before @ need not be the name of the account.
  ['alice@example.com', false],
  [undefined, false],
])('a user is surely not the one that comes as %s: %s', (username, expected) => {
  expect(isStranger(user, username)).toBe(expected)
})

it('a group, and what is known by its SID alone, may be anybody', () => {
  expect(isStranger({ ...user, isUser: false }, 'alice')).toBe(false)
})
