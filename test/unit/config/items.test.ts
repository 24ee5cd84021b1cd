import { expect, it } from 'vitest'
import type { WsmanClient } from '../../../src/client/wsman-client.js'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { specificationExamples } from '../../support/recordings.js'
import { connect, rejection, startService, type Asked, type Script } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'
import {
  differences,
  elementsOf,
  parseXml,
  select,
  textOf,
  trimmed,
  type PlainElement,
} from '../../support/xml-compare.js'
import { CONFIG } from './service.js'

const body = (root: PlainElement): PlainElement => {
  const [element] = elementsOf(select(root, 'Body')[0] ?? root)
  if (!element) throw new Error('The body is empty.')
  return element
}

/** The examples break URIs into lines, and one lacks quotation marks around its namespaces. */
const example = (section: string, nth: number): string =>
  (specificationExamples('MS-WSMV', section)[nth] ?? '')
    .replace(/="([^"]*)"/g, (value) => value.replaceAll('\n', ''))
    .replace(/=(http[^\s>"]+)/g, '="$1"')

const contentOf = (text: string): string => /<s:Body>([\s\S]*)<\/s:Body>/.exec(text)?.[1]?.trim() ?? ''

async function start(script: Script): Promise<{ client: WsmanClient; asked: (action: string) => Asked }> {
  const service = await startService(script)
  const asked = (action: string): Asked => {
    const request = service.of(action).at(-1)
    if (!request) throw new Error(`There was no ${action}.`)
    return request
  }
  return { client: connect(service), asked }
}

const selectors = (request: Asked | PlainElement): unknown[] =>
  ('elements' in request
    ? request.elements('Selector')
    : select(request, 'Header', 'SelectorSet', 'Selector')
  ).map((selector) => [selector.attributes.Name, textOf(selector).trim()])

describeWithShared('specs', 'certificate mappings, as MS-WSMV 4.2.3 has them', () => {
  const KEY = {
    issuer: '5600a015ca5e8a26f638b74e819ae92096da5c8c',
    subject: '*@mig.net',
    uri: '*',
  }

  it('are created with their key in the selectors and the rest in the body', async () => {
    const { client, asked } = await start({ Create: contentOf(example('4.2.3', 1)) })
    const reference = await client.config.certMappings.create({
      ...KEY,
      userName: 'certAdminAccount',
      password: 'Bull_dog1',
      enabled: true,
    })
    expect(reference.selectors).toEqual({ URI: '*', Subject: '*@mig.net', Issuer: KEY.issuer })
    const theirs = parseXml(example('4.2.3', 0))
    expect(selectors(asked('Create'))).toEqual(selectors(theirs))
    // The example spells names and namespace as the first version did; 2.2.4.3 has them as they are read.
    expect(body(asked('Create').root)).toMatchObject({ name: `{${CONFIG}/service/certmapping}CertMapping` })
    expect(
      elementsOf(body(asked('Create').root)).map((child) => [child.name.split('}')[1], textOf(child)]),
    ).toEqual([
      ['UserName', 'certAdminAccount'],
      ['Enabled', 'true'],
      ['Password', 'Bull_dog1'],
    ])
  })

  it('are changed as the example changes one, without the password that nobody gave', async () => {
    const read = contentOf(example('4.2.3', 5))
    const { client, asked } = await start({ Get: read, Put: contentOf(example('4.2.3', 3)) })
    const key = {
      issuer: '1212131238d84023982e381f2',
      subject: '*.sampl.com',
      uri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*',
    }
    const changed = await client.config.certMappings.update(key, { enabled: false })
    expect(changed).toEqual({ ...key, userName: 'certadminACCOUNT', enabled: false })
    const theirs = parseXml(example('4.2.3', 2))
    expect(selectors(asked('Put'))).toEqual(selectors(theirs))
    expect(differences(trimmed(body(asked('Put').root)), trimmed(body(theirs)))).toEqual([
      { at: '@xml:lang', what: 'only theirs', detail: 'nothing for en-US' },
      { at: 'Password', what: 'only theirs', detail: `{${CONFIG}/service/certmapping}Password` },
    ])
  })

  it('are listed without the passwords that the service shows', async () => {
    const { client } = await start({
      Enumerate: contentOf(example('4.2.3', 9))
        .replace(/<\/wsman:Items>/, '</wsman:Items>')
        .replaceAll('wsen:', 'n:')
        .replaceAll('wsman:', 'w:'),
      Pull: contentOf(example('4.2.3', 11)).replaceAll('wsen:', 'n:'),
    })
    const mappings = await client.config.certMappings.enumerate().toArray()
    expect(mappings.map(({ userName, subject }) => [userName, subject])).toEqual([
      ['account1', '*.site1.com'],
      ['account2', '*.site2.com'],
    ])
    expect(JSON.stringify(mappings)).not.toMatch(/password/i)
  })

  it.each([
    [
      { ...KEY, issuer: 'abc', userName: 'a', password: 'b' },
      'certMapping.issuer must be 40 hexadecimal digits.',
    ],
    [
      { ...KEY, subject: 'a*b', userName: 'a', password: 'b' },
      /^certMapping\.subject must be text with one `\*`/,
    ],
    [{ ...KEY, uri: 'a b', userName: 'a', password: 'b' }, /^certMapping\.uri must be a resource URI/],
    [
      { ...KEY, userName: 'DOMAIN\\a', password: 'b' },
      /^certMapping\.userName must be the name of a local account/,
    ],
    [{ ...KEY, userName: 'a' }, 'A new certificate mapping needs password.'],
  ])('refuses %j before anything is sent', async (mapping, message) => {
    const { client } = await start({})
    const error = await rejection(client.config.certMappings.create(mapping))
    expect(error).toMatchObject({ code: 'ERR_WSMAN_USAGE', message })
    expect(String(error)).not.toContain('password: ')
  })

  it('never shows a password in a plan', async () => {
    const { client, asked } = await start({
      Get: `<cfg:Config xmlns:cfg="${CONFIG}"/>`,
      Enumerate:
        '<n:EnumerateResponse><n:EnumerationContext/><w:Items/><w:EndOfSequence/></n:EnumerateResponse>',
      Create: contentOf(example('4.2.3', 1)),
    })
    const plan = await client.config.plan({
      certMappings: [{ ...KEY, userName: 'a', password: 'Bull_dog1' }],
    })
    expect(plan.changes).toEqual([
      {
        path: `certMappings[${KEY.issuer}+*@mig.net+*]`,
        action: 'add',
        from: null,
        to: { ...KEY, userName: 'a' },
      },
    ])
    await plan.apply()
    expect(asked('Create').texts('Password')).toEqual(['Bull_dog1'])
  })
})

describeWithShared('specs', 'plug-ins, as MS-WSMV 4.2.4 has one', () => {
  const start424 = () => {
    const shown = contentOf(example('4.2.4', 1))
    return start({
      Get: shown.replace(
        'XmlRenderingType="text"',
        'XmlRenderingType="text" Novel="1" RunAsUser="x" RunAsPassword="y"',
      ),
      Put: shown,
      Create: `<x:ResourceCreated><a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>${CONFIG}/plugin</w:ResourceURI></a:ReferenceParameters></x:ResourceCreated>`,
    })
  }

  it('are read with their resources and who may use them, without a password', async () => {
    const { client, asked } = await start424()
    const plugin = await client.config.plugins.get({ name: 'WMI Provider' })
    expect(plugin).toMatchObject({
      name: 'WMI Provider',
      filename: String.raw`%systemroot%\system32\WsmWmiPl.dll`,
      sdkVersion: 1,
      xmlRenderingType: 'text',
      runAsUser: 'x',
    })
    expect(plugin.resources).toHaveLength(3)
    expect(plugin.resources[0]).toMatchObject({
      resourceUri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi',
      supportsOptions: true,
      security: [
        {
          uri: 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2',
          exactMatch: false,
          sddl: 'O:NSG:BAD:P(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)',
        },
      ],
      capabilities: [
        { type: 'Get' },
        { type: 'Put' },
        { type: 'Invoke' },
        { type: 'Enumerate', supportsFiltering: true },
      ],
    })
    expect(JSON.stringify(plugin)).not.toContain('assword')
    expect(asked('Get').texts('Selector')).toEqual(['WMI Provider'])
  })

  it('are changed in their attributes and quotas, everything else as it was', async () => {
    const { client, asked } = await start424()
    await client.config.plugins.update(
      { name: 'WMI Provider' },
      { autoRestart: true, quotas: { maxShells: 5 } },
    )
    const put = body(asked('Put').root)
    expect(put.attributes).toEqual({
      Name: 'WMI Provider',
      Filename: String.raw`%systemroot%\system32\WsmWmiPl.dll`,
      SDKVersion: '1',
      XmlRenderingType: 'text',
      Novel: '1',
      RunAsUser: 'x',
      AutoRestart: 'true',
    })
    const theirs = trimmed(body(parseXml(example('4.2.4', 1))))
    const [resources, quotas] = elementsOf(put)
    expect(differences(resources ?? put, select(theirs, 'Resources')[0] ?? theirs)).toEqual([])
    expect(quotas).toMatchObject({ attributes: { MaxShells: '5' } })
  })

  it('are created whole, in attributes', async () => {
    const { client, asked } = await start424()
    const resources = [
      {
        resourceUri: 'urn:mine',
        security: [{ uri: 'urn:mine', sddl: 'O:NSG:BAD:P(A;;GA;;;BA)' }],
        capabilities: [{ type: 'Get' }],
      },
    ]
    await client.config.plugins.create({ name: 'Mine', filename: 'mine.dll', resources })
    const created = body(asked('Create').root)
    expect(created.attributes).toEqual({
      Filename: 'mine.dll',
      Name: 'Mine',
      SDKVersion: '1',
      XmlRenderingType: 'text',
    })
    expect(select(created, 'Resources', 'Resource', 'Security').map(({ attributes }) => attributes)).toEqual([
      { Sddl: 'O:NSG:BAD:P(A;;GA;;;BA)', Uri: 'urn:mine' },
    ])
  })

  it('refuses what is out of range, with its path', async () => {
    const { client } = await start424()
    const update = (changes: object) => rejection(client.config.plugins.update({ name: 'x' }, changes))
    expect(await update({ quotas: { maxShells: 0 } })).toMatchObject({
      message: 'plugin.quotas.maxShells must be between 1 and 2147483647.',
    })
    expect(await update({ resources: [{ color: 1 }] })).toMatchObject({
      message: /^plugin\.resources\[0\]\.color is no setting/,
    })
    expect(await update({ resources: 1 })).toMatchObject({ message: 'plugin.resources must be a list.' })
  })
})

describeWithShared('specs', 'a listener', () => {
  it('is found by the reference that create returns', async () => {
    const { client, asked } = await start({
      Get: `<cfg:Listener xmlns:cfg="${CONFIG}/listener"><cfg:Address>*</cfg:Address><cfg:Transport>HTTP</cfg:Transport><cfg:Port>80</cfg:Port><cfg:ListeningOn>10.0.0.1</cfg:ListeningOn></cfg:Listener>`,
    })
    const reference = new EndpointReference(`${CONFIG}/listener`, { Address: '*', Transport: 'HTTP' })
    expect(await client.config.listeners.get(reference)).toEqual({
      address: '*',
      transport: 'HTTP',
      port: 80,
      listeningOn: ['10.0.0.1'],
    })
    expect(selectors(asked('Get'))).toEqual([
      ['Address', '*'],
      ['Transport', 'HTTP'],
    ])
  })

  it('restore asks for the defaults of the configuration, or of the plug-ins', async () => {
    const { client, asked } = await start({ Restore: '' })
    await client.config.restore()
    expect(asked('Restore').texts('Action')).toEqual([`${CONFIG}/Restore`])
    expect(body(asked('Restore').root).name).toBe(`{${CONFIG}}Restore_INPUT`)
    await client.config.restore({ plugins: true })
    expect(asked('Restore').texts('Action')).toEqual([`${CONFIG}/plugin/Restore`])
  })
})
