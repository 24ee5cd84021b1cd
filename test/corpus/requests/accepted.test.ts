import { describe, expect, it } from 'vitest'
import { differences, parseXml, type Difference } from '../../support/xml-compare.js'
import { expectLike } from './accepted.js'

const between = (ours: string, theirs: string): readonly string[] =>
  differences(parseXml(ours), parseXml(theirs)).map(({ at, what }: Difference) => `${at} ${what}`)

/** The comparisons prove nothing unless they see every kind of difference. */
describe('the comparison of requests', () => {
  it.each([
    ['another text', '<a><b>1</b></a>', '<a><b>2</b></a>', 'b text'],
    ['another letter case', '<a><b>TRUE</b></a>', '<a><b>true</b></a>', 'b spelling'],
    ['the same duration', '<a><b>PT60.000S</b></a>', '<a><b>PT1M</b></a>', 'b spelling'],
    ['another duration', '<a><b>PT60.000S</b></a>', '<a><b>PT6S</b></a>', 'b text'],
    ['another order', '<a><b/><c/></a>', '<a><c/><b/></a>', ' order'],
    ['an element more', '<a><b/><c/></a>', '<a><c/></a>', 'b only ours'],
    ['an element less', '<a><b/></a>', '<a><b/><b/></a>', 'b#2 only theirs'],
    ['an element of another name', '<a><b Name="x"/></a>', '<a><b Name="y"/></a>', 'b[y] only theirs'],
    ['another namespace', '<a><b xmlns="u"/></a>', '<a><b xmlns="v"/></a>', 'b only theirs'],
    ['an attribute more', '<a><b c="1"/></a>', '<a><b/></a>', 'b@c only ours'],
    ['another attribute', '<a><b c="1"/></a>', '<a><b c="2"/></a>', 'b@c text'],
    ['an attribute in a namespace', '<a c="1"/>', '<a xmlns:n="u" n:c="1"/>', '@u:c only theirs'],
  ])('sees %s', (_, ours, theirs, expected) => {
    expect(between(ours, theirs)).toContain(expected)
  })

  it('sees nothing where only prefixes, attribute order and layout differ', () => {
    expectLike(
      '<n:a xmlns:n="u" b="1" c="2"><n:d>x</n:d></n:a>',
      '<a c="2" b="1" xmlns="u">\n  <d> x\n</d>\n</a>',
    )
  })

  it('fails for a difference that nobody accepted, and for an accepted one that there is not', () => {
    const [ours, theirs] = ['<a><b>1</b></a>', '<a><b>2</b></a>']
    expectLike(ours, theirs, { 'b text': 'reason' })
    expect(() => expectLike(ours, theirs)).toThrow('differences that nobody accepted')
    expect(() => expectLike(ours, ours, { 'b text': 'reason' })).toThrow(
      'accepted differences that there are not',
    )
    expect(() => expectLike('<a> 1</a>', '<a>1</a>')).toThrow('white space of our own')
  })
})
