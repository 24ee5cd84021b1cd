import { lastArgument } from '../support/last-argument.js'
import { CannedReply, serve, textAfter } from './canned-server.js'

/**
 * Answers what a client says that opens a shell, runs a command and deletes the shell, with replies in the form of
 * Windows. It remembers nothing but how much of its output the command has still to give.
 */

const { outputBytes, envelopeKb, addresses } =
  /** @type {{ outputBytes: number, envelopeKb: number, addresses?: string[] }} */ (lastArgument())

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const SHELL_ID = '7B1F2C63-5A0E-4D0B-9C39-2B64D0A8E1F5'

/**
 * @param {string} action
 * @param {string} body
 */
const envelope = (action, body) =>
  '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
  'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" ' +
  `xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="${SHELL}" ` +
  'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>' +
  `<a:Action>${action}</a:Action><a:MessageID>uuid:0A6E7D1C-93F4-4E8B-A8D7-5C2B1F90E364</a:MessageID>` +
  '<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>' +
  `<a:RelatesTo>{MessageID}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`

const created = envelope(
  `${TRANSFER}/CreateResponse`,
  '<x:ResourceCreated><a:Address>http://127.0.0.1:5985/wsman</a:Address><a:ReferenceParameters>' +
    `<w:ResourceURI>${SHELL}/cmd</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${SHELL_ID}</w:Selector>` +
    `</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated><rsp:Shell xmlns:rsp="${SHELL}">` +
    `<rsp:ShellId>${SHELL_ID}</rsp:ShellId><rsp:ResourceUri>${SHELL}/cmd</rsp:ResourceUri>` +
    '<rsp:Owner>BENCH\\alice</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>' +
    '<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>' +
    '<rsp:OutputStreams>stdout stderr</rsp:OutputStreams><rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime>' +
    '<rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>',
)

/**
 * @param {string} name
 * @param {string} attributes
 * @param {string} text
 */
const stream = (name, attributes, text) =>
  `<rsp:Stream Name="${name}" CommandId="{CommandID}"${attributes}>${text}</rsp:Stream>`

/**
 * @param {string} output
 * @param {boolean} done
 */
const received = (output, done) =>
  envelope(
    `${SHELL}/ReceiveResponse`,
    `<rsp:ReceiveResponse>${stream('stdout', '', Buffer.from(output).toString('base64'))}` +
      (done
        ? stream('stdout', ' End="true"', '') +
          stream('stderr', ' End="true"', '') +
          `<rsp:CommandState CommandId="{CommandID}" State="${SHELL}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>`
        : `<rsp:CommandState CommandId="{CommandID}" State="${SHELL}/CommandState/Running"/>`) +
      '</rsp:ReceiveResponse>',
  )

const LINE = 'The quick brown fox jumps over the lazy dog 0123456789.\r\n'

/**
 * It neither begins nor ends with white space, which some clients cut off.
 * @param {number} length
 */
const text = (length) => `${LINE.repeat(Math.ceil(length / LINE.length)).slice(0, length - 1)}.`

/** As much as an envelope of the size takes, with what goes into the holes. */
const room = envelopeKb * 1024 - received('', false).length - 256
const fullBytes = Math.min(outputBytes, Math.floor(room / 4) * 3)
const fullReplies = Math.ceil(outputBytes / fullBytes) - 1
const full = new CannedReply(received(text(fullBytes), false))
const last = new CannedReply(received(text(outputBytes - fullReplies * fullBytes), true))

let left = 0
let commands = 0

/** Each command has a name of its own, as on Windows; what is said about it says the name again. */
const newCommandId = () =>
  `C94E0D8A-36B1-4B7F-8D52-${(++commands).toString(16).toUpperCase().padStart(12, '0')}`
const COMMAND_ID = Buffer.from('CommandId="')

/** @type {readonly (readonly [action: Buffer, answer: (body: Buffer) => import('./canned-server.js').Answer])[]} */
const ANSWERS = (() => {
  const create = new CannedReply(created)
  const command = new CannedReply(
    envelope(
      `${SHELL}/CommandResponse`,
      '<rsp:CommandResponse><rsp:CommandId>{CommandID}</rsp:CommandId></rsp:CommandResponse>',
    ),
  )
  const signal = new CannedReply(envelope(`${SHELL}/SignalResponse`, '<rsp:SignalResponse/>'))
  const deleted = new CannedReply(envelope(`${TRANSFER}/DeleteResponse`, ''))
  return [
    [
      Buffer.from(`${SHELL}/Receive<`),
      (body) => ({
        reply: left-- > 0 ? full : last,
        values: { CommandID: textAfter(body, COMMAND_ID, '"') },
      }),
    ],
    [
      Buffer.from(`${SHELL}/Command<`),
      () => {
        left = fullReplies
        return { reply: command, values: { CommandID: newCommandId() } }
      },
    ],
    [Buffer.from(`${SHELL}/Signal<`), () => ({ reply: signal })],
    [Buffer.from(`${TRANSFER}/Create<`), () => ({ reply: create })],
    [Buffer.from(`${TRANSFER}/Delete<`), () => ({ reply: deleted })],
  ]
})()

/** @param {Buffer} body */
const answer = (body) => {
  for (const [action, reply] of ANSWERS) if (body.includes(action)) return reply(body)
  throw new Error(`unexpected request: ${body.toString()}`)
}
await serve(answer, { addresses, tell: { replies: fullReplies + 1 } })
