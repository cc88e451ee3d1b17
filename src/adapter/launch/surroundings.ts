/** The real world for command.ts, and where our own files are. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Surroundings } from './command';

/** The world around this process. */
export function realSurroundings(): Surroundings {
  return {
    windows: process.platform === 'win32',
    env: process.env,
    cwd: process.cwd(),
    readFile: (path) => readFileSync(path, 'utf8'),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
    resolve,
  };
}

/**
 * The folder of the runtime: src/runtime beside the folder of the bundle (the same in the repository and in a packaged
 * extension), or, run from the sources, above this file. `bundle` is the folder of the running bundle.
 */
export function runtimeFolder(bundle: string): string {
  const candidates = [join(bundle, '..', 'src', 'runtime'), join(bundle, '..', 'runtime'), join(bundle, 'runtime')];
  return candidates.find((path) => existsSync(join(path, 'bootstrap', 'sitecustomize.py'))) ?? candidates[0] ?? '';
}
