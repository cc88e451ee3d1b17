/**
 * Where the program's files are here: the attach configuration's `pathMappings`, as debugpy reads them for its frames
 * (pydevd_file_utils.py, `setup_client_server_paths`, debugpy 1.8), for the places that the runtime names. The first
 * mapping whose folder holds the file is taken. Pure.
 */

export interface PathMapping {
  readonly localRoot: string;
  /** `.` stands for the folder in which the program runs. */
  readonly remoteRoot: string;
}

/** Whether a path is one of Windows: its letters' case does not count, and both slashes separate. */
const OF_WINDOWS = /^([A-Za-z]:[\\/]|\\\\)/;

export class PathMappings {
  readonly #mappings: readonly PathMapping[];
  readonly #known = new Map<string, string>();
  #cwd = '';

  constructor(mappings: readonly PathMapping[] = []) {
    this.#mappings = mappings.filter(({ localRoot, remoteRoot }) => localRoot !== '' && remoteRoot !== '');
  }

  /** Whether every path stays as it is. */
  get none(): boolean {
    return this.#mappings.length === 0;
  }

  /** The folder in which the program runs; '' if it is not known. */
  runsIn(folder: string): void {
    this.#cwd = folder;
    this.#known.clear();
  }

  /** The path here of a file of the program's; as it is if no mapping holds it. */
  toLocal(file: string): string {
    let local = this.#known.get(file);
    if (local === undefined) {
      local = this.#map(file);
      this.#known.set(file, local);
    }
    return local;
  }

  /** What the runtime has sent, with the file of every place in it as it is here. */
  localize<Value>(value: Value): Value {
    return this.none ? value : (this.#localize(value) as Value);
  }

  #localize(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((entry) => this.#localize(entry));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, entry]): [string, unknown] => [
      name,
      name === 'file' && typeof entry === 'string' ? this.toLocal(entry) : this.#localize(entry),
    ]);
    return Object.fromEntries(entries);
  }

  #map(file: string): string {
    for (const { localRoot, remoteRoot } of this.#mappings) {
      const root = remoteRoot === '.' ? this.#cwd : remoteRoot;
      const rest = root === '' ? undefined : within(root, file);
      if (rest !== undefined) return join(localRoot, rest);
    }
    return file;
  }
}

/** The parts of a path below a folder; undefined if it is not there. */
function within(folder: string, file: string): string[] | undefined {
  const windows = OF_WINDOWS.test(folder);
  const parts = (path: string): string[] =>
    windows ? path.replace(/[\\/]+$/, '').split(/[\\/]+/) : path.replace(/\/+$/, '').split(/\/+/);
  const same = (one: string, other: string | undefined): boolean =>
    windows ? one.toLowerCase() === other?.toLowerCase() : one === other;
  if (windows !== OF_WINDOWS.test(file)) return undefined;
  const above = parts(folder);
  const own = parts(file);
  return own.length > above.length && above.every((part, index) => same(part, own[index]))
    ? own.slice(above.length)
    : undefined;
}

function join(folder: string, rest: readonly string[]): string {
  const separator = OF_WINDOWS.test(folder) ? '\\' : '/';
  const root = folder.replace(/[\\/]+$/, '');
  return [root, ...rest].join(separator);
}
