import { FAULT } from '../../errors/fault-codes.js'
import { internalError } from '../faults.js'
import { EndpointFault } from '../message.js'

/** MS-WSMV notes 11 and 18. */
export const deprecatedSetting = (path: string): EndpointFault =>
  internalError(FAULT.DEPRECATED_CONFIG_SETTING, `${path} is deprecated and cannot be changed.`)

/** MS-WSMV note 30, 3.1.4.1.29.5. */
export const readOnlySetting = (path: string): EndpointFault =>
  internalError(FAULT.CONFIG_READONLY_PROPERTY, `${path} cannot be changed.`)

export const heldByPolicy = (path: string): EndpointFault =>
  internalError(
    FAULT.CONFIG_CANNOT_CHANGE_GPO_CONTROLLED_SETTING,
    `${path} is held by Group Policy and cannot be changed.`,
  )
