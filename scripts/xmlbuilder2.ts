/**
 * What the build makes one file of, in the place of xmlbuilder2: read from 160 files, as it is installed, it would take
 * longer to load than all the rest. `xmlbuilder2-parts.ts` names what is left out of it.
 */
export { create } from 'xmlbuilder2'
