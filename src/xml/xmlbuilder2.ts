/**
 * What is used of xmlbuilder2. The build makes one file of this module and all that it loads: read from 160 files, as
 * it is installed, it would take longer to start than everything else together.
 */
export { create } from 'xmlbuilder2'
