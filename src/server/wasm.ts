/** The two wasm modules of the parser, read from beside the running bundle (or, run from source, from node_modules). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Analyzer, ParserWasm } from '../analysis/analyze';
import { createAnalyzer } from '../analysis/analyze';

const NAMES = { treeSitter: 'web-tree-sitter', python: 'tree-sitter-python' } as const;

/** Where a module is: beside the program that runs, or in a node_modules folder above it. @throws Error where it is not */
function pathOf(name: string): string {
  const file = `${name}.wasm`;
  const program = dirname(process.argv[1] ?? process.cwd());
  const folders = [program, __dirname];
  for (let folder = program; ; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules', name));
    if (dirname(folder) === folder) break;
  }
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${file} is not beside ${program}: the installation is not complete`);
  return found;
}

/** Reads both modules. */
export async function readWasm(): Promise<ParserWasm> {
  const [treeSitter, python] = await Promise.all([readFile(pathOf(NAMES.treeSitter)), readFile(pathOf(NAMES.python))]);
  return { treeSitter, python };
}

/** The analyzer of this process or thread. */
export async function loadAnalyzer(): Promise<Analyzer> {
  return createAnalyzer(await readWasm());
}
