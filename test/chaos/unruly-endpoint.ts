import { startEndpoint, type Endpoint, type EndpointClass, type EndpointOptions } from 'wsman/testing'
import type { Random } from '../fuzz/random.js'
import type { Ledger } from './ledger.js'

type Entry = NonNullable<EndpointOptions['script']>[number]

export const PASSWORD = 'the-chaos-password'
/** How many instances the class has that is enumerated. */
export const ITEMS = 60

const ACTIONS = [
  'Identify',
  'Get',
  'Put',
  'Create',
  'Delete',
  'Count',
  'Enumerate',
  'Pull',
  'Release',
  'Command',
  'Receive',
  'Send',
  'Signal',
] as const

/** Before it does anything, after it has done it, in the middle of the reply; refused for a while, or for good. */
function misdeed(random: Random): Omit<Entry, 'match'> {
  const fault = (wsmanCode: number, message: string): Omit<Entry, 'match'> => ({
    fault: { code: 'Receiver', subcode: 'w:InternalError', wsmanCode, message },
  })
  const deeds = [
    { cutSocket: 'before' },
    { cutSocket: 'after' },
    { cutSocket: random.below(900) },
    fault(170, 'Busy.'),
    fault(2150859175, 'Too many requests.'),
    fault(5, 'Access is denied.'),
    { status: 503 },
    { delayMs: random.below(80) },
    { delayMs: random.below(80), cutSocket: 'after' },
  ] as const
  return deeds[random.below(deeds.length)] ?? deeds[0]
}

/** Each of the next hundred requests of a kind may meet one. */
function script(random: Random): readonly Entry[] {
  return ACTIONS.flatMap((action) =>
    Array.from({ length: 12 }, () => ({ match: { action, nth: 1 + random.below(120) }, ...misdeed(random) })),
  )
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function classes(ledger: Ledger): readonly EndpointClass[] {
  return [
    {
      name: 'Chaos',
      properties: { Id: { type: 'string', key: true }, Value: 'string' },
      instances: () =>
        Array.from({ length: ITEMS }, (_, index) => ({ Id: String(index), Value: 'x'.repeat(100) })),
      put: ({ properties }) => ledger.record(text(properties.Value)),
      create: ({ properties }) => ledger.record(text(properties.Id)),
      methods: {
        Count: ({ parameters }) => {
          ledger.record(text(parameters.Value))
          return { ReturnValue: 0, Value: text(parameters.Value) }
        },
      },
    },
    {
      // What is to be deleted stays there, so that being deleted twice is seen.
      name: 'Doomed',
      properties: { Id: { type: 'string', key: true } },
      instances: () => ledger.pendingOf('delete').map((Id) => ({ Id })),
      delete: ({ instance }) => ledger.record(text(instance.Id)),
    },
  ]
}

/** An endpoint that faults, delays and cuts, and writes into the ledger what it does. */
export function startUnrulyEndpoint(random: Random, ledger: Ledger): Promise<Endpoint> {
  return startEndpoint({
    users: [{ username: 'alice', password: PASSWORD }],
    settings: {
      service: { auth: { basic: true }, allowUnencrypted: true },
      winrs: { maxShellsPerUser: 200, maxProcessesPerShell: 100 },
    },
    classes: classes(ledger),
    script: script(random),
  })
}
