import type { Random } from './random.js'

/** Changes one message; another may lend a part of itself. */
type Mutator = (input: Buffer, random: Random, other: () => Buffer) => Buffer

const TOKENS = [
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '/',
    '=',
    ':',
    ';',
    '#',
    '\0',
    '\u0001',
    '\uFEFF',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
  ],
  ...[
    '<![CDATA[',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '<?xml version="1.0"?>',
    '<?xml version="1.1" encoding="x"?>',
  ],
  ...[
    '&#0;',
    '&#x41;',
    '&#xD800;',
    '&#x110000;',
    '&#99999999999;',
    '&b;',
    '&amp;',
    'xmlns=""',
    ' xmlns:p=""',
  ],
  ...[
    ' xmlns:xml="x"',
    ' xmlns:xmlns="x"',
    '</',
    '/>',
    '<a>',
    '</a>',
    '<__proto__>',
    '<constructor/>',
    '\r\n',
  ],
]

const NAMES = [
  ...[
    'Envelope',
    'Header',
    'Body',
    'Fault',
    'Code',
    'Subcode',
    'Value',
    'Reason',
    'Text',
    'Detail',
    'NotUnderstood',
  ],
  ...[
    'WSManFault',
    'Message',
    'ProviderFault',
    'ExtendedError',
    '__ExtendedStatus',
    'MSFT_WmiError',
    'error_Code',
  ],
  ...[
    'CIMStatusCode',
    'MessageID',
    'RelatesTo',
    'SequenceId',
    'OperationTimeout',
    'MaxEnvelopeSize',
    'OptionSet',
  ],
  ...[
    'Option',
    'SelectorSet',
    'Selector',
    'EndpointReference',
    'Address',
    'ReferenceParameters',
    'ResourceURI',
  ],
  ...[
    'EnumerateResponse',
    'PullResponse',
    'Items',
    'Item',
    'EnumerationContext',
    'EndOfSequence',
    'XmlFragment',
  ],
  ...[
    'Datetime',
    'Interval',
    'Shell',
    'ShellId',
    'CommandResponse',
    'CommandId',
    'ReceiveResponse',
    'Stream',
  ],
  ...[
    'CommandState',
    'ExitCode',
    'IdentifyResponse',
    'ResourceCreated',
    '__proto__',
    'constructor',
    'toString',
  ],
]

const NAMESPACES = [
  'http://www.w3.org/2003/05/soap-envelope',
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  'http://schemas.xmlsoap.org/ws/2004/09/enumeration',
  'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  'http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd',
  'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault',
  'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  'http://schemas.dmtf.org/wbem/wscim/1/common',
  'http://www.w3.org/2001/XMLSchema-instance',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2000/xmlns/',
  '',
]

const VALUES = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e309',
    'NaN',
    '4294967296',
    '-99999999999999999999',
    '9'.repeat(400),
    '0x80338029',
  ],
  ...[
    'true',
    'TRUE',
    '1',
    'P1Y',
    'PT1S',
    'PT-1S',
    `PT${'9'.repeat(400)}S`,
    'uuid:',
    'a:b:c',
    ':',
    'a:',
    '{}',
  ],
  ...[
    '__proto__',
    'x'.repeat(5000),
    '\n'.repeat(2000),
    ' '.repeat(2000),
    '😀',
    '=',
    '====',
    'AA=A',
    'HRESULT 0x',
  ],
]

const at = (input: Buffer, random: Random): number => random.below(input.length + 1)

/** Two places in order, seldom far apart. */
function range(input: Buffer, random: Random): readonly [start: number, end: number] {
  const start = at(input, random)
  const length = random.chance(0.9) ? random.below(64) : random.below(input.length)
  return [start, Math.min(input.length, start + length)]
}

const replaceRange = (input: Buffer, start: number, end: number, inside: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, start), inside, input.subarray(end)])

/** Works on the bytes as characters, so that invalid ones survive. */
const asText =
  (change: (text: string, random: Random) => string): Mutator =>
  (input, random) =>
    Buffer.from(change(input.toString('latin1'), random), 'latin1')

/** Replaces one of the matches, chosen at random. */
function replaceOne(text: string, pattern: RegExp, random: Random, by: (match: string) => string): string {
  const match = random.pick([...text.matchAll(pattern)])
  if (!match) return text
  return text.slice(0, match.index) + by(match[0]) + text.slice(match.index + match[0].length)
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** An element from its start tag to the next end tag of that name. */
const ELEMENT = /<([\w:-]+)(?:\s[^<>]*)?>[^]{0,400}?<\/\1>/g

/** Most of what these make is not well-formed, and is refused early. */
const BYTES: readonly [Mutator, ...Mutator[]] = [
  (input, random) => {
    const changed = Buffer.from(input)
    for (let count = 1 + random.below(8); count > 0 && changed.length > 0; count--) {
      const place = random.below(changed.length)
      changed[place] = random.chance(0.5) ? random.below(256) : (changed[place] ?? 0) ^ (1 << random.below(8))
    }
    return changed
  },
  (input, random) => input.subarray(0, at(input, random)),
  (input, random) => replaceRange(input, ...range(input, random), Buffer.of()),
  (input, random) => {
    const [start, end] = range(input, random)
    const times = random.chance(0.9) ? 1 + random.below(4) : random.below(200)
    const part = input.subarray(start, end)
    return replaceRange(input, start, start, Buffer.concat(Array.from({ length: times }, () => part)))
  },
  (input, random, other) => {
    const [start, end] = range(input, random)
    const donor = other()
    return replaceRange(input, start, end, donor.subarray(...range(donor, random)))
  },
  (input, random, other) => {
    const donor = other()
    return Buffer.concat([input.subarray(0, at(input, random)), donor.subarray(at(donor, random))])
  },
  (input, random) => {
    const place = at(input, random)
    return replaceRange(input, place, place, Buffer.from(random.pick(TOKENS) ?? ''))
  },
  (input, random) => {
    const wide = Buffer.from((random.chance(0.7) ? '\uFEFF' : '') + input.toString(), 'utf16le')
    return random.chance(0.5) ? wide : wide.swap16()
  },
  (input, random) => {
    const cut = at(input, random)
    const wide = Buffer.from(input.subarray(cut).toString(), 'utf16le')
    return Buffer.concat([input.subarray(0, cut), wide])
  },
  (input) => Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), input]),
  asText((text, random) => {
    const declared = random.pick(['utf-8', 'UTF-16', 'utf-16le', 'iso-8859-1', 'x', ''])
    return `<?xml version="1.0" encoding="${declared}"?>${text}`
  }),
]

/** Most of what these make is well-formed, and goes on to the decoders. */
const STRUCTURE: readonly [Mutator, ...Mutator[]] = [
  asText((text, random) =>
    replaceOne(text, /<\/?[\w:-]+/g, random, (tag) =>
      tag.replace(/[\w-]+$/, latin1(random.pick(NAMES) ?? 'x')),
    ),
  ),
  asText((text, random) => {
    const tags = [...text.matchAll(/[<:]([A-Za-z_][\w-]*)/g)].map(([, local = '']) => local)
    const from = random.pick(tags)
    if (from === undefined) return text
    return text.replaceAll(from, (random.chance(0.5) ? random.pick(NAMES) : random.pick(tags)) ?? from)
  }),
  asText((text, random) =>
    replaceOne(text, /https?:\/\/[^"'<>\s]+/g, random, () => latin1(random.pick(NAMESPACES) ?? '')),
  ),
  asText((text, random) => {
    const uris = [...text.matchAll(/xmlns(?::[\w-]+)?\s*=\s*["']([^"']+)["']/g)].map(([, uri = '']) => uri)
    const from = random.pick(uris)
    return from === undefined ? text : text.replaceAll(from, random.pick(NAMESPACES) ?? '')
  }),
  asText((text, random) =>
    replaceOne(text, />[^<>]+</g, random, () => `>${latin1(random.pick(VALUES) ?? '')}<`),
  ),
  asText((text, random) =>
    replaceOne(text, /=\s*"[^"]*"/g, random, () => `="${latin1(random.pick(VALUES) ?? '')}"`),
  ),
  asText((text, random) =>
    replaceOne(text, ELEMENT, random, (element) =>
      element.repeat(random.chance(0.95) ? 2 + random.below(4) : 2 + random.below(300)),
    ),
  ),
  asText((text, random) => replaceOne(text, ELEMENT, random, () => '')),
  asText((text, random) => {
    const moved = random.pick([...text.matchAll(ELEMENT)])?.[0] ?? ''
    return replaceOne(text, />(?=<)/g, random, (end) => end + moved)
  }),
  asText((text, random) => {
    const depth = random.chance(0.8) ? random.below(10) : random.below(400)
    const tag = random.pick(['x', 'Items', 'Subcode', 'ProviderFault', 'Selector', '__proto__'])
    return replaceOne(
      text,
      ELEMENT,
      random,
      (element) => `<${tag}>`.repeat(depth) + element + `</${tag}>`.repeat(depth),
    )
  }),
  asText((text, random) => {
    const count = random.chance(0.8) ? random.below(5) : random.below(400)
    const list = Array.from({ length: count }, (_, index) =>
      random.chance(0.3) ? ` xmlns:z${index}="urn:${index}"` : ` z${index}="${index}"`,
    )
    return replaceOne(text, /<[\w:-]+/g, random, (tag) => tag + list.join(''))
  }),
]

/** What grows without bound would make one input of a thousand take all the time. */
const MAX_SIZE = 256 * 1024

/** One to four changes, one after the other. */
export function mutate(input: Buffer, random: Random, other: () => Buffer): Buffer {
  let changed = input
  const mutators = random.chance(0.5) ? STRUCTURE : [...BYTES, ...STRUCTURE]
  for (let count = 1 + random.below(4); count > 0; count--) {
    changed = (random.pick(mutators) ?? STRUCTURE[0])(changed, random, other).subarray(0, MAX_SIZE)
  }
  return changed
}
