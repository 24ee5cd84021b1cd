import { readdirSync, readFileSync } from 'node:fs'
import { shared } from './shared.js'

/** One row of the corpus' index: what is known about a file. */
export interface RecordedMessage {
  readonly file: string
  /** The folder of its source. */
  readonly source: string
  /** `Get`, `Pull`, `Shell.Receive`, `Fault`, … */
  readonly operation: string
  readonly direction: string
  readonly wellFormed: boolean
  /** What it was recorded from: `Windows WinRM`, `Dell iDRAC`, … */
  readonly endpoint: string
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
      direction: field('direction'),
      endpoint: field('endpoint_kind'),
      wellFormed: field('wellformed') === 'yes',
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

/**
 * What Windows Vista answered in the interop scenarios. Only the content of the Body was kept, each item in an `Item`
 * of the scenario file, and some namespace URIs have a line break in them: it is taken out.
 */
export function readInteropBody(name: string): string {
  const text = readRecording(`wsmancli-interop/xml/MSFT-bodies/${name}.xml`)
  return text.replace(/="[^"]*"/g, (value) => value.replace(/\r?\n/g, ''))
}

/** A reply around the content of a Body that was recorded without one. */
export const envelopeAround = (content: string): string =>
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
  'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" ' +
  'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">' +
  `<s:Header/><s:Body>${content}</s:Body></s:Envelope>`

/** A body as HTTP chunks: every odd line is a size. The sizes are not to be trusted, because names were changed. */
export function readChunked(file: string): string {
  const lines = readRecording(file).trim().split('\r\n')
  return lines.filter((line) => !/^[\dA-F]+$/.test(line)).join('')
}
