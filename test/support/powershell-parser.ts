import { createRequire } from 'node:module'
import path from 'node:path'
import { Language, Parser, type Node } from '@vscode/tree-sitter-wasm'

const folder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm/package.json')),
  'wasm',
)

/** Parses scripts with the grammar of PowerShell that tree-sitter has: nobody here wrote it, and it knows no mercy. */
export async function powershellParser(): Promise<(script: string) => Node> {
  await Parser.init({ locateFile: (name: string) => path.join(folder, name) })
  const parser = new Parser()
  parser.setLanguage(await Language.load(path.join(folder, 'tree-sitter-powershell.wasm')))
  return (script) => {
    const tree = parser.parse(script)
    if (!tree) throw new Error('The parser gave up.')
    return tree.rootNode
  }
}

/** Where a script does not parse: the text there. */
export function errorsIn(node: Node): string[] {
  if (node.isError || node.isMissing) return [`${node.startPosition.row + 1}: ${node.text}`]
  return node.children.flatMap((child) => (child ? errorsIn(child) : []))
}

/** The text of every node of a type. */
export function textsOf(node: Node, type: string): string[] {
  const own = node.type === type ? [node.text] : []
  return [...own, ...node.children.flatMap((child) => (child ? textsOf(child, type) : []))]
}
