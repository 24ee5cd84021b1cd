/**
 * What a contender is told in the scenarios with an enumeration.
 * @typedef {object} EnumerationTask
 * @property {number} port
 * @property {number} pages replies that hold all items
 * @property {number} pageItems items in each
 * @property {'items' | 'pages'} [by] how the items are taken
 */

export {}
