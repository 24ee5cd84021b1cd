import { X509Certificate } from 'node:crypto'
import https from 'node:https'
import { generate } from 'selfsigned'
import { onTestFinished } from 'vitest'
import { send, type RawReply } from './raw-client.js'

/** A certificate with its key, in PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
  readonly fingerprint256: string
  /** SHA-1, 40 hexadecimal digits. */
  readonly thumbprint: string
}

/**
 * Makes a certificate.
 * @param subject by short names: `{ CN: 'alice', O: 'Example' }`
 * @param ca who signs it; without one it signs itself and may sign others
 */
export async function makeIdentity(
  subject: Readonly<Record<string, string>>,
  ca?: Identity,
  dnsNames: readonly string[] = [],
): Promise<Identity> {
  const names = Object.entries(subject).map(([shortName, value]) => ({ shortName, value }))
  const altNames = dnsNames.map((value) => ({ type: 2, value }) as const)
  const made = await generate(names, {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: ca === undefined, critical: true },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames } as const] : []),
    ],
    ...(ca ? { ca: { key: ca.key, cert: ca.cert } } : {}),
  })
  const { fingerprint256, fingerprint } = new X509Certificate(made.cert)
  return { cert: made.cert, key: made.private, fingerprint256, thumbprint: fingerprint.replaceAll(':', '') }
}

export const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'

/** Sends a message over a connection with this certificate, or with none. */
export function sendAs(
  url: string,
  identity: Identity | undefined,
  message: string,
  authorization: string = MUTUAL,
): Promise<RawReply> {
  const agent = new https.Agent({
    ...(identity ? { cert: identity.cert, key: identity.key } : {}),
    rejectUnauthorized: false,
  })
  onTestFinished(() => {
    agent.destroy()
  })
  const headers: Record<string, string> = authorization === '' ? {} : { Authorization: authorization }
  return send(url, message, { agent, headers })
}
