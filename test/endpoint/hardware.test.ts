import { afterEach, describe, expect, it } from 'vitest'
import { CimDateTime, WsmanClient, wql, type CimInstance, type CimValue, type EndpointReference } from 'wsman'
import { hardwareClasses, startEndpoint, type Endpoint, type SampleSensor } from 'wsman/testing'

const HARDWARE = { namespace: 'root/hardware', typed: true } as const

let endpoint: Endpoint
let client: WsmanClient

async function start(sensors?: readonly SampleSensor[]): Promise<WsmanClient['cim']> {
  endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    ...(sensors ? { classes: hardwareClasses(sensors) } : {}),
  })
  client = new WsmanClient(endpoint.clientOptions('alice'))
  return client.cim
}

afterEach(async () => {
  await client.close()
  await endpoint.close()
})

const textOf = (value: CimValue | undefined): string => (typeof value === 'string' ? value : '')
const named = (sensors: readonly CimInstance[], name: string): CimInstance | undefined =>
  sensors.find(({ ElementName }) => textOf(ElementName).startsWith(name))

describe('sensors of the sample hardware', () => {
  it('are read through their abstract class, in the units they tell', async () => {
    const cim = await start()
    const sensors = await cim.enumerateInstances('CIM_NumericSensor', HARDWARE).toArray()
    expect(sensors).toHaveLength(10)
    expect(named(sensors, 'CPU1 Temp')).toMatchObject({
      SystemCreationClassName: 'ComputerSystem',
      SystemName: 'IPMI Controller 32',
      CreationClassName: 'NumericSensor',
      DeviceID: '1.0.32',
      SensorType: 2,
      BaseUnits: 2,
      UnitModifier: -1,
      RateUnits: 0,
      CurrentReading: 475,
      CurrentState: 'OK',
      LowerThresholdNonCritical: 50,
      UpperThresholdNonCritical: 850,
      UpperThresholdCritical: 950,
      UpperThresholdFatal: 1000,
      LowerThresholdCritical: null,
      SupportedThresholds: [5, 3, 0, 1],
      SettableThresholds: [0, 1],
      OperationalStatus: null,
      InstallDate: null,
      IsLinear: true,
    })
    expect(named(sensors, 'Exhaust Temp')?.CurrentState).toBe('at or above upper non-critical threshold')
    expect(named(sensors, 'P12V')).toMatchObject({ BaseUnits: 5, UnitModifier: -3, CurrentReading: 12060 })
    expect(named(sensors, 'Fan1')).toMatchObject({ BaseUnits: 19, UnitModifier: 0, CurrentReading: 5800 })
    expect(named(sensors, 'PSU1 Current')).toMatchObject({ BaseUnits: 6, SupportedThresholds: [] })
    expect(named(sensors, 'PSU2 Power')).toMatchObject({ CurrentReading: null, CurrentState: 'N/A' })
    for (const { PossibleStates, CurrentState } of sensors) expect(PossibleStates).toContain(CurrentState)

    const all = await cim.enumerateInstances('CIM_Sensor', HARDWARE).toArray()
    expect(all).toHaveLength(12)
    expect(named(all, 'PSU1 Status')).toMatchObject({
      CreationClassName: 'Sensor',
      OtherSensorTypeDescription: 'Power Supply',
      CurrentState: 'Presence detected',
    })
  })

  it('are asked for by their state', async () => {
    const cim = await start()
    const query = wql`SELECT ElementName, CurrentReading FROM CIM_NumericSensor WHERE NOT CurrentState = 'OK' AND CurrentReading IS NOT NULL`
    expect(await cim.query(query, HARDWARE).toArray()).toEqual([
      { CurrentReading: 580, ElementName: 'Exhaust Temp(3.0.32)' },
    ])
  })

  it('follow thresholds that clients set, until the default is restored', async () => {
    const cim = await start()
    const key = {
      SystemCreationClassName: 'ComputerSystem',
      SystemName: 'IPMI Controller 32',
      CreationClassName: 'NumericSensor',
      DeviceID: '2.0.32',
    }
    const sensor = () => cim.getInstance('NumericSensor', key, HARDWARE)
    await cim.modifyInstance('NumericSensor', key, { UpperThresholdNonCritical: 230 }, HARDWARE)
    expect(await sensor()).toMatchObject({
      UpperThresholdNonCritical: 230,
      UpperThresholdCritical: 470,
      CurrentState: 'at or above upper non-critical threshold',
    })
    const output = await cim.invokeMethod(
      await referenceTo('2.0.32'),
      'RestoreDefaultThresholds',
      {},
      HARDWARE,
    )
    expect(output).toEqual({ ReturnValue: 0 })
    expect(await sensor()).toMatchObject({ UpperThresholdNonCritical: 420, CurrentState: 'OK' })

    const change = (changes: Record<string, number>) =>
      cim.modifyInstance('NumericSensor', key, changes, HARDWARE)
    await expect(change({ CurrentReading: 1 })).rejects.toThrow('CurrentReading of Inlet Temp cannot be set.')
    await expect(change({ UpperThresholdCritical: 1 })).rejects.toThrow('cannot be set.')
  })

  it('may be the caller’s own, with readings that change', async () => {
    let degrees: number | null = 20
    const cim = await start([
      {
        name: 'A',
        kind: 'temperature',
        reading: () => degrees,
        thresholds: { lowerFatal: 0, upperFatal: 90 },
      },
    ])
    const read = async () => {
      const [sensor] = await cim.enumerateInstances('NumericSensor', HARDWARE).toArray()
      return [sensor?.CurrentReading, sensor?.CurrentState]
    }
    expect(await read()).toEqual([200, 'OK'])
    degrees = 90
    expect(await read()).toEqual([900, 'at or above upper non-recoverable threshold'])
    degrees = -0.04
    expect(await read()).toEqual([0, 'at or below lower non-recoverable threshold'])
    const raw = await client.enumerate('wmi/root/hardware/NumericSensor').toArray()
    expect(raw.map(({ CurrentReading }) => CurrentReading)).toEqual(['0'])
    degrees = null
    expect(await read()).toEqual([null, 'N/A'])
  })
})

describe('the event log of the sample hardware', () => {
  it('tells what was beyond a threshold from the start', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000
    const cim = await start()
    const [record, ...others] = await cim.enumerateInstances('CIM_LogRecord', HARDWARE).toArray()
    expect(others).toEqual([])
    expect(record).toMatchObject({
      CreationClassName: 'LogRecord',
      RecordID: '1',
      LogCreationClassName: 'RecordLog',
    })
    const time = record?.MessageTimestamp
    if (!(time instanceof CimDateTime)) throw new Error('no time')
    expect(time.toDate().getTime()).toBeGreaterThanOrEqual(before)

    // RecordFormat declares what stands in RecordData.
    const names = textOf(record?.RecordFormat).split('*').slice(1, -1)
    const values = textOf(record?.RecordData).split('*').slice(1, -1)
    const data = Object.fromEntries(
      names.map((name, index) => [name.split(' ')[1] ?? '', values[index] ?? '']),
    )
    const seconds = Number(`0x${(data.IPMI_Timestamp ?? '').split(' ').reverse().join('')}`)
    expect(seconds * 1000).toBe(time.toDate().getTime())
    expect(data).toMatchObject({
      'CIM_Sensor.DeviceID': 'Exhaust Temp(3.0.32)',
      IPMI_RecordID: '01 00',
      IPMI_SensorType: '01',
      IPMI_SensorNumber: '03',
      IPMI_EventData1: '07',
    })
  })
})

describe('the driver of the sample hardware', () => {
  const WMI = { namespace: 'root/wmi', typed: true } as const
  const ask = async (
    cim: WsmanClient['cim'],
    NetworkFunction: number,
    Command: number,
    RequestData: readonly number[],
    address = 0x20,
  ): Promise<CimInstance> => {
    const request = {
      NetworkFunction,
      Command,
      Lun: 0,
      ResponderAddress: address,
      RequestDataSize: RequestData.length,
    }
    return cim.invokeMethod(
      'Microsoft_IPMI?InstanceName=Root\\SYSTEM\\0000_0',
      'RequestResponse',
      { ...request, RequestData },
      WMI,
    )
  }

  it('passes on requests of IPMI', async () => {
    const cim = await start()
    expect(await ask(cim, 6, 1, [])).toEqual({
      CompletionCode: 0,
      ResponseDataSize: 12,
      ResponseData: [0, 32, 1, 1, 0, 2, 5, 0, 0, 0, 0, 0],
    })
    // 23 degrees in halves, from -64.
    expect(await ask(cim, 4, 0x2d, [2])).toEqual({
      CompletionCode: 0,
      ResponseDataSize: 4,
      ResponseData: [0, 174, 0xc0, 0xc0],
    })
    expect((await ask(cim, 4, 0x2d, [10])).ResponseData).toEqual([0, 0, 0xe0, 0xc0])
  })

  it.each([
    ['a sensor that is not there', 4, 0x2d, [99], 0x20, 0xcb],
    ['a request without its data', 4, 0x2d, [], 0x20, 0xc7],
    ['a command it does not know', 10, 0x40, [], 0x20, 0xc1],
    ['another controller', 6, 1, [], 0x22, 0xd3],
  ])('refuses %s by its code', async (_, netFn, command, data, address, code) => {
    const cim = await start()
    expect(await ask(cim, netFn, command, data, address)).toEqual({
      CompletionCode: code,
      ResponseDataSize: 1,
      ResponseData: [code],
    })
  })

  it('returns nothing, as its definition says', async () => {
    const cim = await start()
    const { methods } = await cim.getClass('Microsoft_IPMI', WMI)
    expect(methods.map(({ name, returnType }) => [name, returnType])).toEqual([
      ['RequestResponse', undefined],
      ['SMS_Attention', undefined],
    ])
  })
})

async function referenceTo(deviceId: string): Promise<EndpointReference> {
  const filter = wql`SELECT * FROM NumericSensor WHERE DeviceID = ${deviceId}`
  const [reference] = await client.enumerate('wmi/root/hardware/*', { filter, mode: 'epr' }).toArray()
  if (!reference) throw new Error(`There is no sensor ${deviceId}.`)
  return reference
}
