import fc from 'fast-check'
import { NS } from '../../src/xml/namespaces.js'
import type { AttributeTree, ElementTree } from '../../src/xml/writer.js'
import { qualified } from './xml-compare.js'

/** Text of every character XML carries, with those that mean something made frequent. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        '<',
        '>',
        '"',
        "'",
        '\r',
        '\n',
        '\t',
        ' ',
        ']]>',
        '\x86',
        't\x87',
        'a\x87',
        '$&',
        '#',
        '&#65;',
        '&lt;',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join('').replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, ''))

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'Name', '__proto__', 'constructor', 'Größe'),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter((value) => !/^xml/i.test(value)),
)

const namespace = fc.constantFrom(
  '',
  NS.soap,
  NS.wsman,
  NS.microsoft,
  'urn:one',
  'urn:one.',
  'urn:two&<"',
  'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Service',
)

const attribute: fc.Arbitrary<AttributeTree> = fc.oneof(
  fc.record({ name, value: text }),
  fc.record({ name, value: text, namespace: fc.constantFrom(NS.xsi, NS.soap, NS.xml, NS.microsoft) }),
)

const attributes = fc.uniqueArray(attribute, {
  maxLength: 3,
  selector: (entry) => qualified(entry.namespace ?? '', entry.name),
})

const { tree } = fc.letrec<{ tree: ElementTree; child: ElementTree | string }>((tie) => ({
  tree: fc.record(
    {
      name,
      namespace,
      attributes,
      children: fc.array(tie('child'), { maxLength: 4 }),
      declares: fc.constantFrom([], [NS.xsi], [NS.wsman, NS.xsi]),
    },
    { requiredKeys: ['name', 'namespace'] },
  ),
  child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, tie('tree')),
}))

/** Whatever the writer can be given. */
export const anyTree = tree
