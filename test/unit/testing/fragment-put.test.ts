import { describe, expect, it } from 'vitest'
import { elementsOf, select, textOf, type PlainElement } from '../../support/xml-compare.js'
import { ClassEndpoint, properties, WMI } from './support/class-endpoint.js'
import { ACTIONS, faultOf, textAt, type RawReply } from './support/raw-client.js'

const test = new ClassEndpoint({
  classes: [
    {
      name: 'Thing',
      namespace: 'root/test',
      properties: {
        Name: { type: 'string', key: true },
        Number: 'uint16',
        Text: 'string',
        Tags: { type: 'string', array: true },
        When: 'datetime',
      },
      instances: [{ Name: 'one', Number: 1, Text: 'old', Tags: ['a', null, 'b'], When: null }],
    },
  ],
})

const THING = `${WMI}/root/test/Thing`
const XSI = 'http://www.w3.org/2001/XMLSchema-instance'
const header = (path: string, mustUnderstand = 'true'): string =>
  `<w:FragmentTransfer s:mustUnderstand="${mustUnderstand}">${path}</w:FragmentTransfer>`
const put = (path: string, content: string, extra = header(path)): Promise<RawReply> =>
  test.ask({
    action: ACTIONS.put,
    resourceUri: THING,
    selectors: { Name: 'one' },
    extra,
    body: `<w:XmlFragment xmlns:xsi="${XSI}">${content}</w:XmlFragment>`,
  })
const fragmentIn = ({ xml }: RawReply): PlainElement | undefined => select(xml, 'Body', 'XmlFragment')[0]
const current = async () =>
  properties(select((await test.get(THING, { Name: 'one' })).xml, 'Body', 'Thing')[0])

describe('Put of a fragment', () => {
  it('replaces one property and answers with it, and with the path', async () => {
    const reply = await put('Text', '<Text>new</Text>')
    expect(reply.status).toBe(200)
    expect(textAt(reply.xml, 'Header', 'Action')).toBe(`${ACTIONS.put}Response`)
    const [path] = select(reply.xml, 'Header', 'FragmentTransfer')
    expect(path && textOf(path)).toBe('Text')
    expect(properties(fragmentIn(reply))).toEqual({ Text: 'new' })
    expect(await current()).toMatchObject({ Text: 'new', Number: '1', Tags: ['a', 'b'] })
  })

  it('replaces the text of one', async () => {
    const reply = await put('Number/text()', ' 77 ')
    const fragment = fragmentIn(reply)
    expect([fragment && elementsOf(fragment), fragment && textOf(fragment)]).toEqual([[], '77'])
    expect(await current()).toMatchObject({ Number: '77' })
  })

  it('replaces one element of an array', async () => {
    expect(properties(fragmentIn(await put('Tags[2]', '<Tags>B</Tags>')))).toEqual({ Tags: 'B' })
    expect((await put('Tags[1]/text()', 'A')).status).toBe(200)
    expect(await current()).toMatchObject({ Tags: ['A', 'B'] })
  })

  it('replaces a whole array, by elements or by nil', async () => {
    await put('Tags', '<Tags>1</Tags><Tags>2</Tags><Tags>3</Tags>')
    expect(await current()).toMatchObject({ Tags: ['1', '2', '3'] })
    expect(properties(fragmentIn(await put('Tags', '<Tags xsi:nil="true"/>')))).toEqual({ Tags: null })
    expect(await current()).toMatchObject({ Tags: null })
  })

  it('takes prefixes, letter case and times', async () => {
    const time =
      '<cim:Datetime xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">2024-02-29T12:00:00.5+01:00</cim:Datetime>'
    const reply = await put('./p:When', `<q:WHEN xmlns:q="${THING}">${time}</q:WHEN>`)
    expect(properties(fragmentIn(reply))).toEqual({ When: { Datetime: '2024-02-29T12:00:00.5+01:00' } })
  })

  it.each([
    ['begins with a slash', '/Thing/Text', '<Text>x</Text>'],
    ['is more than one step', 'Text/Inner', '<Inner>x</Inner>'],
    ['names no property', 'Nothing', '<Nothing>x</Nothing>'],
    ['names no element', 'Tags[9]', '<Tags>x</Tags>'],
    ['names several texts', 'Tags/text()', 'x'],
  ])('with a path that %s is refused', async (_, path, content) => {
    expect(faultOf(await put(path, content))).toMatchObject({
      code: 's:Sender',
      subcode: 'w:CannotProcessFilter',
      wsmanCode: 2150859042,
    })
  })

  it.each([
    ['is not there', 'Text', ''],
    ['is another property', 'Text', '<Number>1</Number>'],
    ['comes twice where it is no array', 'Text', '<Text>a</Text><Text>b</Text>'],
    ['has the wrong type', 'Number', '<Number>65536</Number>'],
    ['is text of the wrong type', 'Number/text()', 'many'],
  ])('whose content %s is refused', async (_, path, content) => {
    expect(faultOf(await put(path, content))).toMatchObject({
      subcode: 'w:SchemaValidationError',
      wsmanCode: 2150858817,
    })
  })

  it('must be in a wrapper', async () => {
    const reply = await test.ask({
      action: ACTIONS.put,
      resourceUri: THING,
      selectors: { Name: 'one' },
      extra: header('Text'),
      body: '<Text>x</Text>',
    })
    expect(faultOf(reply)).toMatchObject({ subcode: 'w:SchemaValidationError' })
  })

  it('does not change keys', async () => {
    expect(faultOf(await put('Name', '<Name>two</Name>'))).toMatchObject({
      subcode: 'x:InvalidRepresentation',
      detail: 'InvalidValues',
      wsmanCode: 2150858989,
    })
    expect((await put('Name', '<Name>ONE</Name>')).status).toBe(200)
    expect(await current()).toMatchObject({ Name: 'one' })
  })

  it.each(['false', ''])('must be marked mustUnderstand: %j', async (mustUnderstand) => {
    const reply = await put('Text', '<Text>x</Text>', header('Text', mustUnderstand))
    expect(faultOf(reply)).toMatchObject({
      subcode: 'a:InvalidMessageInformationHeader',
      wsmanCode: 2150858767,
    })
  })
})

describe('FragmentTransfer', () => {
  it.each(['create', 'delete', 'enumerate'] as const)('is not for %s', async (verb) => {
    const reply = await test.ask({ action: ACTIONS[verb], resourceUri: THING, extra: header('Text') })
    expect(faultOf(reply)).toMatchObject({
      subcode: 'w:UnsupportedFeature',
      detail: 'FragmentLevelAccess',
      wsmanCode: 2150858871,
    })
  })

  it('is not for shells', async () => {
    const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
    for (const resourceUri of [shell, `${shell}/cmd`]) {
      const action = resourceUri === shell ? ACTIONS.get : ACTIONS.delete
      const reply = await test.ask({
        action,
        resourceUri,
        extra: header('Owner'),
        selectors: { ShellId: 'x' },
      })
      expect(faultOf(reply)).toMatchObject({ subcode: 'w:UnsupportedFeature', wsmanCode: 2150858871 })
    }
  })

  it('is not for winrm/config', async () => {
    const resourceUri = 'http://schemas.microsoft.com/wbem/wsman/1/config'
    for (const action of [ACTIONS.get, ACTIONS.put]) {
      const reply = await test.ask({ action, resourceUri, extra: header('MaxTimeoutms') })
      expect(faultOf(reply)).toMatchObject({ subcode: 'a:ActionNotSupported', wsmanCode: 2150858771 })
    }
  })
})
