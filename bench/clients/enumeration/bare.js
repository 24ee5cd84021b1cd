import { contend } from '../../support/contender.js'
import { readPages } from './post.js'

/** @import { EnumerationTask } from './task.js' */

/** The least that a program of Node.js can do: the replies are read and thrown away. */

await contend(async (/** @type {EnumerationTask} */ { port, pages }) => {
  await readPages(port, pages, () => ({ write: () => undefined, end: () => undefined }))
  return null
})
