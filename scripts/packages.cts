/**
 * What the build puts in the place of the packages that the sources import. It is CommonJS in both formats, for two
 * reasons: what few programs need, or need later, is loaded when it is first used, without a promise; and modules that
 * import CommonJS have Node look for its exports first, which takes longer with these packages than loading them.
 * Each `require` is one that bundlers understand.
 */
type Saxes = typeof import('saxes')
type XmlBuilder = typeof import('xmlbuilder2')
type Iconv = typeof import('iconv-lite')

/** Returns what `new` then has made. */
function SaxesParser(
  ...args: ConstructorParameters<Saxes['SaxesParser']>
): InstanceType<Saxes['SaxesParser']> {
  return new (require('saxes') as Saxes).SaxesParser(...args)
}

function create(): ReturnType<XmlBuilder['create']> {
  return (require('xmlbuilder2') as XmlBuilder).create()
}

function getDecoder(...args: Parameters<Iconv['getDecoder']>): ReturnType<Iconv['getDecoder']> {
  return (require('iconv-lite') as Iconv).getDecoder(...args)
}

function encode(...args: Parameters<Iconv['encode']>): ReturnType<Iconv['encode']> {
  return (require('iconv-lite') as Iconv).encode(...args)
}

export = { SaxesParser, create, getDecoder, encode }
