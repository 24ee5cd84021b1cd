/** Loads both formats through both entries in one process and prints what the test compares. */
import { createRequire } from 'node:module'
import * as esm from 'wsman'
import * as esmTesting from 'wsman/testing'

const require = createRequire(import.meta.url)
const formats = {
  esm: { main: esm, testing: esmTesting },
  cjs: { main: require('wsman'), testing: require('wsman/testing') },
}

const isClass = (value) => typeof value === 'function' && value.toString().startsWith('class')

/** Thrown inside the testing entry, before anything listens. */
async function errorOfTesting({ testing }) {
  try {
    const endpoint = await testing.startEndpoint({ listeners: [{ transport: 'GOPHER' }] })
    await endpoint.close()
  } catch (error) {
    return error
  }
  throw new Error('startEndpoint accepted a transport that does not exist')
}

const report = { exports: {}, misnamed: [], errors: {}, faults: {} }
for (const [format, { main, testing }] of Object.entries(formats)) {
  report.exports[format] = { main: Object.keys(main).sort(), testing: Object.keys(testing).sort() }
  for (const [name, value] of Object.entries({ ...main, ...testing })) {
    if (isClass(value) && value.name !== name)
      report.misnamed.push(`${format} ${name} is called ${value.name}`)
  }
  const error = await errorOfTesting({ testing })
  const fault = new main.WsmanFault({
    faultCode: 'Receiver',
    reason: 'full',
    wsmanName: 'ERROR_WSMAN_QUOTA_MAX_SHELLS',
  })
  for (const [seenBy, { main: seen }] of Object.entries(formats)) {
    report.errors[`${format} seen by ${seenBy}`] = {
      code: error.code,
      sameClass: error.constructor === seen.UsageError,
      instance: error instanceof seen.UsageError,
      instanceOfBase: error instanceof seen.WsmanError,
      instanceOfOther: error instanceof seen.PolicyError,
      guarded: seen.isWsmanError(error),
      guardedAsFault: seen.isWsmanFault(error),
    }
    report.faults[`${format} seen by ${seenBy}`] = {
      instance: fault instanceof seen.WsmanFault,
      instanceOfBase: fault instanceof seen.WsmanError,
      guarded: seen.isWsmanError(fault),
      guardedAsFault: seen.isWsmanFault(fault),
      guardedByName: seen.isWsmanFault(fault, 'ERROR_WSMAN_QUOTA_MAX_SHELLS'),
      guardedByOtherName: seen.isWsmanFault(fault, 'ERROR_WSMAN_QUOTA_USER'),
    }
  }
}
console.log(JSON.stringify(report))
