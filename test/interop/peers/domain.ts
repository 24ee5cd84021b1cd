import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { X509Certificate } from 'node:crypto'
import { makeCertificate } from '../../../src/testing/certificate.js'
import { hasPythonModule, succeeds, systemPython } from '../../support/shared.js'
import { hasKerberos, Realm } from './realm.js'

/** Whether GSSAPI has NTLM here, and Python can use it. */
export const hasNtlm = (): boolean =>
  hasPythonModule('gssapi') &&
  succeeds(
    systemPython,
    '-c',
    "import gssapi; assert gssapi.OID.from_int_seq('1.3.6.1.4.1.311.2.2.10') in gssapi.raw.indicate_mechs()",
  )

export const hasDomain = (): boolean => hasKerberos() && hasNtlm()

export const DOMAIN_NEEDS = "Debian's krb5-kdc, krb5-admin-server, krb5-user, python3-gssapi and gss-ntlmssp"

/** A Windows domain in miniature: users with one password for Kerberos (realm WSMAN.TEST) and NTLM (domain WSMAN). */
export class Domain {
  private constructor(
    readonly realm: Realm,
    readonly folder: string,
    /** For services of the domain. */
    readonly environment: Readonly<Record<string, string>>,
    /** PEM files of a certificate for localhost. */
    readonly tls: { readonly certificate: string; readonly key: string },
    readonly fingerprint256: string,
  ) {}

  static async start(users: Readonly<Record<string, string>>, services?: readonly string[]): Promise<Domain> {
    const realm = await Realm.start({ users, ...(services && { services }) })
    const folder = await mkdtemp(path.join(os.tmpdir(), 'wsman-domain-'))
    const { cert, key } = await makeCertificate('localhost')
    const tls = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') }
    await writeFile(tls.certificate, cert)
    await writeFile(tls.key, key)
    const accounts = path.join(folder, 'accounts')
    const environment = { ...realm.environment, NTLM_USER_FILE: accounts }
    const { fingerprint256 } = new X509Certificate(cert)
    const domain = new Domain(realm, folder, environment, tls, fingerprint256)
    await domain.setNtlmPasswords(users)
    return domain
  }

  /** What NTLM takes from now on. */
  async setNtlmPasswords(users: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(users).map(([user, password]) => `WSMAN:${user}:${password}\n`)
    await writeFile(path.join(this.folder, 'accounts'), lines.join(''))
  }

  async stop(): Promise<void> {
    await this.realm.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
