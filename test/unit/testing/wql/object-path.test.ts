import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WqlSyntaxError } from '../../../../src/testing/wql/errors.js'
import { parseObjectPath } from '../../../../src/testing/wql/object-path.js'

describe('parseObjectPath', () => {
  it.each([
    ['Win32_Process', { className: 'Win32_Process', keys: [], singleton: false }],
    ['Win32_Process.Handle="4"', { keys: [{ name: 'Handle', value: '4' }] }],
    ['Win32_Process.Handle=4', { keys: [{ name: 'Handle', value: 4n }] }],
    [
      "A.x='y',Z=-1,flag=true",
      {
        keys: [
          { name: 'x', value: 'y' },
          { name: 'Z', value: -1n },
          { name: 'flag', value: true },
        ],
      },
    ],
    ['Adapter="AHA-294X"', { className: 'Adapter', keys: [{ name: undefined, value: 'AHA-294X' }] }],
    ['Win32_WMISetting=@', { keys: [], singleton: true }],
    ['A.Name="C:\\\\a \\"b\\" \\\'c\\\'"', { keys: [{ name: 'Name', value: 'C:\\a "b" \'c\'' }] }],
    ['root\\cimv2:A', { server: undefined, namespace: 'root/cimv2', className: 'A' }],
    [
      '\\\\.\\root\\cimv2:A.b="c:d"',
      { server: '.', namespace: 'root/cimv2', keys: [{ name: 'b', value: 'c:d' }] },
    ],
    ['//srv01/root/a:A=1', { server: 'srv01', namespace: 'root/a', keys: [{ name: undefined, value: 1n }] }],
    [
      ' A . b = 1 , c = "2" ',
      {
        className: 'A',
        keys: [
          { name: 'b', value: 1n },
          { name: 'c', value: '2' },
        ],
      },
    ],
  ])('reads %s', (text, expected) => {
    expect(parseObjectPath(text)).toMatchObject(expected)
  })

  it('reads back every string key it was given', () => {
    const value = fc.string({
      unit: fc.oneof(fc.constantFrom('\\', '"', "'", ',', '=', '.', ':'), fc.string()),
    })
    fc.assert(
      fc.property(value, fc.constantFrom('"', "'"), (text, quote) => {
        const escaped = text.replace(/[\\"']/g, '\\$&')
        const path = parseObjectPath(`root/x:A.b=${quote}${escaped}${quote}`)
        expect(path.keys).toEqual([{ name: 'b', value: text }])
        expect(path.namespace).toBe('root/x')
      }),
    )
  })

  it.each([
    '',
    ':A',
    'A.',
    'A.b=',
    'A=',
    'A.b="x',
    'A.b=1,',
    'A.b=1;',
    'A=@x',
    '5',
    'A.b=18446744073709551616',
  ])('refuses %j', (text) => {
    expect(() => parseObjectPath(text, 100)).toThrow(WqlSyntaxError)
  })
})
