/**
 * Which files of a tree are Python to check: leaves out what version control ignores, virtual environments, caches and
 * build output. Reads folders, not files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Ignore } from 'ignore';
import ignore from 'ignore';

/** Folders that are never looked into, unless named by the person. */
const LEFT_OUT = new Set([
  ...['.git', '.hg', '.svn', '.bzr', '.jj', 'node_modules', '__pycache__', '__pypackages__', 'site-packages'],
  ...['venv', '.venv', '.tox', '.nox', '.eggs', '.direnv', '.pyenv', '.pants.d', 'buck-out', 'build', 'dist', '_build'],
  ...['.mypy_cache', '.pytest_cache', '.ruff_cache', '.pytype', '.ipynb_checkpoints', '.vscode', '.idea'],
]);

/** Whether a name is that of a Python source file. */
export function isPythonName(name: string): boolean {
  return /\.py[iw]?$/.test(name);
}

/** A .gitignore and the folder that its patterns are relative to. */
interface IgnoreFile {
  readonly folder: string;
  readonly rules: Ignore;
}

/**
 * The Python files below a folder, in the order of their paths. Links are not followed.
 * @param isExcluded settings' own word on a file or folder
 * @param onUnreadable is told of a folder that can not be read
 */
export function* walk(
  root: string,
  isExcluded: (path: string) => boolean,
  onUnreadable: (folder: string, error: Error) => void,
): Generator<string> {
  yield* walkFolder(root, ignoreFilesAbove(root), isExcluded, onUnreadable);
}

function* walkFolder(
  folder: string,
  above: readonly IgnoreFile[],
  isExcluded: (path: string) => boolean,
  onUnreadable: (folder: string, error: Error) => void,
): Generator<string> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    onUnreadable(folder, error as Error);
    return;
  }
  const own = entries.some((entry) => entry.name === '.gitignore' && entry.isFile())
    ? readIgnoreFile(folder)
    : undefined;
  const rules = own ? [...above, own] : above;
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (LEFT_OUT.has(entry.name) || isIgnored(rules, path, true) || isExcluded(path)) continue;
      if (existsSync(join(path, 'pyvenv.cfg'))) continue;
      yield* walkFolder(path, rules, isExcluded, onUnreadable);
    } else if (entry.isFile() && isPythonName(entry.name) && !isIgnored(rules, path, false) && !isExcluded(path)) {
      yield path;
    }
  }
}

/** The .gitignore files from the top of the repository down to above a folder, unless they ignore that folder itself. */
function ignoreFilesAbove(folder: string): IgnoreFile[] {
  const files: IgnoreFile[] = [];
  for (let each = folder; ; each = dirname(each)) {
    if (each !== folder) {
      const file = readIgnoreFile(each);
      if (file) files.unshift(file);
    }
    if (existsSync(join(each, '.git'))) break;
    if (dirname(each) === each) return []; // Not in a repository.
  }
  return isIgnored(files, folder, true) ? [] : files;
}

function readIgnoreFile(folder: string): IgnoreFile | undefined {
  try {
    return { folder, rules: ignore().add(readFileSync(join(folder, '.gitignore'), 'utf8')) };
  } catch {
    return undefined;
  }
}

/** Whether the last .gitignore that has a word on a path ignores it. */
function isIgnored(files: readonly IgnoreFile[], path: string, isFolder: boolean): boolean {
  for (const { folder, rules } of files.toReversed()) {
    const inside = relative(folder, path).split(sep).join('/') + (isFolder ? '/' : '');
    const said = rules.test(inside);
    if (said.ignored) return true;
    if (said.unignored) return false;
  }
  return false;
}

/** Whether one of the folders on the way from a root to a file is left out of every walk. */
export function isLeftOut(root: string, path: string): boolean {
  return relative(root, dirname(path))
    .split(sep)
    .some((name) => LEFT_OUT.has(basename(name)));
}
