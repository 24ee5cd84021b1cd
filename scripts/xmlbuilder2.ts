/**
 * What the build makes one file of, in the place of xmlbuilder2: read from 160 files, as it is installed, it would take
 * longer to load than all the rest.
 */
export { create } from 'xmlbuilder2'
