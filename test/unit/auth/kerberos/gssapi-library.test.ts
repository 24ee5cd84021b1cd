import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { openGssapi as OpenGssapi } from '../../../../src/auth/kerberos/gssapi-library.js'

/** Loads the module anew, so that nothing was opened yet. */
async function freshOpenGssapi(): Promise<typeof OpenGssapi> {
  vi.resetModules()
  return (await import('../../../../src/auth/kerberos/gssapi-library.js')).openGssapi
}

describe('openGssapi', () => {
  beforeEach(() => {
    vi.resetModules()
  })
  afterEach(() => {
    vi.doUnmock('koffi')
  })

  it('names the npm package where that is missing', async () => {
    vi.doMock('koffi', () => {
      throw new Error("Cannot find package 'koffi'")
    })
    const openGssapi = await freshOpenGssapi()
    await expect(openGssapi()).rejects.toMatchObject({
      code: 'ERR_WSMAN_UNSUPPORTED',
      message: expect.stringContaining('npm package koffi') as string,
      hint: 'Run: npm install koffi',
    })
  })

  it('names the package of the system where the library is missing, and looks again the next time', async () => {
    const tried: string[] = []
    const load = (file: string): never => {
      tried.push(file)
      throw new Error('cannot open shared object file')
    }
    vi.doMock('koffi', () => ({ default: { load } }))
    const openGssapi = await freshOpenGssapi()
    await expect(openGssapi()).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_WSMAN_UNSUPPORTED',
      hint: expect.stringMatching(/libgssapi-krb5-2|brew install krb5/) as string,
    })
    const files = tried.length
    expect(files).toBeGreaterThan(0)
    await expect(openGssapi()).rejects.toThrow('no GSSAPI library')
    expect(tried).toHaveLength(2 * files)
  })

  it('says so where the library lacks a function', async () => {
    const type = {}
    vi.doMock('koffi', () => ({
      default: {
        load: () => ({
          func: (name: string) => {
            throw new Error(`Cannot find function '${name}' in shared library`)
          },
        }),
        pointer: () => type,
        out: () => type,
        inout: () => type,
        struct: () => type,
      },
    }))
    const openGssapi = await freshOpenGssapi()
    await expect(openGssapi()).rejects.toThrow('too old')
  })
})
