/**
 * What a contender is told in the scenarios with shells.
 * @typedef {object} ShellTask
 * @property {number} port
 * @property {'run' | 'stream' | 'fleet'} task
 * @property {number} count commands in all
 * @property {number} parallel commands at the same time
 * @property {number} replies how many hold the output of one command
 * @property {readonly string[]} hosts of a fleet, one for each command
 */

export {}
