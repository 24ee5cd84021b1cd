import { flag, INT32, integer, type OtherDefault, type SettingTable } from './rows.js'

/** Current systems ship with quotas that are none. */
const RECORDED: readonly OtherDefault<number>[] = [
  { version: '3.0', value: INT32, source: 'recordings of current systems' },
]

/** winrm/config/winrs (MS-WSMV 2.2.4.42). */
export const WINRS_TABLE = {
  allowRemoteShellAccess: flag('AllowRemoteShellAccess', {
    default: true,
    about: 'Whether shells may be opened.',
    affects: 'Where it is off, the service refuses new shells with fault 2150859180.',
    source: 'MS-WSMV 2.2.4.42',
  }),
  idleTimeoutMs: integer('IdleTimeout', {
    default: { '1.1': 900_000, '2.0': 180_000, '3.0': 7_200_000 },
    otherDefaults: [{ version: '3.0', value: 180_000, source: 'MS-WSMV 2.2.4.42' }],
    min: 0,
    max: INT32,
    unit: 'ms',
    about: 'Idle time after which a shell is deleted; below 60000 it acts as 60000.',
    affects: 'Shells that ask for no idle time of their own, or for a longer one.',
    source: 'MS-WSMV 2.2.4.42, notes 27 and 28',
  }),
  maxConcurrentUsers: integer('MaxConcurrentUsers', {
    default: { '1.1': 5, '2.0': 5, '3.0': 10 },
    otherDefaults: RECORDED,
    min: 1,
    max: INT32,
    olderMax: { '1.1': 100, '2.0': 100 },
    about:
      'Users who may have shells at the same time. The specification allows 100 at most, current systems have more.',
    affects: 'The service refuses shells of further users.',
    source: 'MS-WSMV 2.2.4.42, note 26',
  }),
  maxShellRunTimeMs: integer('MaxShellRunTime', {
    default: { '1.1': 28_800_000, '2.0': INT32, '3.0': INT32 },
    otherDefaults: [
      { version: '2.0', value: 28_800_000, source: 'WinRM configuration page, MS-WSMV 2.2.4.42' },
    ],
    min: 0,
    max: INT32,
    unit: 'ms',
    readOnly: true,
    about: 'Longest time a command may run.',
    affects:
      'Shells that ask for no lifetime of their own. Since 2.0 a Put that changes it is refused with InternalError.',
    source: 'MS-WSMV 2.2.4.42, notes 29 and 30',
  }),
  maxProcessesPerShell: integer('MaxProcessesPerShell', {
    default: { '1.1': 5, '2.0': 15, '3.0': 25 },
    otherDefaults: RECORDED,
    min: 0,
    max: INT32,
    about: 'Processes one shell may start; 0 for no limit.',
    affects: 'The service refuses commands beyond it.',
    source: 'MS-WSMV 2.2.4.42, notes 31 and 32',
  }),
  maxMemoryPerShellMb: integer('MaxMemoryPerShellMB', {
    default: { '1.1': 80, '2.0': 150, '3.0': 1024 },
    otherDefaults: RECORDED,
    min: 0,
    max: INT32,
    unit: 'MB',
    about: 'Memory one shell and its processes may use; 0 for no limit.',
    affects: 'The service ends commands that allocate more; so does the embedded endpoint, on Linux.',
    source: 'MS-WSMV 2.2.4.42, note 33',
  }),
  maxShellsPerUser: integer('MaxShellsPerUser', {
    default: { '1.1': 2, '2.0': 5, '3.0': 30 },
    otherDefaults: RECORDED,
    min: 0,
    max: INT32,
    about: 'Shells one user may have open; 0 for no limit.',
    affects: 'The service refuses more with fault 2150859173.',
    source: 'MS-WSMV 2.2.4.42, note 34',
  }),
} as const satisfies SettingTable
