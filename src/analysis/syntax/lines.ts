/** Lines and columns of a text by offset. A line ends behind its `\n`; `\r` belongs to the line. */
import type { Span } from '../finding';

/** Row and column, both from 0, in UTF-16 code units: what tree-sitter calls a point. */
export interface Position {
  readonly row: number;
  readonly column: number;
}

/** The position of an offset. */
export function positionAt(text: string, offset: number): Position {
  let row = 0;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    row++;
    lineStart = at + 1;
  }
  return { row, column: offset - lineStart };
}

/** The line that holds an offset, without its line end. */
export function lineAround(text: string, offset: number): Span {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  let end = text.indexOf('\n', offset);
  if (end < 0) end = text.length;
  if (end > start && text.charCodeAt(end - 1) === 13) end--;
  return { start, end };
}

/** The white space at the start of the line that holds an offset. A form feed begins the counting anew, as Python has it. */
export function indentAt(text: string, offset: number): string {
  const { start, end } = lineAround(text, offset);
  let from = start;
  let at = start;
  for (; at < end && (text[at] === ' ' || text[at] === '\t' || text[at] === '\f'); at++) {
    if (text[at] === '\f') from = at + 1;
  }
  return text.slice(from, at);
}
