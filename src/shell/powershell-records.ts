import type { XmlElement } from '../xml/element.js'
import { unescapeCliXml } from './clixml.js'

/** An error, warning or other message as PowerShell formatted it for its console. */
export interface PowerShellMessage {
  readonly stream: 'error' | 'warning' | 'verbose' | 'debug' | 'output'
  /** Without the white space after its end. An error may be of several lines. */
  readonly text: string
}

/** What `Write-Information` and `Write-Host` wrote (MS-PSRP 2.2.5.1.26). */
export interface PowerShellInformation {
  readonly stream: 'information'
  readonly text: string
  /** The command or script that wrote it. */
  readonly source: string | undefined
  readonly tags: readonly string[]
  /** When, as the host says it: `2015-03-09T11:00:06.7899543-07:00`. */
  readonly timeGenerated: string | undefined
}

/** How far a script has come (MS-PSRP 2.2.5.1.25). */
export interface PowerShellProgress {
  readonly stream: 'progress'
  readonly activity: string
  /** Tells activities apart that are under way at the same time. */
  readonly activityId: number
  /** The activity it is a part of; -1 for none. */
  readonly parentActivityId: number
  readonly status: string
  readonly currentOperation: string | undefined
  /** 0 to 100; -1 where nobody knows. */
  readonly percentComplete: number
  /** -1 where nobody knows. */
  readonly secondsRemaining: number
  /** The activity is over: whoever shows it can take it away. */
  readonly completed: boolean
}

/** One record of a stream of PowerShell's other than its output. */
export type PowerShellRecord = PowerShellMessage | PowerShellInformation | PowerShellProgress

export interface RecordSink {
  record(record: PowerShellRecord): void
  /** The text of errors as it comes, with its line breaks. */
  errorText(text: string): void
}

const MESSAGES: readonly PowerShellMessage['stream'][] = ['error', 'warning', 'verbose', 'debug']

/** Makes records of serialized objects. PowerShell writes an error line by line and a blank line after it. */
export class RecordReader {
  readonly #sink: RecordSink
  #error = ''

  constructor(sink: RecordSink) {
    this.#sink = sink
  }

  /** @param item a child of `Objs`, whose attribute `S` names its stream */
  item(item: XmlElement): void {
    const name = item.attribute('S')?.toLowerCase() ?? 'output'
    if (name === 'error') {
      this.#line(textOf(item))
      // An error that was serialized as an object is whole.
      if (item.name.local === 'Obj') this.end()
      return
    }
    this.end()
    if (name === 'progress') this.#sink.record(progress(item))
    else if (name === 'information') this.#sink.record(information(item))
    else {
      const stream = MESSAGES.find((known) => known === name) ?? 'output'
      this.#sink.record({ stream, text: textOf(item).trimEnd() })
    }
  }

  /** The error that is being read is over. */
  end(): void {
    const text = this.#error.trimEnd()
    this.#error = ''
    if (text !== '') this.#sink.record({ stream: 'error', text })
  }

  #line(text: string): void {
    this.#sink.errorText(text)
    this.#error += text
    if (text.trim() === '') this.end()
  }
}

function progress(item: XmlElement): PowerShellProgress {
  const members = named(item)
  const record = members.get('Record') ?? item
  // PowerShell's own form has short elements; that of remoting has the names of the properties.
  const value = (short: string, property: string): string | undefined => {
    const element = find(record, short) ?? members.get(property)
    return element && textOf(element)
  }
  const number = (short: string, property: string): number => {
    const text = value(short, property)
    return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? -1 : Number(text)
  }
  // The third child is the only one whose name tells its type and not its meaning: null or a string.
  const operation = find(record, 'S') ?? members.get('CurrentOperation')
  return {
    stream: 'progress',
    activity: value('AV', 'Activity') ?? '',
    activityId: number('AI', 'ActivityId'),
    parentActivityId: number('PI', 'ParentActivityId'),
    status: value('SD', 'StatusDescription') ?? '',
    currentOperation: operation && textOf(operation),
    percentComplete: number('PC', 'PercentComplete'),
    secondsRemaining: number('SR', 'SecondsRemaining'),
    completed: value('T', 'Type') === 'Completed',
  }
}

function information(item: XmlElement): PowerShellInformation {
  const members = named(item)
  const text = (name: string): string | undefined => {
    const element = members.get(name)
    return element && textOf(element)
  }
  const tags = members.get('Tags')
  const list = tags && find(tags, 'LST')
  return {
    stream: 'information',
    text: (find(item, 'ToString') ? textOf(item) : (text('MessageData') ?? textOf(item))).trimEnd(),
    source: text('Source'),
    tags: list?.elements.map(textOf) ?? [],
    timeGenerated: text('TimeGenerated'),
  }
}

/** The text of a primitive, or how an object says itself. */
function textOf(element: XmlElement): string {
  if (element.name.local !== 'Obj') return unescapeCliXml(allText(element))
  const said = find(element, 'ToString') ?? find(element, 'S')
  return said ? unescapeCliXml(said.text) : ''
}

/** A primitive has no elements inside; where something else put one, its text counts all the same. */
function allText(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : allText(child))).join('')
}

/** Adapted and extended properties by name (MS-PSRP 2.2.5.2.8 and .9). */
function named(item: XmlElement): ReadonlyMap<string, XmlElement> {
  const groups = item.elements.filter(({ name }) => name.local === 'Props' || name.local === 'MS')
  return new Map(
    groups.flatMap((group) =>
      group.elements.map((element) => [unescapeCliXml(element.attribute('N') ?? ''), element] as const),
    ),
  )
}

function find(element: XmlElement, local: string): XmlElement | undefined {
  return element.elements.find(({ name }) => name.local === local)
}
