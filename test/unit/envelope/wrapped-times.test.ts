import { expect, it } from 'vitest'
import { instanceTree, type Properties } from '../../../src/envelope/instance-encoder.js'
import { metadataOf } from '../../../src/envelope/instance.js'
import { writeXml } from '../../../src/xml/writer.js'
import { decodeElement, SERVICE_CLASS } from './decode.js'

it('what stands inside the element around a time is text, and does not change what that element is called', () => {
  const value = decodeElement(
    '<p:C><p:When><cim:Datetime>2015-<p:Odd>02</p:Odd><cim:Time/>-26</cim:Datetime></p:When></p:C>',
  ) as Properties
  expect(value).toEqual({ When: '2015-02-26' })
  expect(metadataOf(value)?.properties).toEqual({ When: { wrapper: 'Datetime' } })
  const again = decodeElement(writeXml(instanceTree('C', SERVICE_CLASS, value)))
  expect(again).toEqual(value)
})
