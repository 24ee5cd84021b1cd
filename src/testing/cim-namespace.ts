const DEFAULT_NAMESPACE = 'root/cimv2'

/** `root\cimv2` and `/root/cimv2/` are `root/cimv2`. */
export function normalize(namespace: string = DEFAULT_NAMESPACE): string {
  return namespace.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '')
}
