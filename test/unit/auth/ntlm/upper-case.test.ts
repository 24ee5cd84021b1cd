import { describe, expect, it } from 'vitest'
import { upperCase } from '../../../../src/auth/ntlm/upper-case.js'

describe('upper case as Windows has it', () => {
  it.each([
    ['alice.42', 'ALICE.42'],
    ['jörg-ÿ', 'JÖRG-Ÿ'],
    ['weiß', 'WEIß'],
    ['ışık', 'ıŞıK'],
    ['µſ', 'µſ'],
    ['γιώργος', 'ΓΙΏΡΓΟΣ'],
    ['дмитрий', 'ДМИТРИЙ'],
    ['ნინო', 'ნინო'],
    ['ꭰꮝ', 'ꭰꮝ'],
    ['ﬁ', 'ﬁ'],
    ['李😀𐐨', '李😀𐐨'],
    ['', ''],
  ])('of %s is %s', (text, expected) => {
    expect(upperCase(text)).toBe(expected)
  })
})
