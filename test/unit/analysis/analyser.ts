/** The analysis as tests use it: one analyzer for the whole run, made from the wasm modules in node_modules. */
import { readFileSync } from 'node:fs';
import type { Analyzer } from '../../../src/analysis/analyze';
import { createAnalyzer } from '../../../src/analysis/analyze';

let shared: Promise<Analyzer> | undefined;

/** The analyzer; made at the first call. */
export function analyzer(): Promise<Analyzer> {
  shared ??= createAnalyzer({
    treeSitter: readFileSync('node_modules/web-tree-sitter/web-tree-sitter.wasm'),
    python: readFileSync('node_modules/tree-sitter-python/tree-sitter-python.wasm'),
  });
  return shared;
}
