import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SealedMessage, SecurityContext } from '../../../src/auth/security-context.js'
import { ProtocolError } from '../../../src/errors/errors.js'
import { isSealed, openBody, sealBody } from '../../../src/auth/sealed-body.js'
import { describeWithShared, shared } from '../../support/shared.js'
import { readFileSync } from 'node:fs'

/** Seals nothing, so that the framing can be seen: a signature of so many octets, data and padding as they are. */
function transparent(signatureLength: number, padding = 0): SecurityContext {
  return {
    mechanism: 'transparent',
    complete: true,
    principal: undefined,
    step: () => Promise.resolve(undefined),
    seal: (message): Promise<SealedMessage> =>
      Promise.resolve({
        signature: Buffer.alloc(signatureLength, 0x53),
        data: Buffer.concat([message, Buffer.alloc(padding, 1)]),
        length: message.length + padding,
      }),
    unseal: ({ signature, data }) => {
      expect(signature).toEqual(Buffer.alloc(signatureLength, 0x53))
      return Promise.resolve(data.subarray(0, data.length - padding))
    },
    dispose: () => undefined,
  }
}

const open = (context: SecurityContext, text: string | Buffer): Promise<Buffer> =>
  openBody(context, Buffer.from(text as string, 'latin1'))

describe('sealing a body', () => {
  it('writes two parts, with no tab before header fields', async () => {
    const { contentType, body } = await sealBody(transparent(3), 'SPNEGO', Buffer.from('<s:Envelope/>'))
    expect(contentType).toBe(
      'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"',
    )
    expect(Buffer.from(body).toString('latin1')).toBe(
      '--Encrypted Boundary\r\n' +
        'Content-Type: application/HTTP-SPNEGO-session-encrypted\r\n' +
        'OriginalContent: type=application/soap+xml;charset=UTF-8;Length=13\r\n' +
        '--Encrypted Boundary\r\n' +
        'Content-Type: application/octet-stream\r\n' +
        '\u0003\u0000\u0000\u0000SSS<s:Envelope/>' +
        '--Encrypted Boundary--\r\n',
    )
  })

  it('names the protocol that sealed, and counts padding where the mechanism pads', async () => {
    const { contentType, body } = await sealBody(transparent(45, 1), 'Kerberos', Buffer.from('four'))
    expect(contentType).toContain('protocol="application/HTTP-Kerberos-session-encrypted"')
    const text = Buffer.from(body).toString('latin1')
    expect(text).toContain('Content-Type: application/HTTP-Kerberos-session-encrypted\r\n')
    expect(text).toContain(';Length=5\r\n')
    expect(await openBody(transparent(45, 1), Buffer.from(body))).toEqual(Buffer.from('four'))
  })

  it('splits what CredSSP seals into pieces of 16 KiB', async () => {
    const message = Buffer.alloc(40_000, 'x')
    const { contentType, body } = await sealBody(transparent(16), 'CredSSP', message)
    expect(contentType).toMatch(
      /^multipart\/x-multi-encrypted;protocol="application\/HTTP-CredSSP-session-encrypted"/,
    )
    const lengths = [
      ...Buffer.from(body)
        .toString('latin1')
        .matchAll(/Length=(\d+)/g),
    ].map(([, length]) => length)
    expect(lengths).toEqual(['16384', '16384', '7232'])
    expect(await openBody(transparent(16), Buffer.from(body))).toEqual(message)
  })
})

describeWithShared('specs', 'the example of MS-WSMV 4.5', () => {
  const section =
    readFileSync(shared('specs', 'MS-WSMV.md'), 'utf8').split('## 4.5 Encryption Example')[1] ?? ''

  it.each([
    ['request', 964, 705],
    ['response', 1504, 1244],
  ])('has the framing that is read here: the %s', async (kind, contentLength, length) => {
    const part = kind === 'request' ? section.split('\nResponse\n')[0] : section.split('\nResponse\n')[1]
    expect(part).toContain(`Content-Length: ${contentLength}`)
    expect(part).toContain(`OriginalContent: type=application/soap+xml;charset=UTF-16;Length=${length}`)
    // The octets of the message are lost in the text, and so are the tabs of MS-WSMV 2.2.9.1.1.2.1. With them the lines
    // around a signed message of that length add up to Content-Length, to the octet.
    const lines = [
      '-- Encrypted Boundary',
      '\tContent-Type: application/HTTP-SPNEGO-session-encrypted',
      `\tOriginalContent: type=application/soap+xml;charset=UTF-16;Length=${length}`,
      '-- Encrypted Boundary',
      '\tContent-Type: application/octet-stream',
    ]
    for (const line of lines) expect(part).toContain(line.trim())
    const head = lines.map((line) => `${line}\r\n`).join('')
    const signed = Buffer.concat([
      Buffer.from([16, 0, 0, 0]),
      Buffer.alloc(16, 0x53),
      Buffer.alloc(length, 'm'),
    ])
    const body = Buffer.concat([Buffer.from(head), signed, Buffer.from('-- Encrypted Boundary\r\n')])
    expect(body.length).toBe(contentLength)
    expect((await openBody(transparent(16), body)).toString()).toBe('m'.repeat(length))

    // What is sent differs from it by the encoding, the tabs that OMI refuses, the spaces, and the dashes at the end.
    const sent = await sealBody(transparent(16), 'SPNEGO', Buffer.alloc(length, 'm'))
    const expected = body
      .toString('latin1')
      .replace('UTF-16', 'UTF-8')
      .replaceAll('\t', '')
      .replaceAll('-- Encrypted', '--Encrypted')
      .replace(/\r\n$/, '--\r\n')
    expect(Buffer.from(sent.body).toString('latin1')).toBe(expected)
  })
})

describe('opening a body', () => {
  const data = '\u0003\u0000\u0000\u0000SSShello'

  it.each([
    ['with tabs, as Windows writes it', '\t', '--', '--\r\n'],
    ['without', '', '--', '--\r\n'],
    ['with a space after the dashes', '\t', '-- ', '--\r\n'],
    ['without dashes at the end', '\t', '--', '\r\n'],
    ['with nothing after the last boundary', '', '-- ', ''],
  ])('takes it %s', async (_, indent, dashes, end) => {
    const text =
      `${dashes}Encrypted Boundary\r\n${indent}Content-Type: application/HTTP-SPNEGO-session-encrypted\r\n` +
      `${indent}OriginalContent: type=application/soap+xml;charset=UTF-8;Length=5\r\n` +
      `${dashes}Encrypted Boundary\r\n${indent}Content-Type: application/octet-stream\r\n${data}${dashes}Encrypted Boundary${end}`
    expect((await open(transparent(3), text)).toString()).toBe('hello')
  })

  it('is not misled by a boundary inside the data', async () => {
    const message = Buffer.from('a--Encrypted Boundary--\r\nb-- Encrypted Boundary\r\n')
    const { body } = await sealBody(transparent(16), 'SPNEGO', message)
    expect(await openBody(transparent(16), Buffer.from(body))).toEqual(message)
  })

  it.each(['--', '-- '])('takes thousands of parts, with %j before each boundary', async (dashes) => {
    const message = Buffer.from(Array.from({ length: 33_000_000 }, (_, index) => index & 0xff))
    const { body } = await sealBody(transparent(17), 'CredSSP', message)
    const parts = Buffer.from(body).toString('latin1').replaceAll('--Encrypted', `${dashes}Encrypted`)
    const opened = await openBody(transparent(17), Buffer.from(parts, 'latin1'))
    expect(Buffer.compare(opened, message)).toBe(0)
  })

  it.each([
    ['empty', ''],
    ['no multipart', '<s:Envelope/>'],
    [
      'no length',
      '--Encrypted Boundary\r\nOriginalContent: type=x\r\n--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n' +
        data +
        '--Encrypted Boundary--\r\n',
    ],
    [
      'no octet stream',
      '--Encrypted Boundary\r\nOriginalContent: type=x;Length=5\r\n--Encrypted Boundary\r\nContent-Type: text/html\r\n' +
        data +
        '--Encrypted Boundary--\r\n',
    ],
    [
      'a signature longer than the part',
      '--Encrypted Boundary\r\nOriginalContent: type=x;Length=5\r\n--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n\u00ff\u00ff\u00ff\u007fSSShello--Encrypted Boundary--\r\n',
    ],
  ])('refuses a body with %s', async (_, text) => {
    await expect(open(transparent(3), text)).rejects.toBeInstanceOf(ProtocolError)
  })

  it('gives what was sealed, whatever it was, or a ProtocolError, however it was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
        async (message, signatureLength, changes) => {
          const context = {
            ...transparent(signatureLength),
            unseal: ({ data: sealed }: { data: Uint8Array }) => Promise.resolve(sealed),
          }
          const { body } = await sealBody(context, 'SPNEGO', message)
          const changed = Buffer.from(body)
          expect(await openBody(context, changed)).toEqual(Buffer.from(message))
          for (const [index, value] of changes) if (index < changed.length) changed[index] = value
          const opened: unknown = await openBody(context, changed).catch((error: unknown) => error)
          expect(Buffer.isBuffer(opened) || opened instanceof ProtocolError).toBe(true)
        },
      ),
    )
  })

  it('knows a sealed reply by its type', () => {
    expect(isSealed('multipart/encrypted;protocol="x"')).toBe(true)
    expect(isSealed('Multipart/X-Multi-Encrypted; boundary="x"')).toBe(true)
    expect(isSealed('application/soap+xml;charset=UTF-8')).toBe(false)
    expect(isSealed(undefined)).toBe(false)
  })
})
