import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from 'wsman/testing'
import { readRecording, recordedMessages } from '../support/recordings.js'
import { describeWithShared } from '../support/shared.js'
import { elementsOf, localName, parseXml, select, textOf, type PlainElement } from '../support/xml-compare.js'
import { textAt } from '../unit/testing/support/raw-client.js'
import { pretendWindows, startService } from './endpoint-requests/service.js'
import { faultIn, textsIn, Session, type Answer } from './endpoint-requests/session.js'
import { TABLE, type Row } from './endpoint-requests/table.js'

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1)
const rowOf = (file: string): Row | undefined => TABLE[file] ?? TABLE[folderOf(file)]

describeWithShared('corpus', 'the endpoint and every recorded request', () => {
  const requests = recordedMessages()
    .filter(({ direction }) => direction === 'request')
    .map(({ file }) => file)
    .sort()
  const folders = [...new Set(requests.map(folderOf))]

  let endpoint: Endpoint
  let undo: () => void
  beforeAll(async () => {
    endpoint = await startService()
    undo = pretendWindows()
  })
  afterAll(async () => {
    undo()
    await endpoint.close()
  })

  it('knows what each of them meets, and nothing that is not there', () => {
    expect(requests.length).toBeGreaterThan(300)
    expect(requests.filter((file) => rowOf(file) === undefined)).toEqual([])
    const used = new Set(requests.flatMap((file) => (TABLE[file] ? [file] : [folderOf(file)])))
    expect(Object.keys(TABLE).filter((key) => !used.has(key))).toEqual([])
  })

  it.each(folders)('%s', async (folder) => {
    const session = new Session(endpoint.url)
    for (const file of requests.filter((request) => folderOf(request) === folder)) {
      const row = rowOf(file)
      if (row && row.as !== 'not sent') await check(file, row, session)
    }
  })

  async function check(file: string, row: Row, conversation: Session): Promise<void> {
    const session = row.service ? await configured(file, row, row.service) : conversation
    await row.before?.(session)
    const ours = await session.replay(file)
    if (row.as === 'fault') {
      expect(faultIn(ours), `${file}: ${row.why}`).toEqual({
        subcode: undefined,
        wsmanCode: undefined,
        ...row.fault,
      })
    }
    if (row.as === 'reply') {
      expect(actionOf(ours.xml), file).toBe(row.action)
      expect(bodyOf(ours.xml).map(localName), file).toEqual(row.body)
    }
    if (row.as === 'recorded') {
      const recorded = parseXml(withoutDeclaration(readRecording(answerTo(file, row))))
      compare(ours, recorded, row.differs, file)
      if (row.service) compareSettings(ours.xml, recorded, file)
      session.learnFrom(recorded, ours.xml)
    }
    for (const [path, text] of Object.entries(row.tells ?? {})) {
      expect(textAt(ours.xml, 'Body', ...path.split('/')), `${file}: ${path}`).toBe(text)
    }
    const isUnread = faultIn(ours).subcode === 'SchemaValidationError'
    if (!isUnread) expect(textAt(ours.xml, 'Header', 'RelatesTo'), file).toBe(ours.messageId)
  }
})

async function configured(file: string, row: Row, start: NonNullable<Row['service']>): Promise<Session> {
  const endpoint = await start(answerTo(file, row))
  onTestFinished(() => endpoint.close())
  return new Session(endpoint.url)
}

function answerTo(file: string, row: Row): string {
  const beside = row.as === 'recorded' ? row.answer : undefined
  return beside ?? file.replace('-request', '-response')
}

const withoutDeclaration = (text: string): string => text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '')
const actionOf = (message: PlainElement): string | undefined => textAt(message, 'Header', 'Action')?.trim()
const bodyOf = (message: PlainElement): readonly PlainElement[] => select(message, 'Body').flatMap(elementsOf)

/** Action, names of all elements in the body, and exit codes; of faults their codes. */
function compare(
  ours: Answer,
  recorded: PlainElement,
  differs: Readonly<Record<string, string>>,
  file: string,
): void {
  if (select(recorded, 'Body', 'Fault').length > 0) {
    const { wsmanCode, ...codes } = faultIn({ status: ours.status, xml: recorded })
    expect(faultIn(ours), file).toMatchObject({ ...codes, ...(wsmanCode === undefined ? {} : { wsmanCode }) })
    return
  }
  expect(ours.status, file).toBe(200)
  if (!('Action' in differs)) expect(actionOf(ours.xml), file).toBe(actionOf(recorded))
  const [own, theirs] = [textsIn(bodyIn(ours.xml)), textsIn(bodyIn(recorded))]
  const missing = [...theirs.keys()].filter((path) => !own.has(path))
  const surplus = [...own.keys()].filter((path) => !theirs.has(path))
  const isAccepted = (path: string): boolean => Object.keys(differs).some((part) => path.includes(part))
  expect({ missing, surplus }, file).toEqual({
    missing: missing.filter(isAccepted),
    surplus: surplus.filter(isAccepted),
  })
  const unused = Object.keys(differs).filter(
    (part) => ![...missing, ...surplus].some((path) => path.includes(part)),
  )
  expect(
    unused.filter((part) => part !== 'Action' && part !== 'ExitCode'),
    `${file}: no such difference`,
  ).toEqual([])
  if (!('ExitCode' in differs)) expect(exitCodes(ours.xml), file).toEqual(exitCodes(recorded))
}

/** All but those by which the test reaches the service. */
function compareSettings(ours: PlainElement, recorded: PlainElement, file: string): void {
  const own = textsIn(bodyIn(ours))
  for (const [path, text] of textsIn(bodyIn(recorded))) {
    if (/\}Service\/.*\}(?:AllowUnencrypted|Basic)$/.test(path)) continue
    expect(own.get(path), `${file}: ${path}`).toBe(text)
  }
}

const bodyIn = (message: PlainElement): PlainElement => select(message, 'Body')[0] ?? message
const exitCodes = (message: PlainElement): readonly string[] =>
  select(message, 'Body', 'ReceiveResponse', 'CommandState', 'ExitCode').map(textOf)
