/** Two versions of a text as edits of whole lines, and as a unified diff. */
import { createTwoFilesPatch, diffLines } from 'diff';
import type { TextEdit } from '../../analysis/finding';

/** The edits, in order, that make `after` from `before`: one for each run of changed lines. */
export function editsBetween(before: string, after: string): TextEdit[] {
  const edits: { span: { start: number; end: number }; newText: string }[] = [];
  let at = 0;
  let open: { span: { start: number; end: number }; newText: string } | undefined;
  for (const part of diffLines(before, after)) {
    if (!part.added && !part.removed) {
      open = undefined;
      at += part.value.length;
      continue;
    }
    if (!open) {
      open = { span: { start: at, end: at }, newText: '' };
      edits.push(open);
    }
    if (part.added) open.newText += part.value;
    else {
      at += part.value.length;
      open.span.end = at;
    }
  }
  return edits;
}

/** A unified diff with three lines of context, as `diff -u` writes it; '' where nothing differs. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(path, path, before, after, undefined, undefined, { context: 3 });
  const hunks = patch.indexOf('\n@@');
  return hunks < 0 ? '' : `--- ${path}\n+++ ${path}${patch.slice(hunks)}`;
}
