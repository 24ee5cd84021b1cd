import type { EndpointClass, EndpointInstance } from '../../../../src/testing/types.js'

/** The instances a class has now. */
export async function listInstances(source: Pick<EndpointClass, 'instances'>): Promise<EndpointInstance[]> {
  const given = typeof source.instances === 'function' ? await source.instances() : source.instances
  const list: EndpointInstance[] = []
  for await (const instance of given ?? []) list.push(instance)
  return list
}

/** The properties that are not null: what the machine told. */
export function known(instance: EndpointInstance | undefined): EndpointInstance {
  return Object.fromEntries(Object.entries(instance ?? {}).filter(([, value]) => value !== null))
}
