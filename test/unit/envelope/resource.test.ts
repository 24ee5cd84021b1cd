import { describe, expect, it } from 'vitest'
import { EndpointReference } from '../../../src/envelope/endpoint-reference.js'
import { locate } from '../../../src/envelope/resource.js'
import { UsageError } from '../../../src/errors/errors.js'

const MS = 'http://schemas.microsoft.com/wbem/wsman/1'

describe('aliases', () => {
  // As `winrm help aliases` lists them.
  it.each([
    ['wmi/root/cimv2/Win32_Service', `${MS}/wmi/root/cimv2/Win32_Service`],
    ['wmicimv2/Win32_Service', `${MS}/wmi/root/cimv2/Win32_Service`],
    ['cimv2/CIM_Processor', 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_Processor'],
    ['winrm/config', `${MS}/config`],
    ['wsman/config/listener', `${MS}/config/listener`],
    ['shell/cmd', `${MS}/windows/shell/cmd`],
    ['winrm', MS],
    ['WinRM/Config', `${MS}/Config`],
    ['  wmicimv2/*  ', `${MS}/wmi/root/cimv2/*`],
  ])('%s', (text, resourceUri) => {
    expect(locate(text)).toEqual({ resourceUri })
    expect(locate({ resourceUri: text })).toEqual({ resourceUri })
  })

  it.each(['', ' ', 'nothing/x', 'winrmx', '/winrm/config', '?A=1'])('%j is none', (text) => {
    expect(() => locate(text)).toThrow(UsageError)
  })

  it('tells which there are', () => {
    expect(() => locate('wmicim/X')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('wmicimv2') as string }) as Error,
    )
  })
})

it.each([`${MS}/config`, 'http://x/*', 'urn:x', 'https://schemas/a', 'HTTP://X/Y'])(
  '%s is taken as it is',
  (resourceUri) => {
    expect(locate(resourceUri)).toEqual({ resourceUri })
  },
)

describe('selectors in the text', () => {
  it.each<[string, Record<string, string>]>([
    ['winrm/config/listener?Address=*+Transport=HTTP', { Address: '*', Transport: 'HTTP' }],
    ['wmicimv2/Win32_Service?Name=WinRM', { Name: 'WinRM' }],
    ['x:y?Name=', { Name: '' }],
    ['x:y?Name="quoted value"', { Name: 'quoted value' }],
    ['x:y?Name=""', { Name: '' }],
    ['x:y?Name="one"+Other="two"', { Name: 'one', Other: 'two' }],
    ['x:y?Expression=1+1', { Expression: '1+1' }],
    ['x:y?Expression=a+b+Other=c', { Expression: 'a+b', Other: 'c' }],
    ['x:y?Expression=1+1=2', { Expression: '1+1=2' }],
    ['x:y?Query=a=b=c', { Query: 'a=b=c' }],
    ['x:y?Path=C:\\Program Files\\x?y&z', { Path: 'C:\\Program Files\\x?y&z' }],
    ['x:y?DeviceID="\\\\.\\PHYSICALDRIVE0"', { DeviceID: '\\\\.\\PHYSICALDRIVE0' }],
    ['x:y?Name=a"b', { Name: 'a"b' }],
    ['x:y?Name="a"b"', { Name: 'a"b' }],
    ['x:y?__cimnamespace=root/cimv2+Name=a', { __cimnamespace: 'root/cimv2', Name: 'a' }],
  ])('%s', (text, selectors) => {
    expect(locate(text).selectors).toEqual(selectors)
  })

  it('belong to the value where they stand in quotes', () => {
    expect(locate('x:y?Filter="a+b=c"+Name=d').selectors).toEqual({ Filter: 'a+b=c', Name: 'd' })
  })

  it('may be called __proto__', () => {
    const { selectors } = locate('x:y?__proto__=1+constructor=2')
    expect(Object.entries(selectors ?? {})).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
  })

  it('keep a plus that nothing follows', () => {
    expect(locate('x:y?Name=1+').selectors).toEqual({ Name: '1+' })
  })

  it.each(['x:y?', 'x:y?Name', 'x:y?=value', 'winrm/config?Address'])('%s is refused', (text) => {
    expect(() => locate(text)).toThrow(UsageError)
  })
})

describe('locators', () => {
  it('keep selectors and fragment', () => {
    const locator = {
      resourceUri: 'wmicimv2/X',
      selectors: { A: 1, B: true, C: 2n },
      fragment: 'Name/text()',
    }
    expect(locate(locator)).toEqual({ ...locator, resourceUri: `${MS}/wmi/root/cimv2/X` })
  })

  it('of references drop the address, which is where the message came from', () => {
    const reference = new EndpointReference('urn:r', { Name: 'a' }, 'http://elsewhere')
    expect(locate(reference)).toEqual({ resourceUri: 'urn:r', selectors: { Name: 'a' } })
  })

  it('need a URI', () => {
    expect(() => locate({ resourceUri: '' })).toThrow(UsageError)
    expect(() => locate(new EndpointReference(''))).toThrow(UsageError)
  })
})
