import { FAULT } from '../../errors/fault-codes.js'
import { EndpointFault } from '../message.js'

/** In the form that clients of Windows report. */
export function accessDenied(): EndpointFault {
  const message = 'Access is denied. '
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:AccessDenied',
    wsmanCode: FAULT.ACCESS_DENIED,
    reason: message,
  })
}
