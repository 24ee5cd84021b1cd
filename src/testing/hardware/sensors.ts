import type { EndpointInstance } from '../types.js'

/** Limits of a sensor, in the unit of its kind. They are reached at the value itself. */
export interface SensorThresholds {
  readonly lowerFatal?: number
  readonly lowerCritical?: number
  readonly lowerNonCritical?: number
  readonly upperNonCritical?: number
  readonly upperCritical?: number
  readonly upperFatal?: number
}

/** A sensor of a baseboard management controller. */
export interface SampleSensor {
  /** As in `Inlet Temp`. */
  readonly name: string
  /** `temperature` in degrees Celsius, `voltage` in volts, `current` in amperes, `fan` in RPM, `power` in watts. */
  readonly kind: SensorKind
  /** In the unit of the kind; null where the sensor gives none. A function is asked each time. */
  readonly reading: number | null | (() => number | null)
  readonly thresholds?: SensorThresholds
}

/** What a sensor measures. */
export type SensorKind = 'temperature' | 'voltage' | 'current' | 'fan' | 'power'

interface KindFacts {
  readonly label: string
  /** Value of CIM_Sensor.SensorType; of IPMI (IPMI 2.0, table 42-3). */
  readonly sensorType: number
  readonly ipmiType: number
  /** Value of CIM_NumericSensor.BaseUnits. */
  readonly baseUnits: number
  readonly unitModifier: number
  /** The controller counts in steps from here: its readings have 8 bits. */
  readonly floor: number
  readonly step: number
}

export const KINDS: Readonly<Record<SensorKind, KindFacts>> = {
  temperature: {
    label: 'Temperature',
    sensorType: 2,
    ipmiType: 1,
    baseUnits: 2,
    unitModifier: -1,
    floor: -64,
    step: 0.5,
  },
  voltage: {
    label: 'Voltage',
    sensorType: 3,
    ipmiType: 2,
    baseUnits: 5,
    unitModifier: -3,
    floor: 0,
    step: 0.06,
  },
  current: {
    label: 'Current',
    sensorType: 4,
    ipmiType: 3,
    baseUnits: 6,
    unitModifier: -3,
    floor: 0,
    step: 0.1,
  },
  fan: { label: 'Fan', sensorType: 5, ipmiType: 4, baseUnits: 19, unitModifier: 0, floor: 0, step: 100 },
  power: { label: 'Power', sensorType: 1, ipmiType: 0x0b, baseUnits: 7, unitModifier: 0, floor: 0, step: 4 },
}

/** A server that is well but for warm air at its back and a power supply that is not there. */
export const SAMPLE_SENSORS: readonly SampleSensor[] = [
  {
    name: 'CPU1 Temp',
    kind: 'temperature',
    reading: 47.5,
    thresholds: { lowerNonCritical: 5, upperNonCritical: 85, upperCritical: 95, upperFatal: 100 },
  },
  {
    name: 'Inlet Temp',
    kind: 'temperature',
    reading: 23,
    thresholds: { lowerCritical: -7, lowerNonCritical: 3, upperNonCritical: 42, upperCritical: 47 },
  },
  {
    name: 'Exhaust Temp',
    kind: 'temperature',
    reading: 58,
    thresholds: { upperNonCritical: 55, upperCritical: 65 },
  },
  {
    name: 'CPU1 VCore',
    kind: 'voltage',
    reading: 1.02,
    thresholds: { lowerCritical: 0.6, lowerNonCritical: 0.66, upperNonCritical: 1.38, upperCritical: 1.5 },
  },
  {
    name: 'P12V',
    kind: 'voltage',
    reading: 12.06,
    thresholds: { lowerCritical: 10.8, lowerNonCritical: 11.1, upperNonCritical: 12.9, upperCritical: 13.2 },
  },
  { name: 'Fan1', kind: 'fan', reading: 5800, thresholds: { lowerCritical: 600, lowerNonCritical: 1000 } },
  { name: 'Fan2', kind: 'fan', reading: 5600, thresholds: { lowerCritical: 600, lowerNonCritical: 1000 } },
  { name: 'PSU1 Current', kind: 'current', reading: 0.9 },
  {
    name: 'PSU1 Power',
    kind: 'power',
    reading: 196,
    thresholds: { upperNonCritical: 700, upperCritical: 800 },
  },
  {
    name: 'PSU2 Power',
    kind: 'power',
    reading: null,
    thresholds: { upperNonCritical: 700, upperCritical: 800 },
  },
]

export type Threshold = keyof SensorThresholds

interface ThresholdFacts {
  readonly property: string
  /** Value of SupportedThresholds and its like. */
  readonly code: number
  /** The state in which the threshold is reached. */
  readonly state: string
  /** Of the event that tells it (IPMI 2.0, table 42-2). */
  readonly eventOffset: number
  readonly isUpper: boolean
}

/** The worst first: that is the state a sensor is in. */
export const THRESHOLDS: Readonly<Record<Threshold, ThresholdFacts>> = {
  lowerFatal: threshold('LowerThresholdFatal', 4, 0x04, 'at or below lower non-recoverable threshold'),
  upperFatal: threshold('UpperThresholdFatal', 5, 0x0b, 'at or above upper non-recoverable threshold'),
  lowerCritical: threshold('LowerThresholdCritical', 2, 0x02, 'at or below lower critical threshold'),
  upperCritical: threshold('UpperThresholdCritical', 3, 0x09, 'at or above upper critical threshold'),
  lowerNonCritical: threshold(
    'LowerThresholdNonCritical',
    0,
    0x00,
    'at or below lower non-critical threshold',
  ),
  upperNonCritical: threshold(
    'UpperThresholdNonCritical',
    1,
    0x07,
    'at or above upper non-critical threshold',
  ),
}

function threshold(property: string, code: number, eventOffset: number, state: string): ThresholdFacts {
  return { property, code, eventOffset, state, isUpper: property.startsWith('Upper') }
}

const ALL = Object.entries(THRESHOLDS) as readonly (readonly [Threshold, ThresholdFacts])[]
/** The provider writes only these to the controller. */
export const SETTABLE: readonly Threshold[] = ['lowerNonCritical', 'upperNonCritical']

/** The address of the controller on its bus, which is part of all names. */
export const CONTROLLER_ADDRESS = 0x20
export const deviceId = (number: number): string => `${number}.0.${CONTROLLER_ADDRESS}`
const SYSTEM = {
  SystemCreationClassName: 'ComputerSystem',
  SystemName: `IPMI Controller ${CONTROLLER_ADDRESS}`,
} as const

export const readingOf = ({ reading }: SampleSensor): number | null =>
  typeof reading === 'function' ? reading() : reading

/** In the units that an instance tells: `10 ** UnitModifier` of the base unit. */
export const inUnits = (value: number, { unitModifier }: KindFacts): number =>
  Math.round(value * 10 ** -unitModifier)

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
    CurrentState: stateOf(sensor),
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
