import path from 'node:path'
import ts from 'typescript'
import { projectRoot } from '../support/project.js'
import { writtenIn, type CodeBlock } from './code-blocks.js'

/** What a block marked `fragment` may use without saying where it comes from; one line, so that lines still match. */
const FRAGMENT_HEAD = [
  "declare const client: import('wsman').WsmanClient",
  "declare const shell: Awaited<ReturnType<import('wsman').WsmanClient['openShell']>>",
  "declare const endpoint: Awaited<ReturnType<typeof import('wsman/testing').startEndpoint>>",
  'declare const signal: AbortSignal',
  'export async function fragment() {',
].join('; ')

/**
 * Type-checks each block as a module of its own, with `wsman` and `wsman/testing` taken from the sources.
 * @returns one line for each error: where it stands in the Markdown, and what is wrong
 */
export function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const options = { ...projectOptions(), noUnusedLocals: false, noUnusedParameters: false }
  const modules = new Map(blocks.map((block) => [moduleName(block), { block, text: moduleText(block) }]))
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => modules.has(name) || disk.fileExists(name),
    readFile: (name) => modules.get(name)?.text ?? disk.readFile(name),
    getSourceFile: (name, target, ...rest) => {
      const module = modules.get(name)
      return module
        ? ts.createSourceFile(name, module.text, target)
        : disk.getSourceFile(name, target, ...rest)
    },
  }

  const program = ts.createProgram([...modules.keys()], options, host)
  const configuration = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()].map(messageOf)
  const found = [...modules].flatMap(([name, { block }]) => {
    const source = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (diagnostic) => `${block.file}:${block.line + lineOf(diagnostic)} ${messageOf(diagnostic)}`,
    )
  })
  return [...configuration, ...found]
}

function projectOptions(): ts.CompilerOptions {
  const file = path.join(projectRoot, 'tsconfig.json')
  const { config } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as { config: unknown }
  return ts.parseJsonConfigFileContent(config, ts.sys, projectRoot).options
}

/** A path that exists nowhere, inside the project so that packages are found. */
function moduleName(block: CodeBlock): string {
  const ending =
    isFragment(block) || writtenIn(block, 'ts', 'typescript') ? 'mts' : isCommonJs(block) ? 'cjs' : 'mjs'
  return path.posix.join(
    projectRoot,
    'test/docs',
    `${block.file.replace(/\W/g, '-')}-${block.line}.${ending}`,
  )
}

/** The block with a line in front, so that line n of the module is line n behind the opening fence. */
function moduleText({ info, text }: CodeBlock): string {
  if (!info.includes('fragment'))
    return `// @ts-check\n${text}${/\brequire\(/.test(text) ? '' : '\nexport {}'}\n`
  const imports: string[] = []
  const body = text.replace(/^import\s[^;]*?from\s+'[^']+'/gm, (statement) => {
    imports.push(statement.replace(/\n/g, ' '))
    return statement.replace(/[^\n]/g, '')
  })
  return `${[...imports, FRAGMENT_HEAD].join('; ')}\n${body}\n}\n`
}

function isFragment({ info }: CodeBlock): boolean {
  return info.includes('fragment')
}

function isCommonJs({ text }: CodeBlock): boolean {
  return /\brequire\(/.test(text)
}

/** Lines behind the opening fence; an error of the head is one of the fence. */
function lineOf({ file, start }: ts.Diagnostic): number {
  return file ? ts.getLineAndCharacterOfPosition(file, start ?? 0).line : 0
}

function messageOf({ code, messageText }: ts.Diagnostic): string {
  return `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}
