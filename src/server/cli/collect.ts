/** The files that the arguments name: files as they are, folders walked. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Projects } from '../config/project';
import { walk } from '../files/walk';

export interface Target {
  readonly path: string;
  /** Whether the person named the file itself. */
  readonly isNamed: boolean;
}

export interface Collected {
  readonly targets: readonly Target[];
  /** Arguments and folders that can not be read, each with the reason. */
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** Files in the order of the arguments, each once. */
export function collect(paths: readonly string[], cwd: string, projects: Projects): Collected {
  const targets = new Map<string, Target>();
  const problems: { path: string; message: string }[] = [];
  const isExcluded = (path: string): boolean => projects.of(path).isExcluded(path);
  const onUnreadable = (folder: string, error: Error): void =>
    void problems.push({ path: folder, message: error.message });
  for (const given of paths) {
    const path = resolve(cwd, given);
    try {
      if (statSync(path).isDirectory()) {
        for (const file of walk(path, isExcluded, onUnreadable)) {
          if (!targets.has(file)) targets.set(file, { path: file, isNamed: false });
        }
      } else {
        targets.set(path, { path, isNamed: true });
      }
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      problems.push({
        path: given,
        message: isMissing ? 'there is no such file or folder' : error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { targets: [...targets.values()], problems };
}
