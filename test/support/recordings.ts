import { readdirSync, readFileSync } from 'node:fs'
import { shared } from './shared.js'

/** One row of the corpus' index: what is known about a file. */
export interface RecordedMessage {
  readonly file: string
  /** The folder of its source. */
  readonly source: string
  /** `Get`, `Pull`, `Shell.Receive`, `Fault`, … */
  readonly operation: string
  readonly wellFormed: boolean
  /** Why it is not well-formed, in the words of the index. */
  readonly defect: string
}

/** Every file that the index lists. */
export function recordedMessages(): readonly RecordedMessage[] {
  const [head = '', ...rows] = readRecording('index.tsv').trimEnd().split('\n')
  const columns = head.split('\t')
  return rows.map((row) => {
    const fields = row.split('\t')
    const field = (name: string): string => fields[columns.indexOf(name)] ?? ''
    const file = field('file')
    return {
      file,
      source: file.slice(0, file.indexOf('/')),
      operation: field('operation'),
      wellFormed: field('wellformed') === 'yes',
      defect: field('wellformed'),
    }
  })
}

export const readRecording = (file: string): string => readFileSync(shared('corpus', file), 'utf8')

/** A request as it was recorded, and the answer it got. */
export interface Exchange {
  readonly request: string
  readonly response: string
}

/**
 * The exchanges of one conversation, in order: a folder with `00-request.xml`, `00-response.xml` and so on.
 * Declarations are left out: some claim an encoding that the file does not have.
 */
export function readExchanges(folder: string): readonly Exchange[] {
  const files = readdirSync(shared('corpus', folder)).filter((name) => name.endsWith('-request.xml'))
  const read = (name: string): string => withoutDeclaration(readRecording(`${folder}/${name}`))
  return files.sort().map((name) => ({
    request: read(name),
    response: read(name.replace('-request', '-response')),
  }))
}

const withoutDeclaration = (xml: string): string => xml.replace(/^\s*<\?xml[^>]*\?>\s*/, '')

/**
 * The messages printed in one section of a specification, whose blocks stand in the running text with a blank line
 * after every line.
 * @param section the number, as in `4.7.1`
 */
export function specificationExamples(document: string, section: string): readonly string[] {
  const text = readFileSync(shared('specs', `${document}.md`), 'utf8')
  const [, ...rest] = text.split(new RegExp(`^#+ ${section.replaceAll('.', '\\.')} .*$`, 'm'))
  const body = rest.join('').split(/^#+ \d/m)[0] ?? ''
  const examples = body.match(/<s:Envelope[\s\S]*?<\/s:Envelope>/g) ?? []
  if (examples.length === 0) throw new Error(`${document} ${section} prints no message.`)
  return examples.map((example) => example.replaceAll('\n\n', '\n'))
}
