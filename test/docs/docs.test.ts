import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { manifest, projectRoot, readProjectFile } from '../support/project.js'
import { codeBlocks, scriptsNamed, writtenIn, type CodeBlock } from './code-blocks.js'
import { typeErrors } from './type-check.js'

const isCode = (block: CodeBlock): boolean => writtenIn(block, 'ts', 'typescript', 'js', 'javascript')
const isShell = (block: CodeBlock): boolean => writtenIn(block, 'sh', 'bash', 'shell', 'console')

function pages(): string[] {
  const docs = path.join(projectRoot, 'docs')
  const names = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: 'utf8' }) : []
  // The generated reference repeats the README.
  const written = names.filter((name) => name.endsWith('.md') && !name.startsWith(`api${path.sep}`))
  return ['README.md', ...written.map((name) => `docs/${name.split(path.sep).join('/')}`)]
}

describe('the documents', () => {
  let blocks: CodeBlock[]

  beforeAll(() => {
    blocks = pages().flatMap((page) => codeBlocks(page, readProjectFile(page)))
  })

  it('show code and commands', () => {
    expect(blocks.filter((block) => block.file === 'README.md' && isCode(block))).not.toEqual([])
    expect(blocks.filter((block) => block.file === 'README.md' && isShell(block))).not.toEqual([])
  })

  it('show code that compiles', () => {
    expect(typeErrors(blocks.filter(isCode))).toEqual([])
  })

  it('name scripts that exist', () => {
    const named = blocks.filter(isShell).flatMap(scriptsNamed)
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([])
  })
})

describe('the check of the documents', () => {
  it('finds fenced blocks with their lines, also in lists and longer fences', () => {
    const markdown = [
      'Text with ``` in it and ```inline``` code.',
      '```ts fragment',
      'const a = 1',
      '```',
      '- item',
      '',
      '  ```sh',
      '  npm run build && npm run check:package',
      '    indented',
      '  ```',
      '~~~~md',
      '```js',
      '~~~',
      '~~~~',
      '```',
      'never closed',
    ].join('\n')
    expect(codeBlocks('a.md', markdown)).toEqual([
      { file: 'a.md', line: 2, info: ['ts', 'fragment'], text: 'const a = 1' },
      { file: 'a.md', line: 7, info: ['sh'], text: 'npm run build && npm run check:package\n  indented' },
      { file: 'a.md', line: 11, info: ['md'], text: '```js\n~~~' },
    ])
  })

  it('finds the scripts that commands name', () => {
    const block = {
      file: 'a.md',
      line: 1,
      info: ['sh'],
      text: 'npm ci && npm run demo\nnpm run check:package -- -x',
    }
    expect(scriptsNamed(block)).toEqual(['demo', 'check:package'])
  })

  it('accepts what compiles and reports what does not, where it stands', () => {
    const texts: [info: string, text: string][] = [
      [
        'ts',
        "import { WsmanError } from 'wsman'\nconst code: string = (await Promise.resolve(new WsmanError())).code",
      ],
      ['ts', "import { noSuchExport } from 'wsman'"],
      ['ts', "import { startEndpoint } from 'wsman/testing'\nstartEndpoint satisfies () => Promise<unknown>"],
      ['ts', 'const own: number = 1\nconst wrong: string = own'],
      ['ts', 'const own = 2'],
      ['js', "const { isWsmanError } = require('wsman')\nisWsmanError(1, 2)"],
      ['js', "import { isWsmanError } from 'wsman'\nif (isWsmanError(1)) await undefined"],
      [
        'ts fragment',
        "import { isWsmanError } from 'wsman'\nawait client.close()\nif (isWsmanError(1)) return\nclient.nothing",
      ],
      ['ts fragment', 'signal.throwIfAborted()\nconst open = {'],
    ]
    const blocks = texts.map(([info, text], index) => ({
      file: 'a.md',
      line: (index + 1) * 100,
      info: info.split(' '),
      text,
    }))
    expect(typeErrors(blocks).map((error) => error.replace(/: .*/s, ''))).toEqual([
      'a.md:102 TS2554',
      'a.md:201 TS2305',
      'a.md:402 TS2322',
      'a.md:602 TS2554',
      'a.md:804 TS2339',
      'a.md:904 TS1005',
    ])
  })
})
