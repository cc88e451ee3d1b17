// Where things are: the repository, its own .cache (git ignores it), and the cache that clones of this
// repository share on one machine. Creates nothing.
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Files that a run writes and the next may delete: screenshots, bundled tests, logs. */
export const localCache = path.join(root, '.cache');

/** Downloads that every clone on this machine can use: `$LOOPSCOPE_CACHE`, else `~/.cache/loopscope`. */
export const sharedCache = process.env['LOOPSCOPE_CACHE']
  ? path.resolve(process.env['LOOPSCOPE_CACHE'])
  : path.join(os.homedir(), '.cache', 'loopscope');

/** A path as it is shown: relative to the repository where it lies inside. @param {string} file */
export function shown(file) {
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative || '.';
}
