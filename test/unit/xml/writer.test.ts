import { describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/errors/errors.js'
import { NS } from '../../../src/xml/namespaces.js'
import { element, writeXml, type ElementTree } from '../../../src/xml/writer.js'
import { parseXml } from '../../support/xml-compare.js'
import { readAll } from './events.js'

const URN = 'urn:example'

/** What is left of a text after a reader has read what the writer wrote. */
function roundTrip(value: string): { text: unknown; attribute: unknown } {
  const xml = writeXml(element('', 'a', [value], [{ name: 'x', value }]))
  const { attributes, children } = parseXml(xml)
  return { text: children[0], attribute: attributes.x }
}

describe('values', () => {
  it.each([
    ['markup', '<b attr="1">&amp;</b>'],
    ['the end of a CDATA section', ']]>'],
    ['a comment', '<!-- no -->'],
    ['both quotes', `"double" and 'single'`],
    ['a bare CR', 'a\rb'],
    ['CR LF', 'a\r\nb'],
    ['line ends and tabs', '\ta\nb\t'],
    ['blanks at the ends', '  a  '],
    ['characters beyond the first plane', '😀\u{10FFFD}'],
    ['what is written with a mark', '\x86t\x87 and \x86a\x87'],
    ['replacement patterns', '$& $1 $$ $`'],
    ['C1 controls and separators', '\u0085\u2028\u00A0\u007F'],
  ])('%s survives as text and as attribute', (_, value) => {
    expect(roundTrip(value)).toEqual({ text: value, attribute: value })
  })

  it('writes a reference for what a reader would change', () => {
    expect(writeXml(element('', 'a', 'x\ry', [{ name: 'b', value: 'x\ry\tz\n' }]))).toBe(
      '<a b="x&#xD;y&#x9;z&#xA;">x&#xD;y</a>',
    )
  })

  it('escapes a reference that a caller wrote', () => {
    // Read with the package's own reader: the other one decodes twice.
    expect(readAll(writeXml(element('', 'a', '&#65;&amp;')))).toEqual(['<a', '"&#65;&amp;"', '>'])
  })

  const forbidden = [
    ...Array.from({ length: 32 }, (_, code) => code).filter((code) => ![9, 10, 13].includes(code)),
    0xfffe,
    0xffff,
    0xd800,
    0xdbff,
    0xdc00,
    0xdfff,
  ]

  it.each(forbidden.map((code) => [code.toString(16).toUpperCase().padStart(4, '0'), code] as const))(
    'U+%s is refused in text and in attributes',
    (hex, code) => {
      const value = `abc${String.fromCharCode(code)}d`
      for (const tree of [element('', 'a', value), element('', 'a', [], [{ name: 'x', value }])]) {
        expect(() => writeXml(tree)).toThrow(UsageError)
        expect(() => writeXml(tree)).toThrow(`U+${hex} at position 3`)
      }
    },
  )

  it('refuses a pair in the wrong order, and takes one in the right order', () => {
    expect(() => writeXml(element('', 'a', '\uDE00\uD83D'))).toThrow(UsageError)
    expect(writeXml(element('', 'a', '\uD83D\uDE00'))).toBe('<a>😀</a>')
  })
})

describe('names', () => {
  it.each(['', ' ', 'a b', 'a>', '<a', 'a/', 'a"', 'a:b', '1a', '-a', '.a', 'a&b', 'a=b', 'a\n', '×', '÷'])(
    '%j is refused',
    (name) => {
      expect(() => writeXml(element('', name))).toThrow(UsageError)
      expect(() => writeXml(element('', 'a', [], [{ name, value: 'v' }]))).toThrow(UsageError)
    },
  )

  it.each(['a', '_', 'A-b.c_1', 'Größe', '名前', '__proto__', 'constructor'])('%j is written', (name) => {
    expect(parseXml(writeXml(element(URN, name))).name).toBe(`{${URN}}${name}`)
  })

  it('is refused deep inside as well, and nothing is remembered of it', () => {
    const tree = (name: string): ElementTree => element('', 'a', [element('', 'b', [element('', name)])])
    expect(() => writeXml(tree('x y'))).toThrow(UsageError)
    expect(writeXml(tree('x'))).toBe('<a><b><x/></b></a>')
  })
})

describe('namespaces', () => {
  it('takes the prefixes of Windows', () => {
    const xml = writeXml(
      element(NS.soap, 'Envelope', [element(NS.addressing, 'To'), element(NS.shell, 'Shell')]),
    )
    expect(xml).toMatch(/^<s:Envelope /)
    expect(xml).toContain('<a:To ')
    expect(xml).toContain('<rsp:Shell ')
  })

  it('declares at the top what is asked for', () => {
    const xml = writeXml({ ...element(NS.soap, 'Envelope', [element(NS.wsman, 'x')]), declares: [NS.wsman] })
    expect(xml).toBe(`<s:Envelope xmlns:s="${NS.soap}" xmlns:w="${NS.wsman}"><w:x/></s:Envelope>`)
  })

  it('keeps a resource apart from the namespace that Microsoft writes with the same prefix', () => {
    const tree = element(NS.microsoft, 'DataLocale', [element(URN, 'Class', [element(NS.microsoft, 'x')])])
    expect(parseXml(writeXml({ ...tree, declares: [NS.microsoft] }))).toEqual({
      name: `{${NS.microsoft}}DataLocale`,
      attributes: {},
      children: [
        {
          name: `{${URN}}Class`,
          attributes: {},
          children: [{ name: `{${NS.microsoft}}x`, attributes: {}, children: [] }],
        },
      ],
    })
  })

  it('writes attributes in and out of namespaces side by side', () => {
    const xml = writeXml(
      element(
        NS.wsman,
        'Locale',
        [],
        [
          { namespace: NS.xml, name: 'lang', value: 'de' },
          { namespace: NS.soap, name: 'mustUnderstand', value: 'false' },
          { name: 'lang', value: 'en' },
        ],
      ),
    )
    expect(parseXml(xml).attributes).toEqual({
      [`{${NS.xml}}lang`]: 'de',
      [`{${NS.soap}}mustUnderstand`]: 'false',
      lang: 'en',
    })
  })

  it('declares the namespace of several attributes once', () => {
    const attributes = ['nil', 'type'].map((name) => ({ namespace: NS.xsi, name, value: 'x' }))
    const xml = writeXml(element('', 'a', [element('', 'b', [], attributes)], attributes))
    expect(xml).toBe(`<a xmlns:xsi="${NS.xsi}" xsi:nil="x" xsi:type="x"><b xsi:nil="x" xsi:type="x"/></a>`)
  })

  it('hides none that is needed further in', () => {
    const inner = element('urn:one', 'c', [element('urn:two', 'd')])
    const xml = writeXml(element('urn:one', 'a', [element('urn:two', 'b', [inner]), element('urn:two', 'e')]))
    expect(readAll(xml).filter((event) => event !== '>')).toEqual([
      '<{urn:one}a',
      '<{urn:two}b',
      '<{urn:one}c',
      '<{urn:two}d',
      '<{urn:two}e',
    ])
  })

  it('escapes a namespace', () => {
    const namespace = `http://x/?a=1&b="2"<3>'4'`
    expect(parseXml(writeXml(element(namespace, 'a'))).name).toBe(`{${namespace}}a`)
  })

  it.each(['\u0000', '\uD800', '\uFFFF'])('refuses one that holds %j', (character) => {
    expect(() => writeXml(element(`urn:${character}`, 'a', 'text'))).toThrow(UsageError)
  })

  it('keeps two apart that differ by a character of the shape', () => {
    // The text child of the first is not the end of the namespace of the second.
    for (const end of ['.', '>', '<', '@', ' ', '"', '.>']) {
      expect(parseXml(writeXml(element(URN, 'n', 'value'))).children).toEqual(['value'])
      expect(parseXml(writeXml(element(`${URN}${end}`, 'n')))).toEqual({
        name: `{${URN}${end}}n`,
        attributes: {},
        children: [],
      })
    }
  })

  it('is no place for a value', () => {
    const tree = element('urn:\x86t\x87x', 'n', 'value')
    const written = (): string => writeXml(tree)
    expect(written).toThrow(UsageError)
  })
})
