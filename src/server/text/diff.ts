/** Two versions of a text as a unified diff. */
import { createTwoFilesPatch } from 'diff';

/** A unified diff with three lines of context, as `diff -u` writes it; '' where nothing differs. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(path, path, before, after, undefined, undefined, { context: 3 });
  const hunks = patch.indexOf('\n@@');
  return hunks < 0 ? '' : `--- ${path}\n+++ ${path}${patch.slice(hunks)}`;
}
