/**
 * The ESM and the CommonJS build each carry their own copy of every class. A brand under a registered
 * symbol lets `instanceof` and the guards recognise instances of the other copy.
 */
const BRANDS = Symbol.for('wsman.brands')

type Branded = Record<typeof BRANDS, readonly string[] | undefined>

/** Whether `value` is an instance of the branded class `name`, whichever build made it. */
export function hasBrand(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && ((value as Branded)[BRANDS]?.includes(name) ?? false)
}

/** Brands a class. Call it in a static block, parents first. Subclasses made by users keep ordinary `instanceof`. */
export function brand(target: abstract new (...args: never[]) => object, name: string): void {
  const inherited = (target.prototype as Branded)[BRANDS] ?? []
  Object.defineProperty(target.prototype, BRANDS, { value: [...inherited, name] })
  Object.defineProperty(target, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      return this === target
        ? hasBrand(candidate, name)
        : Function.prototype[Symbol.hasInstance].call(this, candidate)
    },
  })
}
