/** Edits that add a suppression comment for a finding. Pure: whether a comment has its effect is asked of the analysis. */
import type { Finding, TextEdit } from '../../analysis/finding';
import { parseSuppressions } from '../../analysis/suppression';
import { applyEdits } from '../fixes';
import { Lines } from '../text/lines';

type Analyse = (text: string) => readonly Finding[];

/**
 * `# noqa: CODE` at the end of the finding's first or last line, or the code put into the noqa that stands there.
 * undefined where neither line takes a comment: it ends within a string, or with a backslash.
 */
export function suppressOnLine(text: string, finding: Finding, analyse: Analyse): TextEdit | undefined {
  const lines = new Lines(text);
  const first = lines.lineAt(finding.span.start);
  const last = lines.lineAt(Math.max(finding.span.start, finding.span.end - 1));
  for (const line of new Set([first, last])) {
    const edit = commentEdit(lines, line, finding.code);
    const after = analyse(applyEdits(text, [edit]));
    const isGone = !after.some((other) => other.code === finding.code && other.span.start === finding.span.start);
    if (isGone && after.length < analyse(text).length) return edit;
  }
  return undefined;
}

/** The edit that puts a code into a line's noqa, or a noqa behind the line. */
function commentEdit(lines: Lines, line: number, code: string): TextEdit {
  const source = lines.textOf(line);
  const start = lines.startOf(line);
  const hash = source.indexOf('#');
  // What only looks like a comment, in a string, suppresses nothing: `suppressOnLine` finds that out.
  const comments = hash < 0 ? [] : [{ start: hash, end: source.length }];
  const listed = parseSuppressions(source, comments).findLast(({ scope, codes }) => scope === 'line' && codes !== null);
  if (listed) {
    const at = start + listed.span.end;
    return { span: { start: at, end: at }, newText: `, ${code}` };
  }
  const end = start + source.trimEnd().length;
  return { span: { start: end, end: start + source.length }, newText: `  # noqa: ${code}` };
}

/** `# loopscope: noqa: CODE` on a line of its own, below a `#!` and a coding line. */
export function suppressInFile(text: string, code: string): TextEdit {
  const lines = new Lines(text);
  let line = 1;
  while (line <= 2 && /^#(!|.*coding[:=])/.test(lines.textOf(line))) line++;
  const at = lines.startOf(line);
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = at > 0 && !/[\r\n]/.test(text[at - 1] ?? '') ? lineEnd : '';
  return { span: { start: at, end: at }, newText: `${lead}# loopscope: noqa: ${code}${lineEnd}` };
}
