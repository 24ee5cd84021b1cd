import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  OUTPUT_STREAMS,
  OutputBuffer,
  type OutputChunk,
  type OutputStream,
} from '../../../../src/testing/shell/output-buffer.js'

const ELEMENT = 80
const ALL = new Set(OUTPUT_STREAMS)
const MIB = 1024 * 1024

/** A buffer that takes what the returned function writes, at once. */
function start(): {
  buffer: OutputBuffer
  sources: Record<OutputStream, PassThrough>
  write: (chunk: OutputChunk) => void
} {
  const buffer = new OutputBuffer(() => undefined)
  const sources = { stdout: new PassThrough(), stderr: new PassThrough() }
  for (const stream of OUTPUT_STREAMS) buffer.attach(stream, sources[stream])
  return {
    buffer,
    sources,
    write: ({ stream, bytes }) => void sources[stream].emit('data', Buffer.from(bytes)),
  }
}

const chunk = fc.record({
  stream: fc.constantFrom(...OUTPUT_STREAMS),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
})

function joined(chunks: readonly OutputChunk[], stream: OutputStream): string {
  return Buffer.concat(chunks.filter((one) => one.stream === stream).map(({ bytes }) => bytes)).toString(
    'hex',
  )
}

describe('OutputBuffer', () => {
  it('gives all of it back, in order, never more than there is room for', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 30 }), fc.integer({ min: 84, max: 600 }), (chunks, room) => {
        const { buffer, write } = start()
        chunks.forEach(write)
        const taken: OutputChunk[] = []
        while (buffer.has(ALL)) {
          const part = buffer.take(ALL, room, ELEMENT)
          const cost = part.reduce((sum, { bytes }) => sum + ELEMENT + Math.ceil(bytes.length / 3) * 4, 0)
          expect(part.length).toBeGreaterThan(0)
          expect(cost).toBeLessThanOrEqual(room)
          taken.push(...part)
        }
        for (const stream of OUTPUT_STREAMS) expect(joined(taken, stream)).toBe(joined(chunks, stream))
        expect(buffer.size(ALL)).toBe(0)
      }),
    )
  })

  it('keeps the order of arrival across the streams', () => {
    const { buffer, write } = start()
    const names: OutputStream[] = ['stdout', 'stderr', 'stderr', 'stdout']
    names.forEach((stream, index) => {
      write({ stream, bytes: Uint8Array.of(index) })
    })
    expect(buffer.take(ALL, 1000, ELEMENT).map(({ stream, bytes }) => [stream, ...bytes])).toEqual([
      ['stdout', 0],
      ['stderr', 1],
      ['stderr', 2],
      ['stdout', 3],
    ])
  })

  it('leaves the streams that were not asked for', () => {
    const { buffer, write } = start()
    write({ stream: 'stdout', bytes: Buffer.from('out') })
    write({ stream: 'stderr', bytes: Buffer.from('err') })
    const wanted = new Set<OutputStream>(['stderr'])
    expect(joined(buffer.take(wanted, 1000, ELEMENT), 'stderr')).toBe(Buffer.from('err').toString('hex'))
    expect([buffer.has(wanted), buffer.has(ALL), buffer.size(ALL)]).toEqual([false, true, 3])
  })

  it('holds up a stream at one MiB, and that stream only, until there is room again', () => {
    const { buffer, sources, write } = start()
    write({ stream: 'stdout', bytes: new Uint8Array(MIB - 1000) })
    expect(sources.stdout.isPaused()).toBe(false)
    write({ stream: 'stdout', bytes: new Uint8Array(1000) })
    expect([sources.stdout.isPaused(), sources.stderr.isPaused()]).toEqual([true, false])
    buffer.take(new Set<OutputStream>(['stderr']), 100_000, ELEMENT)
    expect(sources.stdout.isPaused()).toBe(true)
    buffer.take(ALL, 100_000, ELEMENT)
    expect(sources.stdout.isPaused()).toBe(false)
  })

  it('counts more than the bytes of a chunk, so that single bytes cannot fill the memory', () => {
    const { sources, write } = start()
    let count = 0
    while (!sources.stdout.isPaused()) {
      write({ stream: 'stdout', bytes: Uint8Array.of(1) })
      count += 1
    }
    expect(count).toBeLessThan(10_000)
  })
})
