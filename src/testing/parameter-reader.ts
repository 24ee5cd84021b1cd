import type { XmlElement } from '../xml/element.js'
import { NS } from '../xml/namespaces.js'
import { timeWrapper } from './cim-time-reader.js'
import { readRef } from './reference-reader.js'
import type { EndpointInstance, EndpointValue } from './types.js'

/**
 * Reads the parameters of a method: text as it came, because nobody declared their types. What comes more than once
 * is an array.
 */
export function readParameters(parent: XmlElement): EndpointInstance {
  const values = new Map<string, EndpointValue[]>()
  for (const child of parent.elements) {
    const { local } = child.name
    const value = readValue(child)
    values.set(local, [...(values.get(local) ?? []), value])
  }
  const entries = [...values].map(([name, all]) => [name, all.length > 1 ? all : (all[0] ?? null)] as const)
  return Object.fromEntries(entries)
}

function readValue(element: XmlElement): EndpointValue {
  if (isNil(element)) return null
  if (isReference(element)) return readRef(element)
  const time = timeWrapper(element)
  if (time) return time.text.trim()
  return isEmbedded(element) ? { ...embeddedClass(element), ...readParameters(element) } : element.text
}

export function isNil(element: XmlElement): boolean {
  const nil = element.attribute('nil', NS.xsi)
  return nil === 'true' || nil === '1'
}

/** The parts of a reference stand directly inside its element, or in one more around them (DSP0230 9.2.2). */
export function isReference(element: XmlElement): boolean {
  return element.elements.some(({ name }) => name.namespace === NS.addressing)
}

/** Whether the element is an instance that is a value, by its content or by its type. */
export function isEmbedded(element: XmlElement): boolean {
  return element.elements.length > 0 || '__CLASS' in embeddedClass(element)
}

/** The class of an embedded instance, which `xsi:type` tells: `p:Win32_Process_Type`. */
export function embeddedClass(element: XmlElement): { readonly __CLASS?: string } {
  const [, name] = /^(?:[^:]*:)?(.+)_Type$/.exec(element.attribute('type', NS.xsi)?.trim() ?? '') ?? []
  return name === undefined ? {} : { __CLASS: name }
}
