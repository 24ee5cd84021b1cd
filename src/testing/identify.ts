import os from 'node:os'
import { NS } from '../xml/namespaces.js'
import type { XmlElement } from '../xml/element.js'
import { writeBareReply } from './reply-writer.js'

/** What the endpoint says it is. It answers like Windows and does not claim to be it. */
const VENDOR = 'wsman project'
/** The version of the protocol stack whose behaviour is followed: Windows 8, Server 2012 and later. */
const STACK = '3.0'

export function isIdentify(body: readonly XmlElement[]): boolean {
  return body[0]?.is(NS.identity, 'Identify') ?? false
}

/**
 * The answer to Identify (MS-WSMV 3.1.4.1.23, notes 71 to 73).
 * @param profiles the security profiles in force; undefined for a request without authentication, which is told less
 */
export function identifyReply(profiles: readonly string[] | undefined): string {
  const version = profiles ? operatingSystem() : '0.0.0'
  const names = profiles?.map(
    (profile) => `<wsmid:SecurityProfileName>${profile}</wsmid:SecurityProfileName>`,
  )
  return writeBareReply(
    `<wsmid:IdentifyResponse xmlns:wsmid="${NS.identity}">` +
      `<wsmid:ProtocolVersion>${NS.wsman}</wsmid:ProtocolVersion>` +
      `<wsmid:ProductVendor>${VENDOR}</wsmid:ProductVendor>` +
      `<wsmid:ProductVersion>OS: ${version} SP: 0.0 Stack: ${STACK}</wsmid:ProductVersion>` +
      (names ? `<wsmid:SecurityProfiles>${names.join('')}</wsmid:SecurityProfiles>` : '') +
      `</wsmid:IdentifyResponse>`,
  )
}

/** Three numbers, as the format wants. */
function operatingSystem(): string {
  const [major = '0', minor = '0', patch = '0'] = os.release().match(/\d+/g) ?? []
  return `${major}.${minor}.${patch}`
}
