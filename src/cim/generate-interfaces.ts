import {
  qualifierOf,
  type CimClass,
  type CimMethodDefinition,
  type CimQualifiers,
  type CimTyped,
} from '../envelope/cim-class.js'
import type { CimType } from '../envelope/cim-value.js'

/** What a generated module imports, each only where it is used. */
const IMPORTED = ['CimDateTime', 'CimInterval', 'CimInstance', 'EndpointReference'] as const

const TYPES: Readonly<Record<CimType, string>> = {
  boolean: 'boolean',
  string: 'string',
  char16: 'string',
  uint8: 'number',
  sint8: 'number',
  uint16: 'number',
  sint16: 'number',
  uint32: 'number',
  sint32: 'number',
  uint64: 'bigint',
  sint64: 'bigint',
  real32: 'number',
  real64: 'number',
  datetime: 'CimDateTime | CimInterval',
  reference: 'EndpointReference',
}

/**
 * Writes a TypeScript module with an interface for each class, named as the class, that describes what calls with
 * `typed: true` give: `client.cim.query<Win32_Service>(…, { typed: true })`. Methods get an interface of their out
 * parameters, `Win32_Process_Create_Output`. Every property but a key may be null. Embedded instances get the interface
 * of their class where it is among those given.
 * @param classes what `client.cim.getClass` or `enumerateClasses` returns; of two with one name the first counts
 */
export function generateInterfaces(classes: readonly CimClass[]): string {
  const known = new Map<string, CimClass>()
  for (const definition of classes) {
    const key = definition.name.toLowerCase()
    if (!known.has(key)) known.set(key, definition)
  }
  const names = new Map([...known].map(([key, { name }]) => [key, typeName(name)]))
  const body = [...known.values()].flatMap((definition) => [
    classInterface(definition, names),
    ...definition.methods.map((method) => outputInterface(definition, method, names)),
  ])
  const text = body.join('\n')
  const used = IMPORTED.filter((name) => new RegExp(`\\b${name}\\b`).test(withoutComments(text)))
  const imports = used.length > 0 ? `import type { ${used.join(', ')} } from 'wsman'\n\n` : ''
  return `// Written by generateInterfaces of wsman from the definitions of the classes.\n${imports}${text}`
}

function classInterface(definition: CimClass, names: ReadonlyMap<string, string>): string {
  const members = definition.properties.map((property) =>
    member(property, property.isKey ? '' : ' | null', names),
  )
  const about = describe(definition.qualifiers, `${definition.namespace}: ${definition.name}`, '')
  return `${about}export interface ${typeName(definition.name)} {\n${members.join('')}}\n`
}

function outputInterface(
  { name, namespace }: CimClass,
  method: CimMethodDefinition,
  names: ReadonlyMap<string, string>,
): string {
  const out = method.parameters.filter(({ isOut }) => isOut)
  const members = [
    ...(method.returnType === undefined ? [] : [`  ReturnValue: ${TYPES[method.returnType]}\n`]),
    ...out.map((parameter) => member(parameter, ' | null', names)),
  ]
  const about = describe(method.qualifiers, `${namespace}: what ${name}.${method.name} gives`, '')
  return `${about}export interface ${typeName(`${name}_${method.name}_Output`)} {\n${members.join('')}}\n`
}

function member(typed: CimTyped, nullable: string, names: ReadonlyMap<string, string>): string {
  const about = describe(typed.qualifiers, undefined, '  ')
  const type = typeOf(typed, names)
  const list = type.includes('|') ? `(${type})[]` : `${type}[]`
  return `${about}  ${propertyName(typed.name)}: ${typed.isArray ? list : type}${nullable}\n`
}

function typeOf(
  { type, isEmbedded, embeddedClassName = '', qualifiers }: CimTyped,
  names: ReadonlyMap<string, string>,
): string {
  if (isEmbedded) return names.get(embeddedClassName.toLowerCase()) ?? 'CimInstance'
  if (type !== 'datetime') return TYPES[type]
  const subtype = qualifierOf(qualifiers, 'SubType')
  return typeof subtype === 'string' && /interval/i.test(subtype) ? 'CimInterval' : TYPES.datetime
}

/** Class names of WMI are identifiers already; others are made so. */
const typeName = (name: string): string => name.replace(/[^\w$]/g, '_').replace(/^(?=\d)/, '_')

const propertyName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

/** The description of the schema; nothing in it ends the comment. */
function describe(qualifiers: CimQualifiers, title: string | undefined, indent: string): string {
  const description = qualifierOf(qualifiers, 'Description')
  const said = typeof description === 'string' ? description.replace(/\s+/g, ' ').trim() : ''
  const text = [title, said].filter(Boolean).join('. ').replaceAll('*/', '* /')
  return text === '' ? '' : `${indent}/** ${text} */\n`
}

const withoutComments = (text: string): string => text.replace(/^ *\/\*\*.*\*\/$/gm, '')
