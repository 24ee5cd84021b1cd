import { element } from '../../xml/writer.js'
import { schemaValidation } from '../faults.js'
import type { EndpointReply, EndpointRequest } from '../message.js'

/** The method that gives a part of the configuration its defaults again: `winrm invoke Restore winrm/config @{}`. */
export function isRestore({ action, body }: EndpointRequest, uri: string): boolean {
  if (action.toLowerCase() !== `${uri}/restore`.toLowerCase()) return false
  const [input] = body
  const isInput = input?.name.local === 'Restore_INPUT' && input.elements.length === 0
  if (body.length === 1 && isInput && input.name.namespace.toLowerCase() === uri.toLowerCase()) return true
  throw schemaValidation(
    `Restore takes one element Restore_INPUT in the namespace ${uri}, without parameters.`,
  )
}

export const restored = (uri: string): EndpointReply => ({
  action: `${uri}/RestoreResponse`,
  body: [{ ...element(uri, 'Restore_OUTPUT', []), prefix: 'cfg' }],
})
