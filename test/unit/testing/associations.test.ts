import { describe, expect, it } from 'vitest'
import { elementsOf, localName } from '../../support/xml-compare.js'
import { ClassEndpoint, DMTF, properties, WMI } from './support/class-endpoint.js'
import { faultOf, wqlFilter } from './support/raw-client.js'

const key = { type: 'string', key: true } as const
const reference = { type: 'reference', key: true } as const
const disk = (DeviceID: string) => ({ className: 'Win32_LogicalDisk', keys: { DeviceID } })
const partition = (DeviceID: string) => ({ className: 'CIM_Partition', keys: { DeviceID } })

/** Disks on partitions of a computer, as Windows relates them. */
const test = new ClassEndpoint({
  classes: [
    {
      name: 'Win32_LogicalDisk',
      properties: { DeviceID: key, Size: 'uint64' },
      instances: [{ DeviceID: 'C:', Size: 1 }, { DeviceID: 'D:', Size: 2 }, { DeviceID: 'E:' }],
    },
    { name: 'CIM_Partition', properties: { DeviceID: key }, instances: [] },
    {
      name: 'Win32_DiskPartition',
      superclass: 'CIM_Partition',
      properties: { Bootable: 'boolean' },
      qualifiers: { Dynamic: true },
      instances: [
        { DeviceID: 'Disk #0', Bootable: true },
        { DeviceID: 'Disk #1', Bootable: false },
      ],
    },
    { name: 'Win32_ComputerSystem', properties: { Name: key }, instances: [{ Name: 'PC' }] },
    {
      name: 'Win32_LogicalDiskToPartition',
      properties: { Antecedent: reference, Dependent: reference },
      instances: () => [
        { Antecedent: partition('Disk #0'), Dependent: disk('C:') },
        { Antecedent: partition('Disk #0'), Dependent: disk('D:') },
        { Antecedent: partition('Disk #1'), Dependent: disk('gone') },
      ],
    },
    {
      name: 'Win32_SystemDevices',
      properties: { GroupComponent: reference, PartComponent: reference },
      qualifiers: { Aggregation: true },
      instances: [
        {
          GroupComponent: {
            className: 'Win32_ComputerSystem',
            namespace: 'root/cimv2',
            keys: { Name: 'pc' },
          },
          PartComponent: disk('C:'),
        },
        { GroupComponent: null, PartComponent: disk('D:') },
      ],
    },
  ],
})
const all = `${WMI}/root/cimv2/*`

const names = async (content: string, uri = all): Promise<string[]> =>
  (await test.all(uri, content)).map((item) => {
    const { DeviceID, Name } = properties(item)
    const id = DeviceID ?? Name
    return typeof id === 'string' ? `${localName(item)} ${id}` : localName(item)
  })

describe('ASSOCIATORS OF', () => {
  it.each([
    ["{Win32_LogicalDisk.DeviceID='c:'}", ['Win32_DiskPartition Disk #0', 'Win32_ComputerSystem PC']],
    ["{Win32_LogicalDisk='C:'}", ['Win32_DiskPartition Disk #0', 'Win32_ComputerSystem PC']],
    ["{Win32_LogicalDisk='E:'}", []],
    ["{Win32_DiskPartition.DeviceID='Disk #0'}", ['Win32_LogicalDisk C:', 'Win32_LogicalDisk D:']],
    ["{Win32_DiskPartition.DeviceID='Disk #1'}", []],
    ["{Win32_LogicalDisk='C:'} WHERE ResultClass = CIM_Partition", ['Win32_DiskPartition Disk #0']],
    ["{Win32_LogicalDisk='C:'} WHERE AssocClass = Win32_SystemDevices", ['Win32_ComputerSystem PC']],
    ["{Win32_LogicalDisk='C:'} WHERE Role = partcomponent", ['Win32_ComputerSystem PC']],
    ["{Win32_LogicalDisk='C:'} WHERE Role = Antecedent", []],
    ["{Win32_LogicalDisk='C:'} WHERE ResultRole = Antecedent", ['Win32_DiskPartition Disk #0']],
  ])('%s', async (query, expected) => {
    expect(await names(wqlFilter(`ASSOCIATORS OF ${query}`))).toEqual(expected)
  })
})

describe('REFERENCES OF', () => {
  it.each([
    ["{Win32_LogicalDisk='C:'}", ['Win32_LogicalDiskToPartition', 'Win32_SystemDevices']],
    ["{Win32_LogicalDisk='C:'} WHERE ResultClass = Win32_SystemDevices", ['Win32_SystemDevices']],
    ["{Win32_LogicalDisk='C:'} WHERE Role = Dependent", ['Win32_LogicalDiskToPartition']],
    ["{Win32_DiskPartition='Disk #1'}", ['Win32_LogicalDiskToPartition']],
  ])('%s', async (query, expected) => {
    expect(await names(wqlFilter(`REFERENCES OF ${query}`))).toEqual(expected)
  })
})

describe('the association filter of the CIM binding', () => {
  const filter = (name: string, more = '', object = `<w:Selector Name="DeviceID">C:</w:Selector>`): string =>
    '<w:Filter Dialect="http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd">' +
    `<b:${name}><b:Object><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>${DMTF}/Win32_LogicalDisk</w:ResourceURI>` +
    `<w:SelectorSet><w:Selector Name="__cimnamespace">root/cimv2</w:Selector>${object}</w:SelectorSet></a:ReferenceParameters></b:Object>${more}</b:${name}></w:Filter>`

  it('finds associated instances', async () => {
    expect(await names(filter('AssociatedInstances'))).toEqual([
      'Win32_DiskPartition Disk #0',
      'Win32_ComputerSystem PC',
    ])
    const more =
      '<b:AssociationClassName>Win32_LogicalDiskToPartition</b:AssociationClassName><b:Role>Dependent</b:Role>' +
      '<b:ResultClassName>CIM_Partition</b:ResultClassName><b:ResultRole>Antecedent</b:ResultRole>'
    expect(await names(filter('AssociatedInstances', more))).toEqual(['Win32_DiskPartition Disk #0'])
  })

  it('finds associations', async () => {
    expect(await names(filter('AssociationInstances'))).toEqual([
      'Win32_LogicalDiskToPartition',
      'Win32_SystemDevices',
    ])
  })

  it('brings the properties that are asked for', async () => {
    const more =
      '<b:ResultClassName>CIM_Partition</b:ResultClassName><b:IncludeResultProperty>bootable</b:IncludeResultProperty>'
    const [item, ...rest] = await test.all(all, filter('AssociatedInstances', more))
    expect(rest).toEqual([])
    expect(item && localName(item)).toBe('XmlFragment')
    expect((item ? elementsOf(item) : []).map(({ name }) => name)).toEqual(['Bootable'])
  })

  it('works on the URI of all classes, too', async () => {
    const { items } = await test.enumerate(
      'http://schemas.dmtf.org/wbem/wscim/1/*',
      `<w:OptimizeEnumeration/><w:MaxElements>9</w:MaxElements>${filter('AssociatedInstances')}`,
      { selectors: { __cimnamespace: 'root/cimv2' } },
    )
    expect(items.map(({ name }) => name)).toEqual([
      `{${DMTF}/Win32_DiskPartition}Win32_DiskPartition`,
      `{${DMTF}/Win32_ComputerSystem}Win32_ComputerSystem`,
    ])
  })

  it.each([
    ['another element', filter('Associated'), 'n:CannotProcessFilter'],
    [
      'the object that is not there',
      filter('AssociatedInstances', '', '<w:Selector Name="DeviceID">Z:</w:Selector>'),
      'a:DestinationUnreachable',
    ],
  ])('refuses %s', async (_, content, subcode) => {
    const { reply } = await test.enumerate(all, `<w:OptimizeEnumeration/>${content}`)
    expect(faultOf(reply).subcode).toBe(subcode)
  })
})

it.each(['ClassDefsOnly', 'SchemaOnly'])('answers with objects only, not %s', async (flag) => {
  const query = `ASSOCIATORS OF {Win32_LogicalDisk='C:'} WHERE ${flag}`
  expect(faultOf((await test.enumerate(all, wqlFilter(query))).reply)).toMatchObject({
    subcode: 'n:CannotProcessFilter',
    wsmanCode: 2150858778,
  })
})

describe('qualifiers and keys', () => {
  const ask = (query: string): Promise<string[]> => names(wqlFilter(query))

  it('are asked for of the class of results', async () => {
    const of = "ASSOCIATORS OF {Win32_LogicalDisk='C:'} WHERE RequiredQualifier"
    expect(await ask(`${of} = dynamic`)).toEqual(['Win32_DiskPartition Disk #0'])
    expect(await ask(`${of} = Static`)).toEqual([])
    expect(await ask("REFERENCES OF {Win32_LogicalDisk='C:'} WHERE RequiredQualifier = Aggregation")).toEqual(
      ['Win32_SystemDevices'],
    )
  })

  it('are asked for of the class of associations', async () => {
    const of = "ASSOCIATORS OF {Win32_LogicalDisk='C:'} WHERE RequiredAssocQualifier"
    expect(await ask(`${of} = aggregation`)).toEqual(['Win32_ComputerSystem PC'])
    expect(await ask(`${of} = Association`)).toEqual([
      'Win32_DiskPartition Disk #0',
      'Win32_ComputerSystem PC',
    ])
  })

  it('come alone where nothing else is wanted', async () => {
    const query = "ASSOCIATORS OF {Win32_LogicalDisk='C:'} WHERE ResultClass = CIM_Partition KeysOnly"
    const items = await test.all(all, wqlFilter(query))
    expect(items.map(properties)).toEqual([{ DeviceID: 'Disk #0', Bootable: null }])
  })
})
