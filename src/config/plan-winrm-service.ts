import type { CallOptions } from '../operations/call-options.js'
import type { OperationRunner } from '../operations/operation.js'
import type { PlanStep } from './plan.js'
import { RemoteRegistry } from './registry.js'
import { textOf, wmiClass, WmiObjects } from './wmi-objects.js'

const WINRM = wmiClass('root/cimv2', 'Win32_Service', { Name: 'WinRM' })
const SERVICE_KEY = String.raw`SYSTEM\CurrentControlSet\Services\WinRM`

/** What the methods of Win32_Service return (Microsoft's pages on StartService and ChangeStartMode). */
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'the request is not supported',
  2: 'the account lacks the right',
  3: 'services that depend on it are running',
  5: 'the service does not take the request in its state',
  7: 'the service did not answer in time',
  8: 'it failed for an unknown reason',
  9: 'its program was not found',
  10: 'the service is running already',
  13: 'a service that it depends on was not found',
  14: 'the service is disabled',
  15: 'its account may not log on',
  21: 'a parameter is not valid',
}

/**
 * What it takes that the service starts by itself and runs. An automatic start stays as somebody chose it; one that is set
 * here is delayed, as `winrm quickconfig` sets it: WMI has no word for that, so it is written into the registry, which
 * Windows goes by when it starts.
 */
export async function planWinrmService(
  runner: OperationRunner,
  options: CallOptions,
): Promise<readonly PlanStep[]> {
  const service = await new WmiObjects(runner, options).get(WINRM)
  const mode = textOf(service.StartMode)
  const state = textOf(service.State)
  const invoke =
    (method: string, parameters = {}): PlanStep['run'] =>
    (bounds) =>
      new WmiObjects(runner, bounds).invoke(WINRM, method, parameters, MEANINGS)
  const automatic: PlanStep = {
    name: 'let the service WinRM start automatically',
    changes: [
      {
        path: 'winrmService.startMode',
        action: 'set',
        from: mode,
        to: 'Auto',
        description: 'The service WinRM starts with Windows.',
      },
    ],
    run: invoke('ChangeStartMode', { StartMode: 'Automatic' }),
  }
  const delayed: PlanStep = {
    name: 'delay the start of the service WinRM',
    changes: [
      {
        path: 'winrmService.delayedAutoStart',
        action: 'set',
        from: false,
        to: true,
        description: 'It starts a little after the other services, from the next start of Windows on.',
      },
    ],
    run: (bounds) => new RemoteRegistry(runner, bounds).setNumber(SERVICE_KEY, 'DelayedAutostart', 1),
  }
  const started: PlanStep = {
    name: 'start the service WinRM',
    changes: [
      {
        path: 'winrmService.state',
        action: 'set',
        from: state,
        to: 'Running',
        description: 'The service WinRM is started.',
      },
    ],
    run: invoke('StartService'),
  }
  return [...(mode === 'Auto' ? [] : [automatic, delayed]), ...(state === 'Running' ? [] : [started])]
}
