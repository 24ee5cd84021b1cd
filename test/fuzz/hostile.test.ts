import { describe, expect, it } from 'vitest'
import { EnvelopeDecoder } from '../../src/envelope/decoder.js'
import { usedHeap } from '../support/processes.js'
import { decodingOf } from './outcomes.js'

const SIZE = 300_000
/** Octets of memory for an octet of input: an element of four octets costs an object. */
const LIMIT = 100

const many = (make: (index: number) => string): string => {
  const parts: string[] = []
  for (let index = 0, length = 0; length < SIZE; index++) {
    const part = make(index)
    parts.push(part)
    length += part.length
  }
  return parts.join('')
}

/** What a peer may send to make much of little. */
const HOSTILE: Readonly<Record<string, string>> = {
  'many empty elements': many(() => '<a/>'),
  'many names': many((index) => `<a${index}/>`),
  'many prefixes for one namespace': many((index) => `<p${index}:a xmlns:p${index}="u"/>`),
  'many namespaces': many((index) => `<a xmlns="u${index}"/>`),
  'many namespaces with many names': many(
    (index) => `<a xmlns="u${index % 500}"><b${index}/><c${index} d${index}="e"/></a>`,
  ),
  'many attributes': many(
    (index) => `<a ${Array.from({ length: 200 }, (_, n) => `b${index}_${n}=""`).join(' ')}/>`,
  ),
  'many declarations': many(
    (index) => `<a ${Array.from({ length: 200 }, (_, n) => `xmlns:p${index}_${n}="u"`).join(' ')}/>`,
  ),
  'much depth': many(() => '<a>'.repeat(100) + '</a>'.repeat(100)),
  'much depth of declarations': many((index) => {
    const start = Array.from({ length: 50 }, (_, n) => `<a xmlns:p="u${index}_${n}">`).join('')
    return start + '</a>'.repeat(50)
  }),
  'many texts': many(() => 'x<a/>'),
  'one text': 'x'.repeat(SIZE),
  'many comments': many(() => 'x<!-- -->'),
  'one comment': `<!-- ${'x'.repeat(SIZE)} -->`,
  'many sections': many(() => '<![CDATA[x]]>'),
  'many references': many(() => '&amp;'),
  'one name': `<${'a'.repeat(SIZE / 2)}/>`,
  'one attribute': `<a b="${'x'.repeat(SIZE)}"/>`,
  'much white space in a tag': `<a${' '.repeat(SIZE)}/>`,
  'many references to instances': many(
    () => '<r><a:Address xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"/></r>',
  ),
  'many times': many(() => '<t><c:Date xmlns:c="http://schemas.dmtf.org/wbem/wscim/1/common"/></t>'),
}

const SOAP = 'xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
const ENUMERATION = 'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"'

/** The places where it may stand. */
const PLACES: Readonly<Record<string, readonly [before: string, after: string, decoding: string]>> = {
  'in a fault': [
    `<s:Envelope ${SOAP}><s:Body><s:Fault><s:Detail>`,
    '</s:Detail></s:Fault></s:Body></s:Envelope>',
    'Tree',
  ],
  'in an item': [
    `<s:Envelope ${SOAP} ${ENUMERATION}><s:Body><n:PullResponse><n:Items><i><b/>`,
    '</i></n:Items></n:PullResponse></s:Body></s:Envelope>',
    'Pull',
  ],
  'as items': [
    `<s:Envelope ${SOAP} ${ENUMERATION}><s:Body><n:PullResponse><n:Items>`,
    '</n:Items></n:PullResponse></s:Body></s:Envelope>',
    'Pull of references',
  ],
}

describe.each(Object.entries(PLACES))('300 kB %s', (_, [before, after, name]) => {
  it.each(Object.entries(HOSTILE))('of %s costs memory in proportion', (_, content) => {
    const bytes = Buffer.from(before + content + after)
    const idle = usedHeap()
    const decoder = new EnvelopeDecoder(decodingOf(name).decoder())
    for (let start = 0; start < bytes.length; start += 16_384)
      decoder.write(bytes.subarray(start, start + 16_384))
    const message = decoder.end()
    const held = usedHeap() - idle
    expect(held / bytes.length).toBeLessThan(LIMIT)
    expect(message.headers.elements.length).toBeLessThanOrEqual(1)
  })
})
