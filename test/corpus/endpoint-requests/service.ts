import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { startEndpoint, type Endpoint, type EndpointClass, type EndpointInstance } from 'wsman/testing'
import type { SettingRow, SettingTable } from '../../../src/settings/rows.js'
import { CONFIG_TABLE } from '../../../src/settings/table.js'
import { readRecording } from '../../support/recordings.js'
import {
  elementsOf,
  localName,
  parseXml,
  select,
  textOf,
  type PlainElement,
} from '../../support/xml-compare.js'

const users = [{ username: 'vagrant', password: 'secret' }]
/** The tests authenticate with Basic over HTTP, whatever was recorded. */
const REACHABLE = { allowUnencrypted: true, auth: { basic: true } } as const

/** A service with the shells, instances and methods that the recorded requests are about. */
export function startService(): Promise<Endpoint> {
  return startEndpoint({ users, settings: { service: REACHABLE }, classes: classes() })
}

/** A service with the settings that a recorded reply tells. */
export function startConfigured(replyFile: string): Promise<Endpoint> {
  const [config] = select(parseXml(readRecording(replyFile)), 'Body', 'Config')
  if (!config) throw new Error(`${replyFile} tells no settings.`)
  const { protocol, client, service, winrs } = CONFIG_TABLE
  const section = (name: string): PlainElement | undefined => select(config, name)[0]
  const settings = {
    protocol: settingsIn(protocol, config),
    client: settingsIn(client, section('Client')),
    service: reachable(settingsIn(service, section('Service'))),
    winrs: settingsIn(winrs, section('Winrs')),
  }
  return startEndpoint({ users, classes: [], settings })
}

function reachable({ auth, ...service }: Record<string, unknown>): Record<string, unknown> {
  return { ...service, ...REACHABLE, auth: { ...(auth as object), ...REACHABLE.auth } }
}

function settingsIn(table: SettingTable, section: PlainElement | undefined): Record<string, unknown> {
  const known = Object.entries(table).flatMap(([name, entry]): [string, unknown][] => {
    const [element] = section ? select(section, entry.wire) : []
    if (!element) return []
    return [
      [
        name,
        'members' in entry ? settingsIn(entry.members, element) : valueOf(entry, textOf(element).trim()),
      ],
    ]
  })
  return Object.fromEntries(known)
}

function valueOf({ type }: SettingRow, text: string): string | number | boolean {
  if (type === 'integer') return Number(text)
  return type === 'boolean' ? text === 'true' : text
}

const text = { type: 'string' } as const
const list = { type: 'string', array: true } as const

interface Recorded {
  readonly name: string
  readonly namespace: string
  readonly keys: readonly string[]
  /** The recorded replies that show its instances. */
  readonly replies: readonly string[]
}

/** A class with the instances that recorded replies show, every value as the text it was. */
function recorded({ name, namespace, keys, replies }: Recorded): EndpointClass {
  const instances = replies.flatMap((file) => instancesIn(parseXml(readRecording(file)), name).map(valuesOf))
  const names = new Set(instances.flatMap((instance) => Object.keys(instance)))
  const properties = [...names].map((property) => {
    const isArray = instances.some((instance) => Array.isArray(instance[property]))
    return [property, { ...(isArray ? list : text), key: keys.includes(property) }] as const
  })
  return { name, namespace, properties: Object.fromEntries(properties), instances }
}

function instancesIn(element: PlainElement, name: string): readonly PlainElement[] {
  return elementsOf(element).flatMap((child) =>
    localName(child) === name ? [child] : instancesIn(child, name),
  )
}

function valuesOf(instance: PlainElement): EndpointInstance {
  const values = new Map<string, string | null | (string | null)[]>()
  for (const element of elementsOf(instance)) {
    const name = localName(element)
    if (name === 'Location') continue
    const isNil = element.attributes['{http://www.w3.org/2001/XMLSchema-instance}nil'] === 'true'
    const value = isNil ? null : textOf(element)
    const earlier = values.get(name)
    values.set(name, earlier === undefined ? value : [earlier, value].flat())
  }
  return Object.fromEntries(values)
}

const WISEMAN = 'wsmancli-interop/xml/WISEMAN'
const MS_WSMV = 'ms-wsmv'

function classes(): readonly EndpointClass[] {
  const key = { type: 'string', key: true } as const
  return [
    recorded({
      name: 'myclass',
      namespace: 'root/mynamespace',
      keys: ['id'],
      replies: [`${MS_WSMV}/4.1.2.4-First-Pull-Response/01.xml`],
    }),
    recorded({
      name: 'CIM_ComputerSystem',
      namespace: 'root/hardware',
      keys: ['Name', 'CreationClassName'],
      replies: [`${WISEMAN}/6.4-Get-failure-MaxEnvelop-exceeded-4/02.xml`],
    }),
    recorded({
      name: 'CIM_NumericSensor',
      namespace: 'root/hardware',
      keys: ['CreationClassName', 'DeviceID', 'SystemCreationClassName', 'SystemName'],
      replies: [`${WISEMAN}/7.2-Optimized-Enumerate-9/02.xml`, `${WISEMAN}/7.2-Optimized-Enumerate-9/04.xml`],
    }),
    {
      name: 'UTFPSSemantics_TestBase',
      namespace: 'root/cimv2/mytest4',
      properties: { octet: { type: 'uint8', array: true }, uint32Key: { type: 'uint32', key: true } },
      instances: [{ octet: null, uint32Key: 10 }],
    },
    {
      name: 'Win32_Service',
      properties: { Name: key, StartMode: 'string', State: 'string' },
      instances: [
        { Name: 'Spooler', StartMode: 'Auto', State: 'Stopped' },
        { Name: 'WinRM', StartMode: 'Auto', State: 'Running' },
      ],
    },
    {
      name: 'Msvm_VirtualSystemManagementService',
      namespace: 'root/virtualization/v2',
      properties: { CreationClassName: key, Name: key, SystemCreationClassName: key, SystemName: key },
      instances: [
        {
          CreationClassName: 'Msvm_VirtualSystemManagementService',
          Name: 'vmms',
          SystemCreationClassName: 'Msvm_ComputerSystem',
          SystemName: 'hyperv06',
        },
      ],
      // The reference it was called with comes back, so that the test sees it was read.
      methods: { RealizePlannedSystem: ({ parameters }) => ({ ReturnValue: 0, ...parameters }) },
    },
    {
      name: 'OMI_Identify',
      namespace: 'root/omi',
      properties: identity(),
      instances: [{ InstanceID: '2FDB5542-5896-45D5-9BE9-DC04430AAABE', ProductVendor: 'before' }],
    },
    {
      name: 'CIM_VLANEndpoint',
      properties: { Name: key, DesiredEndpointMode: 'uint16' },
    },
    { name: 'CIM_Error', namespace: 'root/test', properties: { Message: text } },
    { name: 'X_HugeNumber', namespace: 'test/cpp', properties: { Number: { type: 'uint64', key: true } } },
    {
      name: 'MSFT_Person',
      properties: { Key: key, Species: text, Last: text, First: text, ExpensiveProperty: text },
      instances: [{ Key: '1', Last: 'before', First: 'kept' }],
    },
    {
      name: 'TestClass_AllDMTFTypes',
      namespace: 'root/omi',
      properties: { v_Key: { type: 'uint64', key: true } },
      instances: [{ v_Key: 0 }],
      methods: { GetBoolValue: () => ({ ReturnValue: 0, boolVal: false }) },
    },
    {
      name: 'DCIM_PowerSupplyView',
      namespace: 'root/hardware',
      properties: {
        InstanceID: key,
        DeviceDescription: text,
        PrimaryStatus: 'uint32',
        TotalOutputPower: 'uint32',
        InputVoltage: 'uint32',
        Range1MaxInputPower: 'uint32',
        FirmwareVersion: text,
        RedundancyStatus: 'uint32',
        DetailedState: text,
      },
      instances: [
        {
          InstanceID: 'PSU.Slot.1',
          PrimaryStatus: 1,
          TotalOutputPower: 502,
          DetailedState: 'Presence Detected',
        },
        { InstanceID: 'PSU.Slot.2', PrimaryStatus: 0, DetailedState: 'Absent' },
      ],
    },
  ]
}

/** The properties of the instance that is put. */
function identity(): EndpointClass['properties'] {
  const [sent] = instancesIn(parseXml(readRecording('omi/samples/Put1-0.xml')), 'OMI_Identify')
  const names = sent ? elementsOf(sent).map(localName) : []
  return Object.fromEntries(
    names.map((name) => [
      name,
      { ...(name === 'ConfigNameSpaces' ? list : text), key: name === 'InstanceID' },
    ]),
  )
}

/**
 * What the recorded commands need of a machine that is not Windows: programs by the name of PowerShell, which write
 * what they are called with or read, and a directory by the name of `C:\Windows`.
 * @returns undoes it
 */
export function pretendWindows(): () => void {
  if (process.platform === 'win32') return () => undefined
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsman-requests-'))
  for (const name of ['powershell', 'powershell.exe']) {
    writeFileSync(path.join(folder, name), '#!/bin/sh\n[ "$1" = - ] && exec cat\necho "$@"\n')
    chmodSync(path.join(folder, name), 0o755)
  }
  mkdirSync(path.join(folder, 'C:\\Windows'))
  const { PATH } = process.env
  const cwd = process.cwd()
  process.env.PATH = `${folder}:${PATH ?? ''}`
  process.chdir(folder)
  return () => {
    process.chdir(cwd)
    process.env.PATH = PATH
    rmSync(folder, { recursive: true })
  }
}
