import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  CimDateTime,
  CimInterval,
  EndpointReference,
  metadataOf,
  wql,
  type CimInstance,
  type TypingTrace,
} from 'wsman'
import {
  connect,
  rejection,
  startService,
  windowsFault,
  type Asked,
  type Script,
} from '../../support/scripted-service.js'
import { textOf } from '../../support/xml-compare.js'
import { enumerated, pulled } from '../enumeration/replies.js'
import { DECLARATIONS, EVERYTHING, INNER, WMI } from './cim-xml.js'

const NO_SCHEMAS = windowsFault(2150858752, 'The service cannot find the resource. ')

/** The class a schema request asks for; undefined for other requests. */
const schemaAsked = (request: Asked): string | undefined => {
  const uri = request.texts('ResourceURI').join()
  if (uri !== 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*') return undefined
  const selector = request.elements('Selector').find(({ attributes }) => attributes.Name === 'ClassName')
  return selector && textOf(selector)
}

/** A service that tells classes, and answers Get with one instance. */
const serving = (classes: Readonly<Record<string, string>>, instance: string, rest: Script = {}): Script => ({
  Get: (request) => {
    const name = schemaAsked(request)
    const known = Object.keys(classes).find((key) => key.toLowerCase() === name?.toLowerCase())
    return name === undefined ? instance : (classes[known ?? ''] ?? NO_SCHEMAS)
  },
  ...rest,
})

const CLASSES = { Test_Everything: EVERYTHING, Test_Inner: INNER }
const everything = (properties: string, attributes = ''): string =>
  `<p:Test_Everything xmlns:p="${WMI}/Test_Everything" ${DECLARATIONS} ${attributes}>${properties}</p:Test_Everything>`

async function typed(properties: string, classes: Readonly<Record<string, string>> = CLASSES) {
  const service = await startService(serving(classes, everything(properties)))
  return await connect(service).get('wmicimv2/Test_Everything?Id=1', { typed: true })
}

/** Everything `wsman:typing` says until the test is over. */
function traces(): TypingTrace[] {
  const seen: TypingTrace[] = []
  const listener = (message: unknown): void => void seen.push(message as TypingTrace)
  subscribe('wsman:typing', listener)
  onTestFinished(() => void unsubscribe('wsman:typing', listener))
  return seen
}

describe('typed values', () => {
  it.each<[string, string, unknown]>([
    ['boolean', 'TRUE', true],
    ['boolean', ' false ', false],
    ['boolean', '1', true],
    ['string', ' 07 ', ' 07 '],
    ['char16', 'ä', 'ä'],
    ['char16', '65', 'A'],
    ['uint8', '255', 255],
    ['sint8', '-128', -128],
    ['uint16', ' 65535 ', 65535],
    ['sint16', '-32768', -32768],
    ['uint32', '4294967295', 4294967295],
    ['sint32', '-2147483648', -2147483648],
    ['uint64', '18446744073709551615', 2n ** 64n - 1n],
    ['sint64', '-9223372036854775808', -(2n ** 63n)],
    ['uint64', '0', 0n],
    ['real32', '1.5E3', 1500],
    ['real64', '-1.7976931348623157e308', -Number.MAX_VALUE],
    ['real64', 'NaN', NaN],
    ['real64', '-INF', -Infinity],
    ['real32', '1.#QNAN', NaN],
    ['real32', '-1.#INF', -Infinity],
    ['datetime', '20150226180025.000001-060', new CimDateTime('20150226180025.000001-060')],
    ['datetime', '2015-02-26T18:00:25Z', new CimDateTime('20150226180025.000000+000')],
    ['datetime', '00000001020304.000005:000', new CimInterval('00000001020304.000005:000')],
    [
      'datetime',
      '<cim:Datetime>2015-02-26T18:00:25.5+01:00</cim:Datetime>',
      new CimDateTime('20150226180025.500000+060'),
    ],
    [
      'datetime',
      '<cim:Interval>P1DT2H3M4.000005S</cim:Interval>',
      new CimInterval('00000001020304.000005:000'),
    ],
    [
      'datetime',
      '<cim:CIM_DateTime>2015**26******.******+***</cim:CIM_DateTime>',
      new CimDateTime('2015**26******.******+***'),
    ],
  ])('of %s: %s', async (type, text, value) => {
    const instance = await typed(
      `<p:A_${type}>${text}</p:A_${type}><p:L_${type}>${text}</p:L_${type}><p:a_${type}X>${type}</p:a_${type}X>`,
    )
    expect(instance).toMatchObject({ [`A_${type}`]: value, [`L_${type}`]: [value], [`a_${type}X`]: type })
    expect(metadataOf(instance)?.className).toBe('Test_Everything')
  })

  it.each([
    ['uint8', '256'],
    ['uint8', '-1'],
    ['uint64', '18446744073709551616'],
    ['sint32', '1.5'],
    ['boolean', 'yes'],
    ['real64', 'much'],
    ['datetime', 'TIME_NA'],
    ['datetime', '00000101000000'],
    ['char16', 'ab'],
  ])('that are no %s stay text: %s', async (type, text) => {
    expect(await typed(`<p:A_${type}>${text}</p:A_${type}>`)).toMatchObject({ [`A_${type}`]: text })
  })

  it('are arrays where the class says so, empty and null ones included', async () => {
    const instance = await typed(
      '<p:L_uint8>1</p:L_uint8><p:L_uint8>2</p:L_uint8><p:L_string xsi:nil="true"/><p:l_boolean>true</p:l_boolean><p:Unknown>1</p:Unknown><p:Unknown>2</p:Unknown>',
    )
    expect(instance).toMatchObject({
      L_uint8: [1, 2],
      L_string: null,
      l_boolean: [true],
      L_datetime: [],
      State: [],
      Unknown: ['1', '2'],
    })
    expect(Object.keys(instance).slice(0, 4)).toEqual(['L_uint8', 'L_string', 'l_boolean', 'Unknown'])
    expect(Object.hasOwn(instance, 'L_boolean')).toBe(false)
    expect(Object.hasOwn(instance, 'A_uint8')).toBe(false)
  })

  it('are nested for embedded instances, whose class the property, or xsi:type, says', async () => {
    const inner = (n: number, type = ''): string =>
      `<p:N ${type}>${n}</p:N><p:Big>18446744073709551615</p:Big>`
    const instance = await typed(
      `<p:Inner>${inner(1)}</p:Inner><p:Inners>${inner(2)}</p:Inners><p:Anything xsi:type="p:Test_Inner_Type">${inner(3)}</p:Anything><p:Unknown>${inner(4)}</p:Unknown>`,
    )
    const big = [2n ** 64n - 1n]
    expect(instance).toMatchObject({
      Inner: { N: 1, Big: big },
      Inners: [{ N: 2, Big: big }],
      Anything: { N: 3, Big: big },
      Unknown: { N: '4', Big: '18446744073709551615' },
    })
    expect(JSON.parse(JSON.stringify(instance))).toMatchObject({
      Inners: [{ N: 2, Big: ['18446744073709551615'] }],
    })
  })

  it('are references where references stand', async () => {
    const reference = new EndpointReference('urn:r', { K: '1' })
    const xml =
      '<a:Address xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><w:ResourceURI>urn:r</w:ResourceURI><w:SelectorSet><w:Selector Name="K">1</w:Selector></w:SelectorSet></a:ReferenceParameters>'
    expect((await typed(`<p:Ref>${xml}</p:Ref>`)).Ref).toEqual(reference)
  })

  it('follow xsi:type before the class, and without one', async () => {
    const properties =
      '<p:A_string xsi:type="cim:cimUnsignedInt">5</p:A_string><p:A_uint8 xsi:type="cim:cimString">5</p:A_uint8><p:Free xsi:type="cim:cimunsignedInt">0</p:Free><p:When xsi:type="cim:cimDateTime"><cim:Datetime>2015-02-26T18:00:25Z</cim:Datetime></p:When><p:Nil xsi:type="cim:cimString" xsi:nil="true"/><p:X xsi:type="cim:cimDouble">-0</p:X><p:Bad xsi:type="cim:cimUnsignedByte">300</p:Bad>'
    const expected = {
      A_string: 5,
      A_uint8: '5',
      Free: 0,
      When: new CimDateTime('20150226180025.000000+000'),
      Nil: null,
      X: -0,
      Bad: '300',
    }
    expect(await typed(properties)).toMatchObject(expected)
    expect(await typed(properties, {})).toEqual(expected)
  })

  it('write 64-bit integers and times into JSON, and into no loop over the properties', async () => {
    const instance = await typed(
      '<p:Id>1</p:Id><p:A_uint64>18446744073709551615</p:A_uint64><p:A_datetime><cim:Datetime>2015-02-26T18:00:25.000001Z</cim:Datetime></p:A_datetime>',
      { Test_Everything: EVERYTHING.replaceAll(/<PROPERTY\.ARRAY.*?<\/PROPERTY\.ARRAY>/gs, '') },
    )
    expect(Object.keys(instance)).toEqual(['Id', 'A_uint64', 'A_datetime'])
    expect(JSON.stringify(instance)).toBe(
      '{"Id":"1","A_uint64":"18446744073709551615","A_datetime":"2015-02-26T18:00:25.000001Z"}',
    )
  })

  it('leave a property called __proto__ or toJSON alone', async () => {
    const instance = await typed(
      '<p:__proto__>1</p:__proto__><p:toJSON>x</p:toJSON><p:A_uint8>1</p:A_uint8>',
      { Test_Everything: EVERYTHING.replaceAll(/<PROPERTY\.ARRAY.*?<\/PROPERTY\.ARRAY>/gs, '') },
    )
    expect(Object.entries(instance)).toEqual([
      ['__proto__', '1'],
      ['toJSON', 'x'],
      ['A_uint8', 1],
    ])
    expect(Object.getPrototypeOf(instance)).toBe(Object.prototype)
  })
})

describe('the definition of a class', () => {
  const items = (...ids: number[]): string =>
    ids.map((id) => everything(`<p:A_uint8>${id}</p:A_uint8>`)).join('')

  it('is asked for once, whatever asks for it and however often', async () => {
    const service = await startService(
      serving(CLASSES, everything('<p:A_uint8>9</p:A_uint8>'), {
        Enumerate: enumerated({ raw: items(1, 2), context: 'E' }),
        Pull: [pulled({ raw: items(3), context: 'E' }), pulled({ raw: items(4), end: 'n' })],
      }),
    )
    const client = connect(service)
    const [all, one, definition] = await Promise.all([
      client.enumerate('wmicimv2/Test_Everything', { typed: true }).toArray(),
      client.get('wmicimv2/Test_Everything?Id=9', { typed: true }),
      client.cim.getClass('test_everything'),
    ])
    expect(all.map((instance) => instance.A_uint8)).toEqual([1, 2, 3, 4])
    expect([one.A_uint8, definition.name]).toEqual([9, 'Test_Everything'])
    const asked = service.of('Get').filter((request) => schemaAsked(request) !== undefined)
    expect(asked).toHaveLength(1)
    expect(
      asked[0]?.elements('Selector').map(({ attributes, children }) => [attributes.Name, children]),
    ).toEqual([
      ['__cimnamespace', ['root/cimv2']],
      ['ClassName', [expect.stringMatching(/^test_everything$/i) as string]],
    ])
    expect(asked[0]?.elements('Option').map(({ attributes, children }) => [attributes, children])).toEqual([
      [{ Name: 'IncludeInheritedElements', Type: 'xs:boolean' }, ['true']],
      [{ Name: 'IncludeQualifiers', Type: 'xs:boolean' }, ['true']],
    ])
  })

  it('that a service does not tell is asked for once, too: values are text then', async () => {
    const service = await startService(serving({}, everything('<p:A_uint8>9</p:A_uint8>')))
    const client = connect(service)
    for (let count = 0; count < 3; count++) {
      expect(await client.get('wmicimv2/Test_Everything?Id=9', { typed: true })).toEqual({ A_uint8: '9' })
    }
    expect(service.of('Get').filter((request) => schemaAsked(request) !== undefined)).toHaveLength(1)
  })

  it.each([
    ['a bare status', { raw: '', status: 500 }],
    ['something else', '<x/>'],
  ])('may be answered with %s', async (_, answer) => {
    const service = await startService({
      Get: (request) =>
        schemaAsked(request) === undefined ? everything('<p:A_uint8>9</p:A_uint8>') : answer,
    })
    const resource = 'wmicimv2/Test_Everything?Id=9'
    expect(await connect(service).get(resource, { typed: true })).toEqual({ A_uint8: '9' })
  })

  it('that cannot be had just now is asked for again by the next call', async () => {
    let asked = 0
    const service = await startService({
      Get: (request) => {
        if (schemaAsked(request) === undefined) return everything('<p:A_uint8>9</p:A_uint8>')
        return asked++ === 0 ? windowsFault(2150859174) : EVERYTHING
      },
    })
    const client = connect(service)
    const read = async () => (await client.get('wmicimv2/Test_Everything?Id=9', { typed: true })).A_uint8
    expect([await read(), await read(), await read(), asked]).toEqual(['9', 9, 9, 2])
  })

  it('is taken from FROM for projections, which have no class of their own', async () => {
    const raw = `<w:XmlFragment ${DECLARATIONS}><A_uint64>1</A_uint64><L_string>x</L_string></w:XmlFragment>`
    const service = await startService(serving(CLASSES, '', { Enumerate: enumerated({ raw, end: 'w' }) }))
    const filter = wql`select A_uint64,L_string  from Test_Everything where Id = ${' from X'}`
    const [row] = await connect(service).enumerate('wmicimv2/*', { filter, typed: true }).toArray()
    expect(row).toEqual({ A_uint64: 1n, L_string: ['x'] })
  })

  it('gives types to the objects beside their references, and is not asked for by references alone', async () => {
    const reference =
      '<a:EndpointReference><a:Address>http://h/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>urn:s</w:ResourceURI></a:ReferenceParameters></a:EndpointReference>'
    const service = await startService(
      serving(CLASSES, '', {
        Enumerate: [
          enumerated({ raw: reference, end: 'w' }),
          enumerated({ raw: `<w:Item>${items(7)}${reference}</w:Item>`, end: 'w' }),
        ],
      }),
    )
    const client = connect(service)
    const expected = new EndpointReference('urn:s', {}, 'http://h/wsman')
    const list = (mode: 'epr' | 'objectAndEpr') =>
      client.enumerate('wmicimv2/Test_Everything', { mode, typed: true }).toArray()
    expect(await list('epr')).toEqual([expected])
    expect(service.requests).toHaveLength(1)
    expect(await list('objectAndEpr')).toMatchObject([{ object: { A_uint8: 7 }, reference: expected }])
  })

  it('is not asked for where there are no classes', async () => {
    const config =
      '<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config"><cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>'
    const service = await startService({ Get: config })
    expect(await connect(service).get('winrm/config', { typed: true })).toEqual({ MaxTimeoutms: '60000' })
    expect(service.requests).toHaveLength(1)
  })

  it('is waited for no longer than the call', async () => {
    const controller = new AbortController()
    const service = await startService({
      Get: (request) => {
        if (schemaAsked(request) === undefined) return everything('<p:A_uint8>9</p:A_uint8>')
        controller.abort('enough')
        return EVERYTHING
      },
    })
    const call = connect(service).get('wmicimv2/Test_Everything', { typed: true, signal: controller.signal })
    expect(await rejection(call)).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
  })
})

describe('the channel wsman:typing', () => {
  it('says where each type came from', async () => {
    const seen = traces()
    await typed(
      '<p:A_uint8>1</p:A_uint8><p:L_uint8>1</p:L_uint8><p:L_uint8>x</p:L_uint8><p:Free xsi:type="cim:cimString">x</p:Free><p:Other>y</p:Other><p:Inner><p:N>1</p:N></p:Inner>',
    )
    expect(seen).toEqual([
      {
        host: '127.0.0.1',
        namespace: 'root/cimv2',
        className: 'Test_Everything',
        sources: {
          A_uint8: ['schema'],
          L_uint8: ['schema', 'text'],
          Free: ['xsi:type'],
          Other: ['text'],
        },
        schemaError: undefined,
      },
      {
        host: '127.0.0.1',
        namespace: 'root/cimv2',
        className: 'Test_Inner',
        sources: { N: ['schema'] },
        schemaError: undefined,
      },
    ])
  })

  it('says why there is no definition', async () => {
    const seen = traces()
    const instance: CimInstance = await typed('<p:A_uint8>1</p:A_uint8>', {})
    expect(instance).toEqual({ A_uint8: '1' })
    expect(seen).toMatchObject([
      { sources: { A_uint8: ['text'] }, schemaError: { wsmanName: 'ERROR_WSMAN_RESOURCE_NOT_FOUND' } },
    ])
  })
})
