import type { PropertyName, SelectQuery, WqlQuery } from './ast.js'
import { Cursor } from './cursor.js'
import { parseAssociationQuery } from './parse-associations.js'
import { parseExpression } from './parse-expression.js'

/**
 * Reads a WQL data or schema query (MS-WMI 2.2.1.1). Keywords may be in any letter case.
 * @throws WqlSyntaxError with the position and what was expected there.
 */
export function parseWql(text: string): WqlQuery {
  const cursor = new Cursor(text)
  const query = parseQuery(cursor)
  cursor.expectEnd()
  return query
}

function parseQuery(cursor: Cursor): WqlQuery {
  if (cursor.acceptWord('SELECT')) return parseSelect(cursor)
  if (cursor.acceptWord('ASSOCIATORS')) return parseAssociationQuery(cursor, 'associators')
  if (cursor.acceptWord('REFERENCES')) return parseAssociationQuery(cursor, 'references')
  throw cursor.unexpected('SELECT, ASSOCIATORS OF or REFERENCES OF')
}

function parseSelect(cursor: Cursor): SelectQuery {
  const columns = cursor.acceptSymbol('*') ? undefined : parseColumns(cursor)
  cursor.expectWord('FROM')
  const className = cursor.expectName('a class name').text
  const where = cursor.acceptWord('WHERE') ? parseExpression(cursor) : undefined
  return { kind: 'select', columns, className, where }
}

function parseColumns(cursor: Cursor): readonly PropertyName[] {
  const columns: PropertyName[] = []
  do {
    const { text, position } = cursor.expectName('* or a property name')
    columns.push({ name: text, position })
  } while (cursor.acceptSymbol(','))
  return columns
}
