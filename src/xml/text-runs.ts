/** From this length on a stretch of text is worth looking for. */
const LONG = 512

/** A stretch without `<`, from behind a `>` where one comes before it. */
export interface TextRun {
  readonly from: number
  readonly to: number
}

/**
 * Finds the next long stretch of text, or a shorter one that the piece of a document ends in, because it may go on in
 * the next piece. Looks at few characters where there is none, so that documents of many short elements pay nothing.
 *
 * @param start where `text` has been dealt with up to
 */
export function nextTextRun(text: string, start: number): TextRun | undefined {
  for (let probe = start; probe < text.length; probe += LONG) {
    const next = text.indexOf('<', probe)
    if (next >= 0 && next - probe < LONG) continue
    const to = next < 0 ? text.length : next
    // The probe before this one met a tag, so that it is not far back.
    const from = probe === start ? start : behindTag(text, text.lastIndexOf('<', probe), to)
    if (from !== undefined) return { from, to }
    probe = to
  }
  return tail(text, start)
}

function tail(text: string, start: number): TextRun | undefined {
  const from = behindTag(text, text.lastIndexOf('<'), text.length)
  return from === undefined || from <= start ? undefined : { from, to: text.length }
}

/** Where the tag that opens at `open` has ended; undefined where nothing is left then before `limit`. */
function behindTag(text: string, open: number, limit: number): number | undefined {
  const close = open < 0 ? -1 : text.indexOf('>', open)
  return close < 0 || close + 1 >= limit ? undefined : close + 1
}
