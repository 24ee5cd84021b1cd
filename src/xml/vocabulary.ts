import { Budget } from './budget.js'
import { KnownDocuments } from './known-documents.js'
import { KnownTags } from './known-tags.js'
import { NamespaceScope } from './scope.js'

/**
 * Names, scopes, start tags and whole outlines that documents have in common. What they mean depends on their characters
 * alone, so it does not matter who sent them: the second message of a kind is mostly compared with the first.
 */
export class Vocabulary {
  readonly #budget = new Budget()
  /** The scope around the root of every document. */
  readonly root = NamespaceScope.document(this.#budget)
  readonly tags = new KnownTags(this.#budget)
  readonly documents = new KnownDocuments(this.#budget)

  get isSpent(): boolean {
    return this.#budget.isSpent
  }
}

let common = new Vocabulary()

/** One for all messages of the process, until it is spent; then another. */
export function commonVocabulary(): Vocabulary {
  if (common.isSpent) common = new Vocabulary()
  return common
}
