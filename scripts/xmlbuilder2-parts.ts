import path from 'node:path'
import type { Options } from 'tsup'

/**
 * xmlbuilder2 stands on a whole DOM, and reads and writes more than XML. Of its modules, and of those that it needs,
 * these take part in nothing that `src/xml/writer.ts` asks for, and would be half of what has to be loaded.
 */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  // Documents that are given as text or as objects, and are written as anything but XML, or as they are built.
  'xmlbuilder2/lib/readers': ['index'],
  'xmlbuilder2/lib/writers': ['JSONWriter', 'MapWriter', 'ObjectWriter', 'YAMLWriter'],
  'xmlbuilder2/lib/builder': ['BuilderFunctionsCB', 'XMLBuilderCBImpl'],
  // The parts of a DOM that are for others than an element, its attributes and its text.
  '@oozcitak/dom/lib': ['parser/index', 'serializer/index'],
  '@oozcitak/dom/lib/dom': [
    'AbortControllerImpl',
    'AbortSignalImpl',
    'CDATASectionImpl',
    'CommentImpl',
    'DOMTokenListImpl',
    'DocumentFragmentImpl',
    'DocumentTypeImpl',
    'HTMLCollectionImpl',
    'MutationRecordImpl',
    'NodeFilterImpl',
    'NodeIteratorImpl',
    'NodeListStaticImpl',
    'ProcessingInstructionImpl',
    'RangeImpl',
    'ShadowRootImpl',
    'TreeWalkerImpl',
  ],
  '@oozcitak/dom/lib/algorithm': [
    'AbortAlgorithm',
    'AttrAlgorithm',
    'BoundaryPointAlgorithm',
    'CharacterDataAlgorithm',
    'CustomElementAlgorithm',
    'DOMAlgorithm',
    'DOMTokenListAlgorithm',
    'EventAlgorithm',
    'EventTargetAlgorithm',
    'MutationObserverAlgorithm',
    'NodeAlgorithm',
    'NodeIteratorAlgorithm',
    'OrderedSetAlgorithm',
    'ParentNodeAlgorithm',
    'RangeAlgorithm',
    'SelectorsAlgorithm',
    'ShadowTreeAlgorithm',
    'TextAlgorithm',
    'TraversalAlgorithm',
    'TreeWalkerAlgorithm',
  ],
  // Base URIs, bytes and collections.
  '@oozcitak/url/lib': ['URLAlgorithm'],
  '@oozcitak/infra/lib': [
    'Base64',
    'Byte',
    'ByteSequence',
    'CodePoints',
    'JSON',
    'List',
    'Map',
    'Queue',
    'Set',
    'Stack',
    'String',
  ],
  '@oozcitak/util/lib': ['Lazy', 'ObjectCache', 'StringWalker'],
}

/** This one would load every kind of node, and mix into them what none of the builder's calls comes to. */
const REPLACED: Readonly<Record<string, string>> = {
  '@oozcitak/dom/lib/dom/index': `
    exports.dom = require('./DOMImpl').dom
    exports.DOMImplementation = require('./DOMImplementationImpl').DOMImplementationImpl`,
}

const STAND_INS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(LEFT_OUT).flatMap(([folder, names]) =>
    names.map((name): [string, string] => [`${folder}/${name}`, '']),
  ),
  ...Object.entries(REPLACED),
])

/** Bundles of xmlbuilder2 what writes XML. What it writes is compared with what the whole package writes by a test. */
export const whatWritesXml: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'what-writes-xml',
  setup(build) {
    const met = new Set<string>()
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.js$/ }, ({ path: file }) => {
      const module = file
        .split(path.sep)
        .join('/')
        .replace(/^.*\/node_modules\/|\.js$/g, '')
      const contents = STAND_INS.get(module)
      if (contents === undefined) return undefined
      met.add(module)
      return { contents, loader: 'js' }
    })
    build.onEnd(() => {
      const missing = [...STAND_INS.keys()].filter((module) => !met.has(module))
      if (missing.length > 0) throw new Error(`xmlbuilder2 has no ${missing.join(', ')} to leave out.`)
    })
  },
}
