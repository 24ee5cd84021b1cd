import type { AssociationFilter, AssociatorsQuery, ReferencesQuery } from './ast.js'
import { plainString, type Cursor } from './cursor.js'
import { WqlSyntaxError } from './errors.js'
import { parseObjectPath, type ObjectPath } from './object-path.js'

/** The words after WHERE that take a name, and those that stand alone (MS-WMI 2.2.1.1). */
const SHARED = ['RESULTCLASS', 'ROLE', 'REQUIREDQUALIFIER'] as const
const ASSOCIATORS_ONLY = ['ASSOCCLASS', 'RESULTROLE', 'REQUIREDASSOCQUALIFIER'] as const
const FLAGS = ['CLASSDEFSONLY', 'KEYSONLY', 'SCHEMAONLY'] as const

type Name = (typeof SHARED)[number] | (typeof ASSOCIATORS_ONLY)[number]
type Flag = (typeof FLAGS)[number]
type Kind = 'associators' | 'references'

interface Given {
  readonly names: ReadonlyMap<Name, string>
  readonly flags: ReadonlySet<Flag>
}

/** Reads what stands after ASSOCIATORS or REFERENCES. The words after WHERE are in any order, each at most once. */
export function parseAssociationQuery(cursor: Cursor, kind: Kind): AssociatorsQuery | ReferencesQuery {
  cursor.expectWord('OF')
  const source = expectPath(cursor)
  const { names, flags } = parseWords(cursor, kind)
  const filter: AssociationFilter = {
    resultClass: names.get('RESULTCLASS'),
    role: names.get('ROLE'),
    requiredQualifier: names.get('REQUIREDQUALIFIER'),
    classDefsOnly: flags.has('CLASSDEFSONLY'),
    keysOnly: flags.has('KEYSONLY'),
    schemaOnly: flags.has('SCHEMAONLY'),
  }
  if (kind === 'references') return { kind, source, ...filter }
  return {
    kind,
    source,
    ...filter,
    assocClass: names.get('ASSOCCLASS'),
    resultRole: names.get('RESULTROLE'),
    requiredAssocQualifier: names.get('REQUIREDASSOCQUALIFIER'),
  }
}

function expectPath(cursor: Cursor): ObjectPath {
  const token = cursor.current
  if (token.kind !== 'path') throw cursor.unexpected('an object path in braces')
  cursor.next()
  return parseObjectPath(token.text, token.position + 1)
}

function parseWords(cursor: Cursor, kind: Kind): Given {
  const names = new Map<Name, string>()
  const flags = new Set<Flag>()
  if (!cursor.acceptWord('WHERE')) return { names, flags }
  const allowed: readonly Name[] = kind === 'associators' ? [...SHARED, ...ASSOCIATORS_ONLY] : SHARED
  const start = cursor.current.position
  do {
    const { position } = cursor.current
    const name = allowed.find((word) => cursor.acceptWord(word))
    const flag = name === undefined ? FLAGS.find((word) => cursor.acceptWord(word)) : undefined
    if (name !== undefined && !names.has(name)) {
      cursor.expectSymbol('=')
      names.set(name, expectValue(cursor))
    } else if (flag !== undefined && !flags.has(flag)) {
      flags.add(flag)
    } else if (name === undefined && flag === undefined) {
      throw cursor.unexpected(`one of ${[...allowed, ...FLAGS].join(', ')}`)
    } else {
      throw new WqlSyntaxError(`${name ?? flag} is given twice`, position)
    }
  } while (cursor.current.kind !== 'end')
  if (flags.has('CLASSDEFSONLY') && names.has('RESULTCLASS')) {
    throw new WqlSyntaxError('ClassDefsOnly and ResultClass exclude each other', start)
  }
  return { names, flags }
}

function expectValue(cursor: Cursor): string {
  const token = cursor.current
  if (token.kind !== 'string') return cursor.expectName('a name').text
  cursor.next()
  return plainString(token)
}
