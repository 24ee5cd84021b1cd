import { describe, expect, it } from 'vitest'
import { decode, decodingOf, DECODINGS, type Outcome } from '../fuzz/outcomes.js'
import { Random } from '../fuzz/random.js'
import { pieces, restyle, toBytes, type Transfer } from '../fuzz/restyle.js'
import { readRecording, recordedMessages } from '../support/recordings.js'
import { describeWithShared } from '../support/shared.js'
import { parseXml } from '../support/xml-compare.js'

const SOAP = '{http://www.w3.org/2003/05/soap-envelope}Envelope'

function messages(source: string): readonly { file: string; xml: string }[] {
  return recordedMessages()
    .filter((message) => message.source === source && message.wellFormed && message.file.endsWith('.xml'))
    .map(({ file }) => ({ file, xml: readRecording(file).replace(/^\s*<\?xml[^>]*\?>\s*/, '') }))
    .filter(({ xml }) => !xml.startsWith('<!DOCTYPE') && parseXml(xml).name === SOAP)
}

/** What every way of reading a reply makes of this one, of those that can read it. */
const readings = (xml: string): Record<string, Outcome> =>
  Object.fromEntries(
    Object.entries(DECODINGS)
      .map(([name, decoding]) => [name, decode([Buffer.from(xml)], decoding.decoder())] as const)
      .filter(([, outcome]) => !('error' in outcome)),
  )

const HOW: readonly [Transfer, ...Transfer[]] = [
  { encoding: 'utf-8', mark: false, declaration: true, leadingSpace: true },
  { encoding: 'utf-16le', mark: true, declaration: true, leadingSpace: false },
  { encoding: 'utf-16be', mark: false, declaration: false, leadingSpace: false },
]

const sources = [
  ...[
    'amt-mps-rps',
    'dell-idrac',
    'go-wsman-messages',
    'go-wsman-messages-2025',
    'ironposh',
    'ms-wsmv',
    'omi',
  ],
  ...['opennms-wsman', 'pypsrp', 'python-dracclient', 'pywinrm', 'masterzen-winrm', 'win32-docs'],
  ...['winrb-winrm', 'wsmancli-interop', 'knife-windows', 'openwsman', 'ralph-idrac', 'winrm4j'],
]

describeWithShared('corpus', 'a recorded message means the same', () => {
  describe.each(sources)('of %s', (source) => {
    it('under other prefixes, in another encoding, cut elsewhere', () => {
      messages(source).forEach(({ file, xml }, index) => {
        const random = new Random(index)
        const how = random.pick(HOW)
        const bytes = toBytes(restyle(parseXml(xml), random), how)
        for (const [name, recorded] of Object.entries(readings(xml))) {
          const restyled = decode(pieces(bytes, random, 2000), decodingOf(name).decoder())
          expect(restyled, `${file} by ${name}, ${JSON.stringify(how)}`).toEqual(recorded)
        }
      })
    })
  })

  it('and most of them mean something', () => {
    const kinds = sources
      .flatMap(messages)
      .map(({ xml }) => decode([Buffer.from(xml)], decodingOf('Tree').decoder()))
    expect(kinds.filter((outcome) => 'body' in outcome).length).toBeGreaterThan(700)
    expect(kinds.filter((outcome) => 'fault' in outcome).length).toBeGreaterThan(20)
    expect(kinds.filter((outcome) => 'error' in outcome)).toEqual([])
  })
})
