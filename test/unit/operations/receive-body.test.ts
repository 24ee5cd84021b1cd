import { describe, expect, it } from 'vitest'
import { EnvelopeDecoder } from '../../../src/envelope/decoder.js'
import { ProtocolError } from '../../../src/errors/errors.js'
import { ReceiveBody, type ReceiveResult } from '../../../src/operations/receive-body.js'

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

function read(content: string, size = Infinity): ReceiveResult | undefined {
  const bytes = Buffer.from(
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="${SHELL}"><s:Body>${content}</s:Body></s:Envelope>`,
  )
  const decoder = new EnvelopeDecoder(new ReceiveBody())
  for (let start = 0; start < bytes.length; start += size) decoder.write(bytes.subarray(start, start + size))
  const message = decoder.end()
  return message.fault ? undefined : message.body
}

const reply = (content: string): string => `<rsp:ReceiveResponse>${content}</rsp:ReceiveResponse>`
const stream = (name: string, text: string): string =>
  `<rsp:Stream Name="${name}" CommandId="C">${text}</rsp:Stream>`
const textOf = (result: ReceiveResult | undefined, name: string): string =>
  (result?.chunks ?? [])
    .filter((chunk) => chunk.stream === name)
    .map(({ data }) => Buffer.from(data).toString('latin1'))
    .join('')

describe('ReceiveBody', () => {
  it.each([1, 7, 512, 1460, Infinity])('gives long output whole in pieces of %s bytes', (size) => {
    const [out, err] = ['0123456789abcdef'.repeat(400), 'error '.repeat(500)]
    const content = reply(
      stream('stdout', Buffer.from(out).toString('base64')) +
        stream('stderr', Buffer.from(err).toString('base64')) +
        stream('stdout', Buffer.from('end').toString('base64')) +
        `<rsp:CommandState CommandId="C" State="${SHELL}/CommandState/Done"><rsp:ExitCode>-1</rsp:ExitCode></rsp:CommandState>`,
    )
    const result = read(content, size)
    expect(textOf(result, 'stdout')).toBe(`${out}end`)
    expect(textOf(result, 'stderr')).toBe(err)
    expect(result).toMatchObject({ done: true, exitCode: 0xffffffff })
  })

  it('takes output in lines, and without its padding', () => {
    expect(textOf(read(reply(stream('stdout', '\r\n  Zm9v\r\n  Zg==\r\n'))), 'stdout')).toBe('foof')
    expect(textOf(read(reply(stream('stdout', 'Zg'))), 'stdout')).toBe('f')
  })

  it('leaves out streams that were not asked for, and what is no part of a stream', () => {
    const result = read(
      reply(
        `${stream('pr', 'Zm9v')}<rsp:Stream>Zm9v</rsp:Stream>x<o>Zm9v</o>${stream('stdout', 'Zg==<o>Zm9v</o>')}`,
      ),
    )
    expect(result?.chunks).toHaveLength(1)
    expect(textOf(result, 'stdout')).toBe('f')
  })

  const valid = 'Zm9v'.repeat(400)
  it.each([
    ['a control character', `${valid}\u0001${valid}`],
    ['another character', `${valid}€${valid}`],
    ['half a group', `${valid}Z`],
    ['padding in its midst', `Zg==${valid}`],
    ['a bracket', `${valid}]${valid}`],
  ])('refuses output with %s, in pieces of any size', (_, text) => {
    for (const size of [1, 100, 1000, Infinity]) {
      expect(() => read(reply(stream('stdout', text)), size), String(size)).toThrow(ProtocolError)
    }
  })

  it('refuses another reply, and an exit code that is no number', () => {
    expect(() => read('<rsp:SendResponse/>')).toThrow(/no ReceiveResponse/)
    expect(() => read('')).toThrow(/no ReceiveResponse/)
    const state = '<rsp:CommandState State="x/Running"><rsp:ExitCode>many</rsp:ExitCode></rsp:CommandState>'
    expect(() => read(reply(state))).toThrow(/"many" is not a number/)
  })
})
