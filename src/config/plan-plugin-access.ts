import type { CallOptions } from '../operations/call-options.js'
import { getDocumentOperation, putDocumentOperation } from '../operations/document.js'
import type { OperationRunner } from '../operations/operation.js'
import { formatSddl } from '../settings/sddl/format.js'
import type { XmlElement } from '../xml/element.js'
import type { ElementTree } from '../xml/writer.js'
import { readDescriptor, type DescriptorChange } from './descriptor-change.js'
import { PLUGIN_KIND } from './plugin-kind.js'
import { remark, type PlanChange, type PlanPart } from './plan.js'
import { CONFIG_URI } from './resources.js'
import { fixedMessage } from './setting-fixed.js'
import { isHeldByPolicy } from './writable-document.js'
import { isUnavailable } from './wmi-objects.js'

/** A part, and what it rests on. */
export interface PluginPart extends PlanPart {
  /** Whether the plug-in has no descriptor at all, so that RootSDDL decides who may use it. */
  readonly isUnguarded: boolean
}

/** What it takes that every descriptor of a plug-in says the same of an account. */
export async function planPluginAccess(
  runner: OperationRunner,
  name: string,
  change: DescriptorChange,
  options: CallOptions,
): Promise<PluginPart> {
  const resource = { resourceUri: CONFIG_URI.plugin, selectors: { Name: name } }
  const path = `plugins[${name}]`
  let document: XmlElement
  try {
    document = await runner.run(getDocumentOperation(resource), options)
  } catch (error) {
    if (!isUnavailable(error)) throw error
    const message = `The plug-in ${name} cannot be looked up: ${error.message}`
    return { steps: [], warnings: [remark('unavailable', path, message)], isUnguarded: false }
  }
  const descriptors = descriptorsIn(document)
  const isUnguarded = descriptors.every(({ sddl }) => readDescriptor(sddl) === undefined)
  const changes = descriptors.flatMap((descriptor): PlanChange[] => {
    const from = descriptor.sddl
    const to = changed(from, change)
    const where = `${path}.resources[${descriptor.resourceUri}].security.sddl`
    return to === from
      ? []
      : [{ path: where, action: 'set', from, to, description: change.describe(`the plug-in ${name}`) }]
  })
  const warnings = doubtsAbout(descriptors, change).map((doubt) =>
    remark('dubious', path, `In the descriptor of the plug-in ${name}, ${doubt}.`),
  )
  if (changes.length === 0) return { steps: [], warnings, isUnguarded }
  if (isHeldByPolicy(document)) {
    return { steps: [], warnings: [remark('policy', path, fixedMessage(path, 'policy'))], isUnguarded }
  }
  const run = async (bounds: CallOptions): Promise<void> => {
    const read = await runner.run(getDocumentOperation(resource), bounds)
    const next = withDescriptors(PLUGIN_KIND.rewrite(read, {}), (sddl) => changed(sddl, change))
    await runner.run(putDocumentOperation(resource, next), bounds)
  }
  return {
    steps: [{ name: `change who may use the plug-in ${name}`, changes, run }],
    warnings: [
      ...warnings,
      remark('dubious', path, `The service takes up changes of ${path} when it is started again.`),
    ],
    isUnguarded,
  }
}

interface Descriptor {
  readonly resourceUri: string
  readonly sddl: string
}

/** MS-WSMV 2.2.4.29 and 2.2.4.30. */
function descriptorsIn(document: XmlElement): readonly Descriptor[] {
  const resources = below(document).filter(({ name }) => name.local === 'Resource')
  return resources.flatMap((resource) =>
    resource.elements
      .filter(({ name }) => name.local === 'Security')
      .map((security) => ({
        resourceUri: security.attribute('Uri') || (resource.attribute('ResourceUri') ?? ''),
        sddl: security.attribute('Sddl') ?? '',
      })),
  )
}

const below = (element: XmlElement): readonly XmlElement[] => [element, ...element.elements.flatMap(below)]

function withDescriptors(tree: ElementTree, change: (sddl: string) => string): ElementTree {
  const { attributes = [], children = [] } = tree
  return {
    ...tree,
    attributes: attributes.map((attribute) =>
      tree.name === 'Security' && attribute.name === 'Sddl'
        ? { ...attribute, value: change(attribute.value) }
        : attribute,
    ),
    children: children.map((child) => (typeof child === 'string' ? child : withDescriptors(child, change))),
  }
}

function doubtsAbout(
  descriptors: readonly Descriptor[],
  { apply, doubt }: DescriptorChange,
): readonly string[] {
  const doubts = descriptors.flatMap(({ sddl }) => {
    const descriptor = readDescriptor(sddl)
    const found = descriptor && doubt(apply(descriptor))
    return found === undefined ? [] : [found]
  })
  return [...new Set(doubts)]
}

/** What is none, or is already as it should be, stays as it is written. */
function changed(sddl: string, { apply }: DescriptorChange): string {
  const descriptor = readDescriptor(sddl)
  if (!descriptor) return sddl
  const text = formatSddl(apply(descriptor))
  return text === formatSddl(descriptor) ? sddl : text
}
