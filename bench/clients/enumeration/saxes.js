import { SaxesParser } from 'saxes'
import { contend } from '../../support/contender.js'
import { readPages } from './post.js'

/** @import { EnumerationTask } from './task.js' */

/**
 * The tokenizer alone on the same text: no namespaces, no positions, handlers that do nothing. A few pages are fetched
 * and tokenized as often as there are pages, so that hardly any of its time goes into reading them.
 */

const FETCHED = 5

await contend(async (/** @type {EnumerationTask} */ { port, pages }) => {
  /** @type {string[][]} */
  const fetched = []
  await readPages(port, Math.min(FETCHED, pages), () => {
    /** @type {string[]} */
    const chunks = []
    fetched.push(chunks)
    return { write: (chunk) => chunks.push(chunk.toString('latin1')), end: () => undefined }
  })
  for (let page = 0; page < pages; page++) tokenize(fetched[page % fetched.length] ?? [])
  return null
})

/** @param {readonly string[]} chunks */
function tokenize(chunks) {
  const parser = new SaxesParser({ xmlns: false, position: false })
  parser.on('opentag', () => undefined)
  parser.on('closetag', () => undefined)
  parser.on('text', () => undefined)
  for (const chunk of chunks) parser.write(chunk)
  parser.close()
}
