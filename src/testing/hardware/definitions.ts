import type { CimType, EndpointClass, PropertyDefinition } from '../types.js'

const KEY = { type: 'string', key: true } as const
const STRINGS = { type: 'string', array: true } as const
const UINT16S = { type: 'uint16', array: true } as const

/** Where the IPMI provider of Windows (IpmiPrv.mof) has its classes. */
const NAMESPACE = 'root/hardware'

interface Base {
  readonly superclass?: string
  readonly properties: Readonly<Record<string, CimType | PropertyDefinition>>
}

/** The classes of CIM 2.8 that those of the provider are derived from: each with what it adds. */
const BASES = {
  CIM_ManagedElement: {
    properties: { Caption: 'string', Description: 'string', ElementName: 'string' },
  },
  CIM_ManagedSystemElement: {
    superclass: 'CIM_ManagedElement',
    properties: {
      InstallDate: 'datetime',
      Name: 'string',
      OperationalStatus: UINT16S,
      StatusDescriptions: STRINGS,
      Status: 'string',
      HealthState: 'uint16',
    },
  },
  CIM_LogicalElement: { superclass: 'CIM_ManagedSystemElement', properties: {} },
  CIM_EnabledLogicalElement: {
    superclass: 'CIM_LogicalElement',
    properties: {
      EnabledState: 'uint16',
      OtherEnabledState: 'string',
      RequestedState: 'uint16',
      EnabledDefault: 'uint16',
      TimeOfLastStateChange: 'datetime',
    },
  },
  CIM_LogicalDevice: {
    superclass: 'CIM_EnabledLogicalElement',
    properties: {
      SystemCreationClassName: KEY,
      SystemName: KEY,
      CreationClassName: KEY,
      DeviceID: KEY,
      PowerManagementSupported: 'boolean',
      PowerManagementCapabilities: UINT16S,
      Availability: 'uint16',
      StatusInfo: 'uint16',
      LastErrorCode: 'uint32',
      ErrorDescription: 'string',
      ErrorCleared: 'boolean',
      OtherIdentifyingInfo: STRINGS,
      PowerOnHours: 'uint64',
      TotalPowerOnHours: 'uint64',
      IdentifyingDescriptions: STRINGS,
      AdditionalAvailability: UINT16S,
      MaxQuiesceTime: 'uint64',
    },
  },
  CIM_Sensor: {
    superclass: 'CIM_LogicalDevice',
    properties: {
      SensorType: 'uint16',
      OtherSensorTypeDescription: 'string',
      PossibleStates: STRINGS,
      CurrentState: 'string',
      PollingInterval: 'uint64',
    },
  },
  CIM_NumericSensor: {
    superclass: 'CIM_Sensor',
    properties: {
      BaseUnits: 'uint16',
      UnitModifier: 'sint32',
      RateUnits: 'uint16',
      CurrentReading: 'sint32',
      NominalReading: 'sint32',
      NormalMax: 'sint32',
      NormalMin: 'sint32',
      MaxReadable: 'sint32',
      MinReadable: 'sint32',
      Resolution: 'uint32',
      Tolerance: 'sint32',
      Accuracy: { type: 'sint32', qualifiers: { Units: 'Hundredths of Percent' } },
      IsLinear: 'boolean',
      Hysteresis: 'uint32',
      LowerThresholdNonCritical: 'sint32',
      UpperThresholdNonCritical: 'sint32',
      LowerThresholdCritical: 'sint32',
      UpperThresholdCritical: 'sint32',
      LowerThresholdFatal: 'sint32',
      UpperThresholdFatal: 'sint32',
      SupportedThresholds: UINT16S,
      EnabledThresholds: UINT16S,
      SettableThresholds: UINT16S,
    },
  },
  CIM_LogRecord: {
    superclass: 'CIM_ManagedElement',
    properties: {
      LogCreationClassName: KEY,
      LogName: KEY,
      CreationClassName: KEY,
      RecordID: KEY,
      MessageTimestamp: { type: 'datetime', key: true },
      DataFormat: 'string',
      RecordFormat: 'string',
      RecordData: 'string',
    },
  },
} as const satisfies Readonly<Record<string, Base>>

/** All abstract. */
export const baseClasses = (): readonly EndpointClass[] =>
  Object.entries<Base>(BASES).map(([name, base]) => ({ ...base, name, namespace: NAMESPACE, abstract: true }))

/** A class of the provider, which adds no properties of its own. */
export const providerClass = (
  name: string,
  superclass: keyof typeof BASES,
  rest: Pick<EndpointClass, 'instances' | 'put' | 'methods'>,
): EndpointClass => ({
  name,
  namespace: NAMESPACE,
  superclass,
  properties: {},
  qualifiers: { dynamic: true, provider: 'IPMIPrv' },
  ...rest,
})
