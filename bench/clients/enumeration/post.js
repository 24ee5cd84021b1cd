import { Agent, request } from 'node:http'

const ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
const AUTHORIZATION = `Basic ${Buffer.from('alice:secret').toString('base64')}`

/**
 * A request as long as what `wsman` sends.
 * @param {string} verb
 * @param {string} body
 */
const envelope = (verb, body) =>
  Buffer.from(
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
      'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">' +
      '<s:Header><a:To>http://127.0.0.1:5985/wsman</a:To><w:ResourceURI s:mustUnderstand="true">' +
      'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Bench_Process</w:ResourceURI>' +
      '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous' +
      `</a:Address></a:ReplyTo><a:Action s:mustUnderstand="true">${ENUMERATION}/${verb}</a:Action>` +
      '<w:MaxEnvelopeSize s:mustUnderstand="true">8388608</w:MaxEnvelopeSize>' +
      '<a:MessageID>uuid:5E3B9A70-6C1D-4F28-B7E4-90D2C8F1A635</a:MessageID>' +
      `<w:OperationTimeout>PT60.000S</w:OperationTimeout></s:Header><s:Body>${body}</s:Body></s:Envelope>`,
  )

const enumerate = envelope(
  'Enumerate',
  `<n:Enumerate xmlns:n="${ENUMERATION}"><w:OptimizeEnumeration/><w:MaxElements>1000</w:MaxElements></n:Enumerate>`,
)
const pull = envelope(
  'Pull',
  `<n:Pull xmlns:n="${ENUMERATION}"><n:EnumerationContext>uuid:8B3E6D0F-41C7-4A52-9F18-D5027E9A6C34` +
    '</n:EnumerationContext><n:MaxElements>1000</n:MaxElements></n:Pull>',
)

/**
 * Asks for so many pages with bare `node:http`.
 * @param {number} port
 * @param {number} pages
 * @param {() => { write(chunk: Buffer): void, end(): void }} open takes a reply
 */
export async function readPages(port, pages, open) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let page = 0; page < pages; page++) await post(agent, port, page === 0 ? enumerate : pull, open())
  agent.destroy()
}

/**
 * @param {Agent} agent
 * @param {number} port
 * @param {Buffer} body
 * @param {{ write(chunk: Buffer): void, end(): void }} sink
 * @returns {Promise<void>}
 */
function post(agent, port, body, sink) {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/soap+xml;charset=UTF-8',
      'Content-Length': body.length,
      Authorization: AUTHORIZATION,
    }
    const options = { agent, host: '127.0.0.1', port, method: 'POST', path: '/wsman', headers }
    const sent = request(options, (reply) => {
      if (reply.statusCode !== 200) reject(new Error(`status ${reply.statusCode ?? 0}`))
      reply.on('data', (/** @type {Buffer} */ chunk) => {
        sink.write(chunk)
      })
      reply.on('end', () => {
        sink.end()
        resolve()
      })
      reply.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
