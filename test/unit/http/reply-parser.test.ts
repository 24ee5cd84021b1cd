import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MalformedReply,
  ReplyParser,
  type ReplyHead,
  type ReplyListener,
} from '../../../src/http/reply-parser.js'
import { readByNode, type Reading } from './node-reading.js'

/** What a parser has told so far. */
class Told implements ReplyListener {
  head: ReplyHead | undefined
  readonly #pieces: Buffer[] = []

  get body(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  onHead(head: ReplyHead): void {
    this.head = head
  }

  onBody(piece: Buffer): void {
    this.#pieces.push(piece)
  }

  onEnd(): void {
    // The parser says itself whether it has come to the end.
  }
}

/**
 * What the parser reads in bytes that arrive in these pieces and then no more; undefined where it refuses them, or
 * where there are more.
 */
function readByUs(pieces: readonly Buffer[]): Reading | undefined {
  const told = new Told()
  const parser = new ReplyParser(told, { maxLineBytes: 65_536 })
  try {
    for (const piece of pieces) if (parser.read(piece) < piece.length) return undefined
  } catch {
    return undefined
  }
  if (!parser.finish() || told.head === undefined) return undefined
  const { status, statusText, headers } = told.head
  return { status, statusText, headers: { ...headers }, body: told.body }
}

const blanks = fc.constantFrom('', ' ', '\t', '  ')
const visible = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,6}$/)
const value = fc.array(visible, { maxLength: 3 }).map((words) => words.join(' ').trim())

const field = fc.tuple(
  fc.constantFrom(
    'X-One',
    'x-two',
    'Server',
    'Date',
    'Set-Cookie',
    'WWW-Authenticate',
    'Content-Type',
    'constructor',
  ),
  fc.tuple(blanks, value, blanks).map((parts) => parts.join('')),
)

const connection = fc.constantFrom(
  '',
  'Connection: close',
  'Connection: keep-alive',
  'connection: Keep-Alive, x',
)
const payload = fc.stringMatching(/^[\r\n\x20-\x7e\x80-\xff]{0,40}$/)
const chunkExtension = fc.constantFrom('', ';a', ';a=b', ';a="b"')

/** Field lines and the bytes after the head. */
const content: fc.Arbitrary<readonly [lines: readonly string[], rest: string]> = fc.oneof(
  payload.map((text) => [[`Content-Length: ${text.length}`], text] as const),
  payload.map((text) => [[], text] as const),
  fc
    .tuple(
      fc.array(
        fc.tuple(
          payload.filter((text) => text !== ''),
          chunkExtension,
        ),
        { maxLength: 3 },
      ),
      fc.array(field, { maxLength: 2 }),
    )
    .map(
      ([chunks, trailers]) =>
        [
          ['Transfer-Encoding: Chunked'],
          [
            ...chunks.map(([text, extension]) => `${text.length.toString(16)}${extension}\r\n${text}\r\n`),
            '0\r\n',
            ...trailers.map(([name, value]) => `${name}:${value}\r\n`),
            '\r\n',
          ].join(''),
        ] as const,
    ),
)

const statusLine = fc.oneof(
  fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.0 401 Wer da? \xfc'),
  // Two have no body, whatever their headers say.
  fc
    .integer({ min: 200, max: 999 })
    .filter((status) => status !== 204 && status !== 304)
    .map((status) => `HTTP/1.1 ${status} So`),
)
const interim = fc.constantFrom(
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n',
)

const reply = fc
  .tuple(interim, statusLine, fc.array(field, { maxLength: 5 }), connection, content)
  .map(([before, first, fields, last, [framing, rest]]) => {
    const lines = [first, ...fields.map(([name, text]) => `${name}:${text}`), ...framing, last]
    return `${before}${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${rest}`
  })

const cuts = fc.array(fc.nat(), { maxLength: 6 })

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
  return pieces.filter((piece) => piece.length > 0)
}

/** What may be in the way of another reader. */
const spoiler = fc.constantFrom(
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '0',
    '-1',
    '+1',
    '1e1',
    '0x5',
    '\x7f',
    '\xff',
    'G',
    '\r\n\r\n',
  ],
  ...[
    'Content-Length: 3\r\n',
    'Transfer-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked\r\n',
    'HTTP/1.1 200 OK\r\n',
  ],
)

const spoiled = fc
  .tuple(reply, fc.array(fc.tuple(fc.nat(), fc.nat(3), spoiler), { minLength: 1, maxLength: 3 }))
  .map(([text, changes]) => {
    let result = text
    for (const [place, removed, added] of changes) {
      const at = place % (result.length + 1)
      result = result.slice(0, at) + added + result.slice(at + removed)
    }
    return result
  })

describe('a reply', () => {
  it('is read as the parser of Node.js reads it, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(reply, cuts, async (text, places) => {
        const read = readByUs(cut(text, places))
        expect(read).toBeDefined()
        expect(read).toEqual(await readByNode([Buffer.from(text, 'latin1')]))
      }),
      { numRuns: 500 },
    )
  })

  it('that is spoiled is refused, or read as the parser of Node.js reads it', async () => {
    await fc.assert(
      fc.asyncProperty(spoiled, cuts, async (text, places) => {
        // A tab may stand here (RFC 9110, 5.5); llhttp wants blanks alone.
        fc.pre(!/(?:content-length|transfer-encoding):.*\t/i.test(text))
        const read = readByUs(cut(text, places))
        if (read !== undefined) expect(read).toEqual(await readByNode([Buffer.from(text, 'latin1')]))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the parser', () => {
  interface Parsed {
    readonly head: ReplyHead | undefined
    readonly body: string
    readonly hasEnded: boolean
    /** How many bytes belonged to the reply. */
    readonly size: number
  }

  function parse(text: string, hasBody = true): Parsed {
    const told = new Told()
    const parser = new ReplyParser(told, { maxLineBytes: 100, hasBody })
    const size = parser.read(Buffer.from(text, 'latin1'))
    return { head: told.head, body: told.body, hasEnded: parser.hasEnded, size }
  }

  it.each([
    ['204, whatever its length', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n', true],
    ['304, whatever its encoding', 'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n', true],
    ['a tunnel, whatever its length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', false],
    ['no length', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', true],
  ])('ends the reply with its head where there is %s', (_, text, hasBody) => {
    expect(parse(`${text}hello`, hasBody)).toMatchObject({ body: '', hasEnded: true, size: text.length })
  })

  it('leaves what follows the reply alone', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
    expect(parse(`${text}HTTP/1.1 200 OK\r\n`)).toMatchObject({
      body: 'hello',
      hasEnded: true,
      size: text.length,
    })
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
    expect(parse(`${chunked}\r\n`)).toMatchObject({ body: 'hello', hasEnded: true, size: chunked.length })
  })

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: x ,\tClose\r\nContent-Length: 0\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', true],
    ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n', true],
  ])('knows whether the connection ends: %j', (text, closing) => {
    expect(parse(text).head?.closing).toBe(closing)
  })

  it('takes a header for what it is, whatever its name', () => {
    const { head } = parse('HTTP/1.1 200 OK\r\n__proto__: a\r\nconstructor: b\r\nContent-Length: 0\r\n\r\n')
    expect(Object.entries(head?.headers ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['content-length', '0'],
    ])
  })

  it('takes as many bytes of lines as it is told, and no more', () => {
    const text = (bytes: number): string => {
      const rest = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n'
      return rest.replace('X: ', `X: ${'x'.repeat(bytes - rest.length)}`)
    }
    expect(parse(text(100)).hasEnded).toBe(true)
    expect(() => parse(text(101))).toThrow(new MalformedReply('more than 100 bytes of headers', true))
    expect(() => parse('HTTP/1.1 103 Hints\r\n\r\n'.repeat(5))).toThrow('more than 100 bytes')
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(parse(`${chunked}${'1\r\nx\r\n'.repeat(100)}0\r\n\r\n`).body).toBe('x'.repeat(100))
    expect(() => parse(`${chunked}0\r\n${'X: y\r\n'.repeat(10)}\r\n`)).toThrow('more than 100 bytes')
  })

  it.each([
    ['a folded header', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n', 'among the headers'],
    [
      'an unknown encoding',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
      'unknown encoding',
    ],
    [
      'the same length twice',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n',
      'a length',
    ],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n', 'a length'],
    ['another version', 'HTTP/2', 'no status line'],
    ['an interim reply of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n', 'interim'],
    ['an interim reply with a body', 'HTTP/1.1 103 Hints\r\nContent-Length: 0\r\n\r\n', 'interim'],
    [
      'a length that is none where no body can be',
      'HTTP/1.1 304 No\r\nContent-Length: x\r\n\r\n',
      'a length',
    ],
    [
      'a length behind the body',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n',
      'trailer',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(MalformedReply)
    expect(() => parse(text)).toThrow(message)
  })
})
