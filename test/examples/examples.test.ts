import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../support/project.js'

const run = promisify(execFile)

/** What each example must have printed, on whatever machine it runs. */
const EXPECTED: Readonly<Record<string, readonly RegExp[]>> = {
  'demo.ts': [
    /It listens on http:\/\/127\.0\.0\.1:\d+\/wsman/,
    /Stack: 3\.0/,
    /MaxEnvelopeSizekb 500 MaxTimeoutms 60000/,
    /Listener IP:127\.0\.0\.1 HTTP on port \d+/,
    /^ +\d+ +\d+ MB \S+/m,
    /stdout: line 1\n {3}stdout: line 2\n {3}stdout: line 3/,
    /stderr: and one for stderr/,
    /Exit code 3 after \d+ ms/,
    /WsmanFault: .*Win32_Nonsense/,
    /wsmanCode 2150858752, ERROR_WSMAN_RESOURCE_NOT_FOUND/,
    /Hint: \S/,
  ],
  'configure.ts': [
    /takes 300 connections \(local\)$/m,
    /^ {2}service\.maxConnections: 300 → 100$/m,
    /^ {2}winrs\.idleTimeoutMs: 7200000 → 3600000$/m,
    /^1\/2 change winrs: started\n1\/2 change winrs: done\n2\/2 change service: started\n2\/2 change service: done$/m,
    /^It is as it should be\.$/m,
    /^No other machine could reach the service\. This connection would be cut off\.$/m,
    /^A script for hosts that do not answer yet has \d+ lines\.$/m,
  ],
  'diagnose.ts': [
    /^✔ name resolution {2}127\.0\.0\.1 is an address/m,
    /^✔ schemes offered {2}Negotiate\. \(\d+ ms\)$/m,
    /^✔ authentication {3}Accepted as .*demo by NTLM\./m,
    /^– channel binding /m,
    /^✔ shell {12}A shell was opened and deleted\./m,
    /^Nothing is in the way\.$/m,
  ],
  'identify.ts': [
    /is wsman project/,
    /offers http:\/\/schemas\.dmtf\.org\/wbem\/wsman\/1\/wsman\/secprofile\/http\/spnego-kerberos/,
  ],
  'read-config.ts': [/"MaxEnvelopeSizekb": "500"/, /"CbtHardeningLevel": "Relaxed"/, /HTTP/],
  'list-services.ts': [/\d+ services are running\./],
  'run-command.ts': [/^apple, fig, pear$/m, /^check: The command ended with exit code 7\.$/m],
  'live-output.ts': [/^stdout: one\nstdout: two\nexit code 0$/m, /^first line: y$/m],
  'cancel.ts': [/^AbortError: remote side stopped$/m],
  'ipmi-sensors.ts': [
    /^SENSOR +READING +STATE$/m,
    /^CPU1 Temp\(1\.0\.32\) +47\.5 °C +OK$/m,
    /^Exhaust Temp\(3\.0\.32\) +58\.0 °C +at or above upper non-critical threshold {2}\(55\.0 °C\)$/m,
    /^CPU1 VCore\(4\.0\.32\) +1\.020 V +OK$/m,
    /^Fan1\(6\.0\.32\) +5800 RPM +OK$/m,
    /^PSU2 Power\(10\.0\.32\) +– +N\/A$/m,
    /^PSU1 Status\(11\.0\.32\) +– +Presence detected$/m,
    /^1 of 12 sensors needs attention\.$/m,
  ],
  'inventory.ts': [
    /^127\.0\.0\.1: \S/m,
    /^ {2}system {4}\S.*, \d+ processors?, \d+\.\d GiB$/m,
    /^ {2}running {3}since \d{4}-\d\d-\d\dT/m,
    /^ {2}disk {6}\S+ +\d+\.\d of \d+\.\d GiB free$/m,
    /^ {2}services {2}\d+ running/m,
    /^1 of 1 hosts answered\.$/m,
  ],
  'generate-interfaces.ts': [
    /^import type \{ CimDateTime, CimInterval \} from 'wsman'$/m,
    /^export interface Win32_OperatingSystem \{$/m,
    /^ {2}FreePhysicalMemory: bigint \| null$/m,
    /^ {2}MUILanguages: string\[\] \| null$/m,
    /^export interface Win32_Process_GetOwner_Output \{\n {2}ReturnValue: number\n {2}User: string \| null\n/m,
  ],
  'own-endpoint.ts': [/^cellar has printed 7 pages$/m, /^the endpoint saw 1 request$/m],
}

const examples = readdirSync(join(projectRoot, 'examples')).filter((name) => name !== 'connect.ts')

describe('the examples', () => {
  it('are all expected to print something', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(examples.sort())
  })

  it.each(examples)('%s runs and prints what it should', async (name) => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', join('examples', name)], {
      cwd: projectRoot,
    })
    const plain = stdout.replaceAll(/\u001B\[\d+m/g, '')
    for (const pattern of EXPECTED[name] ?? []) expect(plain).toMatch(pattern)
  })
})
