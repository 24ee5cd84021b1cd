import { group, integer } from './rows.js'

/** The ports of a side that names none itself (MS-WSMV 2.2.4.5 and 2.2.4.35). */
export const defaultPorts = (affects: string, source: string) =>
  group('DefaultPorts', {
    http: integer('HTTP', {
      default: { '1.1': 80, '2.0': 5985, '3.0': 5985 },
      min: 1,
      max: 65_535,
      about: 'TCP port over HTTP where none is named.',
      affects,
      source,
    }),
    https: integer('HTTPS', {
      default: { '1.1': 443, '2.0': 5986, '3.0': 5986 },
      min: 1,
      max: 65_535,
      about: 'TCP port over HTTPS where none is named.',
      affects,
      source,
    }),
  })
