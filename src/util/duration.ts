const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000] as const

/** Writes milliseconds the way Windows writes an xs:duration: `PT60.000S`. */
export function formatDuration(ms: number): string {
  return `PT${(ms / 1000).toFixed(3)}S`
}

/**
 * Reads the day-time part of an xs:duration (XML Schema part 2, 3.2.6) as whole milliseconds.
 * @returns undefined for anything else, years and months included, whose length is not fixed
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text.trim())
  if (!match || /[PT]$/.test(text.trim())) return undefined
  const [, sign, ...parts] = match
  let total = 0
  UNITS_MS.forEach((unit, index) => {
    total += Number(parts[index] ?? 0) * unit
  })
  // Fractions of a second have no exact binary form.
  return Math.round(sign ? -total : total)
}
