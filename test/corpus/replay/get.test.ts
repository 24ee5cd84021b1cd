import { describe, expect, it } from 'vitest'
import { EndpointReference, metadataOf, type Instance } from 'wsman'
import {
  envelopeAround,
  readChunked,
  readInteropBody,
  readRecording,
  recordedMessages,
  specificationExamples,
} from '../../support/recordings.js'
import { replay, replyTo } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, localName, parseXml, select } from '../../support/xml-compare.js'
import { expectedValue } from './expected-instance.js'

const get = (reply: string, resource = 'winrm/config'): Promise<Instance> =>
  replay([replyTo('Get', reply)], (client) => client.get(resource))

const amt = (file: string): string => readRecording(`go-wsman-messages/${file}/get.xml`)

describeWithShared('corpus', 'recorded Get', () => {
  describe('of winrm/config', () => {
    it('gives the sections of a host as Windows set it up', async () => {
      const config = await get(
        readRecording('pypsrp/xml/test_wsman_update_envelope_size_500/00-response.xml'),
      )

      expect(Object.keys(config)).toEqual([
        'MaxEnvelopeSizekb',
        'MaxTimeoutms',
        'MaxBatchItems',
        'MaxProviderRequests',
        'Client',
        'Service',
        'Winrs',
      ])
      expect(config).toMatchObject({
        MaxEnvelopeSizekb: '500',
        MaxBatchItems: '32000',
        MaxProviderRequests: '4294967295',
        Client: {
          NetworkDelayms: '5000',
          URLPrefix: 'wsman',
          Auth: { Basic: 'true', Digest: 'true', CredSSP: 'false' },
          DefaultPorts: { HTTP: '5985', HTTPS: '5986' },
          TrustedHosts: '',
        },
        Service: {
          RootSDDL: 'O:NSG:BAD:P(A;;GA;;;BA)(A;;GR;;;IU)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
          MaxConcurrentOperationsPerUser: '1500',
          EnumerationTimeoutms: '240000',
          Auth: { Certificate: 'false', CredSSP: 'true', CbtHardeningLevel: 'Relaxed' },
          IPv4Filter: '*',
          CertificateThumbprint: '',
          AllowRemoteAccess: 'true',
        },
        Winrs: { AllowRemoteShellAccess: 'true', IdleTimeout: '7200000', MaxShellsPerUser: '2147483647' },
      })
      expect(metadataOf(config)).toMatchObject({
        className: 'Config',
        namespaceUri: 'http://schemas.microsoft.com/wbem/wsman/1/config',
        xmlName: 'cfg:Config',
      })
    })

    it('gives what an administrator has changed', async () => {
      const config = await get(readRecording('pypsrp/xml/test_psrp_small_msg_size/00-response.xml'))
      expect(config).toMatchObject({
        MaxEnvelopeSizekb: '32',
        Service: { AllowUnencrypted: 'true', Auth: { Certificate: 'true', CbtHardeningLevel: 'Strict' } },
      })
    })

    it('gives the settings of the first version, from a document laid out for print', async () => {
      const config = await get(readRecording('ms-wsmv/4.2.1-Retrieving-Configuration/02.xml'))
      expect(config).toMatchObject({
        MaxEnvelopeSizekb: '50',
        Client: { DefaultPorts: { HTTP: '80', HTTPS: '443' }, TrustedHosts: '' },
        Service: { MaxConcurrentOperations: '\n100\n', Auth: { Basic: 'false', Kerberos: 'true' } },
        Winrs: { MaxShellsPerUser: '2', MaxShellRunTime: '28800000' },
      })
    })
  })

  it('gives null for xsi:nil and an array where an element repeats (iDRAC)', async () => {
    const system = await get(readRecording('opennms-wsman/get-response.xml'))
    expect(system).toMatchObject({
      Caption: null,
      InstallDate: null,
      CreationClassName: 'DCIM_ComputerSystem',
      IdentifyingDescriptions: ['CIM:GUID', 'CIM:Tag', 'DCIM:ServiceTag'],
      OperationalStatus: ['2', '3'],
      OtherIdentifyingInfo: ['ANONYMIZED01', 'mainsystemchassis', 'ANONYMIZED02'],
      TransitioningToState: '12',
    })
    expect(Object.keys(system)).toHaveLength(31)
    expect(metadataOf(system)?.className).toBe('DCIM_ComputerSystem')
  })

  it('gives arrays in the order of the wire (AMT)', async () => {
    expect(await get(amt('cim/sensor'))).toMatchObject({ PossibleStates: ['Bad', 'Good', 'Unknown'] })
    expect(await get(amt('amt/kerberos'))).toMatchObject({ SupportedEncryptionAlgorithms: ['0', '1', '2'] })
    expect(await get(amt('ips/hostbasedsetup'))).toMatchObject({ AllowedControlModes: ['2', '1'] })
    expect(await get(amt('cim/bios/feature'))).toMatchObject({
      Characteristics: ['7', '11', '12', '27', '28', '29', '31'],
    })
  })

  it('gives references as EndpointReference (AMT)', async () => {
    const { Antecedent, Dependent, PlatformGUID } = await get(amt('cim/computer/systempackage'))
    expect(Antecedent).toStrictEqual(
      new EndpointReference('http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Chassis', {
        CreationClassName: 'CIM_Chassis',
        Tag: 'CIM_Chassis',
      }),
    )
    expect(Dependent).toStrictEqual(
      new EndpointReference('http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ComputerSystem', {
        CreationClassName: 'CIM_ComputerSystem',
        Name: 'ManagedSystem',
      }),
    )
    expect(PlatformGUID).toBe('13AEE355D2BFBB6117A088AEDD7037EA')
  })

  it('gives the text inside cim:Datetime, and leaves a property called Interval alone (AMT)', async () => {
    const bios = await get(amt('cim/bios/element'))
    expect(bios.ReleaseDate).toBe('2020-08-10T00:00:00Z')
    expect(metadataOf(bios)?.properties.ReleaseDate).toEqual({ wrapper: 'Datetime' })

    expect(await get(amt('ips/alarmclock'))).toEqual({
      ElementName: 'testalarm',
      InstanceID: 'testalarm',
      StartTime: 'testdatetime',
      Interval: '0',
      DeleteOnCompletion: 'true',
    })
  })

  it('keeps a null array apart from its mark (MS-WSMV 4.11.1)', async () => {
    const file = 'ms-wsmv/4.11.1-A-CIM-Operation-that-Prompts-Once-with-the-Client-Replying-yes/04.xml'
    const instance = await get(readRecording(file))
    expect(instance).toEqual({ octet: null, uint32Key: '100' })
    expect(metadataOf(instance)).toMatchObject({
      className: 'UTFPSSemantics_TestBase',
      attributes: { 'xsi:type': 'p:UTFPSSemantics_TestBase_Type' },
      properties: { octet: { attributes: { 'm:IsNullArray': 'true' } } },
    })
  })

  it('takes Address for a property where it is one (Windows Vista)', async () => {
    expect(await get(envelopeAround(readInteropBody('02-6.2-Get')))).toEqual({
      Address: '123 4th Ave. Redmond WA 98052',
      key: '1',
      Name: 'Mary Jones',
      Telephone: '425-123-4567',
    })
  })

  const replies = recordedMessages().filter(
    ({ operation, direction, wellFormed, file }) =>
      operation === 'Get' && direction === 'response' && wellFormed && !file.includes('MSFT-bodies'),
  )
  it('is recorded often', () => {
    expect(replies.length).toBeGreaterThanOrEqual(41)
  })

  const chunked = [
    'CIRAHandler.test.ts/L0024-00',
    'CIRAHandler.test.ts/L0026-01',
    'parseWSManResponseBody.test.ts/L0035-00',
  ]
  it.each([
    ...replies.map(({ file }) => [file, () => readRecording(file)] as const),
    ...chunked.map((name) => {
      const file = `amt-mps-rps/${name}.chunked.txt`
      return [file, () => readChunked(file)] as const
    }),
  ])('gives the properties of %s', async (_, read) => {
    const reply = read()
    const [root] = select(parseXml(reply), 'Body').flatMap(elementsOf)
    if (!root) throw new Error('The recording holds no resource.')

    const instance = await get(reply)

    expect(instance).toStrictEqual(expectedValue(root))
    expect(Object.keys(instance)).toEqual([...new Set(elementsOf(root).map(localName))])
    expect(metadataOf(instance)).toMatchObject({
      className: localName(root),
      namespaceUri: root.name.slice(1, root.name.indexOf('}')),
    })
  })
})

describeWithShared('specs', 'printed Get', () => {
  it('of MS-WSMV 4.1.1', async () => {
    const [, reply = ''] = specificationExamples('MS-WSMV', '4.1.1')
    expect(await get(reply, 'wmi/root/mynamespace/myclass?id=1')).toStrictEqual({
      Data1: 'Hello World',
      id: '1',
      Location: new EndpointReference(
        'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/mynamespace/myclass',
        {
          id: '1',
        },
      ),
    })
  })
})
