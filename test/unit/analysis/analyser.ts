/** The analysis as tests use it: one analyzer for the whole run, made from the wasm modules in node_modules. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Analyzer } from '../../../src/analysis/analyze';
import { createAnalyzer } from '../../../src/analysis/analyze';

const require = createRequire(join(process.cwd(), 'package.json'));
let shared: Promise<Analyzer> | undefined;

/** The analyzer; made at the first call. */
export function analyzer(): Promise<Analyzer> {
  shared ??= createAnalyzer({
    treeSitter: readFileSync(join(dirname(require.resolve('web-tree-sitter/package.json')), 'web-tree-sitter.wasm')),
    python: readFileSync(join(dirname(require.resolve('tree-sitter-python/package.json')), 'tree-sitter-python.wasm')),
  });
  return shared;
}
