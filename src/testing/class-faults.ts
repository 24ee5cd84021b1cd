import { FAULT } from '../errors/fault-codes.js'
import { EndpointFault } from './message.js'

/** The provider that serves classes, as Windows names it in faults. */
const WMI_PROVIDER = {
  name: 'WMI Provider',
  path: '%systemroot%\\system32\\WsmWmiPl.dll',
  nested: true,
} as const

/** The class or instance does not exist (MS-WSMV 4.10). */
export function resourceNotFound(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'a:DestinationUnreachable',
    faultDetail: 'ResourceNotFound',
    wsmanCode: 0x80338000,
    provider: WMI_PROVIDER,
  })
}

/** The selectors are not the keys of the class: the WMI provider has one code for missing, unknown and surplus ones. */
export function invalidKeys(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:InvalidSelectors',
    wsmanCode: 0x8033803d,
    provider: WMI_PROVIDER,
  })
}

/** Only instances have keys. */
export function enumerationHasKeys(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:InvalidSelectors',
    wsmanCode: 0x80338108,
    provider: WMI_PROVIDER,
  })
}

/** A query names its class itself. */
export function queryNeedsAllClasses(): EndpointFault {
  return new EndpointFault('With a WQL filter the class in the resource URI must be *.', {
    code: 'Sender',
    subcode: 'a:DestinationUnreachable',
    faultDetail: 'InvalidResourceURI',
    wsmanCode: 0x803380fb,
  })
}

/** The properties that were sent are not those of the class, or their values not of their types. */
export function invalidProperties(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:SchemaValidationError',
    wsmanCode: FAULT.SCHEMA_VALIDATION_ERROR,
    provider: WMI_PROVIDER,
  })
}

const REPRESENTATION_COMPLAINTS = {
  InvalidNamespace: 0x80338058,
  /** The keys are not those of the instance. */
  InvalidValues: 0x803380ed,
} as const

/** What was sent is no representation of the instance that is meant (DSP0226 7.4). */
export function invalidRepresentation(
  complaint: keyof typeof REPRESENTATION_COMPLAINTS,
  message: string,
): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'x:InvalidRepresentation',
    faultDetail: complaint,
    wsmanCode: REPRESENTATION_COMPLAINTS[complaint],
    provider: WMI_PROVIDER,
  })
}

export function alreadyExists(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:AlreadyExists',
    wsmanCode: 0x80338033,
    provider: WMI_PROVIDER,
  })
}

/** Something the endpoint's user supplied (instances, methods) failed. */
export function providerFailure(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Receiver',
    subcode: 'w:InternalError',
    wsmanCode: 0x80338003,
    provider: WMI_PROVIDER,
  })
}
