import type { SealingProtocol } from '../auth/sealed-body.js'
import type { HandshakeScheme } from './handshake.js'

/** A scheme of several legs as it is spoken, whoever makes its tokens. */
export type SpokenScheme = Pick<HandshakeScheme, 'names' | 'protocol' | 'notOffered'>

export type HandshakeName = 'ntlm' | 'negotiate' | 'kerberos' | 'credssp'

const SPNEGO = (): SealingProtocol => 'SPNEGO'

export const SPOKEN: Readonly<Record<HandshakeName, SpokenScheme>> = {
  // Without SPNEGO around it, which Windows takes after `Negotiate`.
  ntlm: { names: ['Negotiate', 'NTLM'], protocol: SPNEGO, notOffered: 'negotiateOff' },
  negotiate: { names: ['Negotiate'], protocol: SPNEGO, notOffered: 'negotiateOff' },
  // By its own name where the service offers that, else within SPNEGO.
  kerberos: {
    names: ['Kerberos', 'Negotiate'],
    protocol: (name) => (name === 'Kerberos' ? 'Kerberos' : 'SPNEGO'),
    notOffered: 'kerberosOff',
  },
  credssp: { names: ['CredSSP'], protocol: () => 'CredSSP', notOffered: 'credSspOff' },
}
