import { describe, expect, it } from 'vitest'
import { EndpointReference, wql, type WsmanClient, type WsmanClientOptions } from 'wsman'
import { envelopeAround, readRecording, specificationExamples } from '../../support/recordings.js'
import { replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { parseXml, select } from '../../support/xml-compare.js'
import {
  because,
  BY_NATURE,
  CLEAN_UP,
  expectLike,
  NEWER,
  NO_LOCALE,
  NOT_ROBUST,
  OTHER_SESSION,
} from './accepted.js'

const INSTANCE = envelopeAround('<x/>')
const LAST_PAGE = envelopeAround('<n:EnumerateResponse><w:EndOfSequence/></n:EnumerateResponse>')
const MYCLASS = 'wmi/root/mynamespace/myclass'

/** The client's settings that go into the headers. */
const settings = (maxEnvelopeSizeKb: number, maxTimeoutMs = 60_000): WsmanClientOptions => ({
  settings: { client: { allowUnencrypted: true }, protocol: { maxEnvelopeSizeKb, maxTimeoutMs } },
})

/** The last request of a call. */
async function sent(
  steps: readonly ReplayStep[],
  call: (client: WsmanClient) => Promise<unknown>,
  options: WsmanClientOptions = {},
): Promise<string> {
  const requests = await replay(
    steps,
    async (client, server) => {
      await call(client)
      return server.requests
    },
    options,
  )
  const request = requests.at(-1)
  if (!request) throw new Error('The call sent nothing.')
  return request.xml
}

const get = (
  resource: Parameters<WsmanClient['get']>[0],
  callOptions: Parameters<WsmanClient['get']>[1],
  options?: WsmanClientOptions,
): Promise<string> => sent([replyTo('Get', INSTANCE)], (client) => client.get(resource, callOptions), options)

const enumerate = (
  resource: string,
  callOptions: Parameters<WsmanClient['enumerate']>[1],
  options?: WsmanClientOptions,
): Promise<string> =>
  sent(
    [replyTo('Enumerate', LAST_PAGE)],
    (client) => client.enumerate(resource, callOptions).toArray(),
    options,
  )

/** The Pull that follows an Enumerate whose reply named this context. */
const pull = (
  resource: string,
  context: string,
  maxElements: number,
  options: WsmanClientOptions,
): Promise<string> => {
  const opened = `<n:EnumerateResponse><n:EnumerationContext>${context}</n:EnumerationContext></n:EnumerateResponse>`
  const last = envelopeAround('<n:PullResponse><n:EndOfSequence/></n:PullResponse>')
  return sent(
    [replyTo('Enumerate', envelopeAround(opened)), replyTo('Pull', last)],
    (client) => client.enumerate(resource, { maxElements }).toArray(),
    options,
  )
}

describeWithShared('corpus', 'requests are those of the recordings', () => {
  const interactive = 'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/01.xml'
  const getInteractive = (): Promise<string> =>
    get(
      {
        resourceUri: 'wmicimv2/MyTest4/UTFPSSemantics_TestBase',
        selectors: { uint32key: 10 },
      },
      {
        optionSet: {
          __MI_CallbackRegistration: { value: 16, type: 'xs:int' },
          'msftwinrm:UsePreciseArrays': { value: true, type: 'xs:boolean' },
        },
      },
      settings(500),
    )

  it('Identify, of openwsman', async () => {
    const identified = readRecording('knife-windows/wsman_test_spec/00.xml')
    const ours = await sent([replyTo('Identify', identified)], (client) => client.identify())
    expectLike(ours, readRecording('wsmancli-interop/xml/WISEMAN/6.1-Identify-0/01.xml'))
  })

  describe('Get', () => {
    it('with selectors and options, of Windows (MS-WSMV 4.11.1)', async () => {
      expectLike(await getInteractive(), readRecording(interactive), BY_NATURE, OTHER_SESSION, NOT_ROBUST)
    })

    it('with the prefixes Windows writes (MS-WSMV 4.11.1)', async () => {
      const declared = (xml: string, tag: string): readonly string[] =>
        (new RegExp(`<${tag}([^>]*)>`).exec(xml)?.[1]?.match(/xmlns:\w+="[^"]*"/g) ?? []).toSorted()
      const [ours, theirs] = [await getInteractive(), readRecording(interactive)]
      for (const tag of ['s:Envelope', 'w:OptionSet'])
        expect(declared(ours, tag)).toEqual(declared(theirs, tag))
      const tags = (xml: string): readonly string[] => xml.match(/<\w+:\w+/g) ?? []
      expect(tags(ours)).toEqual(tags(theirs).filter((tag) => !/OperationID|SequenceId/.test(tag)))
    })

    it('of the schema of a class, of Windows (omi/samples)', async () => {
      const precise = { value: true, type: 'xs:boolean' }
      const ours = await get(
        {
          resourceUri: 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*',
          selectors: { __cimnamespace: 'root/cimv2', ClassName: 'CIM_VLANEndpoint' },
        },
        {
          optionSet: {
            IncludeInheritanceHierarchy: precise,
            IncludeInheritedElements: precise,
            IncludeQualifiers: precise,
            'wmiarray:__MIInstanceModifiedPropertiesList': {
              value: 'DesiredEndpointMode',
              type: 'xs:string',
            },
            __MI_CallbackRegistration: { value: 11, type: 'xs:int' },
            'wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE': { value: 0, type: 'xs:unsignedInt' },
            'wmi:__MI_OPERATIONOPTIONS_WRITEERRORMODE': { value: 1, type: 'xs:unsignedInt' },
            'msftwinrm:UsePreciseArrays': precise,
          },
        },
        settings(500),
      )
      expectLike(
        ours,
        readRecording('omi/samples/GetClassRequest-0.xml'),
        BY_NATURE,
        OTHER_SESSION,
        NOT_ROBUST,
        because('this sample has no limit of time', 'Header/OperationTimeout only ours'),
        because(
          'an option has one value here; these carry the channels of WriteMessage, which is not offered',
          'Header/OptionSet/Option[wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE]#2 only theirs',
          'Header/OptionSet/Option[wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE]#3 only theirs',
        ),
      )
    })

    it('of winrm/config (MS-WSMV 4.2.1)', async () => {
      const theirs = readRecording('ms-wsmv/4.2.1-Retrieving-Configuration/01.xml')
      expectLike(await get('winrm/config', {}, settings(50)), theirs, BY_NATURE, NEWER, NO_LOCALE)
    })

    it('of winrm/config, of pypsrp', async () => {
      const theirs = readRecording('pypsrp/xml/test_wsman_update_envelope_size_500/00-request.xml')
      expectLike(
        await get('winrm/config', {}, settings(150, 20_000)),
        theirs,
        BY_NATURE,
        OTHER_SESSION,
        because('pypsrp sorts headers by name', 'Header order'),
        because('as Windows writes it', 'Header/OperationTimeout spelling'),
      )
    })
  })

  it('Invoke with a reference, of Windows (openwsman)', async () => {
    const namespace = 'wmi/root/virtualization/v2'
    const planned = new EndpointReference(
      'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_PlannedComputerSystem',
      { CreationClassName: 'Msvm_PlannedComputerSystem', Name: '8FF5E6F3-A141-465B-83ED-3BFC0F59F7EF' },
    )
    const service = {
      resourceUri: `${namespace}/Msvm_VirtualSystemManagementService`,
      selectors: {
        CreationClassName: 'Msvm_VirtualSystemManagementService',
        Name: 'vmms',
        SystemCreationClassName: 'Msvm_ComputerSystem',
        SystemName: 'hyperv06',
      },
    }
    const action =
      'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_VirtualSystemManagementService/RealizePlannedSystem'
    const ours = await sent(
      [{ expects: { action }, reply: INSTANCE }],
      (client) => client.invoke(service, 'RealizePlannedSystem', { PlannedSystem: planned }),
      settings(500),
    )
    const theirs = readRecording('openwsman/bindings/ruby/tests/invoke_epr.rb-comment-0.xml')
    expectLike(ours, theirs, BY_NATURE, OTHER_SESSION, NOT_ROBUST)
  })

  describe('Enumerate', () => {
    it('with the first items, of Windows (omi)', async () => {
      const ours = await sent(
        [replyTo('Enumerate', LAST_PAGE)],
        (client) =>
          client
            .enumerate(
              {
                resourceUri: 'http://schemas.microsoft.com/wbem/wscim/1/cim-schema/2/OMI_Datetime',
                selectors: { __cimnamespace: 'root/cimv2' },
              },
              { maxElements: 5000 },
            )
            .toArray(),
        settings(32),
      )
      expectLike(
        ours,
        readRecording('omi/posthttp/xml/test2-request-00.xml'),
        BY_NATURE,
        because('not in this sample', 'Header/SessionId only ours'),
      )
    })

    it('of subscriptions, of Windows (MS-WSMV 4.6.1)', async () => {
      const uri = 'http://schemas.microsoft.com/wbem/wsman/1/SubscriptionManager/Subscription'
      expectLike(
        await enumerate(uri, { maxElements: 20 }, settings(150)),
        readRecording('ms-wsmv/4.6.1-Enumerate-Example/01.xml'),
        BY_NATURE,
        NEWER,
        because('names the machine that sends events', 'Header/MachineID only theirs'),
        because('left out in print', 'Header/OperationTimeout only ours'),
      )
    })

    const shells = 'pypsrp/xml/test_psrp_disconnected_commands/10-request.xml'
    const pypsrp = {
      ...BY_NATURE,
      ...OTHER_SESSION,
      ...because('pypsrp sorts headers by name', 'Header order'),
      ...because('as Windows writes it', 'Header/OperationTimeout spelling'),
    }

    it('of shells with our own limits, of pypsrp', async () => {
      expectLike(await enumerate('shell', {}, settings(500, 20_000)), readRecording(shells), pypsrp)
    })

    it.each([
      ['epr', 'EnumerateEPR'],
      ['objectAndEpr', 'EnumerateObjectAndEPR'],
    ] as const)('of references (%s)', async (mode, name) => {
      const ours = await enumerate('shell', { mode }, settings(500, 20_000))
      expectLike(
        ours,
        readRecording(shells),
        pypsrp,
        because(
          'no recording asks for references; the element and its place are those of DSP0226 8.7',
          'Body/Enumerate/EnumerationMode only ours',
        ),
      )
      expect(ours).toContain(
        `<w:MaxElements>32000</w:MaxElements><w:EnumerationMode>${name}</w:EnumerationMode>`,
      )
    })

    it('with WQL, of openwsman for iDRAC', async () => {
      const filter = wql`select DeviceDescription,PrimaryStatus,TotalOutputPower,InputVoltage,Range1MaxInputPower,FirmwareVersion,RedundancyStatus from DCIM_PowerSupplyView where DetailedState != ${'Absent'} and PrimaryStatus != ${0}`
      const ours = await enumerate(
        'http://schemas.dmtf.org/wbem/wscim/1/*',
        { filter, optimize: false },
        {
          ...settings(150),
          compatibility: 'dmtf',
        },
      )
      expectLike(
        ours,
        readRecording('opennms-wsman/j-white-README-00.xml'),
        BY_NATURE,
        because(
          'openwsman sends the least it can; all of these are optional',
          'Header/Locale only ours',
          'Header/MaxEnvelopeSize only ours',
          'Header/OperationTimeout only ours',
        ),
        because('openwsman begins with Action', 'Header order'),
        because(
          'DSP0226 5.4 asks to mark what must be understood; openwsman marks these instead of the address in ReplyTo',
          'Header/To@s:mustUnderstand only theirs',
          'Header/MessageID@s:mustUnderstand only theirs',
          'Header/ReplyTo/Address@s:mustUnderstand only ours',
        ),
      )
    })
  })

  describe('Pull', () => {
    it.each([
      ['ms-wsmv/4.1.2.3-First-Pull-Request/01.xml', 'uuid:22EB9809-5543-4020-A75C-FD95FF06217B'],
      ['ms-wsmv/4.1.2.5-Second-Pull-Request/01.xml', 'uuid:2504CA0D-94B9-4F91-B2F7-9F4CD9A2A96C'],
    ])('of Windows (%s)', async (file, context) => {
      expectLike(
        await pull(MYCLASS, context, 1, settings(50)),
        readRecording(file),
        BY_NATURE,
        NEWER,
        NO_LOCALE,
      )
    })
  })

  it('Release, which has the headers of Pull', async () => {
    const context = 'uuid:22EB9809-5543-4020-A75C-FD95FF06217B'
    const page =
      `<n:EnumerateResponse><n:EnumerationContext>${context}</n:EnumerationContext>` +
      '<w:Items><x/></w:Items></n:EnumerateResponse>'
    const ours = await sent(
      [replyTo('Enumerate', envelopeAround(page)), replyTo('Release', envelopeAround(''))],
      (client) => client.enumerate(MYCLASS, { prefetch: 0 }).toArray({ limit: 1 }),
      settings(50),
    )
    expectLike(
      ours,
      readRecording('ms-wsmv/4.1.2.3-First-Pull-Request/01.xml'),
      BY_NATURE,
      NEWER,
      NO_LOCALE,
      because(
        'no recording releases anything; the body is that of WS-Enumeration 3.4',
        'Header/Action text',
        'Body/Pull only theirs',
        'Body/Release only ours',
      ),
      CLEAN_UP,
    )
    const [release] = select(parseXml(ours), 'Body', 'Release')
    expect(release?.children).toEqual([
      {
        name: '{http://schemas.xmlsoap.org/ws/2004/09/enumeration}EnumerationContext',
        attributes: {},
        children: [context],
      },
    ])
  })
})

describeWithShared('specs', 'requests are those in print', () => {
  it('Get (MS-WSMV 4.1.1)', async () => {
    const [theirs = ''] = specificationExamples('MS-WSMV', '4.1.1')
    expectLike(await get(`${MYCLASS}?id=1`, {}, settings(50)), theirs, BY_NATURE, NEWER, NO_LOCALE)
  })

  it('Get of what there is not (MS-WSMV 4.10)', async () => {
    const [theirs = ''] = specificationExamples('MS-WSMV', '4.10')
    expectLike(await get('wmicimv2/win32_nosuchclass', {}, settings(50)), theirs, BY_NATURE, NEWER, NO_LOCALE)
  })

  it('Enumerate without items (MS-WSMV 4.1.2.1)', async () => {
    const [theirs = ''] = specificationExamples('MS-WSMV', '4.1.2.1')
    expectLike(
      await enumerate(MYCLASS, { optimize: false }, settings(50)),
      theirs,
      BY_NATURE,
      NEWER,
      NO_LOCALE,
    )
  })

  it('Enumerate and Pull of shells (MS-WSMV 4.7.6)', async () => {
    const [enumerated = '', , pulled = ''] = specificationExamples('MS-WSMV', '4.7.6')
    const options = settings(150)
    expectLike(await enumerate('shell/cmd', { optimize: false }, options), enumerated, BY_NATURE, NEWER)
    expectLike(
      await pull('shell/cmd', 'uuid:F2EF0F83-D6E5-4F70-8E6B-D870551A5D9A', 5, options),
      pulled,
      BY_NATURE,
      NEWER,
    )
  })
})
