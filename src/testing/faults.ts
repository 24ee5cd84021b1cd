import { FAULT } from '../errors/fault-codes.js'
import type { XmlName } from '../xml/scope.js'
import { EndpointFault } from './message.js'

/** The request is no acceptable SOAP message, or its body is not what the action takes. */
export function schemaValidation(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:SchemaValidationError',
    wsmanCode: FAULT.SCHEMA_VALIDATION_ERROR,
  })
}

/** A header that must be there has a value that cannot be (WS-Addressing). */
export function invalidHeader(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'a:InvalidMessageInformationHeader',
    wsmanCode: 0x8033800f,
  })
}

export function missingHeader(name: string): EndpointFault {
  return new EndpointFault(`The request has no ${name} header.`, {
    code: 'Sender',
    subcode: 'a:MessageInformationHeaderRequired',
    wsmanCode: 0x80338011,
  })
}

export function notUnderstoodHeader(name: XmlName): EndpointFault {
  return new EndpointFault(
    `The header ${name.local} is marked mustUnderstand and the service does not know it.`,
    { code: 'MustUnderstand', notUnderstood: name },
  )
}

export function unsupportedFeature(feature: string, wsmanCode: number, message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:UnsupportedFeature',
    faultDetail: feature,
    wsmanCode,
  })
}

/** Parts of the resource cannot be addressed (MS-WSMV 3.1.4.2.1). */
export function fragmentsNotSupported(): EndpointFault {
  return unsupportedFeature(
    'FragmentLevelAccess',
    0x80338077,
    'The resource and the action do not support fragment transfer.',
  )
}

export function encodingLimit(limit: string, wsmanCode: number, message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:EncodingLimit',
    faultDetail: limit,
    wsmanCode,
  })
}

export function actionNotSupported(action: string): EndpointFault {
  return new EndpointFault(`The resource does not support the action ${action}.`, {
    code: 'Sender',
    subcode: 'a:ActionNotSupported',
    wsmanCode: 0x80338013,
  })
}

/** There is no resource URI, or it is none. */
export function invalidResourceUri(message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'a:DestinationUnreachable',
    faultDetail: 'InvalidResourceURI',
    wsmanCode: 0x8033803b,
  })
}

/** The resource URI names nothing that the endpoint serves. */
export function unknownResource(resourceUri: string): EndpointFault {
  return new EndpointFault(`The endpoint serves nothing under the resource URI ${resourceUri}.`, {
    code: 'Sender',
    subcode: 'a:DestinationUnreachable',
    faultDetail: 'InvalidResourceURI',
    wsmanCode: 0x80338000,
  })
}

const SELECTOR_COMPLAINTS = {
  InsufficientSelectors: 0x8033805a,
  UnexpectedSelectors: FAULT.UNEXPECTED_SELECTORS,
  DuplicateSelectors: 0x8033805f,
  InvalidSelectors: 0x8033803d,
} as const

/** The selectors are not those the resource has, or are none at all. */
export function invalidSelectors(
  complaint: keyof typeof SELECTOR_COMPLAINTS,
  message: string,
): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:InvalidSelectors',
    ...(complaint === 'InvalidSelectors' ? {} : { faultDetail: complaint }),
    wsmanCode: SELECTOR_COMPLAINTS[complaint],
  })
}

const OPTION_COMPLAINTS = { NotSupported: 0x80338051, InvalidName: 0x80338052 } as const

/** An option is none, or is not known and must be (MS-WSMV 3.1.4.1.10). */
export function invalidOptions(complaint: keyof typeof OPTION_COMPLAINTS, message: string): EndpointFault {
  return new EndpointFault(message, {
    code: 'Sender',
    subcode: 'w:InvalidOptions',
    faultDetail: complaint,
    wsmanCode: OPTION_COMPLAINTS[complaint],
  })
}

export function invalidContext(): EndpointFault {
  return new EndpointFault('The enumeration context is unknown, finished, released or expired.', {
    code: 'Receiver',
    subcode: 'n:InvalidEnumerationContext',
    wsmanCode: FAULT.ENUMERATE_INVALID_ENUMERATION_CONTEXT,
  })
}

export function timedOut(message = 'The operation did not end within its OperationTimeout.'): EndpointFault {
  return new EndpointFault(message, {
    code: 'Receiver',
    subcode: 'w:TimedOut',
    wsmanCode: FAULT.OPERATION_TIMEDOUT,
  })
}

export function internalError(wsmanCode: number, message: string): EndpointFault {
  return new EndpointFault(message, { code: 'Receiver', subcode: 'w:InternalError', wsmanCode })
}

/** MS-WSMV 3.1.4.1.19. */
export function serviceBusy(limit: number): EndpointFault {
  return internalError(
    FAULT.QUOTA_LIMIT,
    `The service serves as many requests as it may serve at the same time: ${limit}.`,
  )
}
