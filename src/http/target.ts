/** Where a connection goes. */
export interface Target {
  /** Name or address, IPv6 without brackets, a zone after `%`. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
}

/** Name and port as the `Host` header wants them: IPv6 in brackets, without a zone (RFC 6874, 4). */
export function hostHeader({ hostname, port }: Pick<Target, 'hostname' | 'port'>): string {
  const name = hostname.replace(/%.*$/, '')
  return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`
}
