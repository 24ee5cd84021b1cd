/** One of the references that need no declaration (XML 1.0, 4.6). */
export const REFERENCE = /&(?:amp|lt|gt|quot|apos);/y

const REFERENCES = /&(?:amp|lt|gt|quot|apos);/g
const OTHER = /&(?!(?:amp|lt|gt|quot|apos);)/

const REFERENCED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
}

/** Text with characters in the place of the references to them. */
export const resolveReferences = (text: string): string =>
  text.replace(REFERENCES, (reference) => REFERENCED[reference] ?? reference)

/** Whether the text holds an ampersand that begins none of these references. */
export const hasOtherReference = (text: string): boolean => OTHER.test(text)
