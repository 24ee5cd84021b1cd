import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../src/errors/errors.js'
import { readAll } from './events.js'

const malformed = expect.objectContaining({
  name: 'ProtocolError',
  code: 'ERR_WSMAN_MALFORMED_XML',
}) as unknown
const overLimit = expect.objectContaining({ name: 'ProtocolError', code: 'ERR_WSMAN_LIMIT' }) as unknown

function failure(source: string | Uint8Array): unknown {
  try {
    return { accepted: readAll(source) }
  } catch (error) {
    return error
  }
}

describe('the content of documents', () => {
  it.each([
    ['an empty element', '<a/>', ['<a', '>']],
    ['text and elements in their order', '<a>x<b/>y</a>', ['<a', '"x"', '<b', '>', '"y"', '>']],
    ['CDATA as text', '<a>1<![CDATA[<b>&amp;]]>2</a>', ['<a', '"1<b>&amp;2"', '>']],
    ['CDATA that holds two brackets', '<a><![CDATA[x]]]]><![CDATA[>y]]></a>', ['<a', '"x]]>y"', '>']],
    ['the five entities', '<a>&amp;&lt;&gt;&quot;&apos;</a>', ['<a', JSON.stringify('&<>"\''), '>']],
    ['an escaped reference once', '<a>&amp;lt;&amp;#65;</a>', ['<a', '"&lt;&#65;"', '>']],
    ['decimal and hexadecimal references', '<a>&#65;&#x42;&#x1F600;</a>', ['<a', '"AB😀"', '>']],
    ['a referenced CR', '<a>1&#xD;2</a>', ['<a', '"1\\r2"', '>']],
    ['bare line ends as LF', '<a>1\r\n2\r3\n</a>', ['<a', '"1\\n2\\n3\\n"', '>']],
    ['white space between elements', '<a> <b/>\n</a>', ['<a', '" "', '<b', '>', '"\\n"', '>']],
    ['no comment', '<a>1<!-- <b> & -->2</a>', ['<a', '"12"', '>']],
    ['attributes in their order', '<a z="1" y=\'2"\'/>', ['<a z=1 y=2"', '>']],
    ['white space in attributes as blanks', '<a x="1\t2\n3"/>', ['<a x=1 2 3', '>']],
    ['referenced white space in attributes', '<a x="1&#9;2&#10;3"/>', ['<a x=1\t2\n3', '>']],
    [
      'names of members every object has',
      '<a constructor="1" __proto__="2"/>',
      ['<a constructor=1 __proto__=2', '>'],
    ],
    ['elements of such names', '<__proto__><toString/></__proto__>', ['<__proto__', '<toString', '>', '>']],
  ])('gives %s', (_, xml, events) => {
    expect(readAll(xml)).toEqual(events)
  })

  it.each(['', ' ', '\n\t\r\n'])('takes %j before the declaration', (space) => {
    expect(readAll(`${space}<?xml version="1.0" encoding="UTF-8"?><a/>`)).toEqual(['<a', '>'])
  })

  it('takes white space and comments after the root', () => {
    expect(readAll('<a/>\n<!-- end -->\n')).toEqual(['<a', '>'])
  })
})

describe('what is refused', () => {
  it.each([
    ['nothing', ''],
    ['white space only', ' \n'],
    ['text without an element', 'hello'],
    ['a web page', '<!DOCTYPE html><html></html>'],
    ['a document type definition', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['a processing instruction before the root', '<?xml version="1.0"?><?php x?><a/>'],
    ['a processing instruction inside', '<a><?x y?></a>'],
    ['a second declaration', '<?xml version="1.0"?><?xml version="1.0"?><a/>'],
    ['a prefix that is not declared', '<p:a/>'],
    ['an undeclared prefix of an attribute', '<a p:x="1"/>'],
    ['a prefix declared in an element that has ended', '<a><b xmlns:p="u"/><p:c/></a>'],
    ['the prefix xmlns as a name', '<xmlns:a/>'],
    ['a name with two colons', '<p:a:b xmlns:p="u"/>'],
    ['a name that ends with a colon', '<p: xmlns:p="u"/>'],
    ['a name that begins with a colon', '<:a xmlns="u"/>'],
    ['an attribute twice', '<a x="1" x="2"/>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['an entity called constructor', '<a>&constructor;</a>'],
    ['an entity called __proto__', '<a>&__proto__;</a>'],
    ['an entity called toString in an attribute', '<a x="&toString;"/>'],
    ['a lone ampersand', '<a>a & b</a>'],
    ['a reference to NUL', '<a>&#0;</a>'],
    ['a reference to half of a pair', '<a>&#xD800;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['a noncharacter', '<a>\uFFFE</a>'],
    ['the end of a CDATA section in text', '<a>]]></a>'],
    ['a markup character in an attribute', '<a x="<"/>'],
    ['an attribute without quotes', '<a x=1/>'],
    ['an attribute without a value', '<a x/>'],
    ['elements that end in the wrong order', '<a><b></a></b>'],
    ['an end without a beginning', '<a/></a>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>x'],
    ['a cut tag', '<a><b'],
    ['an element that does not end', '<a><b/>'],
    ['a cut text', '<a>text'],
    ['a cut CDATA section', '<a><![CDATA[x</a>'],
    ['a cut comment', '<a><!-- x</a>'],
    ['a cut reference', '<a>&am'],
  ])('%s', (_, xml) => {
    expect(failure(xml)).toEqual(malformed)
  })

  it('says what is wrong without repeating the document', () => {
    const error = failure('<a>secret-value-1</b>')
    expect(error).toBeInstanceOf(ProtocolError)
    expect(String(error)).toContain('unexpected close tag')
    expect(String(error)).not.toContain('secret-value-1')
  })
})

describe('limits', () => {
  const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth)
  const attributes = (count: number): string =>
    `<a ${Array.from({ length: count }, (_, index) => `x${index}="1"`).join(' ')}/>`

  it('refuses 100,000 elements inside each other as soon as the limit is passed', () => {
    expect(failure(nested(100_000))).toEqual(overLimit)
    // The end tags never arrive: the limit itself must have refused.
    expect(failure('<a>'.repeat(100_000))).toEqual(overLimit)
  })

  it('takes exactly the depth that is allowed', () => {
    expect(readAll(nested(5), { maxDepth: 5 })).toHaveLength(10)
    expect(() => readAll(nested(6), { maxDepth: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }),
    )
  })

  it('does not count what has ended as depth', () => {
    expect(readAll(`<a>${'<b/>'.repeat(1000)}</a>`, { maxDepth: 2 })).toHaveLength(2002)
  })

  it('refuses 100,000 attributes', () => {
    expect(failure(attributes(100_000))).toEqual(overLimit)
  })

  it('refuses an attribute that comes twice among 100,000', () => {
    expect(failure(attributes(100_000).replace('/>', ' x0="2"/>'))).toEqual(malformed)
  })

  it('counts the attributes of each element for itself, declarations included', () => {
    const limits = { maxAttributes: 3 }
    expect(readAll(`<r>${'<a x="1" y="2" z="3"/>'.repeat(50)}</r>`, limits)).toHaveLength(102)
    expect(() => readAll('<a x="1" y="2" z="3" xmlns:p="u"/>', limits)).toThrow(
      expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }),
    )
  })

  it('limits each run of text, CDATA included', () => {
    const limits = { maxTextLength: 10 }
    expect(readAll('<a>1234567890<b/>1234567890</a>', limits)).toContain('"1234567890"')
    for (const xml of ['<a>12345678901</a>', '<a><![CDATA[12345678901]]></a>']) {
      expect(() => readAll(xml, limits)).toThrow(expect.objectContaining({ code: 'ERR_WSMAN_LIMIT' }))
    }
  })
})
