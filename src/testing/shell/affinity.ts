import type { EndpointRequest } from '../message.js'

/** The cookie by which a farm of servers knows which of them has a shell (MS-WSMV 3.1.4.1.31.4). */
const COOKIE = 'MS-WSMAN'

/** `Set-Cookie` for the reply that tells of a shell. */
export function affinityHeader(value: string, { url }: EndpointRequest): Readonly<Record<string, string>> {
  return { 'Set-Cookie': `${COOKIE}=${value}; Path=${new URL(url).pathname}; HttpOnly` }
}

export function hasAffinity(value: string, { cookie }: EndpointRequest): boolean {
  return (cookie ?? '').split(';').some((pair) => pair.trim() === `${COOKIE}=${value}`)
}
