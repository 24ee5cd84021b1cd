import { describe, expect, it } from 'vitest'
import { EndpointReference, metadataOf, wql, type Instance } from 'wsman'
import {
  envelopeAround,
  readExchanges,
  readInteropBody,
  readRecording,
  recordedMessages,
  specificationExamples,
} from '../../support/recordings.js'
import { recordedStep, replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, parseXml, select } from '../../support/xml-compare.js'
import { expectedValue } from './expected-instance.js'

/** The reply to Enumerate, and the replies to the Pulls that follow it. */
const enumeration = (...replies: readonly string[]): readonly ReplayStep[] =>
  replies.map((reply, index) => replyTo(index === 0 ? 'Enumerate' : 'Pull', reply))

const recorded = (...files: readonly string[]): readonly ReplayStep[] =>
  enumeration(...files.map(readRecording))

const enumerate = (steps: readonly ReplayStep[]): Promise<Instance[]> =>
  replay(steps, (client) => client.enumerate('wmicimv2/*', { filter: wql`SELECT * FROM CIM_Any` }).toArray())

/** Recordings that found nothing. */
const EMPTY: ReadonlySet<string> = new Set([
  'python-dracclient/lifecycle_job-enum-not_found.xml',
  'go-wsman-messages/amt/ieee8021x/credentialcontext/pull.xml',
])

/** Everything inside `Items` of every reply, as the API is to give it. */
const expectedItems = (steps: readonly ReplayStep[]): unknown[] =>
  steps
    .flatMap(({ reply }) => select(parseXml(reply), 'Body').flatMap(elementsOf))
    .flatMap((response) => select(response, 'Items').flatMap(elementsOf))
    .map(expectedValue)

const PLUGFEST = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/plugfest/ContactInfo'
const mary = {
  Address: '123 4th Ave. Redmond WA 98052',
  key: '1',
  Name: 'Mary Jones',
  Telephone: '425-123-4567',
}
const peter = {
  Address: '7 156st Ave. N.E. Apt#10 Redmond WA 98052',
  key: '2',
  Name: 'Peter Parker',
  Telephone: '425-765-4321',
}
const bart = {
  Address: '1 Simpson Road, Richmond Canada V71 4LC',
  Email: 'barts@simpson.com',
  key: '3',
  Name: 'Bart Simpson',
  Telephone: null,
}
const harry = {
  Address: null,
  Email: 'hporter@porter.com',
  key: '4',
  Name: 'Harry Porter',
  Telephone: '408-654-3214',
}

/** The scenario file's own elements around items and their parts are not what goes over the wire. */
const optimized = (items: string): string =>
  envelopeAround(
    `<n:EnumerateResponse><n:EnumerationContext/><w:Items>${items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>`,
  )
const bare = (name: string): string => readInteropBody(name).replace(/<\/?(?:Item|Obj|EPR)\s*\/?>/g, '')
const pairs = (): string =>
  readInteropBody('11-7.4-Enumerate-ObjectAndEPR')
    .replace(/<(\/?)Item>/g, '<$1w:Item>')
    .replace(/<\/?(?:Obj|EPR)>/g, '')

describeWithShared('corpus', 'recorded Enumerate and Pull', () => {
  it('give the fragments of a projection, first items together with the enumeration (Windows)', async () => {
    const fragments = await enumerate(
      recorded(
        'opennms-wsman/optimized-enum-response-with-fragments-1.xml',
        'opennms-wsman/optimized-enum-response-with-fragments-2.xml',
      ),
    )
    expect(fragments).toEqual([
      { FreeSpace: null, Name: 'A:', Size: null },
      { FreeSpace: '44395380736', Name: 'C:', Size: '64412164096' },
      { FreeSpace: '30545928192', Name: 'D:', Size: '64421359616' },
      { FreeSpace: null, Name: 'E:', Size: null },
    ])
    expect(fragments.map((fragment) => metadataOf(fragment)?.className)).toEqual(
      Array<string>(4).fill('XmlFragment'),
    )
  })

  it('go on with the context they have where a Pull names none (iDRAC)', async () => {
    const supplies = await enumerate(
      recorded(
        'opennms-wsman/enum-response.xml',
        'opennms-wsman/recursive-pull-response-1.xml',
        'opennms-wsman/recursive-pull-response-2.xml',
      ),
    )
    expect(supplies).toMatchObject([
      { InstanceID: 'PSU.Slot.1', InputVoltage: '120', TotalOutputPower: '502' },
      { InstanceID: 'PSU.Slot.1', InputVoltage: '121', TotalOutputPower: '502' },
    ])
  })

  it('give pages as they came (iDRAC)', async () => {
    const files = [1, 2, 3, 4].map((number) => `python-dracclient/wsman-enum_context-${number}.xml`)
    const pages = await replay(recorded(...files), async (client) => {
      const all: Instance[][] = []
      for await (const page of client.enumerate('http://FooResource').pages()) all.push(page)
      return all
    })
    expect(pages).toEqual([
      [{ InstanceID: '1' }],
      [{ InstanceID: '2' }],
      [{ InstanceID: '3' }, { InstanceID: '4' }],
      [{ InstanceID: '5' }],
    ])
  })

  it('give nothing where nothing was found (iDRAC)', async () => {
    expect(await enumerate(recorded('python-dracclient/lifecycle_job-enum-not_found.xml'))).toEqual([])
  })

  it('follow a context through six Pulls without headers (iDRAC)', async () => {
    const files = [0, 1, 2, 3, 4, 5].map((number) => `dell-idrac/fixtures/disks.xml.0${number}.xml`)
    const disks = await enumerate(recorded('opennms-wsman/enum-response.xml', ...files))
    expect(disks.map(({ FQDD, MediaType }) => [FQDD, MediaType])).toEqual(
      [0, 1, 2, 3, 4, 8].map((bay) => [
        `Disk.Bay.${bay}:Enclosure.Internal.0-1:RAID.Integrated.1-1`,
        bay === 8 ? '1' : '0',
      ]),
    )
  })

  it('give instances of several classes, with nulls (Windows Vista)', async () => {
    expect(await enumerate(enumeration(optimized(bare('08-7.1-Enumerate'))))).toEqual([
      peter,
      mary,
      harry,
      bart,
    ])
    expect(await enumerate(enumeration(optimized(bare('14-7.7-Enumerate-w-Other-Dialect'))))).toEqual([mary])

    const all = await enumerate(enumeration(optimized(bare('16-7.9-Enumerate-Polymorphism'))))
    expect(all).toEqual([peter, mary, harry, bart])
    expect(all.map((contact) => metadataOf(contact)?.className)).toEqual([
      'ContactInfo',
      'ContactInfo',
      'EmailContactInfo',
      'EmailContactInfo',
    ])
  })

  it('give an object with its reference, or the reference alone (Windows Vista)', async () => {
    const reference = (key: string): EndpointReference => new EndpointReference(PLUGFEST, { key })
    const both = await replay(enumeration(optimized(pairs())), (client) =>
      client.enumerate(PLUGFEST, { mode: 'objectAndEpr' }).toArray(),
    )
    expect(both).toStrictEqual([
      { object: peter, reference: reference('2') },
      { object: mary, reference: reference('1') },
    ])
    expect(both.map(({ object }) => metadataOf(object)?.namespaceUri)).toEqual([PLUGFEST, PLUGFEST])

    const alone = pairs().replace(/<p:ContactInfo[\s\S]*?<\/p:ContactInfo>|<\/?w:Item>/g, '')
    const references = await replay(enumeration(optimized(alone)), (client) =>
      client.enumerate(PLUGFEST, { mode: 'epr' }).toArray(),
    )
    expect(references).toStrictEqual([reference('2'), reference('1')])
  })

  it('release the context when the loop is left before the end (AMT)', async () => {
    const [enumerated, pulled] = ['enumerate', 'pull'].map((verb) =>
      readRecording(`go-wsman-messages/cim/sensor/${verb}.xml`),
    )
    const steps = [...enumeration(enumerated ?? '', pulled ?? ''), replyTo('Release', envelopeAround(''))]
    const { sensors, released } = await replay(steps, async (client, server) => {
      const sensors: Instance[] = []
      for await (const sensor of client.enumerate('cimv2/CIM_Sensor', { prefetch: 0 })) {
        sensors.push(sensor)
        break
      }
      return { sensors, released: server.requests.at(-1) }
    })
    expect(sensors).toMatchObject([{ DeviceID: 'Sensor 1', PossibleStates: ['Bad', 'Good', 'Unknown'] }])
    expect(
      select(released?.envelope ?? { name: '', attributes: {}, children: [] }, 'Body', 'Release'),
    ).toEqual([
      expect.objectContaining({
        children: [expect.objectContaining({ children: ['B6000000-0000-0000-0000-000000000000'] })],
      }),
    ])
  })

  it('give the shells of a host and their commands (Windows)', async () => {
    const exchanges = readExchanges('pypsrp/xml/test_psrp_disconnected_commands').slice(10, 13)
    const steps = exchanges.map(recordedStep)
    const [shells, first, second] = await replay(steps, async (client) => {
      const list = (resource: string): Promise<Instance[]> => client.enumerate(resource).toArray()
      return [await list('shell'), await list('shell/Command'), await list('shell/Command')]
    })
    expect(shells).toMatchObject([
      {
        ShellId: 'BCEF62AD-380E-4314-B2A4-EB6748019B41',
        Owner: 'WIN-NNMU24VVKJ0\\vagrant',
        MemoryUsed: '51MB',
      },
      { ShellId: 'B2E1C91B-A3AA-41B4-B346-405E6A90005B', State: 'Disconnected', MemoryUsed: '58MB' },
    ])
    expect([first, second]).toEqual([
      [{ CommandId: 'DB4E8DCF-51CC-423F-A7DF-5D0EA0D6FA08', CommandLine: '', CommandState: 'Running' }],
      [{ CommandId: '356E6DC2-6889-4305-9FE6-8B03F44D7210', CommandLine: '', CommandState: 'Running' }],
    ])
  })

  it('give values that are no dates as they are (OMI)', async () => {
    expect(await enumerate(recorded('omi/posthttp/xml/test2-response-00.xml'))).toEqual([
      {
        Key: null,
        timestamp: '2001-25-00',
        interval: 'P365DT24H60M',
        timestamps: ['2001-25-00', '2001-25-00'],
        intervals: ['P365DT24H60M', 'P365DT24H60M'],
        mixed: ['2001-25-00', 'P365DT24H60M'],
      },
    ])
    const omi = 'omi/strings/test_wsmanparser.cpp'
    const numbers = await enumerate(recorded(`${omi}/L0916-06.xml`, `${omi}/L1200-08.xml`))
    expect(numbers.map(({ SpelledNumber }) => SpelledNumber)).toEqual([
      'zero',
      'nine hundred ninety nine',
      'three hundred thirty three',
    ])
  })

  describe('give every property of every item', () => {
    const replies = recordedMessages().filter(
      ({ direction, wellFormed }) => direction === 'response' && wellFormed,
    )
    const files = (operation: string, ...sources: readonly string[]): readonly string[] =>
      replies
        .filter((message) => message.operation === operation && sources.includes(message.source))
        .map(({ file }) => file)

    const idrac = files('Enumerate', 'python-dracclient', 'ralph-idrac').filter(
      (file) => !file.includes('wsman-enum_context'),
    )
    const amt = files('Pull', 'go-wsman-messages', 'go-wsman-messages-2025').filter(
      (file) => !file.includes('/cim/sensor/'),
    )
    it('of many recordings', () => {
      expect([idrac.length, amt.length]).toEqual([26, 41])
    })

    // Those of MS-WSMAN are written in the namespaces of 2005, which Windows Vista gave up; those of Vista are bodies only.
    const all = replies.filter(
      ({ file, operation }) =>
        ['Enumerate', 'Pull'].includes(operation) && !/^ms-wsman\/|\/MSFT-bodies\//.test(file),
    )
    it.each([
      ['Windows', 3],
      ['iDRAC', 42],
      ['AMT', 85],
      ['openwsman', 3],
      ['OMI', 4],
    ])('of %s', (kind, count) => {
      expect(all.filter(({ endpoint }) => endpoint.includes(kind))).toHaveLength(count)
    })

    it.each(all.map(({ file, operation }) => [file, operation] as const))(
      'of %s alone, whatever came before it and after it',
      async (file, operation) => {
        const begun = operation === 'Pull' ? ['opennms-wsman/enum-response.xml'] : []
        const steps = recorded(...begun, file)
        // An enumeration without a name cannot be gone on with.
        const reply = readRecording(file)
        const isNamed = operation === 'Pull' || /EnumerationContext>\s*[^<\s]/.test(reply)
        const isLast = reply.includes('EndOfSequence') || !isNamed
        const last = envelopeAround('<n:PullResponse><n:Items/><n:EndOfSequence/></n:PullResponse>')
        const whole = isLast ? steps : [...steps, replyTo('Pull', last)]
        expect(await enumerate(whole)).toStrictEqual(expectedItems(steps))
      },
    )

    const wiseman = 'wsmancli-interop/xml/WISEMAN/7.2-Optimized-Enumerate-9'
    it.each([
      ...idrac.map((file) => [file, [file]] as const),
      ...amt.map((file) => [file, [file.replace('pull', 'enumerate'), file]] as const),
      [wiseman, [`${wiseman}/02.xml`, `${wiseman}/04.xml`]],
      ['opennms-wsman', ['opennms-wsman/j-white-README-01.xml', 'opennms-wsman/j-white-README-03.xml']],
    ] as const)('of %s', async (name, own) => {
      const steps = recorded(...own)
      const items = await enumerate(steps)
      expect(items).toStrictEqual(expectedItems(steps))
      expect(items.length === 0).toBe(EMPTY.has(name))
    })
  })
})

describeWithShared('specs', 'printed Enumerate and Pull', () => {
  it('of MS-WSMV 4.1.2 follow the context from page to page, whatever blanks are around it', async () => {
    const steps = enumeration(
      ...['4.1.2.2', '4.1.2.4', '4.1.2.6'].flatMap((section) => specificationExamples('MS-WSMV', section)),
    )
    const uri = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/mynamespace/myclass'
    expect(await enumerate(steps)).toStrictEqual([
      { Data1: 'Test Message', id: '1', Location: new EndpointReference(uri, { id: '1' }) },
      { Data1: '"Hello again"', id: '2', Location: new EndpointReference(uri, { id: '2' }) },
    ])
  })
})
