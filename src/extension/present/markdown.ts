/**
 * Markdown of tooltips. Whatever comes from the program goes through `escaped` or `code`, so that a task's name can
 * neither format, link nor run anything. Links open source lines with our own command and nothing else.
 */
import { InternalCommands } from '../../protocol/ids';
import type { SourceSite, StackFrame } from '../../protocol/wire';
import { call, count, place, shortened } from './text';

const LONGEST = 200;

/** Text that shows as it is, whatever it holds. */
export function escaped(text: string): string {
  return shortened(text, LONGEST)
    .replace(/\$\(/g, '$\u2060(') // `$(name)` would be drawn as an icon, even with backslashes
    .replace(/[\\`*_{}[\]()#+\-.!~|<>&$"'=:/@^]/g, '\\$&')
    .replace(/\\&/g, '&amp;')
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;');
}

/** Text as inline code. */
export function code(text: string): string {
  const plain = shortened(text, LONGEST);
  if (plain === '') return '';
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = plain.startsWith('`') || plain.endsWith('`') || plain.trim() === '' ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/** A link that opens the line in an editor. */
export function siteLink(site: SourceSite): string {
  const args = encodeURIComponent(JSON.stringify([site])).replace(
    /[()'!*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `[${escaped(place(site))}](command:${InternalCommands.openSite}?${args})`;
}

/** Paragraph lines that are there, each on its own line. */
export function lines(...parts: readonly (string | undefined | null | false)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join('  \n');
}

/** Blocks that are there, set apart. */
export function blocks(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join('\n\n');
}

/** asyncio, anyio …: the top-level package that a library's file belongs to. */
export function libraryOf(file: string): string {
  const parts = file.split(/[\\/]/);
  const packages = parts.findLastIndex((part) => part === 'site-packages' || part === 'dist-packages');
  const standard = parts.findLastIndex((part) => /^(python\d[\d.]*t?|lib)$/i.test(part));
  const name = parts[(packages >= 0 ? packages : standard) + 1] ?? parts.at(-1) ?? '';
  return name.replace(/\.pyw?$/, '') || 'a library';
}

/** Frames as a numbered list, innermost last, with runs of library frames folded to one line. */
export function frameList(frames: readonly StackFrame[], limit = 24): string {
  const rows: string[] = [];
  for (let index = 0; index < frames.length;) {
    const frame = frames[index];
    if (!frame) break;
    if (!frame.library) {
      rows.push(`${code(call(frame.function))} ${siteLink(frame)}`);
      index += 1;
      continue;
    }
    let end = index;
    const names = new Set<string>();
    for (let next = frames[end]; next?.library; next = frames[end]) {
      names.add(libraryOf(next.file));
      end += 1;
    }
    rows.push(`… ${count(end - index)} in ${escaped([...names].join(', '))}`);
    index = end;
  }
  const shown =
    rows.length <= limit
      ? rows
      : [...rows.slice(0, limit / 2), `… ${count(rows.length - limit)} more …`, ...rows.slice(rows.length - limit / 2)];
  return shown.map((row, index) => `${index + 1}. ${row}`).join('\n');
}
