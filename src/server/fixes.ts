/**
 * Applies fixes to a text: *fix all* of the editor and `--fix` of the command line. Pure: an analysis is given as a
 * function.
 */
import type { Finding, Fix, TextEdit } from '../analysis/finding';

/** How often a text is analysed again for fixes that appear, or could not be applied, only after others. */
const ROUNDS = 10;

/** Puts edits that do not overlap into a text. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = [...edits].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  let result = '';
  let at = 0;
  for (const { span, newText } of ordered) {
    result += text.slice(at, span.start) + newText;
    at = span.end;
  }
  return result + text.slice(at);
}

/** The fix of a finding that *fix all* applies: its first safe one. */
export function safeFix(finding: Finding): Fix | undefined {
  return finding.fixes.find((fix) => fix.safe);
}

export interface Fixed {
  readonly text: string;
  /** The edits that lead there. Where fixes came in rounds, the one edit between the two texts. */
  readonly edits: readonly TextEdit[];
  /** How many findings were fixed, by code. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Applies the safe fixes of all findings; of fixes that touch each other the first one, the others in the next round.
 * A round that brings back a text seen before ends it, so that two fixes can not undo each other for ever.
 */
export function fixAll(text: string, analyse: (text: string) => readonly Finding[]): Fixed {
  const counts: Record<string, number> = {};
  const seen = new Set([text]);
  let current = text;
  const rounds: TextEdit[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const edits: TextEdit[] = [];
    const fixed: string[] = [];
    for (const finding of analyse(current)) {
      const fix = safeFix(finding);
      if (!fix || fix.edits.some((edit) => edits.some((other) => touch(edit, other)))) continue;
      edits.push(...fix.edits);
      fixed.push(finding.code);
    }
    if (edits.length === 0) break;
    const next = applyEdits(current, edits);
    if (seen.has(next)) break;
    seen.add(next);
    current = next;
    rounds.push(edits);
    for (const code of fixed) counts[code] = (counts[code] ?? 0) + 1;
  }
  const [only, second] = rounds;
  const whole = editBetween(text, current);
  return { text: current, edits: only && !second ? only : whole ? [whole] : [], counts };
}

function touch(a: TextEdit, b: TextEdit): boolean {
  return a.span.start <= b.span.end && b.span.start <= a.span.end;
}

/** The one edit between two texts: what is between their common beginning and their common end. */
export function editBetween(before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined;
  const limit = Math.min(before.length, after.length);
  let start = 0;
  while (start < limit && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let tail = 0;
  while (
    tail < limit - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  )
    tail++;
  return { span: { start, end: before.length - tail }, newText: after.slice(start, after.length - tail) };
}
