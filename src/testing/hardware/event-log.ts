import type { EndpointInstance } from '../types.js'
import { fromDate } from '../wql/dmtf-datetime.js'
import { CONTROLLER_ADDRESS, KINDS, type SensorKind } from './sensor-tables.js'
import { deviceId } from './sensors.js'

const FORMAT = [
  'string CIM_Sensor.DeviceID',
  'uint8[2] IPMI_RecordID',
  'uint8 IPMI_RecordType',
  'uint8[4] IPMI_Timestamp',
  'uint8[2] IPMI_GeneratorID',
  'uint8 IPMI_EvMRev',
  'uint8 IPMI_SensorType',
  'uint8 IPMI_SensorNumber',
  'boolean IPMI_AssertionEvent',
  'uint8 IPMI_EventType',
  'uint8 IPMI_EventData1',
  'uint8 IPMI_EventData2',
  'uint8 IPMI_EventData3',
]

/** An event of a threshold that was reached. */
export interface ThresholdEvent {
  /** The number of the sensor, and its name. */
  readonly sensor: number
  readonly name: string
  readonly kind: SensorKind
  /** Seconds since 1970. */
  readonly time: number
  readonly offset: number
}

/** An instance of LogRecord: an entry of the System Event Log, as the IPMI provider lays it out. */
export function logRecord(event: ThresholdEvent, id: number): EndpointInstance {
  const { sensor, name, kind, time, offset } = event
  const values = [
    `${name}(${deviceId(sensor)})`,
    octets(id, 2),
    '02',
    octets(time, 4),
    octets(CONTROLLER_ADDRESS, 2),
    '04',
    octets(KINDS[kind].ipmiType, 1),
    octets(sensor, 1),
    'true',
    '01',
    octets(offset, 1),
    'FF',
    'FF',
  ]
  return {
    LogCreationClassName: 'RecordLog',
    LogName: 'System Event Log',
    CreationClassName: 'LogRecord',
    RecordID: String(id),
    MessageTimestamp: fromDate(new Date(time * 1000))?.text ?? null,
    Caption: `Threshold of ${name}`,
    Description: `The sensor ${name} reached a threshold.`,
    RecordFormat: delimited(FORMAT),
    RecordData: delimited(values),
  }
}

const delimited = (parts: readonly string[]): string => `*${parts.join('*')}*`

/** The least significant first. */
function octets(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) =>
    ((value / 256 ** index) & 0xff).toString(16).padStart(2, '0').toUpperCase(),
  ).join(' ')
}
