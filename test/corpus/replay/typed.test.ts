import { expect, it } from 'vitest'
import {
  CimDateTime,
  metadataOf,
  wql,
  type CimInstance,
  type WsmanClient,
  type WsmanClientOptions,
} from 'wsman'
import { envelopeAround, readInteropBody, readRecording } from '../../support/recordings.js'
import { replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'

const DMTF: WsmanClientOptions = { compatibility: 'dmtf', settings: { client: { allowUnencrypted: true } } }

/** What services say that have no definitions of classes; none of the recordings holds one. */
const NO_SCHEMA = replyTo(
  'Get',
  envelopeAround(
    '<s:Fault xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no such resource</s:Text></s:Reason></s:Fault>',
  ),
)
/** A definition in CIM-XML (DSP0201), with properties as their vendors document them. */
const schema = (name: string, properties: Readonly<Record<string, string>>): ReplayStep =>
  replyTo(
    'Get',
    envelopeAround(
      `<CLASS NAME="${name}">${Object.entries(properties)
        .map(([property, type]) =>
          type.endsWith('[]')
            ? `<PROPERTY.ARRAY NAME="${property}" TYPE="${type.slice(0, -2)}"/>`
            : `<PROPERTY NAME="${property}" TYPE="${type}"/>`,
        )
        .join('')}</CLASS>`,
    ),
  )

const typed = (
  steps: readonly ReplayStep[],
  call: (client: WsmanClient) => Promise<CimInstance[]>,
  options: WsmanClientOptions = DMTF,
): Promise<CimInstance[]> => replay(steps, call, options)

describeWithShared('corpus', 'recorded values, typed', () => {
  it('of a projection, by the class that FROM names (Windows)', async () => {
    const fragments = await typed(
      [
        replyTo('Enumerate', readRecording('opennms-wsman/optimized-enum-response-with-fragments-1.xml')),
        schema('Win32_LogicalDisk', { Name: 'string', FreeSpace: 'uint64', Size: 'uint64' }),
        replyTo('Pull', readRecording('opennms-wsman/optimized-enum-response-with-fragments-2.xml')),
      ],
      (client) =>
        client.cim
          .query(wql`SELECT Name, FreeSpace, Size FROM Win32_LogicalDisk`, { typed: true, prefetch: 0 })
          .toArray(),
      {},
    )
    expect(fragments).toEqual([
      { FreeSpace: null, Name: 'A:', Size: null },
      { FreeSpace: 44395380736n, Name: 'C:', Size: 64412164096n },
      { FreeSpace: 30545928192n, Name: 'D:', Size: 64421359616n },
      { FreeSpace: null, Name: 'E:', Size: null },
    ])
  })

  it('of classes whose schema nobody tells, as text (Windows Vista)', async () => {
    const items = readInteropBody('08-7.1-Enumerate').replace(/<\/?Item>/g, '')
    const contacts = await typed(
      [
        replyTo(
          'Enumerate',
          envelopeAround(
            `<n:EnumerateResponse><n:EnumerationContext/><w:Items>${items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>`,
          ),
        ),
        schema('ContactInfo', { key: 'uint32', Name: 'string', Telephone: 'string[]' }),
        NO_SCHEMA,
      ],
      (client) => client.enumerate('wmi/root/plugfest/ContactInfo', { typed: true, prefetch: 0 }).toArray(),
      {},
    )
    expect(contacts.map(({ key, Telephone }) => [key, Telephone])).toEqual([
      [2, ['425-765-4321']],
      [1, ['425-123-4567']],
      ['4', '408-654-3214'],
      ['3', null],
    ])
    expect(contacts.map((contact) => metadataOf(contact)?.className)).toContain('EmailContactInfo')
  })

  it('of a datetime, by the element around it (AMT)', async () => {
    const [bios] = await typed(
      [
        replyTo('Enumerate', readRecording('go-wsman-messages/cim/bios/element/enumerate.xml')),
        replyTo('Pull', readRecording('go-wsman-messages/cim/bios/element/pull.xml')),
        NO_SCHEMA,
      ],
      (client) => client.cim.enumerateInstances('CIM_BIOSElement', { typed: true }).toArray(),
    )
    expect(bios).toMatchObject({
      ReleaseDate: new CimDateTime('20200810000000.000000+000'),
      PrimaryBIOS: 'true',
      SoftwareElementState: '2',
    })
  })

  it('of what is no time, as text (AMT)', async () => {
    const [alarm] = await typed(
      [
        replyTo('Enumerate', readRecording('go-wsman-messages/ips/alarmclock/enumerate.xml')),
        replyTo('Pull', readRecording('go-wsman-messages/ips/alarmclock/pull.xml')),
        schema('IPS_AlarmClockOccurrence', {
          StartTime: 'datetime',
          Interval: 'datetime',
          DeleteOnCompletion: 'boolean',
        }),
      ],
      (client) => client.cim.enumerateInstances('IPS_AlarmClockOccurrence', { typed: true }).toArray(),
    )
    expect(alarm).toMatchObject({ StartTime: 'testdatetime', Interval: '0', DeleteOnCompletion: true })
  })

  it('of datetimes in the form of CIM (iDRAC)', async () => {
    const [cpu] = await typed(
      [
        replyTo('Enumerate', readRecording('python-dracclient/cpu_view-enum-missing_flags.xml')),
        schema('DCIM_CPUView', {
          LastSystemInventoryTime: 'datetime',
          LastUpdateTime: 'datetime',
          MaxClockSpeed: 'uint32',
          Characteristics: 'string[]',
        }),
      ],
      (client) =>
        client.cim.enumerateInstances('DCIM_CPUView', { typed: true, namespace: 'root/dcim' }).toArray(),
    )
    expect(cpu).toMatchObject({
      LastSystemInventoryTime: new CimDateTime('20160706154809.000000+000'),
      LastUpdateTime: new CimDateTime('20141016232016.000000+000'),
      MaxClockSpeed: expect.any(Number) as number,
    })
  })

  it('of times that iDRAC does not know, as text', async () => {
    const jobs = await typed(
      [
        replyTo('Enumerate', readRecording('python-dracclient/lifecycle_job-enum-ok.xml')),
        schema('DCIM_LifecycleJob', {
          JobStartTime: 'datetime',
          JobUntilTime: 'datetime',
          PercentComplete: 'uint8',
        }),
      ],
      (client) => client.cim.enumerateInstances('DCIM_LifecycleJob', { typed: true }).toArray(),
    )
    expect(new Set(jobs.map(({ JobStartTime }) => JobStartTime))).toEqual(
      new Set(['TIME_NA', '00000101000000']),
    )
  })

  it('of numbers, by the class (OMI)', async () => {
    const omi = 'omi/strings/test_wsmanparser.cpp'
    const numbers = await typed(
      [
        replyTo('Enumerate', readRecording(`${omi}/L0916-06.xml`)),
        schema('X_SmallNumber', { Number: 'uint64', SpelledNumber: 'string', Description: 'string' }),
        replyTo('Pull', readRecording(`${omi}/L1200-08.xml`)),
      ],
      (client) => client.cim.enumerateInstances('X_SmallNumber', { typed: true, prefetch: 0 }).toArray(),
    )
    expect(numbers.map((number) => [number.Number, number.Description])).toEqual([
      [0n, null],
      [999n, null],
      [333n, null],
    ])
  })

  it('of arrays and text, by xsi:type (OMI’s client)', async () => {
    const [body = ''] = /<p0:[^]*<\/p0:\w+>/.exec(readRecording('omi/samples/Put1-0.xml')) ?? []
    const [identify] = await typed([replyTo('Get', envelopeAround(body)), NO_SCHEMA], async (client) => [
      await client.cim.getInstance('OMI_Identify', {}, { namespace: 'root/omi', typed: true }),
    ])
    expect(identify).toMatchObject({
      ProductVersionMajor: '1',
      ConfigNameSpaces: ['root#omi', 'root#check', 'interop', 'root#cimv2'],
    })
  })

  it('of words for truth, in the output of a method (OMI)', async () => {
    const definition =
      '<CLASS NAME="TestClass_AllDMTFTypes"><METHOD NAME="GetBoolValue" TYPE="uint32"><PARAMETER NAME="boolVal" TYPE="boolean"><QUALIFIER NAME="Out" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PARAMETER></METHOD></CLASS>'
    const uri = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/TestClass_AllDMTFTypes'
    const output = await replay(
      [
        {
          expects: { action: `${uri}/GetBoolValue` },
          reply: readRecording('omi/posthttp/xml/test3-response-00.xml'),
        },
        replyTo('Get', envelopeAround(definition)),
      ],
      (client) =>
        client.cim.invokeMethod(
          'TestClass_AllDMTFTypes?v_Key=0',
          'GetBoolValue',
          {},
          {
            namespace: 'root/omi',
            typed: true,
          },
        ),
      DMTF,
    )
    expect(output).toEqual({ ReturnValue: 0, boolVal: false })
  })

  it('of sensors, some of them arrays (Wiseman on a Sun service processor)', async () => {
    const wiseman = 'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9'
    const [sensor] = await typed(
      [
        replyTo('Enumerate', readRecording(`${wiseman}/02.xml`)),
        schema('CIM_NumericSensor', {
          Accuracy: 'sint32',
          CurrentReading: 'sint32',
          IsLinear: 'boolean',
          LowerThresholdCritical: 'sint32',
          PollingInterval: 'uint64',
          PossibleStates: 'string[]',
        }),
        replyTo('Pull', readRecording(`${wiseman}/04.xml`)),
      ],
      (client) => client.cim.enumerateInstances('CIM_NumericSensor', { typed: true, prefetch: 0 }).toArray(),
    )
    expect(sensor).toMatchObject({
      Accuracy: 0,
      CurrentReading: 190,
      IsLinear: true,
      LowerThresholdCritical: -550,
      PollingInterval: null,
    })
    expect((sensor?.PossibleStates as string[]).slice(0, 2)).toEqual(['OK', 'N/A'])
  })
})

describeWithShared('specs', 'printed values, typed', () => {
  it('of a null array that says so (MS-WSMV 4.11.1)', async () => {
    const recording = readRecording(
      'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/04.xml',
    )
    const instance = await replay(
      [
        replyTo('Get', recording),
        schema('UTFPSSemantics_TestBase', { octet: 'uint8[]', uint32Key: 'uint32' }),
      ],
      (client) => client.get('wmi/root/cimv2/MyTest4/UTFPSSemantics_TestBase?uint32key=10', { typed: true }),
    )
    expect(instance).toEqual({ octet: null, uint32Key: 100 })
  })
})
