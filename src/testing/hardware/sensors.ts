import type { EndpointInstance } from '../types.js'
import {
  CONTROLLER_ADDRESS,
  KINDS,
  SETTABLE,
  THRESHOLDS,
  type KindFacts,
  type SampleSensor,
  type Threshold,
  type ThresholdFacts,
} from './sensor-tables.js'

const ALL = Object.entries(THRESHOLDS) as readonly (readonly [Threshold, ThresholdFacts])[]

export const deviceId = (number: number): string => `${number}.0.${CONTROLLER_ADDRESS}`
const SYSTEM = {
  SystemCreationClassName: 'ComputerSystem',
  SystemName: `IPMI Controller ${CONTROLLER_ADDRESS}`,
} as const

export const readingOf = ({ reading }: SampleSensor): number | null =>
  typeof reading === 'function' ? reading() : reading

/** In the units that an instance tells: `10 ** UnitModifier` of the base unit. Zero has no sign. */
const inUnits = (value: number, { unitModifier }: KindFacts): number =>
  Math.round(value * 10 ** -unitModifier) + 0

/** An instance of NumericSensor. @param number counted from 1; identifies the sensor to the controller */
export function numericSensor(sensor: SampleSensor, number: number): EndpointInstance {
  const { name, kind, thresholds = {} } = sensor
  const facts = KINDS[kind]
  const reading = readingOf(sensor)
  const supported = ALL.filter(([key]) => thresholds[key] !== undefined)
  const codes = (keys: readonly Threshold[]): number[] =>
    keys.filter((key) => thresholds[key] !== undefined).map((key) => THRESHOLDS[key].code)
  return {
    ...SYSTEM,
    CreationClassName: 'NumericSensor',
    DeviceID: deviceId(number),
    ...naming(name, facts.label, number),
    EnabledState: 5,
    RequestedState: 12,
    EnabledDefault: 2,
    SensorType: facts.sensorType,
    OtherSensorTypeDescription: facts.sensorType === 1 ? facts.label : null,
    PossibleStates: ['OK', 'N/A', ...supported.map(([, { state }]) => state)],
    CurrentState: stateOf({ ...sensor, reading }),
    BaseUnits: facts.baseUnits,
    UnitModifier: facts.unitModifier,
    RateUnits: 0,
    CurrentReading: reading === null ? null : inUnits(reading, facts),
    MinReadable: inUnits(facts.floor, facts),
    MaxReadable: inUnits(facts.floor + 255 * facts.step, facts),
    IsLinear: true,
    Resolution: inUnits(facts.step, facts),
    ...Object.fromEntries(
      supported.map(([key, { property }]) => [property, inUnits(thresholds[key] ?? 0, facts)] as const),
    ),
    SupportedThresholds: codes(supported.map(([key]) => key)),
    EnabledThresholds: codes(supported.map(([key]) => key)),
    SettableThresholds: codes(SETTABLE),
  }
}

/** Instances of Sensor: those that know states only. */
export const discreteSensors = (first: number): readonly EndpointInstance[] => [
  discreteSensor(first, 'PSU1 Status', 'Power Supply', [
    'Presence detected',
    'Power Supply Failure detected',
    'Power Supply input lost',
  ]),
  discreteSensor(first + 1, 'Intrusion', 'Physical Security', ['OK', 'General Chassis Intrusion']),
]

/** In the first of its states. */
function discreteSensor(
  number: number,
  name: string,
  label: string,
  states: readonly string[],
): EndpointInstance {
  return {
    ...SYSTEM,
    CreationClassName: 'Sensor',
    DeviceID: deviceId(number),
    ...naming(name, label, number),
    SensorType: 1,
    OtherSensorTypeDescription: label,
    PossibleStates: states,
    CurrentState: states[0] ?? null,
  }
}

function naming(name: string, label: string, number: number) {
  const identified = `${name}(${deviceId(number)})`
  return {
    Caption: `${label}(${deviceId(number)})`,
    Description: `${identified}:${label}`,
    ElementName: identified,
    Name: identified,
  }
}

function stateOf(sensor: SampleSensor): string {
  if (readingOf(sensor) === null) return 'N/A'
  return reachedThreshold(sensor)?.state ?? 'OK'
}

/** The worst threshold that the reading has reached. */
export function reachedThreshold(sensor: SampleSensor): ThresholdFacts | undefined {
  const { thresholds = {} } = sensor
  const reading = readingOf(sensor)
  if (reading === null) return undefined
  const found = ALL.find(([key, { isUpper }]) => {
    const limit = thresholds[key]
    return limit !== undefined && (isUpper ? reading >= limit : reading <= limit)
  })
  return found?.[1]
}
