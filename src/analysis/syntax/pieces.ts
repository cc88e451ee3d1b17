/**
 * Where the statements of a module begin that stand at its top level, found without parsing: each can be read by itself.
 * Strings, brackets and continued lines are passed over. A definition or the like that begins a line ends every bracket
 * that is still open before it, as the brackets of valid Python end before one: so a line that is being typed spoils its
 * own statement only. The same for the statements of a body. Says nothing of what the statements are.
 */

/** Characters that decide something; all others are passed over at once. */
const TELLING = /[#'"()[\]{}\\\n]/g;
/** What continues the statement above it. */
const CLAUSE = /(?:else|elif|except|finally)\b/y;
/** What begins no line in a bracket, of code that is laid out as usual. */
const DEFINITION = /(?:def|class|async[ \t]+def|@|import|from|return|with|try)\b|@/y;
/** What can stand in no bracket. */
const STATEMENT = /(?:def|class|async[ \t]+def|import|return|with|try)\b/y;
/** What begins no statement: white space, a comment, a line end (a continued one too), a closing bracket, what stands between other things. */
const NO_START = /[\s#)\]}:,=;\\\uFEFF\u2060\u200B]/;

/** What decides in a string of three quotes, and in one of one. */
const DOUBLE = [/"""|\\/g, /["\\\n]/g] as const;
const SINGLE = [/'''|\\/g, /['\\\n]/g] as const;

/** What begins no node and is no comment: white space, lines that are continued before anything stands in them. */
const LEAD = /^(?:[\s\uFEFF\u2060\u200B]|\\\r?\n)*/;

/** How far behind its start a change can still make a statement a part of the one above, or no longer. */
export const FIRST_WORD = 16;

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const AT = 64;

/**
 * Tells the starts of top-level statements, in order, from one of them on.
 * @param from a start that is known, or 0
 * @param visit is given each start behind `from`; true ends the search
 * @param isInside of the statements in the body of the one that begins at `from` instead: all that are indented as the
 * first of them is, each by the start of its line; -1 where one is indented less, which is no Python
 */
export function findStarts(text: string, from: number, visit: (start: number) => boolean, isInside = false): void {
  let depth = 0;
  let at = from;
  let isDecorated = !isInside && text.charCodeAt(from) === AT;
  let indent = isInside ? -1 : 0;
  const around = widthOf(text, from);
  for (;;) {
    // To the end of the line, and of what goes on behind it.
    TELLING.lastIndex = at;
    if (!TELLING.test(text)) return;
    at = TELLING.lastIndex;
    switch (text[at - 1]) {
      case '#': {
        const end = text.indexOf('\n', at);
        if (end < 0) return;
        at = end;
        continue;
      }
      case "'":
      case '"':
        at = behindString(text, at - 1);
        continue;
      case '(':
      case '[':
      case '{':
        depth++;
        continue;
      case ')':
      case ']':
      case '}':
        if (depth > 0) depth--;
        continue;
      case '\\':
        // A continued line, or a slip of the pen.
        if (text.charCodeAt(at) === 13) at++;
        if (text.charCodeAt(at) === NEWLINE) at++;
        continue;
      default:
    }
    const line = at;
    const width = widthOf(text, at);
    while (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB) at++;
    if (width > 0 && depth === 0 && indent === 0) continue;
    if (at >= text.length || NO_START.test(text[at] ?? '')) continue;
    if (depth > 0) {
      // A bracket in the quotes of a nested string (3.12) is none: what is indented less may be the clause that it seems to be.
      if (width < indent && isAt(CLAUSE, text, at) && visit(-1)) return;
      if (!isAt(width === 0 ? DEFINITION : STATEMENT, text, at)) continue;
      depth = 0;
    }
    if (indent < 0) {
      if (width <= around) continue;
      indent = width;
    }
    if (width < indent && visit(-1)) return;
    if (width !== indent || isAt(CLAUSE, text, at)) continue;
    const isStart = !isDecorated;
    isDecorated = text.charCodeAt(at) === AT;
    if (isStart && visit(line)) return;
  }
}

/** Whether a sticky pattern fits at a place. */
function isAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Where a module begins: with its first statement or comment. The grammar's own answer differs where a continued line leads. */
export function moduleStart(text: string): number {
  return LEAD.exec(text)?.[0].length ?? 0;
}

/** How far a line is indented, as the grammar counts. */
function widthOf(text: string, line: number): number {
  let width = 0;
  for (let at = line, code = text.charCodeAt(at); code === SPACE || code === TAB; code = text.charCodeAt(++at)) {
    width += code === SPACE ? 1 : 8;
  }
  return width;
}

/** The place behind a string that begins at a quote; at the line's end where it is never closed. */
function behindString(text: string, open: number): number {
  const quote = text[open] ?? '';
  const isTriple = text.startsWith(quote + quote, open + 1);
  const [ending, inLine] = quote === '"' ? DOUBLE : SINGLE;
  const telling = isTriple ? ending : inLine;
  telling.lastIndex = open + (isTriple ? 3 : 1);
  while (telling.test(text)) {
    const behind = telling.lastIndex;
    const last = text[behind - 1];
    if (last === '\n') return behind - 1;
    if (last === quote) return behind;
    // What stands behind a backslash tells nothing.
    telling.lastIndex = behind + 1;
  }
  return text.length;
}

/** All starts of a text: 0, whatever stands there, and every further one. */
export function allStarts(text: string): number[] {
  const starts = [0];
  findStarts(text, 0, (start) => {
    starts.push(start);
    return false;
  });
  return starts;
}
