import { describe, expect, it } from 'vitest'
import { joinCommandLine, throughShell } from '../../../../src/testing/shell/command-line.js'

describe('joinCommandLine', () => {
  it('puts spaces between and quotes nothing', () => {
    expect(joinCommandLine('del', ['/p', 'd:\\temp\\my file.txt', ''])).toBe('del /p d:\\temp\\my file.txt ')
    expect(joinCommandLine('echo a', [])).toBe('echo a')
  })
})

describe.skipIf(process.platform === 'win32')('throughShell, off Windows', () => {
  const script = (line: string): string | undefined => {
    const { file, args } = throughShell(line, 437)
    expect([file, args[0], args.length]).toEqual(['/bin/sh', '-c', 2])
    return args[1]
  }

  it('gives the line to sh as it is', () => {
    for (const line of [
      'echo "a b" | cat',
      'cmd',
      'cmd.exe /k dir',
      'command /c x',
      'echo cmd /c x',
      'cmdx /c y',
    ]) {
      expect(script(line)).toBe(line)
    }
  })

  it.each([
    ['cmd /c echo hi', 'echo hi'],
    ['CMD.EXE /C echo hi', 'echo hi'],
    ['cmd.exe /c', ''],
    ['cmd /cecho hi', 'echo hi'],
    ['cmd /d /s /c echo hi', 'echo hi'],
    ['cmd /v:on /q /c echo hi', 'echo hi'],
    ['C:\\Windows\\System32\\cmd.exe /c echo hi', 'echo hi'],
    ['"C:\\Win dows\\cmd.exe" /c echo hi', 'echo hi'],
    ['"cmd" /c echo hi', 'echo hi'],
    ['cmd /c "echo "a  b" && exit 3"', 'echo "a  b" && exit 3'],
    ['cmd /c "echo hi" more', 'echo hi more'],
    ['cmd /c echo "a b"', 'echo "a b"'],
    ['cmd /c "', '"'],
    ['cmd /c echo one\necho two', 'echo one\necho two'],
  ])('of %j runs the rest', (line, rest) => {
    expect(script(line)).toBe(rest)
  })
})
