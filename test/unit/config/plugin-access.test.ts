import { expect, it } from 'vitest'
import { specificationExamples } from '../../support/recordings.js'
import { connect, startService, windowsFault } from '../../support/scripted-service.js'
import { describeWithShared } from '../../support/shared.js'
import { differences, parseXml, select, trimmed, type PlainElement } from '../../support/xml-compare.js'

const ACCOUNT = 'S-1-5-21-1-2-3-1001'
const BEFORE = 'O:NSG:BAD:P(A;;GA;;;BA)S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)'
const AFTER = `O:NSG:BAD:P(A;;GA;;;BA)(A;;GXGR;;;${ACCOUNT})S:P(AU;FA;GA;;;WD)(AU;SA;GXGW;;;WD)`
const URI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2'

/** The content of the body of the plug-in that MS-WSMV 4.2.4 prints: with URIs broken into lines, one without quotes. */
function printed(): string {
  const [, example = ''] = specificationExamples('MS-WSMV', '4.2.4')
  const whole = example
    .replace(/="([^"]*)"/g, (value) => value.replaceAll('\n', ''))
    .replace(/=(http[^\s>"]+)/g, '="$1"')
  return /<s:Body>([\s\S]*)<\/s:Body>/.exec(whole)?.[1]?.trim() ?? ''
}

/** A service that has the plug-in, and keeps what is put. */
async function start(document: string) {
  const state = { document }
  const service = await startService({
    Get: () => state.document,
    Put: (request) => {
      state.document = /<s:Body>([\s\S]*)<\/s:Body>/.exec(request.text)?.[1] ?? ''
      return state.document
    },
    GetSD: windowsFault(0x8004100e),
  })
  const plugin = (): PlainElement => trimmed(parseXml(state.document))
  return { service, plugin, config: connect(service).config }
}

const without = (root: PlainElement): PlainElement => ({
  ...root,
  attributes: Object.fromEntries(Object.entries(root.attributes).filter(([name]) => name !== 'Sddl')),
  children: root.children.map((child) => (typeof child === 'string' ? child : without(child))),
})
const sddls = (root: PlainElement): unknown[] =>
  select(root, 'Resources', 'Resource', 'Security').map(({ attributes }) => attributes.Sddl)

describeWithShared('specs', 'the descriptors of a plug-in, as MS-WSMV 4.2.4 has one', () => {
  it('let an account in, and everything else is as it was', async () => {
    const { service, plugin, config } = await start(printed())
    const shown = plugin()
    const plan = await config.grantWmiAccess({ account: ACCOUNT })
    expect(plan.changes).toMatchObject([
      {
        path: `plugins[WMI Provider].resources[${URI}].security.sddl`,
        from: BEFORE,
        to: AFTER,
        description: `${ACCOUNT} gets the rights GR, GX to the plug-in WMI Provider.`,
      },
    ])
    expect(plan.warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'dubious plugins[WMI Provider]',
      'unavailable namespaces[root/cimv2].security',
    ])
    await plan.apply()
    expect(service.of('Put')).toHaveLength(1)
    expect(service.of('Put')[0]?.texts('Selector')).toEqual(['WMI Provider'])
    expect(sddls(plugin())).toEqual([AFTER])
    expect(differences(without(plugin()), without(shown))).toEqual([])
    expect((await config.grantWmiAccess({ account: ACCOUNT })).changed).toBe(false)
  })

  it('that are empty or none are left to RootSDDL, and no password goes back', async () => {
    const odd = printed()
      .replace(
        /<Security\s[^>]*>/,
        (start) => `${start.replace(BEFORE, '')}${start.replace(BEFORE, 'nonsense')}${start}`,
      )
      .replace('XmlRenderingType="text"', 'XmlRenderingType="text" RunAsPassword="****"')
    const { plugin, config } = await start(odd)
    await (await config.grantWmiAccess({ account: ACCOUNT })).apply()
    expect(sddls(plugin())).toEqual(['', 'nonsense', AFTER])
    expect(plugin().attributes).not.toHaveProperty('RunAsPassword')
  })

  it('that deny what they are to allow are told', async () => {
    const denying = BEFORE.replace('D:P', `D:P(D;;GX;;;${ACCOUNT})`)
    const { plugin, config } = await start(printed().replace(BEFORE, denying))
    const plan = await config.grantWmiAccess({ account: ACCOUNT })
    expect(plan.warnings[0]).toMatchObject({
      code: 'dubious',
      message: `In the descriptor of the plug-in WMI Provider, an entry denies ${ACCOUNT} some of the rights, and wins.`,
    })
    await plan.apply()
    expect(sddls(plugin())).toEqual([AFTER.replace('D:P', `D:P(D;;GX;;;${ACCOUNT})`)])
  })

  it('of Group Policy are left alone', async () => {
    const { config } = await start(
      printed().replace('XmlRenderingType="text"', 'XmlRenderingType="text" Source="GPO"'),
    )
    const plan = await config.grantWmiAccess({ account: ACCOUNT })
    expect(plan.changed).toBe(false)
    expect(plan.warnings.map(({ code }) => code)).toEqual(['policy', 'unavailable'])
  })
})
