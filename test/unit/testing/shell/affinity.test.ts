import { describe, expect, it, onTestFinished } from 'vitest'
import { startEndpoint, type Endpoint } from 'wsman/testing'
import { ACTIONS, basic, faultOf, send, soap, textAt, type RawReply } from '../support/raw-client.js'

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const CMD = `${SHELL}/cmd`

async function start(affinityCookie?: boolean): Promise<Endpoint> {
  const endpoint = await startEndpoint({
    users: [{ username: 'alice', password: 'secret' }],
    settings: { service: { auth: { basic: true }, allowUnencrypted: true } },
    classes: [],
    ...(affinityCookie === undefined ? {} : { affinityCookie }),
  })
  onTestFinished(() => endpoint.close())
  return endpoint
}

interface Opened {
  readonly shellId: string
  /** The whole of `Set-Cookie`. */
  readonly header: string | undefined
  /** What the client has to bring back. */
  readonly cookie: string
}

async function open(endpoint: Endpoint): Promise<Opened> {
  const body = `<r:Shell xmlns:r="${SHELL}"><r:OutputStreams>stdout</r:OutputStreams></r:Shell>`
  const reply = await ask(endpoint, { action: ACTIONS.create, resourceUri: CMD, body })
  const [header] = reply.headers['set-cookie'] ?? []
  return {
    shellId: textAt(reply.xml, 'Body', 'Shell', 'ShellId') ?? '',
    header,
    cookie: header?.split(';', 1)[0] ?? '',
  }
}

function ask(endpoint: Endpoint, parts: Parameters<typeof soap>[0], cookie?: string): Promise<RawReply> {
  const headers = {
    Authorization: basic('alice', 'secret'),
    ...(cookie === undefined ? {} : { Cookie: cookie }),
  }
  return send(endpoint.url, soap(parts), { headers })
}

const command = (endpoint: Endpoint, { shellId }: Opened, cookie?: string): Promise<RawReply> =>
  ask(
    endpoint,
    {
      action: `${SHELL}/Command`,
      resourceUri: CMD,
      selectors: { ShellId: shellId },
      body: `<r:CommandLine xmlns:r="${SHELL}"><r:Command>true</r:Command></r:CommandLine>`,
    },
    cookie,
  )

const ELSEWHERE = { subcode: 'w:InvalidSelectors', detail: 'UnexpectedSelectors', wsmanCode: 2150858843 }

describe('affinityCookie', () => {
  it('sets a cookie of its own for every shell, for the path of the service', async () => {
    const endpoint = await start(true)
    const [one, other] = [await open(endpoint), await open(endpoint)]
    expect(one.header).toMatch(/^MS-WSMAN=[0-9A-F-]{36}; Path=\/wsman; HttpOnly$/)
    expect(other.cookie).not.toBe(one.cookie)
  })

  it('takes requests that bring the cookie of the shell, among others', async () => {
    const endpoint = await start(true)
    const shell = await open(endpoint)
    expect((await command(endpoint, shell, shell.cookie)).status).toBe(200)
    expect((await command(endpoint, shell, `other=1; ${shell.cookie}; more=2`)).status).toBe(200)
  })

  it('refuses requests without it, with that of another shell, or with another value', async () => {
    const endpoint = await start(true)
    const [shell, other] = [await open(endpoint), await open(endpoint)]
    for (const cookie of [undefined, '', other.cookie, `${shell.cookie}X`, `X${shell.cookie}`, 'MS-WSMAN=']) {
      expect(faultOf(await command(endpoint, shell, cookie)), cookie).toMatchObject(ELSEWHERE)
    }
    const selectors = { ShellId: shell.shellId }
    for (const [action, resourceUri] of [
      [ACTIONS.get, SHELL],
      [ACTIONS.delete, CMD],
      [ACTIONS.delete, SHELL],
    ] as const) {
      expect(faultOf(await ask(endpoint, { action, resourceUri, selectors }))).toMatchObject(ELSEWHERE)
    }
    expect(endpoint.shells).toHaveLength(2)
    const gone = { action: ACTIONS.delete, resourceUri: CMD, selectors }
    expect((await ask(endpoint, gone, shell.cookie)).status).toBe(200)
  })

  it('is off unless asked for', async () => {
    for (const endpoint of [await start(), await start(false)]) {
      const shell = await open(endpoint)
      expect(shell.header).toBeUndefined()
      expect((await command(endpoint, shell)).status).toBe(200)
    }
  })
})
