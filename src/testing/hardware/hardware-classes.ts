import { isDeepStrictEqual } from 'node:util'
import { invalidProperties } from '../class-faults.js'
import type { EndpointClass, EndpointInstance, PutCall } from '../types.js'
import { baseClasses, providerClass } from './definitions.js'
import { logRecord } from './event-log.js'
import { ipmiDriver } from './ipmi-driver.js'
import {
  KINDS,
  SAMPLE_SENSORS,
  SETTABLE,
  THRESHOLDS,
  type SampleSensor,
  type SensorThresholds,
} from './sensor-tables.js'
import { deviceId, discreteSensors, numericSensor, reachedThreshold } from './sensors.js'

/**
 * Classes as a Windows server with a baseboard management controller has them: sensors and event log of the IPMI provider
 * in `root/hardware`, and its driver in `root/wmi`. The values are made up.
 *
 * Clients may change the non-critical thresholds, as on Windows; CurrentState follows readings and thresholds.
 * @param sensors default: some of a small server, one of them beyond a threshold, one without a reading
 */
export function hardwareClasses(sensors: readonly SampleSensor[] = SAMPLE_SENSORS): readonly EndpointClass[] {
  const board = new SensorBoard(sensors)
  const log = board.log()
  return [
    ...baseClasses(),
    providerClass('NumericSensor', 'CIM_NumericSensor', {
      instances: () => board.instances(),
      put: (call) => {
        board.change(call)
      },
      methods: {
        RestoreDefaultThresholds: {
          static: false,
          parameters: {},
          run: ({ instance }) => ({ ReturnValue: board.restore(instance) }),
        },
      },
    }),
    providerClass('Sensor', 'CIM_Sensor', { instances: () => discreteSensors(sensors.length + 1) }),
    providerClass('LogRecord', 'CIM_LogRecord', { instances: () => log }),
    ipmiDriver(sensors),
  ]
}

/** The sensors with the thresholds that clients have set. */
class SensorBoard {
  readonly #sensors: readonly SampleSensor[]
  readonly #set = new Map<string, SensorThresholds>()

  constructor(sensors: readonly SampleSensor[]) {
    this.#sensors = sensors
  }

  instances(): readonly EndpointInstance[] {
    return this.#sensors.map((sensor, index) => numericSensor(this.#current(sensor, index + 1), index + 1))
  }

  /** An entry for each sensor that is beyond a threshold now. */
  log(): readonly EndpointInstance[] {
    const time = Math.floor(Date.now() / 1000)
    const events = this.#sensors.flatMap((sensor, index) => {
      const reached = reachedThreshold(sensor)
      const { name, kind } = sensor
      return reached ? [{ name, kind, time, sensor: index + 1, offset: reached.eventOffset }] : []
    })
    return events.map((event, index) => logRecord(event, index + 1))
  }

  /** @throws EndpointFault for what cannot be set */
  change({ instance, properties }: PutCall): void {
    const id = idOf(instance)
    const sensor = this.#sensors.find((_, index) => deviceId(index + 1) === id)
    if (!sensor) return
    const { unitModifier } = KINDS[sensor.kind]
    const changes: Record<string, number> = {}
    for (const [name, value] of Object.entries(properties)) {
      // A client that puts a whole instance back sends what it has read.
      if (isDeepStrictEqual(value, instance[name] ?? null)) continue
      const key = SETTABLE.find((candidate) => THRESHOLDS[candidate].property === name)
      if (key === undefined || sensor.thresholds?.[key] === undefined || typeof value !== 'number') {
        throw invalidProperties(`${name} of ${sensor.name} cannot be set.`)
      }
      changes[key] = value * 10 ** unitModifier
    }
    this.#set.set(id, { ...this.#set.get(id), ...changes })
  }

  restore(instance: EndpointInstance | undefined): number {
    if (instance) this.#set.delete(idOf(instance))
    return 0
  }

  #current(sensor: SampleSensor, number: number): SampleSensor {
    return { ...sensor, thresholds: { ...sensor.thresholds, ...this.#set.get(deviceId(number)) } }
  }
}

const idOf = ({ DeviceID }: EndpointInstance): string => (typeof DeviceID === 'string' ? DeviceID : '')
