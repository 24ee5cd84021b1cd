import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageRedactor } from '../../../src/diagnostics/message-redactor.js'

function redact(...pieces: readonly (string | Uint8Array)[]): string {
  const redactor = new MessageRedactor()
  for (const piece of pieces) redactor.write(typeof piece === 'string' ? Buffer.from(piece) : piece)
  return redactor.shown
}

const SOAP = 'xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
const SHELL = 'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"'
const WSMAN = 'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'

describe('what is shown of a message', () => {
  it('is its structure, and the texts on the list', () => {
    const message = `<s:Envelope ${SOAP} ${WSMAN} ${SHELL}><s:Header><w:ResourceURI s:mustUnderstand="true">urn:r</w:ResourceURI><w:OptionSet><w:Option Name="WINRS_CODEPAGE">65001</w:Option><w:Option Name="own">hunter2</w:Option></w:OptionSet></s:Header><s:Body><rsp:Shell><rsp:Environment><rsp:Variable Name="PASSWORD">hunter2</rsp:Variable></rsp:Environment><rsp:InputStreams>stdin</rsp:InputStreams><rsp:WorkingDirectory/></rsp:Shell></s:Body></s:Envelope>`
    expect(redact(message)).toBe(
      `<s:Envelope ${SOAP} ${WSMAN} ${SHELL}><s:Header><w:ResourceURI s:mustUnderstand="true">urn:r</w:ResourceURI><w:OptionSet><w:Option Name="WINRS_CODEPAGE">65001</w:Option><w:Option Name="own">[7 characters]</w:Option></w:OptionSet></s:Header><s:Body><rsp:Shell><rsp:Environment><rsp:Variable Name="[8 characters]">[7 characters]</rsp:Variable></rsp:Environment><rsp:InputStreams>stdin</rsp:InputStreams><rsp:WorkingDirectory/></rsp:Shell></s:Body></s:Envelope>`,
    )
  })

  it.each([
    [
      'input',
      `<rsp:Send ${SHELL}><rsp:Stream Name="stdin" CommandId="C1">aHVudGVyMg==</rsp:Stream></rsp:Send>`,
    ],
    [
      'a command line',
      `<rsp:CommandLine ${SHELL}><rsp:Command>net</rsp:Command><rsp:Arguments>hunter2</rsp:Arguments></rsp:CommandLine>`,
    ],
    [
      'a parameter of a method',
      '<p:Change_INPUT xmlns:p="urn:c"><p:StartPassword>hunter2</p:StartPassword></p:Change_INPUT>',
    ],
    [
      'a certificate mapping',
      '<p:certmapping xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/config/service/certmapping"><p:Password>hunter2</p:Password></p:certmapping>',
    ],
    [
      'a plug-in',
      '<P xmlns="http://schemas.microsoft.com/wbem/wsman/1/config/PluginConfiguration" RunAsPassword="hunter2"/>',
    ],
    ['a selector', `<w:Selector ${WSMAN} Name="Key">hunter2</w:Selector>`],
    ['a filter', `<w:Filter ${WSMAN} Dialect="d">SELECT * FROM C WHERE P='hunter2'</w:Filter>`],
    ['CDATA', '<p:C xmlns:p="urn:c"><![CDATA[hunter2]]></p:C>'],
    ['a comment', '<p:C xmlns:p="urn:c"><!-- hunter2 --></p:C>'],
    ['a name of the list in another namespace', '<Action xmlns="urn:other">hunter2</Action>'],
  ])('is not %s', (_, message) => {
    const shown = redact(message)
    expect(shown).not.toMatch(/hunter2|aHVudGVy/)
    expect(shown).toMatch(/^<[\s\S]*>$/)
  })

  it('is the same however it is cut', () => {
    const message = `<s:Envelope ${SOAP}><s:Body><s:Text xml:lang="en">a &lt; b é</s:Text><p:C xmlns:p="urn:c">secret</p:C></s:Body></s:Envelope>`
    const bytes = Buffer.from(message)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        expect(redact(...at.slice(1).map((end, index) => bytes.subarray(at[index], end)))).toBe(
          redact(message),
        )
      }),
    )
    expect(redact(message)).toContain('<s:Text xml:lang="en">a &lt; b é</s:Text>')
  })

  it('ends where it cannot be read, or becomes too long', () => {
    expect(redact('<a><b>x</c>', 'hunter2')).toBe('<a><b>[1 characters]</b>[the rest is not well-formed]')
    expect(redact('hunter2')).toBe('[the rest is not well-formed]')
    const long = redact(`<p:C xmlns:p="urn:c">${'<p:Item/>'.repeat(20_000)}`, '<p:Item/>')
    expect(long).toHaveLength(64 * 1024 + '[cut]'.length)
    expect(long).toMatch(/\[cut\]$/)
  })

  it('never holds a text that is not on the list', () => {
    const secret = fc.stringMatching(/^[a-zA-Z0-9]{12,20}$/)
    const name = fc.stringMatching(/^[A-Z][a-z]{2,8}$/)
    fc.assert(
      fc.property(secret, name, name, (text, outer, inner) => {
        const shown = redact(
          `<p:${outer} xmlns:p="urn:c" A="${text}"><p:${inner}>${text}</p:${inner}>${text}</p:${outer}>`,
        )
        expect(shown).not.toContain(text)
      }),
    )
  })
})
