/** A fenced code block of a Markdown file. */
export interface CodeBlock {
  readonly file: string
  /** Line of the opening fence, counted from 1. */
  readonly line: number
  /** What stands behind the fence: the language, then words about the block. */
  readonly info: readonly string[]
  readonly text: string
}

/** Fenced code blocks as CommonMark 4.5 has them, also inside lists. */
export function codeBlocks(file: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { fence: string; indent: number; line: number; info: string[]; lines: string[] } | undefined
  markdown.split(/\r?\n/).forEach((text, index) => {
    const [, indent = '', fence = '', rest = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(text) ?? []
    if (!open) {
      if (!fence || (fence.startsWith('`') && rest.includes('`'))) return
      open = {
        fence,
        indent: indent.length,
        line: index + 1,
        info: rest.split(/\s+/).filter(Boolean),
        lines: [],
      }
    } else if (fence.startsWith(open.fence) && rest.trim() === '') {
      blocks.push({ file, line: open.line, info: open.info, text: open.lines.join('\n') })
      open = undefined
    } else {
      open.lines.push(text.replace(new RegExp(`^\\s{0,${open.indent}}`), ''))
    }
  })
  return blocks
}

export function writtenIn(block: CodeBlock, ...languages: string[]): boolean {
  return languages.includes(block.info[0] ?? '')
}

/** The scripts that the commands of a shell block name: `npm run build` names `build`. */
export function scriptsNamed({ text }: CodeBlock): string[] {
  return [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name)
}
