import { describe, expect, it } from 'vitest'
import {
  CimDateTime,
  CimInterval,
  cql,
  EndpointReference,
  qualifierOf,
  selectorFilter,
  UsageError,
  wql,
  type WsmanClient,
  type WsmanClientOptions,
} from 'wsman'
import {
  connect,
  rejection,
  SILENCE,
  startService,
  windowsFault,
  type Asked,
} from '../../support/scripted-service.js'
import { select, textOf } from '../../support/xml-compare.js'
import { enumerated, instances } from '../enumeration/replies.js'
import { DECLARATIONS, EVERYTHING, INNER, WMI } from './cim-xml.js'

/** What a request is about: its resource and its selectors. */
const about = (request: Asked | undefined): readonly unknown[] => [
  request?.texts('ResourceURI')[0],
  Object.fromEntries(
    (request ? select(request.root, 'Header', 'SelectorSet', 'Selector') : []).map((selector) => [
      selector.attributes.Name ?? '',
      textOf(selector),
    ]),
  ),
]

/** The only request of a call that gets an empty answer. */
async function asked(
  call: (client: WsmanClient) => Promise<unknown>,
  options: WsmanClientOptions = {},
): Promise<Asked | undefined> {
  const service = await startService({
    Get: '<x/>',
    Delete: '',
    Enumerate: enumerated({ end: 'w' }),
    Create: '<x:ResourceCreated/>',
    Go: '<x/>',
  })
  await call(connect(service, options))
  expect(service.requests).toHaveLength(1)
  return service.requests[0]
}

const DMTF: WsmanClientOptions = { compatibility: 'dmtf' }
const DMTF_SCHEMA = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2'

describe('a class', () => {
  it.each<[string, Parameters<WsmanClient['cim']['getInstance']>, WsmanClientOptions, unknown[]]>([
    ['of Windows', ['Win32_Service', { Name: 'WinRM' }], {}, [`${WMI}/Win32_Service`, { Name: 'WinRM' }]],
    [
      'in another namespace',
      ['MSFT_NetAdapter', { DeviceID: '{1}' }, { namespace: String.raw`\root\StandardCimv2\ `.trim() }],
      {},
      [
        'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/StandardCimv2/MSFT_NetAdapter',
        { DeviceID: '{1}' },
      ],
    ],
    [
      'with its keys in the string',
      ['Win32_Service?Name=WinRM+X="a+b"', { Y: 2 }],
      {},
      [`${WMI}/Win32_Service`, { Name: 'WinRM', X: 'a+b', Y: '2' }],
    ],
    [
      'of Windows under the URIs of the DMTF',
      ['CIM_NumericSensor', { DeviceID: '1' }, { namespace: 'root/hardware', schemaUri: `${DMTF_SCHEMA}/` }],
      {},
      [`${DMTF_SCHEMA}/CIM_NumericSensor`, { __cimnamespace: 'root/hardware', DeviceID: '1' }],
    ],
    [
      'of the DMTF',
      ['CIM_Fan', { DeviceID: 'F1' }],
      DMTF,
      [`${DMTF_SCHEMA}/CIM_Fan`, { __cimnamespace: 'root/cimv2', DeviceID: 'F1' }],
    ],
    [
      'of the DMTF in another namespace',
      ['DCIM_SystemView', {}, { namespace: 'root/dcim' }],
      DMTF,
      [`${DMTF_SCHEMA}/DCIM_SystemView`, { __cimnamespace: 'root/dcim' }],
    ],
    [
      'of the DMTF without a namespace',
      ['CIM_Fan', { K: 1 }, { namespace: '' }],
      DMTF,
      [`${DMTF_SCHEMA}/CIM_Fan`, { K: '1' }],
    ],
    [
      'of AMT',
      ['AMT_GeneralSettings', {}],
      DMTF,
      ['http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings', {}],
    ],
    [
      'of openwsman, with a namespace',
      ['OMC_Any', {}, { namespace: 'root/interop' }],
      DMTF,
      ['http://schema.omc-project.org/wbem/wscim/1/cim-schema/2/OMC_Any', { __cimnamespace: 'root/interop' }],
    ],
    [
      'by a resource URI or alias',
      ['cimv2/CIM_Fan?DeviceID=F1'],
      {},
      [`${DMTF_SCHEMA}/CIM_Fan`, { DeviceID: 'F1' }],
    ],
    [
      'by a reference',
      [new EndpointReference('urn:c', { K: '1' }), { L: true }],
      DMTF,
      ['urn:c', { K: '1', L: 'true' }],
    ],
  ])('%s is named by URI and selectors', async (_, parameters, options, expected) => {
    expect(about(await asked((client) => client.cim.getInstance(...parameters), options))).toEqual(expected)
  })

  it.each(['', 'a b', '1A', 'A/B', 'A;B', 'A*', '../x'])('is never called %j', async (name) => {
    const client = connect(await startService({}))
    expect(() => client.cim.enumerateInstances(name)).toThrow(UsageError)
    expect(await rejection(client.cim.getInstance(name))).toBeInstanceOf(UsageError)
    expect(await rejection(client.cim.createInstance(name, {}))).toBeInstanceOf(UsageError)
  })
})

describe('a query', () => {
  it('goes to all classes of the namespace', async () => {
    const query = wql`SELECT * FROM Win32_Service WHERE Name = ${"it's"}`
    const request = await asked((client) => client.cim.query(query, { namespace: 'root/x' }).toArray())
    expect(about(request)).toEqual(['http://schemas.microsoft.com/wbem/wsman/1/wmi/root/x/*', {}])
    expect(request?.texts('Filter')).toEqual(["SELECT * FROM Win32_Service WHERE Name = 'it\\'s'"])
  })

  it('goes to all classes of DMTF services, in CQL where they want it', async () => {
    const request = await asked((client) => client.cim.query(cql('SELECT * FROM CIM_Fan')).toArray(), DMTF)
    expect(about(request)).toEqual([
      'http://schemas.dmtf.org/wbem/wscim/1/*',
      { __cimnamespace: 'root/cimv2' },
    ])
    expect(request?.attribute('Filter', 'Dialect')).toBe('http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf')
  })

  it('as a string is WQL as it stands, and takes the options of enumerations', async () => {
    const request = await asked((client) =>
      client.cim
        .query('SELECT * FROM X', { maxElements: 3, expiresMs: 1000, operationTimeoutMs: 5000 })
        .toArray(),
    )
    expect(request?.attribute('Filter', 'Dialect')).toBe('http://schemas.microsoft.com/wbem/wsman/1/WQL')
    expect(
      ['Filter', 'MaxElements', 'Expires', 'OperationTimeout'].map((name) => request?.texts(name)),
    ).toEqual([['SELECT * FROM X'], ['3'], ['PT1.000S'], ['PT5.000S']])
  })

  it('is nothing before somebody asks, and nothing after the client was closed', async () => {
    const service = await startService({})
    const client = connect(service)
    client.cim.query('SELECT * FROM X')
    await client.close()
    expect(() => client.cim.query('SELECT * FROM X')).toThrow(UsageError)
    expect(service.requests).toEqual([])
  })
})

describe('instances', () => {
  it('of a class may be filtered', async () => {
    const filter = selectorFilter({ State: 'Running' })
    const request = await asked((client) =>
      client.cim.enumerateInstances('Win32_Service', { filter }).toArray(),
    )
    expect(about(request)).toEqual([`${WMI}/Win32_Service`, {}])
    expect(request?.texts('Selector')).toEqual(['Running'])
    expect(request?.attribute('Filter', 'Dialect')).toMatch(/SelectorFilter$/)
  })

  it('are made, with values of every type', async () => {
    const request = await asked((client) =>
      client.cim.createInstance('X_Y', {
        When: new CimDateTime('20150226180025.000001+060'),
        Span: new CimInterval('P1D'),
        Big: 2n ** 64n - 1n,
        On: true,
        None: null,
      }),
    )
    expect(about(request)).toEqual([`${WMI}/X_Y`, {}])
    expect(request?.elements('X_Y').map(({ name }) => name)).toEqual([`{${WMI}/X_Y}X_Y`])
    expect(['Datetime', 'Interval', 'Big', 'On'].map((name) => request?.texts(name))).toEqual([
      ['2015-02-26T18:00:25.000001+01:00'],
      ['P1DT0H0M0S'],
      ['18446744073709551615'],
      ['true'],
    ])
  })

  it('are deleted by their keys', async () => {
    const request = await asked((client) => client.cim.deleteInstance('X_Y', { Id: 1 }))
    expect(about(request)).toEqual([`${WMI}/X_Y`, { Id: '1' }])
  })

  it('are changed under the names they have, and nothing is no change', async () => {
    const service = await startService({
      Get: `<p:X_Y xmlns:p="${WMI}/X_Y"><p:Id>1</p:Id><p:Name>a</p:Name><p:Other>b</p:Other></p:X_Y>`,
      Put: `<p:X_Y xmlns:p="${WMI}/X_Y"><p:Name>c</p:Name></p:X_Y>`,
    })
    const { cim } = connect(service)
    const changes = { NAME: 'c', Other: undefined, New: [1, 2] }
    expect(await cim.modifyInstance('X_Y', { Id: 1 }, changes)).toEqual({ Name: 'c' })
    const [put] = service.of('Put')
    expect(['Id', 'Name', 'Other', 'New', 'Option'].map((name) => put?.texts(name))).toEqual([
      ['1'],
      ['c'],
      ['b'],
      ['1', '2'],
      ['Name', 'New'],
    ])
    expect(await rejection(cim.modifyInstance('X_Y', { Id: 1 }, { A: undefined }))).toBeInstanceOf(UsageError)
    expect(service.requests).toHaveLength(2)
  })

  it('are changed within the time of one call', async () => {
    const service = await startService({ Get: `<p:X_Y xmlns:p="${WMI}/X_Y"/>`, Put: SILENCE })
    const call = connect(service).cim.modifyInstance('X_Y', {}, { A: 1 }, { timeoutMs: 300 })
    expect(await rejection(call)).toMatchObject({
      code: 'ERR_WSMAN_TIMEOUT',
      timeoutMs: 300,
      operation: 'Put',
    })
  })
})

describe('associations', () => {
  it.each([
    [
      'under WMI',
      {},
      'Win32_Service?Name=WinRM',
      ['http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*', {}],
      [`${WMI}/Win32_Service`],
    ],
    [
      'under the DMTF',
      DMTF,
      'CIM_Fan?DeviceID=F1',
      ['http://schemas.dmtf.org/wbem/wscim/1/*', { __cimnamespace: 'root/cimv2' }],
      [`${DMTF_SCHEMA}/CIM_Fan`],
    ],
    [
      'of a reference of another namespace',
      {},
      new EndpointReference(`${DMTF_SCHEMA}/CIM_Fan`, { __cimnamespace: 'root/x', K: '1' }),
      ['http://schemas.dmtf.org/wbem/wscim/1/*', { __cimnamespace: 'root/x' }],
      [`${DMTF_SCHEMA}/CIM_Fan`],
    ],
  ] as const)(
    'are asked of all classes around the instance: %s',
    async (_, options, target, resource, object) => {
      const request = await asked(
        (client) =>
          client.cim.associators(target, { resultRole: 'R', associationClassName: 'A_B' }).toArray(),
        options,
      )
      expect(about(request)).toEqual(resource)
      expect(request?.texts('ResourceURI').slice(1)).toEqual(object)
      expect([request?.texts('ResultRole'), request?.texts('AssociationClassName')]).toEqual([['R'], ['A_B']])
      const references = await asked(
        (client) => client.cim.references(target, { role: 'P' }).toArray(),
        options,
      )
      expect(references?.elements('AssociationInstances')).toHaveLength(1)
      expect(references?.texts('Role')).toEqual(['P'])
    },
  )
})

describe('a method', () => {
  const output = `<p:Create_OUTPUT xmlns:p="${WMI}/Test_Everything" ${DECLARATIONS}><p:ProcessId>18446744073709551615</p:ProcessId><p:Times><cim:Datetime>2015-02-26T18:00:25Z</cim:Datetime></p:Times><p:ReturnValue>0</p:ReturnValue></p:Create_OUTPUT>`

  it('gives its out parameters, typed as they are declared', async () => {
    const service = await startService({ Create: output, Get: EVERYTHING })
    const { cim } = connect(service)
    const parameters = { CommandLine: 'notepad' }
    expect(await cim.invokeMethod('Test_Everything', 'Create', parameters)).toEqual({
      ProcessId: '18446744073709551615',
      Times: '2015-02-26T18:00:25Z',
      ReturnValue: '0',
    })
    expect(await cim.invokeMethod('Test_Everything', 'Create', parameters, { typed: true })).toEqual({
      ProcessId: 2n ** 64n - 1n,
      Times: [new CimDateTime('20150226180025.000000+000')],
      ReturnValue: 0,
    })
    expect(service.of('Create')[0]?.texts('CommandLine')).toEqual(['notepad'])
    expect(service.of('Create')[0]?.elements('Create_INPUT')).toHaveLength(1)
  })
})

describe('definitions of classes', () => {
  it('tell properties, methods and qualifiers', async () => {
    const service = await startService({ Get: EVERYTHING })
    const definition = await connect(service).cim.getClass('Test_Everything', { namespace: 'root\\x' })
    expect(definition).toMatchObject({
      name: 'Test_Everything',
      namespace: 'root/x',
      superclassName: 'CIM_ManagedElement',
      isAbstract: false,
      isAssociation: false,
    })
    expect(qualifierOf(definition.qualifiers, 'DESCRIPTION')).toBe('All there is */ in one class.')
    const property = (name: string) => definition.properties.find((candidate) => candidate.name === name)
    expect(property('Id')).toMatchObject({
      type: 'string',
      isKey: true,
      isPropagated: true,
      classOrigin: 'CIM_ManagedElement',
    })
    expect(property('L_uint64')).toMatchObject({ type: 'uint64', isArray: true, isKey: false })
    expect(property('Ref')).toMatchObject({ type: 'reference', referenceClassName: 'Test_Everything' })
    expect(property('Inners')).toMatchObject({
      isEmbedded: true,
      embeddedClassName: 'Test_Inner',
      isArray: true,
    })
    expect(property('Anything')).toMatchObject({ isEmbedded: true, embeddedClassName: undefined })
    expect(property('State')?.qualifiers).toEqual({ ValueMap: ['0', '1'] })
    expect(definition.methods).toMatchObject([
      {
        name: 'Create',
        returnType: 'uint32',
        isStatic: true,
        parameters: [
          { name: 'CommandLine', isIn: true, isOut: false, type: 'string' },
          { name: 'ProcessId', isIn: false, isOut: true, type: 'uint64' },
          { name: 'Times', isIn: false, isOut: true, type: 'datetime', isArray: true },
          { name: 'Made', isIn: false, isOut: true, type: 'reference' },
        ],
      },
    ])
  })

  it('are listed, whatever stands around them', async () => {
    const service = await startService({
      Enumerate: enumerated({ raw: `${INNER}<VALUE.OBJECT>${EVERYTHING}</VALUE.OBJECT>`, end: 'w' }),
    })
    const classes = await connect(service).cim.enumerateClasses({ namespace: 'root/x' }).toArray()
    expect(classes.map(({ name, namespace }) => [name, namespace])).toEqual([
      ['Test_Inner', 'root/x'],
      ['Test_Everything', 'root/x'],
    ])
    expect(about(service.requests[0])).toEqual([
      'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*',
      { __cimnamespace: 'root/x', ClassName: '' },
    ])
    const options = service.requests[0]
      ?.elements('Option')
      .map((option) => [option.attributes, textOf(option)])
    const boolean = (Name: string) => [{ Name, Type: 'xs:boolean' }, 'true']
    expect(options).toEqual([
      boolean('IncludeInheritedElements'),
      boolean('IncludeQualifiers'),
      boolean('IncludeSubClasses'),
    ])
  })

  it('that there are not are the fault of the service, each time it is asked', async () => {
    const service = await startService({ Get: windowsFault(2150858752) })
    const { cim } = connect(service)
    for (let count = 1; count <= 2; count++) {
      expect(await rejection(cim.getClass('No_Such'))).toMatchObject({
        wsmanCode: 2150858752,
        operation: 'GetClass',
      })
      expect(service.requests).toHaveLength(count)
    }
  })

  it('are waited for until the signal of the call is aborted', async () => {
    const controller = new AbortController()
    const service = await startService({
      Get: () => {
        controller.abort('enough')
        return INNER
      },
    })
    const call = connect(service).cim.getClass('Test_Inner', { signal: controller.signal })
    expect(await rejection(call)).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
  })

  it('of another class are no answer', async () => {
    const service = await startService({ Get: INNER })
    expect(await rejection(connect(service).cim.getClass('Other'))).toMatchObject({ name: 'ProtocolError' })
  })
})

describe('the items', () => {
  it('are of the caller’s type, typed or raw', async () => {
    interface Mine {
      N: string
    }
    const service = await startService({ Enumerate: enumerated({ items: [1, 2], end: 'w' }) })
    const { cim } = connect(service)
    const mine: Mine[] = await cim.query<Mine>('SELECT * FROM S').toArray()
    expect(mine).toEqual(instances(1, 2))
  })
})
