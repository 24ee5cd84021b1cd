export { startEndpoint } from './endpoint.js'
export type {
  ClientChoice,
  ClientScheme,
  Endpoint,
  EndpointClientOptions,
  EndpointListener,
} from './endpoint.js'
export type { EndpointListenerOptions, EndpointOptions, EndpointUser } from './endpoint-options.js'
export type { EndpointAccount } from './access/security-principals.js'
export type { EndpointTls } from './certificate.js'
export type { UserCertificate } from './client-certificate.js'
export { EndpointFault } from './message.js'
export type { EndpointFaultParts } from './message.js'
export { hardwareClasses } from './hardware/hardware-classes.js'
export type { SampleSensor, SensorKind, SensorThresholds } from './hardware/sensor-tables.js'
export type { LoggedRequest } from './request-log.js'
export type { ScriptEntry, ScriptMatch } from './script.js'
export type { OpenShell } from './shell/shell-service.js'
export type {
  CimType,
  CreateCall,
  ProviderContext,
  DeleteCall,
  EndpointClass,
  EndpointInstance,
  EndpointQualifiers,
  EndpointRef,
  EndpointValue,
  MethodBody,
  MethodCall,
  MethodDefinition,
  ParameterDefinition,
  PropertyDefinition,
  PutCall,
  ValueDefinition,
} from './types.js'
