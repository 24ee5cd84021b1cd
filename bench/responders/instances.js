import { lastArgument } from '../support/last-argument.js'
import { CannedReply, serve } from './canned-server.js'

/**
 * Answers an enumeration with instances in the form of Windows, in pages of so many. Some pages are made beforehand and
 * come round again; the responder remembers nothing but how many are still to come.
 */

const { items, pageItems } = /** @type {{ items: number, pageItems: number }} */ (lastArgument())

const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const CLASS = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Bench_Process'

/** Pages that differ. */
const PAGES = 4

/**
 * @param {number} number
 * @returns {readonly [name: string, value: (index: number) => string]}
 */
const counter = (number) => [
  `Counter${number}Value`,
  (index) => String((index * 2654435761 * (number + 1)) % 2 ** (8 + number)),
]

/**
 * The properties: their names, and what they hold, without a value where there is none.
 * @type {readonly (readonly [name: string, value: ((index: number) => string) | undefined])[]}
 */
const PROPERTIES = [
  ['Caption', (index) => `process${index % 317}.exe`],
  [
    'CommandLine',
    (index) => `C:\\Program Files\\Vendor &amp; Co\\process${index % 317}.exe --id &quot;${index}&quot;`,
  ],
  ['CreationClassName', () => 'Bench_Process'],
  [
    'CreationDate',
    (index) => `<cim:Datetime>2024-03-12T08:${10 + (index % 50)}:43.${digits(index)}+02:00</cim:Datetime>`,
  ],
  ['ComputerName', () => 'SERVER01.example.com'],
  ['Description', (index) => `process${index % 317}.exe`],
  ['ExecutablePath', (index) => `C:\\Program Files\\Vendor\\process${index % 317}.exe`],
  ['ExecutionState', undefined],
  ['Handle', (index) => String(index)],
  ['InstallDate', undefined],
  ['Name', (index) => `process${index % 317}.exe`],
  ['SystemName', () => 'Windows Server 2022 Standard|C:\\Windows|\\Device\\Harddisk0\\Partition4'],
  ['Status', undefined],
  ['TerminationDate', undefined],
  ['IsElevated', (index) => String(index % 3 === 0)],
  ...Array.from({ length: 25 }, (_, number) => counter(number)),
]

/** @param {number} index */
function digits(index) {
  return String(index % 1_000_000).padStart(6, '0')
}

/** @param {number} index */
function instance(index) {
  const properties = PROPERTIES.map(([name, value]) =>
    value ? `<p:${name}>${value(index)}</p:${name}>` : `<p:${name} xsi:nil="true"/>`,
  )
  return (
    '<p:Bench_Process xsi:type="p:Bench_Process_Type" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    `xmlns:p="${CLASS}" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common">${properties.join('')}</p:Bench_Process>`
  )
}

/**
 * @param {'Enumerate' | 'Pull'} verb
 * @param {number} page which of the pages it is
 * @param {number} count instances on it
 * @param {boolean} last
 */
function reply(verb, page, count, last) {
  const prefix = verb === 'Enumerate' ? 'w' : 'n'
  const instances = Array.from({ length: count }, (_, index) => instance(page * pageItems + index)).join('')
  return new CannedReply(
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      `xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:n="${ENUMERATION}" ` +
      'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">' +
      `<s:Header><a:Action>${ENUMERATION}/${verb}Response</a:Action>` +
      '<a:MessageID>uuid:2F5D8C1B-77A3-4E90-B6D4-0E91C3A85F27</a:MessageID>' +
      '<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>' +
      `<a:RelatesTo>{MessageID}</a:RelatesTo></s:Header><s:Body><n:${verb}Response>` +
      '<n:EnumerationContext>uuid:8B3E6D0F-41C7-4A52-9F18-D5027E9A6C34</n:EnumerationContext>' +
      `<${prefix}:Items>${instances}</${prefix}:Items>${last ? `<${prefix}:EndOfSequence/>` : ''}` +
      `</n:${verb}Response></s:Body></s:Envelope>`,
  )
}

const pages = Math.ceil(items / pageItems)
const first = reply('Enumerate', 0, Math.min(items, pageItems), pages === 1)
const middle = Array.from({ length: Math.min(PAGES, pages) }, (_, page) =>
  reply('Pull', page, pageItems, false),
)
const last = reply('Pull', 0, items - (pages - 1) * pageItems, true)

let left = 0

/** @param {Buffer} body */
const answer = (body) => {
  if (body.includes(`${ENUMERATION}/Enumerate<`)) {
    left = pages - 1
    return { reply: first }
  }
  if (!body.includes(`${ENUMERATION}/Pull<`)) throw new Error(`unexpected request: ${body.toString()}`)
  left -= 1
  return { reply: left > 0 ? (middle[left % middle.length] ?? last) : last }
}
await serve(answer, { tell: { pages } })
