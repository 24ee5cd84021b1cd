import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Contender, Parameters, Report, Scenario } from './bench.js'

/** Runs a contender to its end. */
export async function runContender(contender: Contender, parameters: Parameters): Promise<Report> {
  const { name, command, environment } = contender
  const [program = '', ...args] = command
  const all = JSON.stringify({ ...parameters, ...contender.parameters })
  const child = spawn(program, [...args, all], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${name} failed with ${all}:\n${errors || output}`)
  return JSON.parse(output) as Report
}

/** What a responder is asked, and answers. */
interface Usage {
  readonly cpuMs: number
}

/** The process that answers the contenders of a scenario. */
export class Responder {
  readonly #child: ChildProcess
  /** What it tells the contenders: its port, and how much there is to get. */
  readonly told: Parameters

  private constructor(child: ChildProcess, told: Parameters) {
    this.#child = child
    this.told = told
  }

  static async start({ file, parameters }: Scenario['responder']): Promise<Responder> {
    const script = fileURLToPath(new URL(`../responders/${file}`, import.meta.url))
    // Without the loader that this process runs under.
    const child = fork(script, [JSON.stringify(parameters)], { execArgv: [] })
    const [told] = (await once(child, 'message')) as [Parameters]
    return new Responder(child, told)
  }

  /** CPU time it has taken so far, in milliseconds. */
  async cpuMs(): Promise<number> {
    const answer = once(this.#child, 'message')
    this.#child.send('usage')
    const [{ cpuMs }] = (await answer) as [Usage]
    return cpuMs
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}
