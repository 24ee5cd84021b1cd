import { Agent, request } from 'node:http'
import { contend, inParallel } from '../support/contender.js'

/** @import { ShellTask } from './shell-task.js' */

/**
 * The least that a program of Node.js can do on the same bytes: prepared requests, replies read and thrown away, one
 * keep-alive socket for each of the commands that run at the same time.
 */

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'
const AUTHORIZATION = `Basic ${Buffer.from('alice:secret').toString('base64')}`
const SELECTOR =
  '<w:SelectorSet><w:Selector Name="ShellId">7B1F2C63-5A0E-4D0B-9C39-2B64D0A8E1F5</w:Selector></w:SelectorSet>'
const COMMAND = 'CommandId="C94E0D8A-36B1-4B7F-8D52-F0137AE6492C"'

/**
 * As long as what `wsman` sends.
 * @param {string} action
 * @param {string} headers
 * @param {string} body
 */
const envelope = (action, headers, body) =>
  Buffer.from(
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
      'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">' +
      '<s:Header><a:To>http://127.0.0.1:5985/wsman</a:To>' +
      `<w:ResourceURI s:mustUnderstand="true">${SHELL}/cmd</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand="true">` +
      'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>' +
      `<a:Action s:mustUnderstand="true">${action}</a:Action>` +
      '<w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>' +
      '<a:MessageID>uuid:5E3B9A70-6C1D-4F28-B7E4-90D2C8F1A635</a:MessageID>' +
      '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>' +
      '<p:SessionId s:mustUnderstand="false">uuid:1D84F6B2-0A97-4C3E-8E51-7B60A2D9C4F8</p:SessionId>' +
      `${headers}<w:OperationTimeout>PT60.000S</w:OperationTimeout></s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  )

const create = envelope(
  `${TRANSFER}/Create`,
  '<w:OptionSet s:mustUnderstand="true"><w:Option Name="WINRS_NOPROFILE">FALSE</w:Option><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>',
  `<rsp:Shell xmlns:rsp="${SHELL}"><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
)
const command = envelope(
  `${SHELL}/Command`,
  SELECTOR,
  `<rsp:CommandLine xmlns:rsp="${SHELL}"><rsp:Command>hostname</rsp:Command></rsp:CommandLine>`,
)
const receive = envelope(
  `${SHELL}/Receive`,
  `${SELECTOR}<w:OptionSet s:mustUnderstand="true"><w:Option Name="WSMAN_CMDSHELL_OPTION_KEEPALIVE">TRUE</w:Option></w:OptionSet>`,
  `<rsp:Receive xmlns:rsp="${SHELL}"><rsp:DesiredStream ${COMMAND}>stdout stderr</rsp:DesiredStream></rsp:Receive>`,
)
const signal = envelope(
  `${SHELL}/Signal`,
  SELECTOR,
  `<rsp:Signal xmlns:rsp="${SHELL}" ${COMMAND}><rsp:Code>${SHELL}/signal/terminate</rsp:Code></rsp:Signal>`,
)
const remove = envelope(`${TRANSFER}/Delete`, SELECTOR, '')

await contend(async (/** @type {ShellTask} */ told) => {
  const { port, task, count, parallel, replies, hosts } = told
  if (task === 'fleet') {
    await inParallel(count, parallel, async (index) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      await runCommand({ agent, host: hosts[index] ?? '', port }, 1)
      agent.destroy()
    })
    return null
  }
  const agent = new Agent({ keepAlive: true, maxSockets: parallel })
  await inParallel(count, parallel, () => runCommand({ agent, host: '127.0.0.1', port }, replies))
  agent.destroy()
  return null
})

/** @typedef {{ agent: Agent, host: string, port: number }} Service */

/**
 * @param {Service} service
 * @param {number} replies
 */
async function runCommand(service, replies) {
  await post(service, create)
  await post(service, command)
  for (let count = 0; count < replies; count++) await post(service, receive)
  await post(service, signal)
  await post(service, remove)
}

/**
 * @param {Service} service
 * @param {Buffer} body
 * @returns {Promise<void>}
 */
function post(service, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/soap+xml;charset=UTF-8',
      'Content-Length': body.length,
      Authorization: AUTHORIZATION,
    }
    const sent = request({ ...service, method: 'POST', path: '/wsman', headers }, (reply) => {
      if (reply.statusCode !== 200) reject(new Error(`status ${reply.statusCode ?? 0}`))
      reply.on('data', () => undefined)
      reply.on('end', resolve)
      reply.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
