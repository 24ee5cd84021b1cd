export { WsmanClient, type ElementOption } from './client/wsman-client.js'
export type { WsmanClientOptions } from './client/client-options.js'

export { ConfigClient } from './config/config-client.js'
export type {
  AccessRight,
  GrantAccessOptions,
  GrantWmiAccessOptions,
  RevokeAccessOptions,
  WmiRight,
} from './config/access-options.js'
export type { QuickConfigOptions } from './config/quick-config-options.js'
export { quickConfigScript } from './config/quick-config-script.js'
export { ConfigCollection } from './config/config-collection.js'
export { ConfigSection } from './config/config-section.js'
export type { CertMapping, CertMappingKey } from './config/cert-mapping-kind.js'
export type { Plugin, PluginKey } from './config/plugin-kind.js'
export type { SectionName } from './config/resources.js'
export type { ListenerKey } from './config/listener-kind.js'
export {
  ConfigPlan,
  type ApplyOptions,
  type JsonValue,
  type PlanChange,
  type PlanProgress,
  type PlanWarning,
  type PlanWarningCode,
} from './config/plan.js'
export type {
  DesiredCertMapping,
  DesiredConfig,
  DesiredListener,
  DesiredPlugin,
} from './config/plan-config.js'
export type { DesiredItem } from './config/plan-items.js'

export { Enumeration } from './enumeration/enumeration.js'
export type { EnumerateOptions, ItemOf } from './enumeration/enumerate-options.js'
export { cql, DIALECT, escapeLike, selectorFilter, wql, xpath, type WqlValue } from './enumeration/filters.js'
export type { FilterValue } from './enumeration/literals.js'
export {
  associatorsOf,
  referencesOf,
  type AssociatorsParameters,
  type ReferencesParameters,
} from './enumeration/association-filters.js'
export type { EnumerationMode } from './operations/enumerate.js'
export type { AssociationFilter, FilterExpression, SelectorFilter, TextFilter } from './operations/filters.js'
export type { ObjectAndReference } from './operations/item-decoders.js'

export { CimClient } from './cim/cim-client.js'
export { generateInterfaces } from './cim/generate-interfaces.js'
export type {
  CimAssociatorsOptions,
  CimCallOptions,
  CimEnumerateOptions,
  CimKeys,
  CimPlace,
  CimQueryOptions,
  CimReferencesOptions,
  CimResult,
  CimTarget,
  Unspecified,
} from './cim/cim-options.js'
export {
  qualifierOf,
  type CimClass,
  type CimMethodDefinition,
  type CimParameterDefinition,
  type CimPropertyDefinition,
  type CimQualifiers,
  type CimQualifierValue,
  type CimTyped,
} from './envelope/cim-class.js'
export type { CimInstance, CimScalar, CimType, CimValue } from './envelope/cim-value.js'
export type { TypeSource, TypingTrace } from './diagnostics/channels.js'

export { Shell } from './shell/shell.js'
export { ShellSessionManager } from './shell/shell-pool.js'
export type { ShellPoolEvents, ShellPoolOptions } from './shell/pool-options.js'
export type { ReapClaim } from './shell/shell-reaper.js'
export type { PowerShellOptions, PowerShellResult } from './shell/powershell.js'
export type {
  PowerShellInformation,
  PowerShellMessage,
  PowerShellProgress,
  PowerShellRecord,
} from './shell/powershell-records.js'
export { createLimiter, type Limiter, type Release } from './util/limiter.js'
export { RemoteCommand } from './shell/remote-command.js'
export { quoteArgument } from './shell/command-line.js'
export type { CommandExit } from './shell/command-run.js'
export type { OutputLine } from './shell/lines.js'
export type { OutputEvent } from './shell/output-collector.js'
export type {
  AttachOptions,
  CommandResult,
  RunOptions,
  ShellOptions,
  SpawnOptions,
} from './shell/shell-options.js'
export type { CommandInfo, ShellInfo } from './operations/shell-listing.js'
export type { OutputStreamName } from './operations/receive-body.js'
export type { SignalName } from './operations/shell-verbs.js'

export type { CallOptions, Languages } from './operations/call-options.js'
export type { CallSignal } from './util/signal.js'
export type { IdentifyResult } from './operations/identify.js'
export type { ElementName } from './operations/root-element.js'
export type { RetryOptions } from './operations/retry.js'

export {
  EndpointReference,
  isEndpointReference,
  type Selectors,
  type SelectorValue,
} from './envelope/endpoint-reference.js'
export { CimDateTime, isCimDateTime, type CimDateTimeFields } from './envelope/cim-datetime.js'
export { CimInterval, isCimInterval, type CimIntervalFields } from './envelope/cim-interval.js'
export {
  metadataOf,
  type Instance,
  type InstanceMetadata,
  type PropertyMetadata,
  type RawValue,
} from './envelope/instance.js'
export type { Properties, PropertyValue } from './envelope/instance-encoder.js'
export type { OptionSet, OptionValue, WsmanOption } from './envelope/options.js'
export type { FragmentLocator, Resource, ResourceLocator } from './envelope/resource.js'

export type {
  AuthOptions,
  AuthScheme,
  CertificateAuth,
  ContextRequest,
  CredentialValue,
  KerberosAuth,
  MechanismAuth,
  NoAuth,
  PasswordAuth,
} from './transport/credentials.js'
export type {
  InitiatorOptions,
  SealedMessage,
  SecurityContext,
  ServicePrincipal,
} from './auth/security-context.js'
export type { SpnOptions } from './transport/mechanism-candidates.js'
export { createCredential, type SharedCredential } from './transport/shared-credential.js'
export type { ProxyOptions } from './http/proxy.js'
export type { Pem, TlsOptions } from './http/tls.js'

export { AddressFilter } from './settings/address-filter.js'
export { defaultSettings } from './settings/defaults.js'
export { settingInfo, type SettingInfo } from './settings/info.js'
export { formatSettings } from './settings/format-settings.js'
export { parseSettings } from './settings/parse.js'
export { sourceOf, type SettingSource } from './settings/read-model.js'
export { decodeSecurityDescriptor, encodeSecurityDescriptor } from './settings/sddl/bytes.js'
export {
  grantRights,
  revokeRights,
  trusteeRights,
  type RightsChange,
  type RightsGrant,
  type TrusteeRights,
} from './settings/sddl/change.js'
export type {
  AccessControlEntry,
  AccessControlList,
  AceFlag,
  AceType,
  AclFlag,
  SecurityDescriptor,
} from './settings/sddl/descriptor.js'
export { explainSddl, type SecuredObject } from './settings/sddl/explain.js'
export { formatSddl } from './settings/sddl/format.js'
export { parseSddl } from './settings/sddl/parse.js'
export { TrustedHosts } from './settings/trusted-hosts.js'
export { validateSettings, type SettingProblem } from './settings/validate.js'
export type { OtherDefault, PartialModel, SettingsVersion } from './settings/rows.js'
export type {
  CertMappingSettings,
  ClientSettings,
  ListenerSettings,
  PluginSettings,
  ProtocolSettings,
  ServiceSettings,
  Settings,
  WinrsSettings,
} from './settings/table.js'

export type {
  AuthTrace,
  ConnectionTrace,
  OperationTrace,
  Outcome,
  RetryTrace,
} from './diagnostics/channels.js'
export type { DiagnoseOptions } from './diagnose/diagnose.js'
export type { DiagnosisReport, DiagnosisStep, DiagnosisStepName } from './diagnose/report.js'
export type { WireLog, WireLogEntry } from './diagnostics/wire-log.js'

export { ERROR_CODES, type CodeOf, type WsmanErrorCode } from './errors/codes.js'
export {
  AbortError,
  AuthenticationError,
  CommandError,
  PolicyError,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
  type CommandErrorDetails,
  type RemoteState,
} from './errors/errors.js'
export { faultByCode, faultByName, type FaultCode } from './errors/fault-codes.js'
export { isWsmanFault, WsmanFault, type FaultParts } from './errors/fault.js'
export { isWsmanError, WsmanError, type ErrorContext, type ErrorJson } from './errors/wsman-error.js'
