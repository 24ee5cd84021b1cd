import type { Figures } from './measure.js'

const headOf = (yardstick: string): readonly string[] => [
  '',
  'CPU ms',
  `× ${yardstick}`,
  'of it starting',
  'ratio without',
  'peak MB',
  'wall ms',
  'responder CPU',
]

/** A table in Markdown. The first row is what the others are compared with. */
export function formatTable(figures: readonly Figures[]): string {
  const [first] = figures
  const head = headOf(first?.name ?? '')
  const rows = figures.map((entry) => [
    entry.name,
    entry.cpuMs.toFixed(0),
    ratio(entry.cpuMs, first?.cpuMs),
    entry.startMs.toFixed(0),
    ratio(entry.cpuMs - entry.startMs, first && first.cpuMs - first.startMs),
    entry.peakMb.toFixed(0),
    entry.wallMs.toFixed(0),
    entry.responderMs.toFixed(0),
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

const pad = (cell: string, width: number, left: boolean): string =>
  left ? cell.padEnd(width) : cell.padStart(width)

function ratio(value: number, unit: number | undefined): string {
  return unit === undefined || unit <= 0 ? '' : (value / unit).toFixed(2)
}
