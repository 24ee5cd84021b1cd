import { expect, it } from 'vitest'
import type { WsmanClient, WsmanClientOptions } from 'wsman'
import { envelopeAround, readRecording } from '../../support/recordings.js'
import { replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { because, BY_NATURE, expectLike, NOT_ROBUST, OTHER_SESSION } from './accepted.js'

const TIMEOUT = because(
  'always sent, so that both sides go by the same time',
  'Header/OperationTimeout only ours',
)

const MI_CHANNELS = because(
  'asks for the messages of a provider, which come in robust connections only',
  'Header/OptionSet/Option[wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE] only theirs',
  'Header/OptionSet/Option[wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE]#2 only theirs',
  'Header/OptionSet/Option[wmiarray:__MI_OPERATIONOPTIONS_CHANNELVALUE]#3 only theirs',
)
const MI_CALLBACKS = because(
  'registers for questions of the provider, which come in robust connections only',
  'Header/OptionSet/Option[__MI_CallbackRegistration] only theirs',
  'Header/OptionSet/Option[wmi:__MI_OPERATIONOPTIONS_WRITEERRORMODE] only theirs',
)
const PRECISE_ARRAYS = because(
  'arrays are told from single values by the class',
  'Header/OptionSet/Option[msftwinrm:UsePreciseArrays] only theirs',
)

/** What the last request of a call said. */
async function sent(
  steps: readonly ReplayStep[],
  call: (client: WsmanClient) => Promise<unknown>,
  maxEnvelopeSizeKb: number,
  options: WsmanClientOptions = {},
): Promise<string> {
  const requests = await replay(
    steps,
    async (client, server) => {
      await call(client)
      return server.requests
    },
    { settings: { client: { allowUnencrypted: true }, protocol: { maxEnvelopeSizeKb } }, ...options },
  )
  return requests.at(-1)?.xml ?? ''
}

describeWithShared('corpus', 'requests of Microsoft’s MI client to OMI', () => {
  it.each([
    ['omi/strings/test_wsman.cpp/L1958-08.xml', 'root/test', 'CIM_Error', {}],
    ['omi/strings/test_wsman.cpp/L2110-10.xml', 'oop/requestor/test/c', 'CIM_Error', {}],
    [
      'omi/strings/test_wsman.cpp/L2171-13.xml',
      'test/cpp',
      'X_HugeNumber',
      because(
        'asks for what the class declares itself',
        'Header/OptionSet/Option[IncludeInheritedElements] text',
      ),
    ],
  ] as const)('for a class: %s', async (file, namespace, className, accepted) => {
    const theirs = readRecording(file)
    const ours = await sent(
      [replyTo('Get', envelopeAround(`<CLASS NAME="${className}"/>`))],
      (client) => client.cim.getClass(className, { namespace }),
      1024,
    )
    expectLike(
      ours,
      theirs,
      BY_NATURE,
      OTHER_SESSION,
      NOT_ROBUST,
      TIMEOUT,
      MI_CHANNELS,
      theirs.includes('__MI_CallbackRegistration') ? MI_CALLBACKS : {},
      PRECISE_ARRAYS,
      because(
        'asks for the superclass of each class above, which nothing needs',
        'Header/OptionSet/Option[IncludeInheritanceHierarchy] only theirs',
      ),
      accepted,
    )
  })

  it.each([
    ['omi/samples/Put1-0.xml', 'OMI_Identify', 'root/omi', 'InstanceID', 'ProductVendor'],
    ['omi/samples/Put2-0.xml', 'MSFT_Person', 'root/cimv2', 'Key', 'Last'],
  ] as const)('for a change: %s', async (file, className, namespace, key, changed) => {
    const theirs = readRecording(file)
    const [body = ''] = /<p0:[^]*<\/p0:\w+>/.exec(theirs) ?? []
    const value = (name: string): string => new RegExp(`<p0:${name}[^>]*>([^<]*)<`).exec(body)?.[1] ?? ''
    const ours = await sent(
      [replyTo('Get', envelopeAround(body)), replyTo('Put', envelopeAround(''))],
      (client) =>
        client.cim.modifyInstance(
          className,
          { [key]: value(key) },
          { [changed.toLowerCase()]: value(changed) },
          { namespace, schemaUri: 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2' },
        ),
      500,
    )
    const names = [...body.matchAll(/<p0:(\w+) xsi:type="cim:/g)].map(([, name]) => name ?? '')
    const places = names.map((name, index) => {
      const number = names.slice(0, index + 1).filter((other) => other === name).length
      return `Body/${className}/${name}${number > 1 ? `#${number}` : ''}@http://www.w3.org/2001/XMLSchema-instance:type only theirs`
    })
    expectLike(
      ours,
      theirs,
      BY_NATURE,
      OTHER_SESSION,
      NOT_ROBUST,
      TIMEOUT,
      MI_CHANNELS,
      MI_CALLBACKS,
      PRECISE_ARRAYS,
      because(
        'says the type of each value; services know it from the class',
        `Body/${className}@http://www.w3.org/2001/XMLSchema-instance:type only theirs`,
        ...places,
      ),
    )
    expect(ours).toContain(
      `<w:Option Name="wmiarray:__MIInstanceModifiedPropertiesList" Type="xs:string">${changed}</w:Option>`,
    )
  })
})
