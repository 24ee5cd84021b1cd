import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { hasPythonModule, systemPython } from '../../support/shared.js'
import { IDENTIFY_RESPONSE, Program } from './program.js'

/** Whether the system's Python has httpbin. */
export function hasHttpbin(): boolean {
  return hasPythonModule('httpbin')
}

/** What httpbin does for GET, done for POST; the checking is its own. */
const SERVER = `
import json, logging, re, sys
from flask import Response, request
from httpbin.core import app
from httpbin.helpers import check_digest_auth, digest_challenge_response

spec = json.loads(sys.argv[1])
logging.getLogger('werkzeug').disabled = True

@app.route('/wsman', methods=['POST'])
def wsman():
    if not check_digest_auth(spec['username'], spec['password']):
        qop = spec['qop']
        challenge = digest_challenge_response(app, qop if qop.startswith('auth') else None, spec['algorithm'])
        if qop == 'none':
            header = challenge.headers['WWW-Authenticate']
            challenge.headers['WWW-Authenticate'] = re.sub(', qop="[^"]*"', '', header)
        return challenge
    return Response(spec['reply'], mimetype='application/soap+xml')

app.run(host='127.0.0.1', port=spec['port'])
`

export interface HttpbinOptions {
  readonly username: string
  readonly password: string
  /** `none` is the form of RFC 2069. */
  readonly qop: 'auth' | 'auth-int' | 'both' | 'none'
  readonly algorithm: 'MD5' | 'SHA-256'
}

/** httpbin's Digest in front of an answer to Identify, at /wsman. It ends each connection with its reply. */
export function startHttpbin(options: HttpbinOptions): Promise<Program> {
  return Program.start(async (folder, port) => {
    const script = path.join(folder, 'server.py')
    await writeFile(script, SERVER)
    return {
      command: systemPython,
      args: [script, JSON.stringify({ ...options, port, reply: IDENTIFY_RESPONSE })],
    }
  })
}
