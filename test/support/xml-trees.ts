import fc from 'fast-check'
import { NS } from '../../src/xml/namespaces.js'
import type { AttributeTree, ElementTree } from '../../src/xml/writer.js'
import { qualified } from './xml-compare.js'
import { xmlText } from './xml-text.js'

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
  fc.record({ name, value: xmlText }),
  fc.record({ name, value: xmlText, namespace: fc.constantFrom(NS.xsi, NS.soap, NS.xml, NS.microsoft) }),
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
  child: fc.oneof({ depthSize: 'small', withCrossShrink: true }, xmlText, tie('tree')),
}))

/** Whatever the writer can be given. */
export const anyTree = tree
