import { envelope } from '../support/scripted-service.js'
import { reply, type RawRequest } from '../unit/http/raw-server.js'
import { times, type Failure, type Failures } from './failure.js'
import { createThing, endpoint, getThing, peer, type RawAnswer } from './scenes.js'

const SOAP = 'Content-Type: application/soap+xml;charset=UTF-8'
const HTML = 'Content-Type: text/html'

const GET = 'POST Get'
const once = [GET]
const status = (text: string, ...headers: string[]): string => reply('', { status: text, headers })

const statusOf = (text: string, hint: readonly string[], ...headers: string[]): Failure => ({
  scene: peer(status(text, ...headers)),
  error: 'TransportError',
  code: 'ERR_WSMAN_HTTP_STATUS',
  hint,
  retryable: false,
  tried: once,
})

/** HTTP, and no SOAP in it. */
export const HTTP: Failures = {
  'a web page comes in place of SOAP': {
    scene: peer(reply('<html><body>Welcome</body></html>', { headers: [HTML] })),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['address', 'proxy'],
    retryable: false,
    tried: once,
  },
  'JSON comes in place of SOAP': {
    scene: peer(reply('{}', { headers: ['Content-Type: application/json'] })),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['address'],
    retryable: false,
    tried: once,
  },
  'the reply is empty': {
    scene: peer(reply('')),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['address'],
    retryable: false,
    tried: once,
  },
  'the path is another one (404)': statusOf('404 Not Found', ['urlPrefix', 'URLPrefix']),
  'the endpoint listens under another path': {
    scene: endpoint({ client: { urlPrefix: 'elsewhere' } }),
    error: 'TransportError',
    code: 'ERR_WSMAN_HTTP_STATUS',
    hint: ['urlPrefix'],
    retryable: false,
    // The endpoint notes only what comes to its own path.
    tried: [],
  },
  'the account may not use WinRM at all (403)': statusOf('403 Forbidden', ['account', 'client certificate']),
  'a web server takes no SOAP (405)': statusOf('405 Method Not Allowed', ['host and port'], 'Allow: GET'),
  'a proxy in the way wants a credential (407)': statusOf('407 Proxy Authentication Required', ['proxy']),
  'something took the length away (411)': statusOf('411 Length Required', ['proxy']),
  'the request is too large for the service (413)': statusOf('413 Payload Too Large', ['MaxEnvelopeSizekb']),
  'a gateway cannot reach the service (502)': statusOf('502 Bad Gateway', ['load balancer']),
  'the service fails without a word (500)': statusOf('500 Internal Server Error', ['urlPrefix', 'proxy']),
  'the service is stopped (503), to Get': {
    scene: peer(status('503 Service Unavailable')),
    error: 'TransportError',
    code: 'ERR_WSMAN_HTTP_STATUS',
    hint: ['Get-Service WinRM'],
    retryable: true,
    tried: times(3, GET),
  },
  'the service is stopped (503), to Create': {
    scene: peer(status('503 Service Unavailable'), { call: createThing }),
    error: 'TransportError',
    code: 'ERR_WSMAN_HTTP_STATUS',
    hint: ['Get-Service WinRM'],
    retryable: true,
    tried: ['POST Create'],
  },
  'a redirect comes': {
    scene: peer(status('301 Moved Permanently', 'Location: https://elsewhere.example.com/wsman')),
    error: 'TransportError',
    code: 'ERR_WSMAN_REDIRECT',
    hint: ['credential would follow', 'url'],
    retryable: false,
    tried: once,
  },
  'the port does not speak HTTP': {
    scene: peer('SSH-2.0-OpenSSH_9.6\r\n'),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['port of the WinRM service'],
    retryable: false,
    tried: once,
  },
  'the reply is compressed, unasked': {
    scene: peer(reply('x', { headers: [SOAP, 'Content-Encoding: gzip'] })),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_PROTOCOL',
    hint: ['nothing in between'],
    retryable: false,
    tried: once,
  },
  'the headers never end': {
    scene: peer(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n`),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_LIMIT',
    hint: ['maxEnvelopeSizeKb'],
    retryable: false,
    tried: once,
  },
  'the reply is larger than what was asked for': {
    scene: peer(
      'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 999999999999\r\n\r\n',
    ),
    error: 'ProtocolError',
    code: 'ERR_WSMAN_LIMIT',
    hint: ['maxElements', 'maxEnvelopeSizeKb'],
    retryable: false,
    tried: once,
  },
}

const says =
  (message: string): RawAnswer =>
  ({ socket }: RawRequest) =>
    socket.write(reply(message, { headers: [SOAP] }))

const answers =
  (body: string, messageId?: string): RawAnswer =>
  ({ socket, body: request }: RawRequest) => {
    const own = /MessageID>([^<]*)</.exec(request)?.[1] ?? ''
    socket.write(reply(envelope(body, { messageId: messageId ?? own }), { headers: [SOAP] }))
  }

const malformed = (answer: RawAnswer, call = getThing, action = 'Get'): Failure => ({
  scene: peer(answer, { call }),
  error: 'ProtocolError',
  code: 'ERR_WSMAN_MALFORMED_XML',
  hint: ['broken or means harm', 'wireLog'],
  retryable: false,
  tried: [`POST ${action}`],
})

const broken = (answer: RawAnswer, hint: readonly string[], more: Partial<Failure> = {}): Failure => ({
  scene: peer(answer),
  error: 'ProtocolError',
  code: 'ERR_WSMAN_PROTOCOL',
  hint,
  retryable: false,
  tried: once,
  ...more,
})

const limit = { code: 'ERR_WSMAN_LIMIT' } as const

const UNFINISHED = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'

/** SOAP that is none, or somebody else's. */
export const REPLIES: Failures = {
  'the XML is not well-formed': malformed(
    says('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"></s:Body>'),
  ),
  'the XML stops in the middle': malformed(says(UNFINISHED)),
  'the XML stops in the middle, to Create': malformed(says(UNFINISHED), createThing, 'Create'),
  'the XML has a document type': malformed(
    says(
      '<!DOCTYPE s:Envelope [<!ENTITY a "b">]><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>',
    ),
  ),
  'the XML has a processing instruction': malformed(
    says('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><?run it?></s:Envelope>'),
  ),
  'a namespace is not declared': malformed(says('<s:Envelope/>')),
  'the elements are nested too deep': broken(answers('<a>'.repeat(1000)), ['maxEnvelopeSizeKb'], limit),
  'an element has too many attributes': broken(
    answers(`<a ${Array.from({ length: 5000 }, (_, index) => `a${index}="x"`).join(' ')}/>`),
    ['maxEnvelopeSizeKb'],
    limit,
  ),
  'the reply is no envelope': broken(says('<html xmlns="http://www.w3.org/1999/xhtml"/>'), ['WS-Management']),
  'the reply belongs to another request': broken(
    answers('<t:Thing xmlns:t="urn:t"/>', 'uuid:00000000-0000-0000-0000-000000000000'),
    ['nothing in between', 'wireLog'],
  ),
  'something else than the reference that is due': broken(
    answers('<t:Thing xmlns:t="urn:t"/>'),
    ['nothing in between'],
    {
      scene: peer(answers('<t:Thing xmlns:t="urn:t"/>'), { call: createThing }),
      tried: ['POST Create'],
    },
  ),
}
