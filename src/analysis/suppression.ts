/**
 * Suppression comments: `# noqa`, `# noqa: LOOP101, LOOP2`, and for a whole file `# loopscope: noqa` with or without
 * codes. Takes away the findings that they name and reports, as LOOP900, those of our codes that suppress nothing.
 * Finds no comments itself: the parser knows what is a comment and what is a string.
 */
import type { Finding, Fix, Span } from './finding';
import type { AnalysisSettings } from './settings';
import { isEnabled, severityOf } from './settings';

/** The code of a suppression that suppresses nothing. */
export const UNUSED_SUPPRESSION = 'LOOP900';

/** A code in a suppression comment, where it stands. */
interface NamedCode {
  readonly code: string;
  readonly span: Span;
}

/** One suppression comment. */
export interface Suppression {
  /** From its `#` to the end of its last code; not the words that may follow. */
  readonly span: Span;
  /** The whole comment that it is a part of. */
  readonly comment: Span;
  readonly scope: 'line' | 'file';
  /** All codes of whatever tool, or null where it names none and so suppresses all. */
  readonly codes: readonly NamedCode[] | null;
}

const MARKER = /#\s*(?:(loopscope)\s*:\s*)?noqa\b(?:(\s*:\s*))?/gi;
/** Whether a text can hold a marker at all: most hold none. */
const ANY = /noqa/i;
/**
 * One code of a list, also one of ours that is misspelt, with what parts it from the next; not the word loop in what is said
 * behind the codes. Sticky: the list ends where this does not match.
 */
const LISTED = /(LOOP[A-Z]*[0-9]\w*|[A-Z]+[0-9]+|LOOP(?=\s*(?:[,#]|$)))(?![A-Z0-9])[\s,]*/iy;

/**
 * Reads the suppressions of a file.
 * @param comments the spans of its comments, from `#` to the end of the line, in order
 */
export function parseSuppressions(text: string, comments: readonly Span[]): Suppression[] {
  const found: Suppression[] = [];
  if (!ANY.test(text)) return found;
  for (const whole of comments) {
    const source = text.slice(whole.start, whole.end).trimEnd();
    const comment = { start: whole.start, end: whole.start + source.length };
    for (const match of source.matchAll(MARKER)) {
      const start = comment.start + match.index;
      const scope = match[1] === undefined ? 'line' : 'file';
      if (scope === 'file' && !standsAlone(text, comment.start)) continue;
      if (match[2] === undefined) {
        found.push({ span: { start, end: start + match[0].trimEnd().length }, comment, scope, codes: null });
        continue;
      }
      const codes = listedCodes(source, match.index + match[0].length, comment.start);
      const last = codes.at(-1);
      // A colon without codes is a slip of the pen: taking it for "all" would hide more than its author meant.
      if (last) found.push({ span: { start, end: last.span.end }, comment, scope, codes });
    }
  }
  return found;
}

/** The codes that stand in a comment from an index on. */
function listedCodes(source: string, from: number, base: number): NamedCode[] {
  const codes: NamedCode[] = [];
  LISTED.lastIndex = from;
  for (let match = LISTED.exec(source); match; match = LISTED.exec(source)) {
    const code = match[1] ?? '';
    codes.push({
      code: code.toUpperCase(),
      span: { start: base + match.index, end: base + match.index + code.length },
    });
  }
  return codes;
}

/** Whether nothing but white space stands before this offset on its line. */
function standsAlone(text: string, offset: number): boolean {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return text.slice(lineStart, offset).trim() === '';
}

export interface SuppressionInput {
  readonly text: string;
  /** The comments of the text, in order. */
  readonly comments: readonly Span[];
  readonly findings: readonly Finding[];
  readonly settings: AnalysisSettings;
  /** Whether the whole text was understood. Where it was not, nothing is called unused: its finding may only be hidden. */
  readonly complete: boolean;
  /** Every code that a rule has. */
  readonly knownCodes: ReadonlySet<string>;
  /**
   * The span of the simple statement, or of the header of the compound statement, that holds an offset: a comment at the
   * end of a statement of several lines suppresses what begins on any of them. Without it, only the finding's own lines count.
   */
  readonly statementAt?: (offset: number) => Span;
}

/** The findings that are left, and LOOP900 for what suppressed nothing, in the order of the text. */
export function applySuppressions(input: SuppressionInput): Finding[] {
  const { text, findings, settings } = input;
  const suppressions = parseSuppressions(text, input.comments);
  if (suppressions.length === 0) return [...findings];
  const lines = new LineTable(text);
  const byLine = new Map<number, Suppression[]>();
  const wholeFile: Suppression[] = [];
  for (const suppression of suppressions) {
    if (suppression.scope === 'file') wholeFile.push(suppression);
    else pushTo(byLine, lines.lineOf(suppression.span.start), suppression);
  }
  const used = new Set<NamedCode>();
  const isSuppressed = (finding: Finding): boolean => {
    const here = [...wholeFile];
    for (const line of linesOf(finding, lines, input.statementAt)) here.push(...(byLine.get(line) ?? []));
    let suppressed = false;
    for (const suppression of here) {
      if (suppression.codes === null) suppressed = true;
      for (const named of suppression.codes ?? []) {
        if (!finding.code.startsWith(named.code)) continue;
        suppressed = true;
        used.add(named);
      }
    }
    return suppressed;
  };
  const kept = findings.filter((finding) => !isSuppressed(finding));
  if (!input.complete || !isEnabled(settings, UNUSED_SUPPRESSION)) return kept;
  const unused = suppressions.flatMap((suppression) => unusedFindings(suppression, used, input));
  return [...kept, ...unused.filter((finding) => !isSuppressed(finding))].sort(
    (a, b) => a.span.start - b.span.start || compare(a.code, b.code),
  );
}

/** The lines whose comments count for a finding: its first and last one, and those of its statement. */
function linesOf(finding: Finding, lines: LineTable, statementAt: SuppressionInput['statementAt']): Set<number> {
  const first = lines.lineOf(finding.span.start);
  const found = new Set([first, lines.lineOf(Math.max(finding.span.start, finding.span.end - 1))]);
  if (statementAt) {
    const statement = statementAt(finding.span.start);
    const last = lines.lineOf(Math.max(statement.start, statement.end - 1));
    for (let line = lines.lineOf(statement.start); line <= last; line++) found.add(line);
  }
  return found;
}

/** One LOOP900 for each of our codes in this comment that suppressed nothing, though its rule is on. */
function unusedFindings(suppression: Suppression, used: ReadonlySet<NamedCode>, input: SuppressionInput): Finding[] {
  const { settings, knownCodes } = input;
  const codes = suppression.codes ?? [];
  const idle = codes.filter((named) => {
    if (!named.code.startsWith('LOOP') || named.code === UNUSED_SUPPRESSION || used.has(named)) return false;
    const meant = [...knownCodes].filter((code) => code.startsWith(named.code));
    return meant.length === 0 || meant.some((code) => isEnabled(settings, code));
  });
  return idle.map((named) => {
    const isKnown = [...knownCodes].some((code) => code.startsWith(named.code));
    return {
      code: UNUSED_SUPPRESSION,
      severity: severityOf(settings, UNUSED_SUPPRESSION, 'info'),
      message: isKnown
        ? `This noqa suppresses nothing: there is no ${named.code} ${suppression.scope === 'file' ? 'in this file' : 'on this line'}. Remove it.`
        : `This noqa suppresses nothing: there is no rule ${named.code}. Remove it.`,
      span: named.span,
      related: [],
      fixes: [removal(input.text, suppression, codes, idle, named)],
      tags: ['unnecessary' as const],
    };
  });
}

/** Takes one code out of the comment, or, where it is the only one left that is of use, the comment itself. */
function removal(
  text: string,
  suppression: Suppression,
  codes: readonly NamedCode[],
  idle: readonly NamedCode[],
  named: NamedCode,
): Fix {
  const title = `Remove the unused suppression of ${named.code}`;
  if (idle.length === codes.length) {
    return { title, safe: true, edits: [{ span: withSpaceAround(text, suppression), newText: '' }] };
  }
  // Several idle codes of one comment each take their own separator along, so that fixing all of them at once does not overlap.
  const at = codes.indexOf(named);
  const next = codes[at + 1];
  const previous = codes.slice(0, at).findLast((code) => !idle.includes(code));
  const isTail = codes.slice(at).every((code) => idle.includes(code));
  if (isTail && previous) {
    const start = at > 0 ? (codes[at - 1]?.span.end ?? named.span.start) : named.span.start;
    return { title, safe: true, edits: [{ span: { start, end: named.span.end }, newText: '' }] };
  }
  return {
    title,
    safe: true,
    edits: [{ span: { start: named.span.start, end: next?.span.start ?? named.span.end }, newText: '' }],
  };
}

/** The suppression with the white space before it; with its whole line where nothing else stands on it. */
function withSpaceAround(text: string, suppression: Suppression): Span {
  const { start, end } = suppression.span;
  const isWhole = start === suppression.comment.start && text.slice(end, suppression.comment.end).trim() === '';
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (isWhole && text.slice(lineStart, start).trim() === '') {
    const lineEnd = text.indexOf('\n', end);
    return { start: lineStart, end: lineEnd < 0 ? text.length : lineEnd + 1 };
  }
  if (isWhole || start > suppression.comment.start) {
    let from = start;
    while (from > lineStart && /[ \t]/.test(text[from - 1] ?? '')) from--;
    return { start: from, end: isWhole ? suppression.comment.end : end };
  }
  // Words follow: they stay a comment of their own, so its `#` stays too, unless they are one already.
  const rest = text.slice(end, suppression.comment.end);
  const space = rest.length - rest.trimStart().length;
  return rest.trimStart().startsWith('#') ? { start, end: end + space } : { start: start + 1, end };
}

/** Lines of a text by offset. */
class LineTable {
  private readonly starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  /** The line, from 0, that holds an offset. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
