import { AuthenticationError, UsageError } from '../errors/errors.js'
import { hintFor } from '../errors/situations.js'
import type { TlsOptions } from '../http/tls.js'
import { offeredBy, type Authenticator, type ChannelFacts, type Mechanism } from './authenticator.js'

/** Says that the client has proven itself in the TLS handshake (DSP0226 C.3.5). */
const AUTHORIZATION = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual'

/** The client certificate of the TLS handshake, which the service maps to an account. */
export class CertificateMechanism implements Mechanism {
  readonly scheme = 'certificate'
  readonly sealed = false
  readonly provesHost = false
  #refused: { readonly status: number; readonly offered: readonly string[] } | undefined

  /** @throws UsageError when `tls` holds no certificate with its key */
  constructor(tls: TlsOptions = {}) {
    if (tls.pfx !== undefined || (tls.cert !== undefined && tls.key !== undefined)) return
    throw new UsageError("The scheme 'certificate' needs a client certificate.", {
      hint: 'Give tls.cert and tls.key, or tls.pfx.',
    })
  }

  ready(host: string): Promise<void> | undefined {
    return this.#refused && Promise.reject(refusedCertificate(host, this.#refused))
  }

  bind({ host }: ChannelFacts): Authenticator {
    return {
      exchange: async (message, roundTrip) => {
        const response = await roundTrip({ ...message, authorization: AUTHORIZATION })
        const { status } = response
        if (status !== 401 && status !== 403) return response
        this.#refused = { status, offered: offeredBy(response) }
        response.abandon()
        throw refusedCertificate(host, this.#refused)
      },
    }
  }
}

/**
 * TLS as servers that ask for client certificates get along with it: they often do so in the middle of a connection,
 * which Node.js can follow up to TLS 1.2 only, and Windows has answered resumed sessions of TLS 1.3 with 503.
 */
export function certificateTls(tls: TlsOptions = {}): TlsOptions {
  if (tls.maxVersion !== undefined || tls.minVersion === 'TLSv1.3') return tls
  return { ...tls, maxVersion: 'TLSv1.2' }
}

/** The same TLS without what proves the client: for requests that go without credentials. */
export function withoutCertificate(tls: TlsOptions = {}): TlsOptions {
  return { ...tls, cert: undefined, key: undefined, pfx: undefined, passphrase: undefined }
}

function refusedCertificate(
  host: string,
  { status, offered }: { readonly status: number; readonly offered: readonly string[] },
): AuthenticationError {
  return new AuthenticationError(
    'ERR_WSMAN_UNAUTHORIZED',
    `${host} refused the client certificate (HTTP status ${status}).`,
    {
      host,
      offered,
      hint: hintFor('certificateRefused'),
    },
  )
}
