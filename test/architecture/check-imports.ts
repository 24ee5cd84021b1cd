import { isBuiltin } from 'node:module'
import path from 'node:path/posix'
import ts from 'typescript'

/** A folder of `src` imports from lower ranks only. `testing` is an entry of its own that nothing imports. */
export const RANKS: ReadonlyMap<string, number> = new Map([
  ['errors', 0],
  ['util', 1],
  ['xml', 1],
  ['diagnostics', 2],
  ['settings', 2],
  ['envelope', 2],
  ['auth', 2],
  ['http', 2],
  ['transport', 3],
  ['testing', 3],
  ['operations', 4],
  ['enumeration', 5],
  ['cim', 7],
  ['shell', 7],
  ['eventing', 7],
  ['config', 8],
  ['diagnose', 8],
  ['client', 9],
  ['cli', 10],
])
const ENTRY_RANK = 11
const ENTRIES: readonly string[] = ['index.ts', 'testing/index.ts']
const MAX_LINES = 400

export type Rule =
  | 'upward'
  | 'sideways'
  | 'of testing'
  | 'cycle'
  | 'barrel'
  | 'length'
  | 'default export'
  | 'no rank'
  | 'unresolved'
  | 'undeclared package'

export interface Breach {
  readonly rule: Rule
  readonly file: string
  readonly about: string
}

/**
 * Checks the structure of the sources.
 * @param files text by path relative to `src`, with forward slashes
 * @param packages the packages a user of ours gets installed; any other would be missing there
 */
export function checkImports(files: ReadonlyMap<string, string>, packages: ReadonlySet<string>): Breach[] {
  const breaches: Breach[] = []
  const graph = new Map<string, string[]>()
  for (const [file, text] of files) {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
    const targets: string[] = []
    graph.set(file, targets)
    const report = (rule: Rule, about: string): void => void breaches.push({ rule, file, about })

    checkFile(file, source, report)
    for (const specifier of specifiersOf(source)) {
      if (!specifier.startsWith('.')) {
        if (!isDeclared(specifier, packages)) report('undeclared package', specifier)
        continue
      }
      const target = resolve(file, specifier)
      if (!files.has(target)) {
        report('unresolved', specifier)
        continue
      }
      targets.push(target)
      const rule = crossing(folderOf(file), folderOf(target))
      if (rule) report(rule, specifier)
    }
  }
  for (const cycle of cyclesOf(graph)) {
    breaches.push({ rule: 'cycle', file: cycle[0] ?? '', about: cycle.join(' → ') })
  }
  return breaches
}

function checkFile(file: string, source: ts.SourceFile, report: (rule: Rule, about: string) => void): void {
  const folder = folderOf(file)
  if (rankOf(folder) === undefined) report('no rank', folder || 'the top of src')
  const lines = source.text.trimEnd().split('\n').length
  if (lines > MAX_LINES) report('length', `${lines} lines`)
  if (!ENTRIES.includes(file) && isBarrel(source)) report('barrel', 'only re-exports')
  if (source.statements.some(isDefaultExport)) report('default export', 'exports a default')
}

/** The part of the path that carries the rank; the main entry is a folder of its own. */
function folderOf(file: string): string {
  if (file === 'index.ts') return file
  const [folder, ...rest] = file.split('/')
  return rest.length > 0 && folder !== undefined ? folder : ''
}

function rankOf(folder: string): number | undefined {
  return folder === 'index.ts' ? ENTRY_RANK : RANKS.get(folder)
}

function crossing(from: string, to: string): Rule | undefined {
  if (from === to) return undefined
  if (to === 'testing') return 'of testing'
  const [fromRank, toRank] = [rankOf(from), rankOf(to)]
  // A folder without a rank is reported once for its files, not again for each import.
  if (fromRank === undefined || toRank === undefined || toRank < fromRank) return undefined
  return toRank === fromRank ? 'sideways' : 'upward'
}

/** Imports name the built file; the source beside it ends in `.ts`. */
function resolve(file: string, specifier: string): string {
  return path.join(path.dirname(file), specifier).replace(/\.js$/, '.ts')
}

function isDeclared(specifier: string, packages: ReadonlySet<string>): boolean {
  if (isBuiltin(specifier)) return specifier.startsWith('node:')
  const parts = specifier.split('/')
  return packages.has(parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'))
}

/** Every module a file names: import and export declarations, import types, dynamic imports and requires. */
export function specifiersOf(source: ts.SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const name = moduleNameOf(node)
    if (name && ts.isStringLiteralLike(name)) found.push(name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function moduleNameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isExternalModuleReference(node)) return node.expression
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined
  if (!ts.isCallExpression(node)) return undefined
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require'
  return isImport || isRequire ? node.arguments[0] : undefined
}

function isBarrel({ statements }: ts.SourceFile): boolean {
  return (
    statements.some((statement) => ts.isExportDeclaration(statement)) &&
    statements.every((statement) => ts.isExportDeclaration(statement) || ts.isImportDeclaration(statement))
  )
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause
    if (!clause) return false
    return ts.isNamedExports(clause)
      ? clause.elements.some(({ name }) => name.text === 'default')
      : clause.name.text === 'default'
  }
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  )
}

/** Depth first; an edge back to a file that is still on the path closes a cycle. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file)
    if (start >= 0) cycles.push([...trail.slice(start), file])
    if (start >= 0 || done.has(file)) return
    for (const target of graph.get(file) ?? []) walk(target, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return cycles
}
