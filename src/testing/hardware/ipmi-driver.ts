import type { EndpointClass, EndpointInstance, EndpointValue } from '../types.js'
import { CONTROLLER_ADDRESS, KINDS, type SampleSensor } from './sensor-tables.js'
import { readingOf } from './sensors.js'

/** Completion codes of IPMI 2.0, table 5-2. */
const OK = 0
const INVALID_COMMAND = 0xc1
const DATA_LENGTH_INVALID = 0xc7
const NOT_PRESENT = 0xcb

const LUN = 0
const GET_DEVICE_ID = 0x0601
const GET_SENSOR_READING = 0x042d

/**
 * The driver of Windows for the controller itself, which passes requests of IPMI on: here it answers Get Device ID and Get
 * Sensor Reading. The response begins with the completion code, as Windows gives it.
 */
export function ipmiDriver(sensors: readonly SampleSensor[]): EndpointClass {
  const uint8s = { type: 'uint8', array: true } as const
  return {
    name: 'Microsoft_IPMI',
    namespace: 'root/wmi',
    properties: { InstanceName: { type: 'string', key: true }, Active: 'boolean', BMCAddress: 'uint8' },
    instances: [{ InstanceName: 'Root\\SYSTEM\\0000_0', Active: true, BMCAddress: CONTROLLER_ADDRESS }],
    methods: {
      RequestResponse: {
        static: false,
        returns: 'void',
        parameters: {
          NetworkFunction: 'uint8',
          Lun: 'uint8',
          ResponderAddress: 'uint8',
          Command: 'uint8',
          RequestDataSize: 'uint32',
          RequestData: uint8s,
          CompletionCode: { type: 'uint8', out: true },
          ResponseDataSize: { type: 'uint32', out: true },
          ResponseData: { ...uint8s, out: true },
        },
        run: ({ parameters }) => respond(answer(parameters, sensors)),
      },
      SMS_Attention: {
        static: false,
        returns: 'void',
        parameters: {
          AttentionSet: { type: 'boolean', out: true },
          StatusRegisterValue: { type: 'uint8', out: true },
        },
        run: () => ({ AttentionSet: false, StatusRegisterValue: 0 }),
      },
    },
  }
}

function respond(response: readonly number[]): EndpointInstance {
  const [CompletionCode = INVALID_COMMAND] = response
  return { CompletionCode, ResponseDataSize: response.length, ResponseData: response }
}

/** @returns the completion code, and data after it where it is zero */
function answer(parameters: EndpointInstance, sensors: readonly SampleSensor[]): readonly number[] {
  const { NetworkFunction, Command, Lun, ResponderAddress, RequestData = [] } = parameters
  if (Number(Lun ?? LUN) !== LUN || Number(ResponderAddress) !== CONTROLLER_ADDRESS) return [0xd3]
  const data = (Array.isArray(RequestData) ? (RequestData as readonly EndpointValue[]) : []).map(Number)
  const request = data.slice(0, Number(parameters.RequestDataSize ?? data.length))
  switch (Number(NetworkFunction) * 0x100 + Number(Command)) {
    case GET_DEVICE_ID:
      return request.length === 0 ? [OK, ...DEVICE] : [DATA_LENGTH_INVALID]
    case GET_SENSOR_READING:
      return request.length === 1 ? reading(sensors[(request[0] ?? 0) - 1]) : [DATA_LENGTH_INVALID]
    default:
      return [INVALID_COMMAND]
  }
}

/** Device 32, revision 1, firmware 1.00, IPMI 2.0, with sensors and an event log; nobody's product (20.1). */
const DEVICE: readonly number[] = [CONTROLLER_ADDRESS, 1, 1, 0, 0x02, 0x05, 0, 0, 0, 0, 0]

/** The reading in steps of the sensor; that it scans, or that there is none (35.14). */
function reading(sensor: SampleSensor | undefined): readonly number[] {
  if (!sensor) return [NOT_PRESENT]
  const value = readingOf(sensor)
  const { floor, step } = KINDS[sensor.kind]
  const raw = value === null ? 0 : Math.round((value - floor) / step)
  return [OK, Math.min(Math.max(raw, 0), 255), value === null ? 0xe0 : 0xc0, 0xc0]
}
