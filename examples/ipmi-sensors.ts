/** The sensors of the hardware, as the IPMI provider of Windows shows them: readings in their units, and states. */
import { withClient } from './connect.js'

interface Sensor {
  readonly Name: string | null
  readonly CurrentState: string | null
}

interface NumericSensor extends Sensor {
  readonly CurrentReading: number | null
  readonly BaseUnits: number | null
  readonly UnitModifier: number | null
  readonly RateUnits: number | null
  readonly [threshold: `${'Lower' | 'Upper'}Threshold${string}`]: number | null
}

/** Values of CIM_NumericSensor.BaseUnits and RateUnits. */
const UNITS = new Map([
  [2, '°C'],
  [3, '°F'],
  [4, 'K'],
  [5, 'V'],
  [6, 'A'],
  [7, 'W'],
  [8, 'J'],
  [10, 'VA'],
  [15, 'kPa'],
  [18, 'CFM'],
  [19, 'RPM'],
  [20, 'Hz'],
  [38, 'revolutions'],
  [65, '%'],
])
const RATES = new Map([
  [1, '/µs'],
  [2, '/ms'],
  [3, '/s'],
  [4, '/min'],
  [5, '/h'],
])

/** All numbers of a sensor count `10 ** UnitModifier` of its unit. */
function inUnits({ BaseUnits, UnitModifier, RateUnits }: NumericSensor, count: number | null): string {
  if (count === null) return '–'
  const modifier = UnitModifier ?? 0
  const value = (count * 10 ** modifier).toFixed(Math.max(0, -modifier))
  const unit = UNITS.get(BaseUnits ?? 0) ?? `(unit ${BaseUnits ?? 'unknown'})`
  return `${value} ${unit}${RATES.get(RateUnits ?? 0) ?? ''}`
}

const isNumeric = (sensor: Sensor): sensor is NumericSensor => 'CurrentReading' in sensor
/** States of threshold sensors say which threshold was reached. */
const needsAttention = ({ CurrentState }: Sensor): boolean =>
  /^at or (?:above|below)/.test(CurrentState ?? '')

function reached(sensor: NumericSensor): string {
  const [, side = '', level = ''] = /(lower|upper) (\S+)/.exec(sensor.CurrentState ?? '') ?? []
  const levels: Record<string, string> = { 'non-critical': 'NonCritical', critical: 'Critical' }
  const name = `${side === 'lower' ? 'Lower' : 'Upper'}Threshold${levels[level] ?? 'Fatal'}` as const
  return `  (${inUnits(sensor, sensor[name] ?? null)})`
}

await withClient(async (client) => {
  const sensors = client.cim.enumerateInstances<Sensor>('CIM_Sensor', {
    namespace: 'root/hardware',
    typed: true,
  })
  const rows = [['SENSOR', 'READING', 'STATE']]
  let count = 0
  let alarms = 0
  for await (const sensor of sensors) {
    count += 1
    if (needsAttention(sensor)) alarms += 1
    const reading = isNumeric(sensor) ? inUnits(sensor, sensor.CurrentReading) : '–'
    const limit = isNumeric(sensor) && needsAttention(sensor) ? reached(sensor) : ''
    rows.push([sensor.Name ?? '', reading, `${sensor.CurrentState ?? ''}${limit}`])
  }
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  for (const [name = '', reading = '', state = ''] of rows) {
    console.log(`${name.padEnd(width(0))}  ${reading.padStart(width(1))}  ${state}`)
  }
  console.log(`${alarms} of ${count} sensors ${alarms === 1 ? 'needs' : 'need'} attention.`)
})
