import { setProperty, type Instance, type RawValue } from './instance.js'

/** After so many instances in a row that were none, a class is taken to have no fixed set of properties. */
const MAX_SURPRISES = 8

/**
 * The properties that the instances of one class have had so far. An object that grows name by name becomes a hash
 * table in V8, ten times the size of a copy of a template, and a long enumeration is mostly such objects.
 */
export class InstanceLayout {
  names: readonly string[] = []
  #template: Instance | undefined
  #surprises = 0

  /** An instance with all the properties, in order, whose values are still to come; undefined where none is to be expected. */
  begin(): Instance | undefined {
    if (this.names.length === 0 || this.#surprises > MAX_SURPRISES) return undefined
    // Of all ways to make an object this one alone makes room for so many properties within it.
    this.#template ??= JSON.parse(
      `{${this.names.map((name) => `${JSON.stringify(name)}:""`).join()}}`,
    ) as Instance
    return { ...this.#template }
  }

  /** Goes by this instance from now on. */
  learn(instance: Instance): void {
    this.#surprises += 1
    this.names = Object.keys(instance)
    this.#template = undefined
  }

  confirm(): void {
    this.#surprises = 0
  }
}

/** Puts an instance together from its properties in the order of the wire. */
export class InstanceBuilder {
  readonly #layout: InstanceLayout
  /** The names expected, as long as they come; undefined where it is built without. */
  #names: readonly string[] | undefined
  #instance: Instance
  #count = 0

  constructor(layout: InstanceLayout) {
    this.#layout = layout
    const instance = layout.begin()
    this.#names = instance && layout.names
    this.#instance = instance ?? {}
  }

  /** The next property; of one that comes again the values are an array. */
  add(name: string, value: RawValue): void {
    if (this.#names !== undefined) {
      if (this.#names[this.#count] === name) {
        this.#instance[name] = value
        this.#count += 1
        return
      }
      if (this.#count === 0 || this.#names[this.#count - 1] !== name) this.#leaveLayout(this.#names)
    }
    const instance = this.#instance
    if (!Object.hasOwn(instance, name)) setProperty(instance, name, value)
    else {
      const earlier = instance[name]
      if (Array.isArray(earlier)) earlier.push(value)
      else setProperty(instance, name, [earlier ?? null, value])
    }
  }

  /** The instance, complete. */
  finish(): Instance {
    if (this.#names !== undefined && this.#count < this.#names.length) this.#leaveLayout(this.#names)
    if (this.#names === undefined) this.#layout.learn(this.#instance)
    else this.#layout.confirm()
    return this.#instance
  }

  /** Takes along what has come so far. */
  #leaveLayout(names: readonly string[]): void {
    const instance: Instance = {}
    for (const name of names.slice(0, this.#count)) setProperty(instance, name, this.#instance[name] ?? null)
    this.#instance = instance
    this.#names = undefined
  }
}
