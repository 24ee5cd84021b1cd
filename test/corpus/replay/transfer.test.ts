import { describe, expect, it } from 'vitest'
import { EndpointReference, type WsmanClient } from 'wsman'
import {
  envelopeAround,
  readInteropBody,
  readRecording,
  recordedMessages,
  type RecordedMessage,
} from '../../support/recordings.js'
import { replay, replyTo, type ReplayStep } from '../../support/replay-server.js'
import { describeWithShared } from '../../support/shared.js'
import { elementsOf, parseXml, select, type PlainElement } from '../../support/xml-compare.js'
import { expectedReference, expectedValue } from './expected-instance.js'

const RESOURCE = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Any'
const invoked = (reply: string): ReplayStep => ({ expects: { action: `${RESOURCE}/Method` }, reply })

const put = (client: WsmanClient): Promise<unknown> => client.put(RESOURCE, { Any: '1' })
const create = (client: WsmanClient): Promise<unknown> => client.create(RESOURCE, { Any: '1' })
const remove = (client: WsmanClient): Promise<unknown> => client.delete(RESOURCE)
const invoke = (client: WsmanClient): Promise<unknown> => client.invoke(RESOURCE, 'Method')

/** The one element in the body of a reply. */
function contentOf(reply: string): PlainElement | undefined {
  const [content] = select(parseXml(reply), 'Body').flatMap(elementsOf)
  return content
}

describeWithShared('corpus', 'recorded Put, Create, Delete and Invoke', () => {
  const replies = recordedMessages().filter(
    ({ direction, wellFormed, file, source }) =>
      direction === 'response' &&
      wellFormed &&
      !file.includes('MSFT-bodies') &&
      // The protocol of Windows Server 2003 R2 writes references in the namespace of a draft.
      source !== 'ms-wsman',
  )
  const files = (matches: (operation: string) => boolean): readonly string[] =>
    replies.filter(({ operation }: RecordedMessage) => matches(operation)).map(({ file }) => file)

  it('are many', () => {
    const count = (start: string): number => files((operation) => operation.startsWith(start)).length
    expect(['Put', 'Create', 'Delete', 'Invoke:'].map(count)).toEqual([8, 3, 4, 32])
  })

  describe('Put', () => {
    it.each(files((operation) => operation === 'Put'))('gives the properties of %s', async (file) => {
      const reply = readRecording(file)
      const content = contentOf(reply)
      expect(await replay([replyTo('Put', reply)], put)).toStrictEqual(content ? expectedValue(content) : {})
    })

    it('gives what the service made of it (Windows Vista)', async () => {
      const reply = envelopeAround(readInteropBody('18-9.1-Put'))
      const record = { Alias: 'bsimpson', Id: '1', Name: 'Bart Simpson' }
      expect(await replay([replyTo('Put', reply)], put)).toEqual(record)
    })

    it('gives nothing where the service answers with nothing (AMT)', async () => {
      const reply = readRecording('go-wsman-messages/amt/remoteaccess/policyappliestomps/put.xml')
      expect(await replay([replyTo('Put', reply)], put)).toEqual({})
    })
  })

  describe('Create', () => {
    it.each(files((operation) => operation === 'Create'))('gives the reference of %s', async (file) => {
      const reply = readRecording(file)
      const content = contentOf(reply)
      if (!content) throw new Error('The recording holds no reference.')
      expect(await replay([replyTo('Create', reply)], create)).toStrictEqual(expectedReference(content))
    })

    it('gives selectors that are references themselves (AMT)', async () => {
      const reply = readRecording('go-wsman-messages/amt/tls/credentialcontext/create.xml')
      const amt = 'http://intel.com/wbem/wscim/1/amt-schema/1'
      expect(await replay([replyTo('Create', reply)], create)).toStrictEqual(
        new EndpointReference(`${amt}/AMT_TLSCredentialContext`, {
          ElementInContext: new EndpointReference(`${amt}/AMT_PublicKeyCertificate`, {
            InstanceID: 'testCertificate',
          }),
          ElementProvidingContext: new EndpointReference(`${amt}/AMT_TLSProtocolEndpointCollection`, {
            ElementName: 'TLSProtocolEndpoint Instances Collection',
          }),
        }),
      )
    })
  })

  it.each(files((operation) => operation === 'Delete'))('Delete takes %s', async (file) => {
    expect(await replay([replyTo('Delete', readRecording(file))], remove)).toBeUndefined()
  })

  describe('Invoke', () => {
    it.each(files((operation) => operation.startsWith('Invoke:')))(
      'gives the results of %s',
      async (file) => {
        const reply = readRecording(file)
        const content = contentOf(reply)
        if (!content) throw new Error('The recording holds no result.')
        expect(await replay([invoked(reply)], invoke)).toStrictEqual(expectedValue(content))
      },
    )

    it.each([
      ['python-dracclient/job_service-delete-job-id-error.xml', { MessageID: 'SUP011', ReturnValue: '2' }],
      ['omi/posthttp/xml/test3-response-00.xml', { ReturnValue: '0', boolVal: 'FALSE' }],
      ['go-wsman-messages/amt/setupandconfiguration/getuuid.xml', { UUID: 'E67jVdK/u2EXoIiu3XA36g==' }],
    ])('gives what was returned, failure or not: %s', async (file, expected) => {
      expect(await replay([invoked(readRecording(file))], invoke)).toMatchObject(expected)
    })

    it('gives the return value (Windows Vista)', async () => {
      const output = readInteropBody('17-8.1-Invoke').replace(/<\/?OutputMsg>/g, '')
      expect(await replay([invoked(envelopeAround(output))], invoke)).toEqual({ ReturnValue: '10' })
    })
  })
})
