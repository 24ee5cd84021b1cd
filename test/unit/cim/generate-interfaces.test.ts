import { describe, expect, it } from 'vitest'
import { generateInterfaces, type CimClass } from 'wsman'
import { typeErrors } from '../../docs/type-check.js'
import { connect, startService } from '../../support/scripted-service.js'
import { enumerated } from '../enumeration/replies.js'
import { EVERYTHING, INNER } from './cim-xml.js'

const block = (text: string) => ({ file: 'generated.ts', line: 1, info: ['ts'], text })

/** Uses what was generated as a program would. */
const USE = `
import { WsmanClient } from 'wsman'
export async function use(client: WsmanClient): Promise<void> {
  for await (const item of client.cim.query<Test_Everything>('SELECT * FROM Test_Everything', { typed: true })) {
    const id: string = item.Id
    const big: bigint | null = item.A_uint64
    const list: bigint[] = item.Inner?.Big ?? []
    const days: number | undefined = item.Span?.days
    const moments: (CimDateTime | CimInterval)[] | null = item.L_datetime
    const uri: string | undefined = item.Ref?.resourceUri
    const anything: CimInstance | null = item.Anything
    const numbers: (number | null)[] | undefined = item.Inners?.map(({ N }) => N)
    console.log(id, big, list, days, moments, uri, anything, numbers)
  }
  const output = await client.cim.invokeMethod<Test_Everything_Create_Output>('Test_Everything', 'Create', {}, { typed: true })
  const made: bigint | null = output.ProcessId
  const result: number = output.ReturnValue
  console.log(made, result)
}
`

async function readClasses(): Promise<CimClass[]> {
  const odd =
    '<CLASS NAME="Odd-Class"><PROPERTY NAME="class" TYPE="string"/><PROPERTY NAME="a-b" TYPE="sint64"/><PROPERTY NAME="1" TYPE="boolean"/><METHOD NAME="Go" TYPE="boolean"/><METHOD NAME="Quiet"/></CLASS>'
  const service = await startService({
    Enumerate: enumerated({ raw: EVERYTHING + INNER + odd + INNER, end: 'w' }),
  })
  return await connect(service).cim.enumerateClasses().toArray()
}

describe('generated interfaces', () => {
  it('compile, are what typed calls give, and are held to', async () => {
    const text = generateInterfaces(await readClasses())
    const wrong = 'export const wrong: Test_Inner = { N: 1n, Big: [1] }\n'
    expect(typeErrors([block(text + USE), { ...block(text + wrong), file: 'wrong.ts' }])).toEqual([
      expect.stringContaining('wrong.ts') as string,
      expect.stringContaining("Type 'number' is not assignable to type 'bigint'") as string,
    ])
  })

  it('name classes, properties and methods, with what the schema says about them', async () => {
    const [everything] = await readClasses()
    const text = generateInterfaces(everything ? [everything] : [])
    expect(text.split('\n').slice(0, 7)).toEqual([
      '// Written by generateInterfaces of wsman from the definitions of the classes.',
      "import type { CimDateTime, CimInterval, CimInstance, EndpointReference } from 'wsman'",
      '',
      '/** root/cimv2: Test_Everything. All there is * / in one class. */',
      'export interface Test_Everything {',
      '  Id: string',
      '  A_boolean: boolean | null',
    ])
    expect(text).toContain('\n  Inner: CimInstance | null\n')
    expect(text).toContain('\n  L_datetime: (CimDateTime | CimInterval)[] | null\n')
    expect(text.slice(text.indexOf('export interface Test_Everything_Create_Output'))).toBe(
      'export interface Test_Everything_Create_Output {\n  ReturnValue: number\n  ProcessId: bigint | null\n  Times: (CimDateTime | CimInterval)[] | null\n  Made: EndpointReference | null\n}\n',
    )
  })

  it('import nothing that they do not need, and nothing is nothing', async () => {
    const classes = await readClasses()
    const odd = generateInterfaces(classes.filter(({ name }) => name === 'Odd-Class'))
    expect(odd).not.toContain('import')
    expect(odd).toContain(
      'export interface Odd_Class {\n  class: string | null\n  "a-b": bigint | null\n  "1": boolean | null\n}',
    )
    expect(odd).toContain('export interface Odd_Class_Go_Output {\n  ReturnValue: boolean\n}\n')
    // A method without a type returns nothing (DSP0201 5.2.3.21).
    expect(odd).toContain('export interface Odd_Class_Quiet_Output {\n}\n')
    expect(generateInterfaces([])).toBe(
      '// Written by generateInterfaces of wsman from the definitions of the classes.\n',
    )
  })
})
