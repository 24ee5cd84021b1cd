import { choice, flag, group, INT32, integer, text, UINT32, type DocumentTable } from './rows.js'

const PLUGIN = { attribute: true, source: 'MS-WSMV 2.2.4.22' } as const
const RESOURCE = { attribute: true, source: 'MS-WSMV 2.2.4.29' } as const
const SECURITY = { attribute: true, source: 'MS-WSMV 2.2.4.30' } as const
const CAPABILITY = { attribute: true, source: 'MS-WSMV 2.2.4.2' } as const
const PARAMETER = { attribute: true, source: 'MS-WSMV 2.2.4.21' } as const

const quota = (
  wire: string,
  limits: { default: number; min: number; max: number; unit?: 'ms' | 'MB' },
  about: string,
) =>
  integer(wire, {
    attribute: true,
    ...limits,
    about,
    affects: 'Operations that the plug-in serves.',
    source: 'MS-WSMV 2.2.4.23',
  })

/** Where all of its elements stand (MS-WSMV 2.2.4.22). */
export const PLUGIN_NAMESPACE = 'http://schemas.microsoft.com/wbem/wsman/1/config/PluginConfiguration'

/** One plug-in of winrm/config/plugin (MS-WSMV 2.2.4.22). All of it stands in attributes (MS-WSMV 4.2.4). */
export const PLUGIN_TABLE = {
  name: text('Name', {
    ...PLUGIN,
    key: true,
    default: '',
    about: 'Name of the plug-in, unique on the machine, of 2048 characters at most.',
    affects: 'How it is addressed. Key.',
  }),
  filename: text('Filename', {
    ...PLUGIN,
    default: '',
    about: 'File that holds it: `%systemroot%\\system32\\WsmWmiPl.dll`.',
    affects: 'The program that answers.',
  }),
  sdkVersion: integer('SDKVersion', {
    ...PLUGIN,
    default: 1,
    min: 1,
    max: 2,
    about: 'Version of the interface it is built for; 1 in the specification, 2 for what came with 3.0.',
    affects: 'How the service calls it.',
  }),
  xmlRenderingType: choice('XmlRenderingType', {
    ...PLUGIN,
    default: 'text',
    choices: ['text', 'XmlReader'],
    about: 'Form in which it gets messages.',
    affects: 'Nothing: the service takes XmlReader for text.',
  }),
  architecture: choice('Architecture', {
    ...PLUGIN,
    default: '64',
    choices: ['32', '64'],
    about: '32 or 64.',
    affects: 'The process that loads it.',
  }),
  useSharedProcess: flag('UseSharedProcess', {
    ...PLUGIN,
    default: false,
    about: 'Whether its shells share one process.',
    affects: 'Where shells run.',
  }),
  autoRestart: flag('AutoRestart', {
    ...PLUGIN,
    default: false,
    about: 'Whether it is loaded when the service starts, and not with the first request.',
    affects: 'When the plug-in runs.',
  }),
  processIdleTimeoutSec: integer('ProcessIdleTimeoutSec', {
    ...PLUGIN,
    default: 0,
    min: 0,
    max: 1_209_600,
    unit: 's',
    about: 'How long its process stays when its last shell is gone.',
    affects: 'When the process ends.',
  }),
  runAsUser: text('RunAsUser', {
    ...PLUGIN,
    default: '',
    about: 'Account that its operations run as, in place of the caller’s.',
    affects: 'The rights of operations.',
  }),
  runAsPassword: text('RunAsPassword', {
    ...PLUGIN,
    secret: true,
    default: '',
    about: 'Password of that account; is written and cannot be read.',
    affects: 'Whether the service can log the account on.',
  }),
  outputBufferingMode: choice('OutputBufferingMode', {
    ...PLUGIN,
    default: 'Block',
    choices: ['Block', 'Drop'],
    about: 'What becomes of the output of shells whose client is disconnected.',
    affects: 'Shells that can be disconnected.',
  }),
  enabled: flag('Enabled', {
    ...PLUGIN,
    default: true,
    about: 'Whether it answers. The specification has servers ignore it.',
    affects: 'Requests for its resources.',
  }),
  resources: {
    wire: 'Resources',
    item: 'Resource',
    items: {
      resourceUri: text('ResourceUri', {
        ...RESOURCE,
        default: '',
        about: 'Resource URI that it answers, or the beginning of one.',
        affects: 'Which requests it gets.',
      }),
      supportsOptions: flag('SupportsOptions', {
        ...RESOURCE,
        default: false,
        about: 'Whether it heeds OptionSet.',
        affects: 'Options of requests.',
      }),
      exactMatch: flag('ExactMatch', {
        ...RESOURCE,
        default: false,
        about: 'Whether the URI must be exactly this one.',
        affects: 'Which requests it gets.',
      }),
      security: {
        item: 'Security',
        items: {
          uri: text('Uri', {
            ...SECURITY,
            default: '',
            about: 'Resource URI that it guards, or the beginning of one.',
            affects: 'Which requests it is asked about.',
          }),
          exactMatch: flag('ExactMatch', {
            ...SECURITY,
            default: false,
            about: 'Whether the URI must be exactly this one.',
            affects: 'Which requests it is asked about.',
          }),
          sddl: text('Sddl', {
            ...SECURITY,
            default: '',
            about: 'Security descriptor.',
            affects: 'Who may read, write and execute.',
          }),
        },
      },
      capabilities: {
        item: 'Capability',
        items: {
          type: choice('Type', {
            ...CAPABILITY,
            default: 'Get',
            choices: [
              'Identify',
              'Get',
              'Put',
              'Create',
              'Delete',
              'Invoke',
              'Enumerate',
              'Subscribe',
              'Shell',
            ],
            about: 'Operation that it answers.',
            affects: 'Which requests it gets.',
          }),
          supportsFragment: flag('SupportsFragment', {
            ...CAPABILITY,
            default: false,
            about: 'Whether a part of a resource may be asked for.',
            affects: 'Requests with FragmentTransfer.',
          }),
          supportsFiltering: flag('SupportsFiltering', {
            ...CAPABILITY,
            default: false,
            about: 'Whether it filters.',
            affects: 'Requests with a filter.',
          }),
        },
      },
    },
  },
  initializationParameters: {
    wire: 'InitializationParameters',
    item: 'Param',
    items: {
      name: text('Name', { ...PARAMETER, default: '', about: 'Name.', affects: 'The plug-in.' }),
      value: text('Value', { ...PARAMETER, default: '', about: 'Value.', affects: 'The plug-in.' }),
    },
  },
  quotas: group('Quotas', {
    maxConcurrentUsers: quota(
      'MaxConcurrentUsers',
      { default: 5, min: 1, max: INT32 },
      'Users at the same time; the specification allows 100 at most.',
    ),
    maxConcurrentOperationsPerUser: quota(
      'MaxConcurrentOperationsPerUser',
      { default: 15, min: 1, max: UINT32 },
      'Operations of one user at the same time.',
    ),
    maxConcurrentOperations: quota(
      'MaxConcurrentOperations',
      { default: 1500, min: 1, max: UINT32 },
      'Operations at the same time.',
    ),
    maxMemoryPerShellMb: quota(
      'MaxMemoryPerShellMB',
      { default: 1024, min: 0, max: INT32, unit: 'MB' },
      'Memory of one shell; 0 for no limit.',
    ),
    maxIdleTimeoutMs: quota(
      'MaxIdleTimeoutms',
      { default: 180_000, min: 60_000, max: INT32, unit: 'ms' },
      'Longest idle time a shell may ask for.',
    ),
    idleTimeoutMs: quota(
      'IdleTimeoutms',
      { default: 180_000, min: 60_000, max: INT32, unit: 'ms' },
      'Idle time after which a shell is deleted.',
    ),
    maxProcessesPerShell: quota(
      'MaxProcessesPerShell',
      { default: 15, min: 0, max: INT32 },
      'Processes of one shell; 0 for no limit.',
    ),
    maxConcurrentCommandsPerShell: quota(
      'MaxConcurrentCommandsPerShell',
      { default: 15, min: 1, max: INT32 },
      'Commands of one shell at the same time.',
    ),
    maxShells: quota('MaxShells', { default: 25, min: 1, max: INT32 }, 'Shells of all users together.'),
    maxShellsPerUser: quota('MaxShellsPerUser', { default: 5, min: 1, max: INT32 }, 'Shells of one user.'),
  }),
} as const satisfies DocumentTable
