/**
 * Offsets of a text as lines and columns, as the command line reports them: both from 1, columns in code points, as
 * Python's own `ast` does for characters. A line ends with LF, CRLF or CR; a form feed is a character like any other.
 */
import type { Span } from '../../analysis/finding';

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Region {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Where the lines of a text begin. Made once for a text, asked often. */
export class Lines {
  private readonly starts: number[] = [0];

  constructor(readonly text: string) {
    const hasCr = text.includes('\r');
    for (let at = text.indexOf('\n'); at >= 0 && !hasCr; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
    if (hasCr) for (const end of text.matchAll(/\r\n|\r|\n/g)) this.starts.push(end.index + end[0].length);
  }

  get count(): number {
    return this.starts.length;
  }

  /** The line, from 1, that holds an offset. */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  position(offset: number): Position {
    const line = this.lineAt(offset);
    return { line, column: codePoints(this.text.slice(this.starts[line - 1], offset)) + 1 };
  }

  region(span: Span): Region {
    const start = this.position(span.start);
    const end = this.position(span.end);
    return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
  }

  /** A line's text without its end; '' beyond the last one. @param line from 1 */
  textOf(line: number): string {
    const start = this.starts[line - 1];
    if (start === undefined) return '';
    return this.text.slice(start, this.starts[line] ?? this.text.length).replace(/(\r\n|\r|\n)$/, '');
  }

  /** The offset at which a line begins. @param line from 1 */
  startOf(line: number): number {
    return this.starts[line - 1] ?? this.text.length;
  }
}

/** How many code points a text has. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}
