import type { CimType } from '../envelope/cim-value.js'
import type { PropertyMetadata } from '../envelope/instance.js'

/** The types of the WS-CIM mapping (DSP0230 9.2.1) and of XML Schema, by their names in small letters. */
const TYPES: ReadonlyMap<string, CimType> = new Map<string, CimType>([
  ['cimboolean', 'boolean'],
  ['cimstring', 'string'],
  ['cimchar16', 'char16'],
  ['cimunsignedbyte', 'uint8'],
  ['cimbyte', 'sint8'],
  ['cimunsignedshort', 'uint16'],
  ['cimshort', 'sint16'],
  ['cimunsignedint', 'uint32'],
  ['cimint', 'sint32'],
  ['cimunsignedlong', 'uint64'],
  ['cimlong', 'sint64'],
  ['cimfloat', 'real32'],
  ['cimdouble', 'real64'],
  ['cimdatetime', 'datetime'],
  ['cimreference', 'reference'],
  ['boolean', 'boolean'],
  ['string', 'string'],
  ['unsignedbyte', 'uint8'],
  ['byte', 'sint8'],
  ['unsignedshort', 'uint16'],
  ['short', 'sint16'],
  ['unsignedint', 'uint32'],
  ['int', 'sint32'],
  ['unsignedlong', 'uint64'],
  ['long', 'sint64'],
  ['float', 'real32'],
  ['double', 'real64'],
  ['datetime', 'datetime'],
  ['duration', 'datetime'],
])

/** What `xsi:type` says, without its prefix, which is the sender's choice; undefined where there is none. */
export function xsiTypeName(metadata: PropertyMetadata | undefined): string | undefined {
  if (!metadata?.attributes) return undefined
  for (const [name, value] of Object.entries(metadata.attributes)) {
    if (name.endsWith(':type')) return value.slice(value.indexOf(':') + 1).trim()
  }
  return undefined
}

/** The type that `xsi:type` names. The example of MS-WSMV 3.2.4.2.2 writes `cimunsignedInt`, so case does not count. */
export function typeNamed(name: string | undefined): CimType | undefined {
  return name === undefined ? undefined : TYPES.get(name.toLowerCase())
}

/** The class that `xsi:type` names: `p:Win32_Service_Type` (DSP0230 9.3). */
export function classNamed(name: string | undefined): string | undefined {
  return /^([A-Za-z_]\w*)_Type$/.exec(name ?? '')?.[1]
}
