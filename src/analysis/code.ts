/**
 * Leaves comments and what stands in strings out of a text, to search what is left for words. Where it is not sure how Python
 * would read the text (a quote in the braces of a format string, a string that is never closed), it says so. Knows nothing of
 * trees.
 */

/** Where something begins that may be left out, and what continues a line. */
const TELLING = /[#'"\\]/g;
/** The letters before a quote of a string that holds code, or that may be a keyword: `f`, `rb`, `if`. */
const FORMAT = /[ft]/i;

const NEWLINE = 10;
const RETURN = 13;
const DOUBLE = 34;
const HASH = 35;
const SINGLE = 39;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

/** A text without its comments and the contents of its strings that hold no code; `undefined` where that is not sure. */
export function codeOf(text: string): string | undefined {
  const kept: string[] = [];
  const strings = new Strings(text);
  let from = 0;
  let at = 0;
  for (;;) {
    TELLING.lastIndex = at;
    const match = TELLING.exec(text);
    if (!match) break;
    const { index } = match;
    const quote = text.charCodeAt(index);
    if (quote === HASH) {
      kept.push(text.slice(from, index));
      from = at = orEnd(text.indexOf('\n', index), text);
      continue;
    }
    if (quote === BACKSLASH) {
      at = index + (text.charCodeAt(index + 1) === RETURN ? 2 : 1);
      // A slip of the pen.
      if (text.charCodeAt(at) !== NEWLINE) return undefined;
      continue;
    }
    const isTriple = text.charCodeAt(index + 1) === quote && text.charCodeAt(index + 2) === quote;
    const width = isTriple ? 3 : 1;
    if (FORMAT.test(prefixOf(text, index))) {
      at = behindFormat(text, index + width, quote, width);
      if (at < 0) return undefined;
      continue;
    }
    const end = strings.endOf(index + width, quote, width);
    if (end < 0) return undefined;
    kept.push(text.slice(from, index + width));
    from = end;
    at = end + width;
  }
  kept.push(text.slice(from));
  return kept.join('');
}

/** The letters that stand directly before a quote. */
function prefixOf(text: string, quote: number): string {
  let at = quote;
  while (at > 0 && isLetter(text.charCodeAt(at - 1))) at--;
  return text.slice(at, quote);
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}

/** Finds the ends of strings, asked for in order of the text. */
class Strings {
  /** The first backslash and the first line end from where was looked last. */
  private backslash = -1;
  private newline = -1;

  constructor(private readonly text: string) {}

  /** Where the closing quotes of a string begin, or -1 where it is not closed. */
  endOf(from: number, quote: number, width: number): number {
    const { text } = this;
    const mark = quote === SINGLE ? "'" : '"';
    const end = text.indexOf(width === 1 ? mark : mark.repeat(3), from);
    if (end < 0) return -1;
    if (this.backslash < from) this.backslash = orEnd(text.indexOf('\\', from), text);
    if (this.newline < from) this.newline = orEnd(text.indexOf('\n', from), text);
    if (end < this.backslash && (width === 3 || end < this.newline)) return end;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) {
        at++;
        if (text.charCodeAt(at) === RETURN && text.charCodeAt(at + 1) === NEWLINE) at++;
      } else if (code === quote && closes(text, at, quote, width)) {
        return at;
      } else if (code === NEWLINE && width === 1) return -1;
    }
    return -1;
  }
}

function orEnd(found: number, text: string): number {
  return found < 0 ? text.length : found;
}

function closes(text: string, at: number, quote: number, width: number): boolean {
  return width === 1 || (text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote);
}

/** The place behind a format string, or -1 where it is not sure: quotes or comments that may be code's or the string's. */
function behindFormat(text: string, from: number, quote: number, width: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case BACKSLASH:
        at++;
        if (text.charCodeAt(at) === RETURN && text.charCodeAt(at + 1) === NEWLINE) at++;
        break;
      case NEWLINE:
        if (width === 1) return -1;
        break;
      case OPEN:
        if (depth === 0 && text.charCodeAt(at + 1) === OPEN) at++;
        else depth++;
        break;
      case CLOSE:
        if (depth > 0) depth--;
        else if (text.charCodeAt(at + 1) === CLOSE) at++;
        else return -1;
        break;
      case HASH:
        if (depth > 0) return -1;
        break;
      case SINGLE:
      case DOUBLE: {
        if (code === quote && closes(text, at, quote, width)) return depth === 0 ? at + width : -1;
        if (depth === 0) break;
        const end = text.indexOf(code === SINGLE ? "'" : '"', at + 1);
        const inside = text.slice(at + 1, end);
        if (end < 0 || inside === '' || /[\\\n'"{}]/.test(inside)) return -1;
        at = end;
        break;
      }
      default:
    }
  }
  return -1;
}
