/** Two versions of a text as a unified diff. */
import { createTwoFilesPatch } from 'diff';

/** The lines that head a unified diff. A tab ends a name with blanks in it: `patch` would end it at the first one. */
export function diffHead(path: string): string {
  const name = path.includes(' ') ? `${path}\t` : path;
  return `--- ${name}\n+++ ${name}\n`;
}

/** The hunks of a unified diff with three lines of context, as `diff -u` writes them; '' where nothing differs. */
export function diffHunks(before: string, after: string): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch('', '', before, after, undefined, undefined, { context: 3 });
  const hunks = patch.indexOf('\n@@');
  return hunks < 0 ? '' : patch.slice(hunks + 1);
}
