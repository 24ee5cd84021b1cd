import { describe, expect, it } from 'vitest'
import { EnvelopeDecoder } from '../../../src/envelope/decoder.js'
import { metadataOf, type Instance } from '../../../src/envelope/instance.js'
import { decodeObjects } from '../../../src/operations/item-decoders.js'
import { PageBody } from '../../../src/operations/page-body.js'
import { piecesOf } from '../xml/events.js'

const item = (content: string): string =>
  `<p:C xsi:type="p:C_Type" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="urn:c" xmlns:o="urn:o" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">${content}</p:C>`

const page = (...items: string[]): string =>
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>' +
  '<n:PullResponse xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration">' +
  `<n:Items>${items.join('')}</n:Items></n:PullResponse></s:Body></s:Envelope>`

function decode(xml: string, size: number, limits = {}): Instance[] {
  // With limits of its own a message takes nothing over from those before it.
  const decoder = new EnvelopeDecoder(new PageBody('PullResponse', decodeObjects), limits)
  for (const piece of piecesOf(Buffer.from(xml), size)) decoder.write(piece)
  const message = decoder.end()
  return message.fault ? [] : message.body.items
}

const time = (text: string): string => `<p:Time><cim:Datetime>${text}</cim:Datetime></p:Time>`

/** Instances of one class, each as it may come among others. */
const KINDS = [
  `<p:Name>first</p:Name><p:State>1</p:State>${time('2024-03-12T08:10:43Z')}`,
  `<p:Name xsi:nil="true"/><p:State>2</p:State><p:Time xsi:nil="true"/>`,
  `<p:Name></p:Name><p:State xsi:type="x">a state of some length</p:State>${time(' 2024-03-12T08:10:43Z ')}`,
  `<p:Name>a &amp; b &lt;c&gt;</p:Name><p:State/>${time('')}`,
  `<p:Name>[a]]&gt; and so on</p:Name><o:State>other</o:State>${time('2024-03-12T08:10:43Z')}`,
  `<p:Name>one</p:Name><p:Name>two</p:Name><p:Name>three</p:Name>`,
  '<p:__proto__>x</p:__proto__><p:constructor>y</p:constructor><p:Name>z</p:Name>',
  '<p:Name><o:Inner><o:A>1</o:A><o:B>2</o:B></o:Inner></p:Name><p:State>1</p:State>',
  '<p:Name><o:Only>1</o:Only></p:Name><p:State>1</p:State>',
  '<p:Name>only</p:Name>',
  ' \n<p:Name>spaced</p:Name>\n <p:State>1</p:State> ',
] as const

describe('an item among many of its kind', () => {
  const alone = KINDS.map((content) => decode(page(item(content)), 65536)[0])

  it.each(KINDS.map((content, index) => [content, index] as const))(
    'is what it is alone: %s',
    (content, index) => {
      const count = 40
      const [, ...others] = [...KINDS, ...KINDS].slice(index, index + 4)
      const mixed = others.flatMap((other) => [other, content])
      const contents = [...Array.from({ length: count }, () => content), ...mixed, content]
      for (const size of [300, 1999, 65536]) {
        const items = decode(page(...contents.map(item)), size)
        expect(items).toHaveLength(contents.length)
        for (const [place, instance] of items.entries()) {
          const expected = alone[KINDS.findIndex((kind) => kind === contents[place])] ?? {}
          expect(instance).toEqual(expected)
          expect(Object.keys(instance)).toEqual(Object.keys(expected))
          expect(metadataOf(instance)).toEqual(metadataOf(expected))
        }
      }
    },
  )

  it('does not share its value with the next one', () => {
    const contents = ['a text of some length', 'a text of some length', 'another text of length'].map(
      (text) => `<p:Name>${text}</p:Name><p:State>1</p:State>`,
    )
    const items = decode(page(...Array.from({ length: 20 }, () => contents.map(item)).flat()), 65536)
    expect(items.map(({ Name }) => Name)).toEqual(
      Array.from({ length: 20 }, () => [
        'a text of some length',
        'a text of some length',
        'another text of length',
      ]).flat(),
    )
    expect(new Set(items).size).toBe(60)
  })
})
