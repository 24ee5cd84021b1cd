import { UsageError } from '../errors/errors.js'

/**
 * A text as a literal of PowerShell, in which nothing is expanded and nothing can end it. Besides `'` PowerShell takes
 * four typographic marks for single quotes; each stands for itself when it is doubled.
 * @throws UsageError for a text with the character 0, which no script can hold
 */
export function powershellLiteral(text: string): string {
  if (text.includes('\0')) throw new UsageError('A text for PowerShell must not hold the character 0.')
  return `'${text.replace(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`
}
