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

export interface KindFacts {
  readonly label: string
  /** Value of CIM_Sensor.SensorType. */
  readonly sensorType: number
  /** Sensor type code (IPMI 2.0, table 42-3). */
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

export interface ThresholdFacts {
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

/** The provider writes only these to the controller. */
export const SETTABLE: readonly Threshold[] = ['lowerNonCritical', 'upperNonCritical']

/** The address of the controller on its bus, which is part of all names. */
export const CONTROLLER_ADDRESS = 0x20
