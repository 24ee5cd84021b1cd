import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { projectRoot } from '../support/project.js'
import { readRecording, recordedMessages } from '../support/recordings.js'
import { describeWithShared } from '../support/shared.js'
import { elementsOf, localName, parseXml, textOf, type PlainElement } from '../support/xml-compare.js'

const CIM = '{http://schemas.dmtf.org/wbem/wscim/1/common}'
const ADDRESSING = '{http://schemas.xmlsoap.org/ws/2004/08/addressing}'
/** What instances of WMI and CIM are named in. */
const CLASS_URI = /^\{http:\/\/schemas\.(?:microsoft\.com\/wbem\/wsman\/1\/wmi|dmtf\.org\/wbem\/wscim\/1)\//

const below = (element: PlainElement): PlainElement[] => [element, ...elementsOf(element).flatMap(below)]
const isTime = ({ name }: PlainElement): boolean =>
  /^(?:Datetime|Interval|CIM_DateTime)$/.test(name.replace(CIM, ''))

/** The elements that are instances of classes: their parts are named in the same namespace. */
const instancesIn = (message: PlainElement): PlainElement[] =>
  below(message).filter(
    (element) => CLASS_URI.test(element.name) && elementsOf(element).some(({ name }) => CLASS_URI.test(name)),
  )

const repeats = (instance: PlainElement): boolean => {
  const names = elementsOf(instance).map(({ name }) => name)
  return new Set(names).size < names.length
}
const embeds = (instance: PlainElement): boolean =>
  elementsOf(instance).some((property) =>
    elementsOf(property).some((part) => !isTime(part) && !part.name.startsWith(ADDRESSING)),
  )

/** A form, the words by which docs/cim.md names it, and how it would be seen. */
const FORMS: readonly (readonly [words: string, isIn: (message: PlainElement) => boolean])[] = [
  ['datetimes and intervals in instances', (message) => below(message).some(isTime)],
  ['CIM arrays', (message) => instancesIn(message).some(repeats)],
  ['embedded instances', (message) => instancesIn(message).some(embeds)],
  ['definitions of classes', (message) => below(message).some((element) => localName(element) === 'CLASS')],
  [
    'replies to Release',
    (message) => below(message).some((element) => /\/Release(?:Response)?$/.test(textOf(element))),
  ],
]

describeWithShared('corpus', 'what docs/cim.md calls unproven', () => {
  const replies = recordedMessages()
    .filter(
      ({ endpoint, direction, wellFormed }) =>
        endpoint.includes('Windows') && direction === 'response' && wellFormed,
    )
    .map(({ file }) => [file, parseXml(withoutDeclaration(readRecording(file)))] as const)
  const docs = readFileSync(path.join(projectRoot, 'docs/cim.md'), 'utf8')
  const list = docs.slice(docs.indexOf('## What no recording from Windows shows'))

  it.each(FORMS)('%s: is in the list, and in no recording from Windows', (words, isIn) => {
    expect(list).toContain(words)
    expect(replies.length).toBeGreaterThan(200)
    expect(replies.filter(([, message]) => isIn(message)).map(([file]) => file)).toEqual([])
  })

  it('would be seen: other services have sent some of it', () => {
    const others = recordedMessages()
      .filter(
        ({ endpoint, direction, wellFormed }) =>
          /AMT|OMI|iDRAC/.test(endpoint) && direction === 'response' && wellFormed,
      )
      .map(({ file }) => parseXml(withoutDeclaration(readRecording(file))))
    const seen = FORMS.filter(([, isIn]) => others.some(isIn)).map(([words]) => words)
    expect(seen).toEqual(['datetimes and intervals in instances', 'CIM arrays'])
  })
})

function withoutDeclaration(text: string): string {
  return text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '')
}
