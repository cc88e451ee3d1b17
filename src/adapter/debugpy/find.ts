/**
 * Which debugpy debugs a program: the debugpy extension's, the interpreter's own, the one that comes with us, in this
 * order, unless the configuration names one. It reads versions and starts nothing but the interpreter, to ask it.
 */
import { LaunchError } from '../launch/arguments';
import type { Ask } from '../launch/interpreter';

export type DebuggerSource = 'extension' | 'interpreter' | 'bundled';

/** Oldest debugpy in which a step into a task works as it must. */
export const OLDEST_DEBUGPY = '1.8.11';

export interface FoundDebugpy {
  /** Folder that holds the package `debugpy`. */
  readonly folder: string;
  readonly version: string;
  readonly from: DebuggerSource | 'path';
}

export interface Wanted {
  readonly from: DebuggerSource | 'auto';
  /** Named by the person: the package's folder, or the one that holds it. */
  readonly path: string | undefined;
  /** The same of the debugpy extension, if the editor has it. */
  readonly extension: string | undefined;
  /** Where the one that comes with us would be. */
  readonly bundled: string;
  readonly python: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the search looks at. */
export interface DebugpySystem {
  readonly ask: Ask;
  join(...parts: string[]): string;
  /** Text of a file, '' if it cannot be read. */
  read(path: string): string;
}

const MARK = 'loopscope-debugpy';
/** Its own folder first on the path is not the interpreter's: the program's may hold something called debugpy. */
const QUESTION = `import sys; sys.path[:1] = []; import importlib.util as u; s = u.find_spec("debugpy"); print("${MARK} " + (s.origin if s and s.origin else ""))`;

/** The debugpy to use. Throws LaunchError with what to do if there is none. */
export async function findDebugpy(wanted: Wanted, system: DebugpySystem): Promise<FoundDebugpy> {
  if (wanted.path !== undefined) {
    const found = look(wanted.path, 'path', system);
    if (!found)
      throw new LaunchError(
        `There is no debugpy in ${wanted.path}: correct "debugpyPath", or remove it to have one found.`,
      );
    return checked(found);
  }
  const sources: readonly DebuggerSource[] =
    wanted.from === 'auto' ? ['extension', 'interpreter', 'bundled'] : [wanted.from];
  const tooOld: FoundDebugpy[] = [];
  for (const source of sources) {
    const folder = await where(source, wanted, system);
    const found = folder === undefined ? undefined : look(folder, source, system);
    if (!found) continue;
    if (compareVersions(found.version, OLDEST_DEBUGPY) >= 0) return found;
    tooOld.push(found);
  }
  const [old] = tooOld;
  if (old) return checked(old);
  const shown = wanted.python.join(' ');
  throw new LaunchError(
    wanted.from === 'extension'
      ? 'The Python Debugger extension (ms-python.debugpy) was not found: install it, or remove "debuggerFrom".'
      : `No debugger was found: install debugpy (${shown} -m pip install debugpy), or run without debugging.`,
  );
}

async function where(source: DebuggerSource, wanted: Wanted, system: DebugpySystem): Promise<string | undefined> {
  switch (source) {
    case 'extension':
      return wanted.extension;
    case 'bundled':
      return wanted.bundled;
    case 'interpreter': {
      const { stdout } = await system.ask([...wanted.python, '-E', '-c', QUESTION], wanted.cwd, wanted.env);
      const origin = new RegExp(`${MARK} (.+)`).exec(stdout)?.[1]?.trim();
      return origin?.replace(/[\\/]__init__\.pyc?$/, '');
    }
  }
}

function look(folder: string, from: FoundDebugpy['from'], system: DebugpySystem): FoundDebugpy | undefined {
  for (const parts of [['debugpy'], [], ['bundled', 'libs', 'debugpy']]) {
    const version = /"version": "([^"]+)"/.exec(system.read(system.join(folder, ...parts, '_version.py')))?.[1];
    const above = parts.length === 0 ? ['..'] : parts.slice(0, -1);
    if (version !== undefined) return { folder: system.join(folder, ...above), version, from };
  }
  return undefined;
}

function checked(found: FoundDebugpy): FoundDebugpy {
  if (compareVersions(found.version, OLDEST_DEBUGPY) >= 0) return found;
  throw new LaunchError(
    `debugpy ${found.version} in ${found.folder} is too old: Loopscope needs ${OLDEST_DEBUGPY} or newer. Update it (pip install --upgrade debugpy).`,
  );
}

/** Below 0, 0 or above: `a` is older than, as old as, newer than `b`. Only the numbers count. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string): number[] => (version.match(/^\d+(\.\d+)*/)?.[0] ?? '0').split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
