import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CliXmlDecoder, unescapeCliXml } from '../../../src/shell/clixml.js'
import { RecordReader, type PowerShellRecord } from '../../../src/shell/powershell-records.js'
import {
  COPYING,
  ERROR_OBJECT,
  errorItems,
  HEADER,
  INFORMATION,
  message,
  NOT_FOUND,
  objs,
  PREPARING,
  REMOTE_PROGRESS,
} from './clixml-samples.js'

interface Decoded {
  readonly records: readonly PowerShellRecord[]
  /** What is no CLIXML. */
  readonly text: string
  /** The same, and the text of errors. */
  readonly stderr: string
}

function decode(...pieces: readonly string[]): Decoded {
  const records: PowerShellRecord[] = []
  let text = ''
  let stderr = ''
  const reader = new RecordReader({
    record: (record) => records.push(record),
    errorText: (line) => (stderr += line),
  })
  const decoder = new CliXmlDecoder({
    text: (part) => {
      text += part
      stderr += part
    },
    item: (item) => reader.item(item),
  })
  for (const piece of pieces) decoder.write(piece)
  decoder.end()
  reader.end()
  return { records, text, stderr }
}

/** The text in pieces that end where `cuts` say. */
function cutAt(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((one, other) => one - other)
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length))
}

const errors = ({ records }: Decoded): string[] =>
  records.flatMap((record) => (record.stream === 'error' ? [record.text] : []))

describe('what PowerShell writes to standard error', () => {
  it('is an error of many lines', () => {
    const decoded = decode(HEADER + objs(NOT_FOUND))
    const [text = ''] = errors(decoded)
    expect(decoded.records).toHaveLength(1)
    expect(text).toMatch(/^Get-Item : Cannot find path 'C:\\none'.*\r\n[^]*GetItemCommand$/)
    expect(decoded.stderr).toBe(`${text}\r\n \r\n`)
    expect(decoded.text).toBe('')
  })

  it('is errors, warnings, verbose and debug messages in order', () => {
    const decoded = decode(
      HEADER +
        objs(
          message('warning', 'careful'),
          NOT_FOUND,
          errorItems('second'),
          message('verbose', 'much_x000A_said'),
          message('debug', 'inner'),
          errorItems('third'),
        ),
    )
    expect(decoded.records.map(({ stream }) => stream)).toEqual([
      'warning',
      'error',
      'error',
      'verbose',
      'debug',
      'error',
    ])
    expect(errors(decoded).slice(1)).toEqual(['second', 'third'])
    expect(decoded.records).toContainEqual({ stream: 'verbose', text: 'much\nsaid' })
  })

  it('ends an error also where another record or the end follows', () => {
    const decoded = decode(
      HEADER + objs(message('Error', 'one'), message('warning', 'w'), message('Error', 'two')),
    )
    expect(errors(decoded)).toEqual(['one', 'two'])
  })

  it('is progress in the form of the console and of remoting', () => {
    expect(decode(HEADER + objs(PREPARING, COPYING)).records).toEqual([
      {
        stream: 'progress',
        activity: 'Preparing modules for first use.',
        activityId: 0,
        parentActivityId: -1,
        status: ' ',
        currentOperation: undefined,
        percentComplete: -1,
        secondsRemaining: -1,
        completed: true,
      },
      {
        stream: 'progress',
        activity: 'Copying',
        activityId: 7,
        parentActivityId: 3,
        status: '35 of 50 items',
        currentOperation: 'sample.txt',
        percentComplete: 40,
        secondsRemaining: 12,
        completed: false,
      },
    ])
    expect(decode(HEADER + objs(REMOTE_PROGRESS)).records).toEqual([
      {
        stream: 'progress',
        activity: 'Activity Name',
        activityId: 4,
        parentActivityId: -1,
        status: 'Good',
        currentOperation: 'Down loading',
        percentComplete: 20,
        secondsRemaining: 30,
        completed: false,
      },
    ])
  })

  it('is information', () => {
    expect(decode(HEADER + objs(INFORMATION)).records).toEqual([
      {
        stream: 'information',
        text: 'Information Data',
        source: 'Write-Information',
        tags: ['one', 'two'],
        timeGenerated: '2015-03-09T11:00:06.7899543-07:00',
      },
    ])
    const bare = '<Obj S="Information"><Props><S N="MessageData">said</S></Props></Obj>'
    expect(decode(HEADER + objs(bare)).records).toMatchObject([{ text: 'said', tags: [], source: undefined }])
  })

  it('is an error serialized as an object, or output', () => {
    expect(decode(HEADER + objs(ERROR_OBJECT, ERROR_OBJECT, message('Output', 'x'))).records).toEqual([
      { stream: 'error', text: 'Attempted to divide by zero.' },
      { stream: 'error', text: 'Attempted to divide by zero.' },
      { stream: 'output', text: 'x' },
    ])
  })

  it('holds escapes, one for each unit of UTF-16', () => {
    expect(unescapeCliXml('Order_x000A_Details')).toBe('Order\nDetails')
    expect(unescapeCliXml('Order_Details')).toBe('Order_Details')
    expect(unescapeCliXml('Order_x005f_x0020_')).toBe('Order_x0020_')
    expect(unescapeCliXml('_xD83D__xDE00_')).toBe('😀')
    expect(unescapeCliXml('_x20_ __ _x00G0_')).toBe('_x20_ __ _x00G0_')
    expect(decode(HEADER + objs(message('warning', 'a &lt;b&gt; _x001B_[31m 日本'))).records).toEqual([
      { stream: 'warning', text: 'a <b> \x1b[31m 日本' },
    ])
  })
})

describe('other text on standard error', () => {
  const warning = objs(message('warning', 'w'))
  const record = { stream: 'warning', text: 'w' }

  it.each<[string, string, string, number]>([
    ['alone', 'plain text\r\n', 'plain text\r\n', 0],
    ['before', `before ${HEADER}${warning}`, 'before ', 1],
    ['after', `${HEADER}${warning}after\n`, 'after\n', 1],
    ['between the mark and the document', `${HEADER}native\n${warning}`, 'native\n', 1],
    ['between two documents', `${HEADER}${warning} and ${HEADER}${warning}`, ' and ', 2],
    [
      'between two objects',
      `${HEADER}${objs(message('warning', 'w'), 'native\n', message('warning', 'w'))}`,
      'native\n',
      2,
    ],
    ['nowhere, with two documents after one mark', HEADER + warning + warning, '', 2],
    ['nowhere, with the mark twice', HEADER + HEADER + warning, '', 1],
    ['nowhere, with LF alone', `#< CLIXML\n${warning}`, '', 1],
    ['nowhere, with a stream inside of another', HEADER + objs(HEADER, warning), '', 1],
    ['nowhere, with nothing after the mark', '#< CLIXML', '', 0],
    ['nowhere, with an empty document', HEADER + objs(), '', 0],
    ['that looks like a document and is not marked', warning, warning, 0],
    ['that only begins like a mark', '#< CLI and #< CLIXML too', '#< CLI and #< CLIXML too', 0],
    ['that only begins like a document', `${HEADER}<Ob <Objects>`, '<Ob <Objects>', 0],
  ])('%s', (_, stream, text, records) => {
    expect(decode(stream)).toMatchObject({ text, records: Array<unknown>(records).fill(record) })
  })
})

describe('what is not well-formed', () => {
  const first = message('warning', 'kept')

  it.each<[string, string]>([
    ['a wrong end', '<S S="Error">x</T>'],
    ['a bare ampersand', '<S S="Error">a & b</S>'],
    ['a bare angle bracket', 'a < b </Objs>'],
    ['a control character', '<S S="Error">\u0007</S>'],
    ['a document type', '<!DOCTYPE x>'],
    ['an end that never comes', '<S S="Error">cut off'],
    ['an end inside a tag', '<S S="Er'],
  ])('is text: %s', (_, broken) => {
    const root = objs().replace('</Objs>', '')
    const decoded = decode(`${HEADER}${root}${first}${broken}`)
    expect(decoded).toEqual({ records: [{ stream: 'warning', text: 'kept' }], text: broken, stderr: broken })
    // Without anything before it the root is not known to be one either.
    expect(decode(`${HEADER}${root}${broken}`).text).toBe(root + broken)
  })

  it('does not hide what comes after the next mark', () => {
    const decoded = decode(`${HEADER}<Objs><S>x</T></Objs>\n${HEADER}${objs(message('warning', 'w'))}tail`)
    expect(decoded).toMatchObject({
      text: '<Objs><S>x</T></Objs>\ntail',
      records: [{ stream: 'warning', text: 'w' }],
    })
  })

  it('in another program’s text inside a document does not lose the text', () => {
    const decoded = decode(`${HEADER}<Objs>${first}a native <error> & more${message('Error', 'x')}</Objs>`)
    expect(decoded.records).toEqual([{ stream: 'warning', text: 'kept' }])
    expect(decoded.text).toBe(`a native <error> & more${message('Error', 'x')}</Objs>`)
  })
})

describe('however the stream is cut', () => {
  const samples = [
    `before\r\n${HEADER}${objs(PREPARING, NOT_FOUND, COPYING)}after`,
    HEADER +
      objs(INFORMATION, 'native\n', errorItems('a &amp; b')) +
      HEADER +
      objs(message('debug', '_xD83D__xDE00_')),
    `${HEADER}${objs(message('warning', 'kept'))}<Objs ><S>x</T> text`,
  ]

  it('character by character it says the same', () => {
    for (const sample of samples) expect(decode(...sample.split(/(?:)/u))).toEqual(decode(sample))
  })

  it('anywhere it says the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.nat(10_000), { maxLength: 12 }),
        (sample, cuts) => {
          expect(decode(...cutAt(sample, cuts))).toEqual(decode(sample))
        },
      ),
    )
  })

  it('text beside objects and inside of primitives counts, however deep', () => {
    const { text, records } = decode(
      `${HEADER}<Objs><Objs>x<S S="Error">y<S S="Error">z</S></S></Objs></Objs>`,
    )
    expect(text).toBe('x')
    expect(records).toEqual([{ stream: 'error', text: 'yz' }])
  })

  it('nothing is lost of anything, and the cuts do not matter', () => {
    const part = fc.constantFrom(
      '#< CLIXML\r\n',
      '#< CLIXML',
      '\r',
      '\n',
      '<Objs>',
      '<Objs ',
      '</Objs>',
      '<S S="Error">',
      '</S>',
      '<',
      '>',
      '&',
      'x',
      ' ',
      '<Obj S="progress"/>',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), fc.array(fc.nat(500)), (parts, cuts) => {
        const stream = parts.join('')
        const whole = decode(stream)
        expect(decode(...cutAt(stream, cuts))).toEqual(whole)
        // Letters stand in the text, or in a record.
        const said = whole.records.map((record) => ('text' in record ? record.text : '')).join('')
        const letters = (text: string): number => text.split('x').length
        expect(letters(whole.text) + letters(said)).toBe(letters(stream) + 1)
      }),
      { numRuns: 2000 },
    )
  })

  it('a document of megabytes is read in one pass', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => message('verbose', `line ${index}`))
    const stream = HEADER + objs(...items, message('warning', 'y'.repeat(1_000_000)))
    const pieces = Array.from({ length: Math.ceil(stream.length / 1000) }, (_, index) =>
      stream.slice(index * 1000, index * 1000 + 1000),
    )
    const { records } = decode(...pieces)
    expect(records).toHaveLength(20_001)
    expect(records[19_999]).toEqual({ stream: 'verbose', text: 'line 19999' })
  })
})
