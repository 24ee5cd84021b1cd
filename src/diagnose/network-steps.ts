import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hintFor } from '../errors/situations.js'
import { inspectTls } from '../http/inspect-tls.js'
import { probePort } from '../http/probe-port.js'
import type { ProxyServer } from '../http/proxy.js'
import type { Target } from '../http/target.js'
import { TlsProfile, type TlsOptions } from '../http/tls.js'
import { abortable, throwIfAborted } from '../util/abortable.js'
import { failed, passed, skipped, type Finding } from './report.js'
import type { CallSignal } from '../util/signal.js'

/** Where the client goes, and how. */
export interface Way {
  readonly target: Target
  readonly proxy: ProxyServer | undefined
  readonly tls: TlsOptions | undefined
  readonly connectTimeoutMs: number
}

export async function resolveName({ target, proxy }: Way, signal: CallSignal): Promise<Finding> {
  const { hostname } = target
  if (proxy) return skipped('The proxy resolves the name.')
  if (isIP(hostname.replace(/%.*$/, '')) !== 0) {
    return passed(`${hostname} is an address: Kerberos needs a name.`, { addresses: [hostname] })
  }
  try {
    const found = await abortable(lookup(hostname, { all: true }), signal)
    const addresses = found.map(({ address }) => address)
    return passed(`${hostname} is ${addresses.join(', ')}.`, { addresses })
  } catch (error) {
    throwIfAborted(signal)
    const code = String((error as { code?: unknown }).code)
    const hint = hintFor(code === 'EAI_AGAIN' ? 'dnsSilent' : 'nameUnknown')
    return failed(`${hostname} cannot be resolved: ${code}.`, { code, hint })
  }
}

/** The ports of WinRM, those its compatibility listeners have, and the client's own. */
export function portsOf({ target }: Way): number[] {
  return [...new Set([5985, 5986, 80, 443, target.port])]
}

/** A port that the client does not use may be closed; that one is open may still be worth knowing. */
export async function tryPort(way: Way, port: number, signal: CallSignal): Promise<Finding> {
  const { target, proxy, connectTimeoutMs } = way
  if (proxy) return skipped('The client goes through a proxy.')
  const isOwn = port === target.port
  const limit = isOwn ? connectTimeoutMs : Math.min(connectTimeoutMs, 3000)
  const result = await probePort(target.hostname, port, limit, signal)
  throwIfAborted(signal)
  if (result.state === 'open') return passed(`Open${isOwn ? '' : ', and not used by this client'}.`, result)
  const { code } = result
  if (!isOwn) return skipped(`Closed (${code}), and not used by this client.`, result)
  return failed(`Closed: ${code}.`, {
    code,
    facts: result,
    hint: hintFor(code === 'ECONNREFUSED' ? 'portClosed' : 'connectTimeout'),
  })
}

const DAY_MS = 86_400_000
/** A certificate that ends sooner is worth a word. */
const SOON_DAYS = 30

export async function examineTls(way: Way, signal: CallSignal): Promise<Finding> {
  const { target, tls = {} } = way
  const facts = await inspectTls({ ...way, tls: new TlsProfile(tls) }, signal)
  const { refusal, chain, version, cipher } = facts
  const [own] = chain
  const daysLeft = own && Math.floor((Date.parse(own.validTo) - Date.now()) / DAY_MS)
  const measured = { version, cipher, daysLeft, chain }
  if (refusal) return failed(refusal.message, { hint: refusal.hint, code: refusal.code, facts: measured })
  const pinned = tls.fingerprint256 !== undefined
  const how = pinned ? 'pinned' : tls.rejectUnauthorized === false ? 'not checked' : 'trusted'
  const ends = daysLeft === undefined ? '' : ` and valid for ${daysLeft} more days`
  const soon = daysLeft !== undefined && daysLeft < SOON_DAYS
  const finding = passed(`${version}; the certificate of ${target.hostname} is ${how}${ends}.`, measured)
  return soon ? { ...finding, hint: 'Renew the certificate of the HTTPS listener soon.' } : finding
}
